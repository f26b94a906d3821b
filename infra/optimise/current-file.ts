// What is held now, from a file: CSV with a column of assets and one of weights, or YAML or JSON by name.

import { extname } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";
import { openCsv } from "../import/csv-table.ts";
import { identifyFile } from "../import/file-bytes.ts";
import { shown } from "../import/import-error.ts";
import { type ByName, readWeightsYaml } from "./problem-file.ts";

const YAML = [".yaml", ".yml", ".json"];
/** What `--csv` writes beside the assets; it is no asset. */
export const CASH_ROW = "cash";

export async function readCurrent(file: string): Promise<ByName> {
  if (YAML.includes(extname(file).toLowerCase())) return readWeightsYaml(file);
  const { format, bytes } = await identifyFile(file);
  if (format === "parquet") {
    throw refused(file, null, "is Parquet; give CSV, YAML or JSON");
  }
  const table = await openCsv(file, format, bytes, null, null);
  const weight = table.header.findIndex((name) => /^weight$/i.test(name));
  const at = weight >= 0 ? weight : 1;
  if (table.header.length < 2 || at === 0) {
    throw refused(file, null, "needs a column of assets and, after it, one called weight");
  }
  const held = new Map<string, number>();
  for await (const page of table.pages()) {
    while (page.next()) {
      if (page.fault !== null) throw refused(file, page.line, page.fault.detail);
      const asset = page.text(0);
      const text = page.text(at);
      const value = text.trim() === "" ? Number.NaN : Number(text);
      if (!Number.isFinite(value)) {
        throw refused(file, page.line, `the weight ${shown(text)} of ${asset} is no number`);
      }
      if (held.has(asset)) throw refused(file, page.line, `${asset} stands there twice`);
      if (asset !== CASH_ROW) held.set(asset, value);
    }
  }
  return Object.fromEntries(held);
}

const refused = (file: string, line: number | null, what: string): TapedeckError =>
  new TapedeckError(
    "OPTIMISE_FILE_INVALID",
    `${file}${line === null ? "" : `, line ${line}`}: ${what}`,
    line === null ? { file } : { file, line },
  );
