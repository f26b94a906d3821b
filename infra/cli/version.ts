// The package's version, from the one place that has it.

import { readFileSync } from "node:fs";

export function packageVersion(): string {
  // In the repository this file is infra/cli/version.ts, in the package dist/infra/cli/version.js.
  for (const up of ["../../package.json", "../../../package.json"]) {
    try {
      return JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8")).version;
    } catch {
      // the other place
    }
  }
  return "unknown";
}
