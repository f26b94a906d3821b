// Parquet files written by another library, against the same rows as CSV.

import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { openParquet } from "./parquet-table.ts";
import { filesOf, imported } from "./testing/imported.ts";

const T0 = 1_381_132_800_000;
const count = 5000;
const prices = Array.from({ length: count }, (_, i) => (100_000 + ((i * 37) % 9973)) / 100);
const symbols = Array.from({ length: count }, (_, i) => `S${i % 7}`);
const sizes = Array.from({ length: count }, (_, i) => 1 + (i % 300));

const csv = `time,symbol,price,size\n${prices
  .map((price, i) => `${new Date(T0 + i * 250).toISOString()},${symbols[i]},${price},${sizes[i]}`)
  .join("\n")}\n`;

const column = (name: string, type: string, data: unknown[]) => ({ name, type, data }) as never;

const ticksOf = async (content: string | ArrayBuffer, name: string, options = {}) => {
  const bytes = typeof content === "string" ? content : new Uint8Array(content);
  const result = await imported(filesOf({ [name]: bytes }), "ticks", options);
  expect(result.report.rejected).toBe(0);
  return result.of("market.ticks").map(({ timeUs, value }) => ({ timeUs, ...value }));
};

describe("Parquet", () => {
  test("gives the same events as CSV, whatever the types of its columns", async () => {
    const wanted = await ticksOf(csv, "a.csv");
    const common = [column("symbol", "STRING", symbols), column("size", "INT32", sizes)];
    const stamps = Array.from({ length: count }, (_, i) => T0 + i * 250);
    const forms = [
      [
        column(
          "time",
          "TIMESTAMP",
          stamps.map((ms) => new Date(ms)),
        ),
        column("price", "DOUBLE", prices),
      ],
      [column("ts_ms", "INT64", stamps.map(BigInt)), column("price", "FLOAT", prices)],
      [
        column(
          "time",
          "STRING",
          stamps.map((ms) => new Date(ms).toISOString()),
        ),
        column("price", "STRING", prices.map(String)),
      ],
      [
        column(
          "ts_ns",
          "INT64",
          stamps.map((ms) => BigInt(ms) * 1_000_000n),
        ),
        column("price", "DOUBLE", prices),
      ],
    ];
    for (const form of forms) {
      const file = parquetWriteBuffer({ columnData: [...form, ...common], rowGroupSize: 1700 });
      expect(await ticksOf(file, "a.parquet")).toEqual(wanted);
    }
  });

  test("keeps microseconds, exact decimals, dates, and local times as local", async () => {
    const micros = [0, 1, 250_001].map((us) => BigInt(T0) * 1000n + BigInt(us));
    const write = (element: Record<string, unknown>, data: readonly bigint[], price: object) => {
      const type = { repetition_type: "REQUIRED", type: "INT64" };
      const columnData = [
        { name: "time", data },
        { name: "price", data: [13_940_000n, 1n, 999_999_999_999_999n] },
      ];
      const schema = [
        { name: "root", num_children: 2 },
        { ...type, name: "time", ...element },
        { ...type, name: "price", ...price },
      ];
      return filesOf({
        "a.parquet": new Uint8Array(parquetWriteBuffer({ columnData, schema } as never)),
      });
    };
    const decimal = { converted_type: "DECIMAL", scale: 6, precision: 18 };
    const read = async (files: string[], options = {}) =>
      (await imported(files, "ticks", { symbols: ["A"], ...options })).of("market.ticks");
    const utc = { logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" } };
    const ticks = await read(write(utc, micros, decimal));
    expect(ticks.map(({ timeUs }) => BigInt(timeUs))).toEqual(micros);
    expect(ticks.map(({ value }) => value.price)).toEqual([13_940_000, 1, 999_999_999_999_999]);
    const nanos = { logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "NANOS" } };
    const fine = micros.map((us) => us * 1000n + 999n);
    expect((await read(write(nanos, fine, decimal))).map(({ timeUs }) => BigInt(timeUs))).toEqual(
      micros,
    );
    const local = { logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" } };
    const files = write(local, micros, decimal);
    await expect(read(files)).rejects.toMatchObject({ code: "IMPORT_TIME_ZONE_MISSING" });
    const [first] = await read(files, { timeZone: "America/New_York" });
    expect(first?.timeUs).toBe(T0 * 1000 + 4 * 3_600_000_000);
  });

  test("is read whatever Node can unpack", async () => {
    const wanted = await ticksOf(csv, "a.csv");
    const columnData = [
      column(
        "ts_ms",
        "INT64",
        prices.map((_, i) => BigInt(T0 + i * 250)),
      ),
      column("symbol", "STRING", symbols),
      column("price", "DOUBLE", prices),
      column("size", "INT64", sizes.map(BigInt)),
    ];
    const packers = {
      UNCOMPRESSED: undefined,
      SNAPPY: undefined,
      GZIP: gzipSync,
      BROTLI: brotliCompressSync,
      ZSTD: zstdCompressSync,
    };
    for (const [codec, pack] of Object.entries(packers)) {
      const compressors = pack === undefined ? {} : { [codec]: (bytes: Uint8Array) => pack(bytes) };
      const file = parquetWriteBuffer({ columnData, codec, compressors } as never);
      expect(await ticksOf(file, "a.parquet")).toEqual(wanted);
    }
  });

  test("nulls, NaN and wrong values are dead letters with their row", async () => {
    const columnData = [
      column(
        "ts_ms",
        "INT64",
        [0, 1, 2, 3].map((i) => BigInt(T0 + i)),
      ),
      column("symbol", "STRING", ["A", "A", null, "A"]),
      column("price", "DOUBLE", [1.5, Number.NaN, 1.5, null]),
    ];
    const file = new Uint8Array(parquetWriteBuffer({ columnData }));
    const result = await imported(filesOf({ "a.parquet": file }), "ticks");
    expect(result.letters).toEqual([
      [2, "IMPORT_NUMBER_INVALID"],
      [3, "IMPORT_FIELD_EMPTY"],
      [4, "IMPORT_FIELD_EMPTY"],
    ]);
    const raw = result.of("tape.dead-letters")[0]?.value.raw ?? new Uint8Array();
    expect(JSON.parse(Buffer.from(raw).toString())).toEqual([
      ["ts_ms", String(T0 + 1)],
      ["symbol", "A"],
      ["price", "NaN"],
    ]);
  });

  test("a flipped byte anywhere is an error of ours or other data, never a crash", async () => {
    const columnData = [
      column(
        "ts_ms",
        "INT64",
        prices.slice(0, 50).map((_, i) => BigInt(T0 + i)),
      ),
      column("symbol", "STRING", symbols.slice(0, 50)),
      column("price", "DOUBLE", prices.slice(0, 50)),
    ];
    const file = new Uint8Array(parquetWriteBuffer({ columnData }));
    const codes = new Map<string, number>();
    // Byte 16 is a count in the first page's header: bent, it makes the reader loop.
    const places = [16, ...Array.from({ length: file.length }, (_, at) => at)];
    for (const at of places.filter((place, i) => i === 0 || (place > 4 && place % 67 === 0))) {
      const bent = file.slice();
      bent[at] = (bent[at] as number) ^ 0xff;
      const [path] = filesOf({ "a.parquet": bent });
      let outcome = "read";
      try {
        const table = await openParquet(path ?? "", bent.length, 1000);
        for await (const page of table.pages()) while (page.next()) page.text(0);
      } catch (error) {
        expect(error).toMatchObject({ name: "TapedeckError" });
        outcome = (error as { code: string }).code;
      }
      codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
      if (at === 16) expect(outcome).toBe("IMPORT_PARQUET_DAMAGED");
    }
    for (const code of codes.keys()) expect(code).toMatch(/^(IMPORT_|read)/);
    expect(codes.get("IMPORT_PARQUET_DAMAGED")).toBeGreaterThan(3);
  });
});
