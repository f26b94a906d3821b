// Files that are wrong in every way that the issue lists and some more. Each is either refused as a whole,
// with a code and nothing written, or gives dead letters and keeps every good row around them.

import { deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createMemoryLog } from "../../streams/memory-log.ts";
import type { ImportKind, ImportOptions } from "./import-options.ts";
import { filesOf, imported } from "./testing/imported.ts";

const header = "ts_ms,symbol,price,size\n";
const good = (i: number): string => `${1381132800000 + i * 1000},IBM,18${i % 10}.25,100`;
const tickFile = (...rows: string[]): string =>
  `${header}${[good(1), ...rows, good(9)].join("\n")}\n`;
const barHeader = "date,symbol,open,high,low,close,volume\n";
const day = (date: string, prices = "10,12,9,11"): string => `${date},IBM,${prices},100`;
const barFile = (...rows: string[]): string =>
  `${barHeader}${[day("2020-01-02"), day("2020-01-03"), ...rows, day("2020-01-09")].join("\n")}\n`;
const quoteHeader = "ts_ms,symbol,bid,bid_size,ask,ask_size\n";
const quoteFile = (...rows: string[]): string =>
  `${quoteHeader}${["1381132800000,IBM,9,1,10,1", ...rows, "1381132809000,IBM,9,1,10,1"].join("\n")}\n`;
const noise = (size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  let state = 12345;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
};
const zipped = gzipSync(tickFile(...Array.from({ length: 5000 }, (_, i) => good(i + 2))));
const damagedZip = (): Buffer => {
  const bytes = Buffer.from(zipped);
  bytes.writeUInt32LE(0xdeadbeef, bytes.length - 8);
  return bytes;
};
/** A gzip stream of 300 MB of rows that are all alike, in 300 kB. */
const bomb = (): Buffer => {
  const rows = gzipSync(`${good(1)}\n`.repeat(40_000), { level: 9 });
  return Buffer.concat([gzipSync(header), ...Array.from({ length: 250 }, () => rows)]);
};

interface Hostile {
  readonly content: string | Uint8Array;
  readonly kind?: ImportKind;
  readonly options?: Partial<ImportOptions>;
  readonly name?: string;
}

/** Refused as a whole. */
const refused: Readonly<Record<string, Hostile & { readonly code: string }>> = {
  "an empty file": { content: "", code: "IMPORT_FILE_EMPTY" },
  "a file of blank lines": { content: "\n\n\r\n  \n", code: "IMPORT_FILE_EMPTY" },
  "a header and nothing else": { content: header, code: "IMPORT_NO_ROWS" },
  "random bytes": { content: noise(50_000), code: "IMPORT_FILE_BINARY" },
  "an image": { content: Buffer.from("89504e470d0a1a0a0000", "hex"), code: "IMPORT_FILE_BINARY" },
  "a zip archive named csv": {
    content: Buffer.concat([Buffer.from("504b0304", "hex"), deflateRawSync(header)]),
    code: "IMPORT_FILE_BINARY",
  },
  "UTF-16": {
    content: Buffer.from(`\ufeff${tickFile()}`, "utf16le"),
    code: "IMPORT_FILE_ENCODING",
  },
  "gzip data cut in the middle": {
    content: zipped.subarray(0, zipped.length >> 1),
    code: "IMPORT_GZIP_TRUNCATED",
  },
  "gzip data without its last bytes": {
    content: zipped.subarray(0, zipped.length - 4),
    code: "IMPORT_GZIP_TRUNCATED",
  },
  "gzip data with a wrong checksum": { content: damagedZip(), code: "IMPORT_GZIP_DAMAGED" },
  "gzip magic and garbage": {
    content: Buffer.concat([Buffer.from("1f8b08", "hex"), noise(1000)]),
    code: "IMPORT_GZIP_DAMAGED",
  },
  "a decompression bomb": { content: bomb(), code: "IMPORT_GZIP_BOMB" },
  "a bomb of zero bytes": {
    content: gzipSync(Buffer.alloc(100_000_000)),
    code: "IMPORT_FILE_BINARY",
  },
  "columns of something else": {
    content: "id,colour,weight\n1,red,3\n",
    code: "IMPORT_COLUMN_MISSING",
  },
  "no price column": { content: "ts_ms,symbol,size\n1,IBM,3\n", code: "IMPORT_COLUMN_MISSING" },
  "one header name twice": {
    content: "ts_ms,symbol,price,price\n1381132800000,IBM,1,2\n",
    code: "IMPORT_COLUMN_DUPLICATE",
  },
  "two columns for one role": {
    content: "ts_ms,symbol,Price,price\n1381132800000,IBM,1,2\n",
    code: "IMPORT_COLUMN_DUPLICATE",
  },
  "no header": { content: `${good(1)}\n${good(2)}\n`, code: "IMPORT_HEADER_MISSING" },
  "control characters in the header": {
    content: "ts_ms,sym\u001b[31mbol,price\n1381132800000,IBM,1\n",
    code: "IMPORT_HEADER_INVALID",
  },
  "a header line of 10 MB": { content: "x".repeat(10_000_000), code: "IMPORT_HEADER_INVALID" },
  "five thousand columns": {
    content: `${Array.from({ length: 5000 }, (_, i) => `c${i}`).join(",")}\n`,
    code: "IMPORT_HEADER_INVALID",
  },
  "no symbol anywhere": {
    content: "ts_ms,price,size\n1381132800000,1,2\n",
    code: "IMPORT_SYMBOL_MISSING",
  },
  "a column that --map invents": {
    content: tickFile(),
    options: { map: new Map([["price", "px"]]) },
    code: "IMPORT_COLUMN_UNKNOWN",
  },
  "__proto__ as a column that --map names": {
    content: tickFile(),
    options: { map: new Map([["price", "__proto__"]]) },
    code: "IMPORT_COLUMN_UNKNOWN",
  },
  "prices that are all NaN": {
    content: `${header}1381132800000,IBM,NaN,1\n1381132801000,IBM,NaN,1\n`,
    code: "IMPORT_NO_ROWS",
  },
  "prices that are all negative": {
    content: `${header}1381132800000,IBM,-1,1\n1381132801000,IBM,-2,1\n`,
    code: "IMPORT_NO_ROWS",
  },
  "local times and no --time-zone": {
    content: `time,symbol,price\n2013-10-07 09:30:00,IBM,1\n`,
    code: "IMPORT_TIME_ZONE_MISSING",
  },
  "an unknown --time-zone": {
    content: tickFile(),
    options: { timeZone: "Mars/Olympus" },
    code: "IMPORT_OPTION_INVALID",
  },
  "prices of 15 decimals": {
    content: `${header}1381132800000,IBM,1.123456789012345,1\n1381132801000,IBM,2.223456789012345,1\n`,
    code: "IMPORT_PRICE_DIGITS",
  },
  "one bar, whose interval nothing tells": {
    content: "ts_ms,symbol,open,high,low,close\n1381132800000,IBM,1,2,1,2\n",
    kind: "bars",
    code: "IMPORT_INTERVAL_UNCLEAR",
  },
  "Parquet magic and garbage": {
    content: Buffer.concat([Buffer.from("PAR1"), noise(500)]),
    code: "IMPORT_PARQUET_DAMAGED",
  },
  "Parquet with a footer that is too long": {
    content: Buffer.concat([
      Buffer.from("PAR1"),
      noise(100),
      Buffer.from("ffffff7f50415231", "hex"),
    ]),
    code: "IMPORT_PARQUET_DAMAGED",
  },
  "Parquet with a footer of garbage": {
    content: Buffer.concat([
      Buffer.from("PAR1"),
      noise(100),
      Buffer.from("3200000050415231", "hex"),
    ]),
    code: "IMPORT_PARQUET_DAMAGED",
  },
  HTML: {
    content: "<!DOCTYPE html>\n<html><body>404</body></html>\n",
    code: "IMPORT_COLUMN_MISSING",
  },
  JSON: { content: '{"ts_ms":1381132800000,"price":1}\n', code: "IMPORT_COLUMN_MISSING" },
};

/** Good rows kept, the bad one a dead letter of line 3 (line 4 in files of bars). */
const buried: Readonly<Record<string, Hostile & { readonly codes: readonly string[] }>> = {
  "a NaN price": { content: tickFile("1381132802000,IBM,NaN,1"), codes: ["IMPORT_NUMBER_INVALID"] },
  "an infinite price": {
    content: tickFile("1381132802000,IBM,inf,1"),
    codes: ["IMPORT_NUMBER_INVALID"],
  },
  "a negative price": {
    content: tickFile("1381132802000,IBM,-3,1"),
    codes: ["IMPORT_PRICE_NOT_POSITIVE"],
  },
  "a price of 0": {
    content: tickFile("1381132802000,IBM,0,1"),
    codes: ["IMPORT_PRICE_NOT_POSITIVE"],
  },
  "an empty price": { content: tickFile("1381132802000,IBM,,1"), codes: ["IMPORT_FIELD_EMPTY"] },
  "a price beyond 2^53": {
    content: tickFile("1381132802000,IBM,99999999999999999999,1"),
    codes: ["IMPORT_NUMBER_RANGE"],
  },
  "a formula as price": {
    content: tickFile("1381132802000,IBM,=1+1,1"),
    codes: ["IMPORT_NUMBER_INVALID"],
  },
  "thousands separators": {
    content: tickFile('1381132802000,IBM,"1,234.5",1'),
    codes: ["IMPORT_NUMBER_INVALID"],
  },
  "a trade of size 0": {
    content: tickFile("1381132802000,IBM,1,0"),
    codes: ["IMPORT_QUANTITY_INVALID"],
  },
  "a negative size": {
    content: tickFile("1381132802000,IBM,1,-5"),
    codes: ["IMPORT_QUANTITY_INVALID"],
  },
  "a time that is a word": { content: tickFile("noon,IBM,1,1"), codes: ["IMPORT_TIME_INVALID"] },
  "a time without a zone among times that have one": {
    content: `time,symbol,price\n2013-10-07T09:30:00Z,IBM,1\n2013-10-07T09:30:00,IBM,1\n2013-10-07T09:31:00+01:00,IBM,1\n`,
    codes: ["IMPORT_TIME_ZONE_MISSING"],
  },
  "no time": { content: tickFile(",IBM,1,1"), codes: ["IMPORT_TIME_INVALID"] },
  "seconds among milliseconds": {
    content: tickFile("1381132802,IBM,1,1"),
    codes: ["IMPORT_TIME_RANGE"],
  },
  "microseconds among milliseconds": {
    content: tickFile("1381132802000000,IBM,1,1"),
    codes: ["IMPORT_TIME_RANGE"],
  },
  "too few cells": { content: tickFile("1381132802000,IBM"), codes: ["IMPORT_ROW_MALFORMED"] },
  "too many cells": {
    content: tickFile("1381132802000,IBM,1,1,1"),
    codes: ["IMPORT_ROW_MALFORMED"],
  },
  "a quote that is never closed": {
    content: tickFile('1381132802000,"IBM,1,1'),
    codes: ["IMPORT_ROW_MALFORMED"],
  },
  "a line of 10 MB": {
    content: tickFile(`1381132802000,IBM,1,${"9".repeat(10_000_000)}`),
    codes: ["IMPORT_ROW_TOO_LONG"],
  },
  "a zero byte in a symbol": {
    content: gzipSync(
      `${header}${Array.from({ length: 10_000 }, (_, i) => good(i)).join("\n")}\n1381142900000,I\0M,1,1\n`,
    ),
    codes: ["IMPORT_SYMBOL_INVALID"],
    name: "late.csv.gz",
  },
  "__proto__ as a symbol": {
    content: tickFile("1381132802000,__proto__,1,1"),
    codes: ["IMPORT_SYMBOL_INVALID"],
  },
  "a formula as symbol": {
    content: tickFile("1381132802000,=cmd|' /C calc'!A0,1,1"),
    codes: ["IMPORT_SYMBOL_INVALID"],
  },
  "an escape sequence as symbol": {
    content: tickFile("1381132802000,\u001b]0;owned\u0007,1,1"),
    codes: ["IMPORT_SYMBOL_INVALID"],
  },
  "a path as symbol": {
    content: tickFile(`1381132802000,${"../".repeat(20)}etc,1,1`),
    codes: ["IMPORT_SYMBOL_INVALID"],
  },
  "an empty symbol": { content: tickFile("1381132802000,,1,1"), codes: ["IMPORT_FIELD_EMPTY"] },
  "bytes that are no UTF-8": {
    content: Buffer.concat([
      Buffer.from(`${header}${good(1)}\n1381132802000,`),
      Buffer.from([0xff, 0xfe, 0xc0]),
      Buffer.from(`,1,1\n${good(9)}\n`),
    ]),
    codes: ["IMPORT_SYMBOL_INVALID"],
  },
  "a bar whose high is below its low": {
    kind: "bars",
    content: barFile(day("2020-01-06", "10,9,12,11")),
    codes: ["IMPORT_BAR_INCONSISTENT"],
  },
  "a bar whose close is above its high": {
    kind: "bars",
    content: barFile(day("2020-01-06", "10,12,9,13")),
    codes: ["IMPORT_BAR_INCONSISTENT"],
  },
  "two bars of one day": {
    kind: "bars",
    content: barFile(day("2020-01-03", "10,12,9,10")),
    codes: ["IMPORT_BAR_DUPLICATE"],
  },
  "the 30th of February": {
    kind: "bars",
    content: barFile(day("2020-02-30")),
    codes: ["IMPORT_TIME_INVALID"],
  },
  "a date before the epoch": {
    kind: "bars",
    content: barFile(day("1929-10-29")),
    codes: ["IMPORT_TIME_RANGE"],
  },
  "a time among dates": {
    kind: "bars",
    content: barFile(day("2020-01-06T10:00:00Z")),
    codes: ["IMPORT_TIME_INVALID"],
  },
  "a quote with neither side": {
    kind: "quotes",
    content: quoteFile("1381132802000,IBM,,,,"),
    codes: ["IMPORT_QUOTE_EMPTY"],
  },
  "a negative bid": {
    kind: "quotes",
    content: quoteFile("1381132802000,IBM,-9,1,10,1"),
    codes: ["IMPORT_PRICE_NOT_POSITIVE"],
  },
};

describe("a file that cannot be used is refused and nothing is written", () => {
  test.each(Object.entries(refused))("%s", async (_, { content, code, kind, options, name }) => {
    const log = createMemoryLog();
    const files = filesOf({ [name ?? "hostile.csv"]: content });
    const attempt = imported(files, kind ?? "ticks", options, log);
    await expect(attempt).rejects.toMatchObject({ name: "TapedeckError", code });
    const ends = (await log.partitions()).filter(({ topic }) => topic !== "tape.dead-letters");
    expect(ends.every(({ end }) => end === 0)).toBe(true);
  });

  test("a bad file takes the good files of the same import with it", async () => {
    const log = createMemoryLog();
    const files = filesOf({ "a.csv": tickFile(), "b.csv.gz": zipped.subarray(0, 100) });
    await expect(imported(files, "ticks", {}, log)).rejects.toMatchObject({
      code: "IMPORT_GZIP_TRUNCATED",
    });
    expect(await log.partitions()).toEqual([]);
  });

  test("a folder, a missing file and an unknown path", async () => {
    for (const path of ["/", "/nowhere/at/all.csv", "bad\0name.csv"]) {
      await expect(imported([path], "ticks")).rejects.toMatchObject({
        code: "IMPORT_FILE_UNREADABLE",
      });
    }
  });
});

describe("a bad row becomes a dead letter and the rows around it are kept", () => {
  test.each(Object.entries(buried))("%s", async (_, { content, codes, kind, options, name }) => {
    const files = filesOf({ [name ?? "hostile.csv"]: content });
    const result = await imported(files, kind ?? "ticks", options);
    expect(result.letters.map(([, code]) => code)).toEqual(codes);
    const { rows, events, rejected } = result.report;
    expect(rows).toBe(events + rejected);
    expect(events).toBeGreaterThanOrEqual(2);
    expect(result.report.reasons).toEqual({ [codes[0] as string]: 1 });
    const [letter] = result.of("tape.dead-letters");
    const line = name === "late.csv.gz" ? 10_002 : kind === "bars" ? 4 : 3;
    expect([letter?.value.origin, letter?.value.position]).toEqual([name ?? "hostile.csv", line]);
    expect(letter?.value.raw.length).toBeGreaterThan(0);
    expect(letter?.value.raw.length).toBeLessThanOrEqual(4096);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may reach a terminal
    expect(letter?.value.detail).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(letter?.value.detail.length).toBeLessThan(300);
  });

  test("raw bytes are the row's own", async () => {
    const row = "1381132802000,IBM,NaN,1";
    const result = await imported(filesOf({ "a.csv": tickFile(row) }), "ticks");
    const raw = result.of("tape.dead-letters")[0]?.value.raw ?? new Uint8Array();
    expect(Buffer.from(raw).toString()).toBe(row);
  });
});

describe("odd files that are good", () => {
  test("zones that differ from row to row are all exact", async () => {
    const rows = [
      "2013-10-07T09:30:00-04:00,IBM,1",
      "2013-10-07T13:30:01Z,IBM,2",
      "2013-10-07 15:30:02.5+02:00,IBM,3",
    ];
    const files = filesOf({ "a.csv": `time,symbol,price\n${rows.join("\n")}\n` });
    const result = await imported(files, "ticks");
    const first = 1_381_152_600_000_000;
    expect(result.of("market.ticks").map(({ timeUs }) => timeUs - first)).toEqual([
      0, 1_000_000, 2_500_000,
    ]);
  });

  test("a BOM, semicolons, \\r\\n, lone \\r, a missing last line end, gzip without its name", async () => {
    const text = "\ufeffts_ms;symbol;price\r\n1381132800000;IBM;1\r\n1381132801000;IBM;2";
    const forms = {
      "a.csv": text,
      "b.csv": text.replaceAll("\r\n", "\r"),
      "c.csv": gzipSync(text),
      "d.csv": gzipSync(text.replaceAll(";", "\t")),
    };
    for (const file of filesOf(forms)) {
      const result = await imported([file], "ticks");
      expect(result.of("market.ticks").map(({ value }) => value.price)).toEqual([100, 200]);
    }
  });

  test("constructor and toString are symbols like any other", async () => {
    const rows = "1381132802000,constructor,1,1\n1381132803000,toString,1,1";
    const result = await imported(filesOf({ "a.csv": tickFile(rows) }), "ticks");
    expect(Object.keys(result.report.symbols)).toEqual(["IBM", "constructor", "toString"]);
  });
});
