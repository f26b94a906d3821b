// Runs every *.bench.ts, one after the other, alone on the machine as far as we can tell, and prints
// what they measured: a table, or with --json the lines as they came. Promises: a benchmark that
// fails makes the run fail, and one that misses its bound is marked; the exit code is then 1.
//
//   npm run bench                     all of them
//   npm run bench -- log start        those whose names hold one of the words
//   npm run bench -- --json           {"name","value","unit","reference","ratio"} a line
//   npm run bench:quant -- --quick    the short run of those that have one

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Measured } from "./measured.ts";

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const json = process.argv.includes("--json");
const own = process.argv.filter((word) => word === "--quick" || word === "--frontier");
const files = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".bench.ts"))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .sort();

const isMeasured = (line: string): Measured | null => {
  if (!line.startsWith("{")) return null;
  const value = JSON.parse(line) as Partial<Measured>;
  return typeof value.name === "string" && typeof value.value === "number"
    ? (value as Measured)
    : null;
};

/** Resolves to the exit status; each measured line goes to `each`, other output to stderr. */
function runOne(name: string, each: (measured: Measured) => void): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), "--json", ...own], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const measured = isMeasured(line);
    if (measured === null) process.stderr.write(`${line}\n`);
    else each(measured);
  });
  return new Promise((resolve) => child.on("close", (status) => resolve(status ?? 1)));
}

const figure = (value: number): string =>
  value.toLocaleString(
    "en-US",
    value < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  );

const row = ({ name, value, unit, reference, ratio, against, missed }: Measured): string =>
  [
    name.padEnd(56),
    `${figure(value)} ${unit}`.padStart(22),
    (reference === null ? "" : `${figure(reference)} ${unit}`).padStart(22),
    (ratio === null ? "" : `${figure(ratio)} ×`).padStart(10),
    against === undefined ? "" : `  ${against}`,
    missed === undefined ? "" : `  MISSED: ${missed}`,
  ].join("");

let failed = 0;
if (files.length === 0) {
  console.error(`no benchmark is called ${words.join(" or ")}; they are in bench/`);
  failed = 1;
}
if (!json && files.length > 0) {
  console.log(
    `${"".padEnd(56)}${"here".padStart(22)}${"reference".padStart(22)}${"ratio".padStart(10)}`,
  );
}
for (const file of files) {
  const status = await runOne(file, (measured) => {
    if (measured.missed !== undefined) failed++;
    console.log(json ? JSON.stringify(measured) : row(measured));
  });
  if (status === 0) continue;
  failed++;
  console.error(`${file} failed with exit code ${status}`);
}
process.exitCode = failed > 0 ? 1 : 0;
