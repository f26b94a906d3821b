// CSV rows against csv-parse, and the fast number paths against the plain ones.
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { packedDecimals } from "./cells.ts";
import { CsvCells, MAX_LINE_BYTES } from "./csv-rows.ts";

const shape = { delimiter: 44, lineEnd: 10 };

function rowsOf(text: string, columns: number): { line: number; cells: string[] | string }[] {
  const cells = new CsvCells(shape, columns, 0).load(Buffer.from(text));
  const rows = [];
  while (cells.next()) {
    const all = Array.from({ length: columns }, (_, column) => cells.text(column));
    rows.push({ line: cells.line, cells: cells.fault?.code ?? all });
  }
  return rows;
}

const one = (cell: string): CsvCells => {
  const cells = new CsvCells(shape, 1, 0).load(Buffer.from(`"${cell}"\n`));
  cells.next();
  return cells;
};

const plainCell = fc.string({
  unit: fc.constantFrom("a", "7", ".", "-", "é", "€", "𝄞"),
  maxLength: 6,
});
const quotedCell = fc
  .string({ unit: fc.constantFrom("a", ",", '"', "é", "x y"), maxLength: 6 })
  .map((text) => text.trim());

describe("CSV rows", () => {
  test("are what csv-parse reads, quotes and both line ends included", () => {
    const cell = fc.oneof(
      plainCell.map((text) => ({ text, written: text })),
      quotedCell.map((text) => ({ text, written: `"${text.replaceAll('"', '""')}"` })),
    );
    const row = fc.array(cell, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        (rows, lineEnd, last) => {
          const text = rows.map((cells) => cells.map(({ written }) => written).join(","));
          const csv = text.join(lineEnd) + (last ? lineEnd : "");
          const oracle: string[][] = parse(csv, { record_delimiter: lineEnd, relax_quotes: true });
          expect(rowsOf(csv, 3).map(({ cells }) => cells)).toEqual(oracle);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("keep their line numbers over blank lines, and a fault spoils one row only", () => {
    const text = '1,2\n\n3\n"4,5\n6,7,8\n"9"x,1\r\n\r\n10,11';
    expect(rowsOf(text, 2)).toEqual([
      { line: 1, cells: ["1", "2"] },
      { line: 3, cells: "IMPORT_ROW_MALFORMED" },
      { line: 4, cells: "IMPORT_ROW_MALFORMED" },
      { line: 5, cells: "IMPORT_ROW_MALFORMED" },
      { line: 6, cells: "IMPORT_ROW_MALFORMED" },
      { line: 8, cells: ["10", "11"] },
    ]);
  });

  test("longer than the bound are faults that keep their first bytes", () => {
    const long = `${"x".repeat(MAX_LINE_BYTES + 1)}\n1\n`;
    const cells = new CsvCells(shape, 1, 0).load(Buffer.from(long));
    expect([cells.next(), cells.fault?.code, cells.raw().length]).toEqual([
      true,
      "IMPORT_ROW_TOO_LONG",
      4096,
    ]);
    expect([cells.next(), cells.fault, cells.text(0)]).toEqual([true, null, "1"]);
  });

  test("give raw bytes that are theirs to keep", () => {
    const bytes = Buffer.from("1,2\r\n3,4\n");
    const cells = new CsvCells(shape, 2, 0).load(bytes);
    cells.next();
    const raw = cells.raw();
    bytes.fill(0);
    expect(Buffer.from(raw).toString()).toBe("1,2");
  });
});

const numberText = fc.oneof(
  fc.tuple(fc.integer(), fc.nat(10_000_000)).map(([whole, part]) => `${whole}.${part}`),
  fc.double({ noNaN: true }).map(String),
  fc.string({ unit: fc.constantFrom("0", "1", "9", ".", "-", "+", "e", " ", "N"), maxLength: 20 }),
  fc.maxSafeInteger().map(String),
);

describe("numbers of a CSV row", () => {
  test("are parseScaled's, exact or NaN", () => {
    fc.assert(
      fc.property(numberText, fc.integer({ min: 0, max: 12 }), (text, scale) => {
        const trimmed = text.replace(/^ +| +$/g, "");
        expect(one(text).scaled(0, scale)).toBe(parseScaled(trimmed, scale) ?? Number.NaN);
      }),
      { numRuns: 3000 },
    );
  });

  test("have the decimals that their text has", () => {
    fc.assert(
      fc.property(numberText, (text) => {
        const trimmed = text.replace(/^ +| +$/g, "");
        expect(one(text).decimals(0)).toBe(packedDecimals(trimmed));
      }),
      { numRuns: 2000 },
    );
    const packed = (written: number, significant: number) => written * 256 + significant;
    expect(packedDecimals("18.2500")).toBe(packed(4, 2));
    expect(packedDecimals("1e-05")).toBe(packed(5, 5));
    expect(packedDecimals("1.50e1")).toBe(packed(1, 0));
    expect(packedDecimals("0.000")).toBe(packed(3, 0));
    for (const text of ["", ".", "-", "NaN", "inf", "1,5", "0x10", "1.2.3"]) {
      expect(packedDecimals(text)).toBe(-1);
    }
  });
});
