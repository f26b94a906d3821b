import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { openTable, type TableFormat, type Value } from "./table-file.ts";

const spec = {
  name: "things",
  columns: { at: "time", what: "text", paid: "money", size: "number", n: "count" },
} as const;

const folder = mkdtempSync(join(tmpdir(), "tapedeck-tables-"));
let files = 0;

function written(format: TableFormat, rows: readonly (readonly Value[])[]): string {
  const path = join(folder, `${files++}.${format}`);
  const table = openTable(path, format, spec, 2);
  for (const row of rows) table.row(row);
  expect(table.close()).toBe(rows.length);
  return path;
}

const nullable = <T>(values: fc.Arbitrary<T>) => fc.option(values, { freq: 5 });
const row = fc.tuple(
  nullable(fc.integer({ min: 0, max: 4_000_000_000_000_000 })),
  nullable(fc.string({ unit: "grapheme", minLength: 1 })),
  nullable(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n })),
  nullable(fc.double({ noNaN: true, noDefaultInfinity: true })),
  nullable(fc.integer()),
);
const rows = fc.array(row, { maxLength: 30 });

describe("a table as a file", () => {
  test("CSV is read back by another reader, text and amounts to the last digit", () => {
    fc.assert(
      fc.property(rows, (list) => {
        const text = readFileSync(written("csv", list), "utf8");
        const read = parse(text, { columns: true }) as Readonly<Record<string, string>>[];
        expect(read).toEqual(
          list.map(([at, what, paid, size, n]) => ({
            at: at === null ? "" : formatIsoUs(at),
            what: what ?? "",
            paid: paid === null ? "" : formatScaled(paid, 2),
            size: size === null ? "" : String(size),
            n: n === null ? "" : String(n),
          })),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("JSON is read back: numbers as numbers, amounts as exact text", () => {
    fc.assert(
      fc.property(rows, (list) => {
        const read: unknown = JSON.parse(readFileSync(written("json", list), "utf8"));
        expect(read).toEqual(
          list.map(([at, what, paid, size, n]) => ({
            at: at === null ? null : formatIsoUs(at),
            what,
            paid: paid === null ? null : formatScaled(paid, 2),
            size: size === 0 ? 0 : size,
            n,
          })),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("Parquet is read back: timestamps, decimals, doubles and whole numbers", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (list) => {
        if (list.length === 0) return;
        const bytes = readFileSync(written("parquet", list));
        const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
        const parsers = { timestampFromMicroseconds: (value: bigint) => value };
        const read = await parquetReadObjects({ file: file as ArrayBuffer, parsers });
        expect(read).toEqual(
          list.map(([at, what, paid, size, n]) => ({
            at: at === null ? null : BigInt(at),
            what,
            // The reader gives a decimal as a float; the file holds the minor units themselves.
            paid: paid === null ? null : Number(paid) * 10 ** -2,
            size,
            n: n === null ? null : BigInt(n),
          })),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("a table longer than a group of rows is whole, and one without rows has its columns", async () => {
    const long = Array.from({ length: 45_001 }, (_, i) => [i, `r${i}`, BigInt(i), i / 7, i]);
    const path = written("parquet", long);
    const bytes = readFileSync(path);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const read = await parquetReadObjects({ file: file as ArrayBuffer });
    expect(read.length).toBe(45_001);
    expect(read[45_000]).toMatchObject({ what: "r45000", size: 45_000 / 7, n: 45_000n });
    expect(readFileSync(written("csv", []), "utf8")).toBe("at,what,paid,size,n\n");
    expect(JSON.parse(readFileSync(written("json", []), "utf8"))).toEqual([]);
    expect(() => openTable(path, "parquet", spec, 2)).toThrow("EEXIST");
  });
});
