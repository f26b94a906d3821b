// Writes schemas/generated/ from schemas/*.avsc.
// `npm run generate` rewrites; `npm run generate -- --check` exits 1 where a file is stale.

import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generatedFiles, readSchemas, staleFiles } from "./generated-files.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "generated");
const check = process.argv.includes("--check");

const stale = staleFiles(generatedFiles(readSchemas(root)), target);
for (const [name, text] of stale) {
  const path = join(target, name);
  if (check) console.error(`schemas/generated/${name}: stale, run npm run generate`);
  else if (text === null) rmSync(path);
  else writeFileSync(path, text);
  if (!check) console.error(`schemas/generated/${name}: ${text === null ? "removed" : "written"}`);
}
if (check && stale.size > 0) process.exit(1);
