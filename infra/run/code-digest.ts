// Which code made a run: one digest of every file that decides (the pure folders, and what makes a
// flow of a configuration and feeds it), so that two runs of the same version number but other code are
// never taken for the same.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const WHOLE = /./;
/** Folders, and which of their files. */
type Deciding = readonly (readonly [folder: string, files: RegExp])[];
const DECIDING: Deciding = [
  ["schemas", WHOLE],
  ["quant", WHOLE],
  ["streams", WHOLE],
  ["processors", WHOLE],
  ["projections", WHOLE],
  ["infra/config", WHOLE],
  ["infra/run", /^execute\./],
];

/** What decides the results of a search beyond what decides a run. */
const SEARCHING: Deciding = [
  ["infra/sweep", WHOLE],
  ["infra/report", /^(collect-report|sampling|trade-digest)\./],
];

let running: string | null = null;

/** Of the code that this process runs: read once, for what is loaded does not change with the files. */
export function codeDigest(): string {
  running ??= codeDigestOf(ROOT);
  return running;
}

/** Of the code that a search runs beside it. */
export const searchDigest = (): string => codeDigestOf(ROOT, SEARCHING);

/** SHA-256 in hexadecimal over the names and bytes of the code. Costs some milliseconds. */
export function codeDigestOf(root: string, folders: Deciding = DECIDING): string {
  const hash = createHash("sha256");
  for (const [folder, deciding] of folders) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((name) => name.replaceAll("\\", "/"))
      .filter(
        (name) => deciding.test(name) && /\.(ts|js)$/.test(name) && !/\.(spec|d)\.ts$/.test(name),
      )
      .filter((name) => !/(^|\/)(testing|codegen)\//.test(name))
      .sort();
    for (const name of files) {
      hash
        .update(`${folder}/${name}\0`)
        .update(readFileSync(join(root, folder, name)))
        .update("\0");
    }
  }
  return hash.digest("hex");
}
