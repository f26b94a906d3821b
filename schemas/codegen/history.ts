// `npm run schemas:record` records each changed schema as a new version (`-- --amend`: in place of the
// newest, while no tape outside this repository holds it). With --check: exits 1 and says what is wrong.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProblems, recordVersions } from "./versions.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

if (process.argv.includes("--check")) {
  const problems = findProblems(root);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
} else {
  try {
    for (const line of recordVersions(root, process.argv.includes("--amend"))) console.error(line);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
