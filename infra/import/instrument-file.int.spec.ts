import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readInstrumentFile } from "./instrument-file.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tapedeck-instruments-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (text: string) => {
  const path = join(folder, "instruments.yaml");
  writeFileSync(path, text);
  return readInstrumentFile(path);
};

describe("a file of instruments", () => {
  test("gives each symbol's words as they were written", () => {
    expect([...read("SIE: { currency: EUR }\nES: { multiplier: 50, tickSize: 0.250 }\n")]).toEqual([
      ["SIE", { currency: "EUR" }],
      ["ES", { multiplier: "50", tickSize: "0.250" }],
    ]);
  });

  test.each([
    ["", "must name symbols"],
    ["- SIE", "must name symbols"],
    ["SIE: EUR", '"SIE" must be a group'],
    ["SIE: { curency: EUR }", '"SIE" has "curency"'],
    ["SIE: { currency: [EUR] }", '"SIE" has "currency"'],
    ["SIE: { currency: EUR", "--instruments"],
    ["A: &a { currency: EUR }\nB: *a", "--instruments"],
    ["SIE: { constructor: x }", '"SIE" has "constructor"'],
  ])("%j is refused with its place", (text, said) => {
    expect(() => read(text)).toThrowError(
      expect.objectContaining({
        code: "IMPORT_OPTION_INVALID",
        message: expect.stringContaining(said),
      }),
    );
  });
});
