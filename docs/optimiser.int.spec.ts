// The programs of docs/optimiser.md, run as they stand there.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "../infra/cli/testing/run-command.ts";

const page = readFileSync(join(import.meta.dirname, "optimiser.md"), "utf8");
const root = join(import.meta.dirname, "..");
const library = JSON.stringify(join(root, "quant", "index.ts"));
const folder = mkdtempSync(join(tmpdir(), "tapedeck-optimiser-page-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const programs = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text]) => text as string);
/** What each prints, in short. */
const printed = [
  /^AAPL 0\.\d+\nKO 0\.\d+\nXOM 0\.\d+\n[\d.e-]+ [\d.e-]+ [\d.e-]+\n$/,
  /≤|≥|=[\s\S]*\[\]\n$/,
  /^\[ 'AAPL ≥ 12 %', 'sector Tech ≤ 10 %' \]\n$/,
  /^[-\d.e]+ [-\d.e]+ \[ [\d.]+, [\d.]+ \]\n/,
  /^\[ [\d.]+, [\d.]+ \]\n$/,
];

describe("the optimiser's page", () => {
  test("has a program for each of what is expected here", () => {
    expect(programs.length).toBe(printed.length);
  });

  const files = programs.map((program, place) => {
    const file = join(folder, `program-${place}.ts`);
    writeFileSync(file, program.replace('"tapedeck/quant"', library));
    return file;
  });

  test("has programs of the right types", () => {
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    const options =
      "--noEmit --strict --exactOptionalPropertyTypes --target es2024 --module nodenext";
    const more =
      "--lib es2024,dom --types --skipLibCheck --allowImportingTsExtensions --ignoreConfig";
    const flags = [...options.split(" "), ...more.split(" ")];
    const ran = runCommand(process.execPath, [compiler, ...flags, ...files], { cwd: folder });
    expect(ran).toMatchObject({ status: 0, stdout: "" });
  });

  for (const [place, file] of files.entries()) {
    test(`runs program ${place + 1}`, () => {
      const ran = runCommand("node", [file], { cwd: folder });
      expect(ran).toMatchObject({ status: 0, stderr: "" });
      expect(ran.stdout).toMatch(printed[place] as RegExp);
    });
  }
});
