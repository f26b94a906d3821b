// What an import promises as a whole: order, identity, atomicity, scales, and growing at the end only.

import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIsoUs } from "../../schemas/values/time.ts";
import type { EventLog } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { defaultInstrument } from "./import-options.ts";
import { filesOf, imported } from "./testing/imported.ts";

const us = (text: string): number => parseIsoUs(text) ?? Number.NaN;
const T0 = 1_381_132_800_000;

async function bytesOf(log: EventLog): Promise<string[]> {
  const batches: string[] = [];
  for (const { topic, partition, start, end } of await log.partitions()) {
    for (let offset = start; offset < end; ) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null) break;
      batches.push(
        `${topic} ${partition} ${offset} ${Buffer.from(batch.bytes).toString("base64")}`,
      );
      offset = batch.baseOffset + batch.count;
    }
  }
  return batches;
}

const tickRows = (rows: readonly (readonly [number, string, string])[]): string =>
  `ts_ms,symbol,price\n${rows.map((row) => row.join(",")).join("\n")}\n`;

describe("the tape of an import", () => {
  test("is the same bytes from the same rows: plain or gzip'd, in whatever pieces it is read", async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => {
      const price = i % 500 === 7 ? "NaN" : `${100 + (i % 97) / 100}`;
      return [T0 + i, `S${i % 5}`, price] as const;
    });
    const text = tickRows(rows);
    const tapes = [];
    // Other line ends put the borders of what is read at a time between other rows.
    const longer = text.replaceAll("\n", "\r\n");
    for (const content of [text, gzipSync(text), longer]) {
      const log = createMemoryLog();
      await imported(filesOf({ "a.csv": content }), "ticks", { partitions: 3 }, log);
      tapes.push(await bytesOf(log));
    }
    expect(tapes[1]).toEqual(tapes[0]);
    expect(tapes[2]).toEqual(tapes[0]);
    expect(
      tapes[0]?.filter((batch) => batch.startsWith("tape.dead-letters")).length,
    ).toBeGreaterThan(0);
  });

  test("holds every row of every file once, by time, then file, then line", async () => {
    const row = fc.tuple(fc.nat(20), fc.constantFrom("A", "B"), fc.integer({ min: 1, max: 99 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(row, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 3 }),
        async (files) => {
          const contents = files.map((rows, i) => [
            `${i}.csv`,
            tickRows(rows.map(([time, symbol, price]) => [T0 + time, symbol, `${price}.00`])),
          ]);
          const result = await imported(filesOf(Object.fromEntries(contents)), "ticks");
          const wanted = files.flat().toSorted((a, b) => a[0] - b[0]);
          const ticks = result.of("market.ticks");
          expect(
            ticks.map(({ timeUs, value }) => [timeUs / 1000 - T0, value.symbol, value.price / 100]),
          ).toEqual(wanted);
          expect(result.events.map(({ origin }) => origin)).toEqual(result.events.map((_, i) => i));
          // An instrument comes before the first event of its symbol.
          for (const { value, origin } of result.of("market.instruments")) {
            const first = ticks.find((tick) => tick.value.symbol === value.symbol);
            expect(first?.origin).toBe(origin + 1);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a file grouped by symbol is sorted, and its rows counted as in order", async () => {
    const rows = ["A", "B"].flatMap((symbol) =>
      Array.from({ length: 50 }, (_, i) => [T0 + i * 1000, symbol, "1.00"] as const),
    );
    const result = await imported(filesOf({ "a.csv": tickRows(rows) }), "ticks");
    const symbols = result.of("market.ticks").map(({ value }) => value.symbol);
    expect(symbols.join("")).toBe("AB".repeat(50));
    expect(result.report.symbols.B?.outOfOrder).toBe(0);
    const late = tickRows([...rows.slice(50), [T0 + 5, "B", "1.00"]]);
    const second = await imported(filesOf({ "a.csv": late }), "ticks");
    expect(second.report.symbols.B?.outOfOrder).toBe(1);
  });

  test("grows at its end only, and keeps its instruments and origins", async () => {
    const log = createMemoryLog();
    const first = filesOf({ "a.csv": tickRows([[T0, "A", "1.25"]]) });
    await imported(first, "ticks", {}, log);
    await expect(imported(first, "ticks", {}, log)).rejects.toMatchObject({
      code: "IMPORT_NOT_LATER",
    });
    const later = filesOf({
      "b.csv": tickRows([
        [T0 + 1, "A", "1.5"],
        [T0 + 2, "A", "1.125"],
        [T0 + 3, "B", "2"],
      ]),
    });
    const result = await imported(later, "ticks", {}, log);
    expect(result.report).toMatchObject({ origins: [2, 6], newInstruments: ["B"], rejected: 1 });
    // A keeps the scale that the tape gave it: three decimals do not fit two.
    expect(result.letters).toEqual([[3, "IMPORT_NUMBER_PRECISION"]]);
    expect(result.of("market.ticks").map(({ value }) => value.price)).toEqual([125, 150, 2000]);
    const before = filesOf({
      "c.csv": "ts_ms,symbol,bid,ask\n1,C,1,2\n".replace("1,C", `${T0},C`),
    });
    await expect(imported(before, "quotes", {}, log)).rejects.toMatchObject({
      code: "IMPORT_NOT_LATER",
    });
  });

  test("a tape of three partitions stays one, and splits by symbol", async () => {
    const log = createMemoryLog();
    const rows = (from: number) => ["A", "B", "C", "D"].map((s, i) => [from + i, s, "1"] as const);
    const files = filesOf({ "a.csv": tickRows(rows(T0)), "b.csv": tickRows(rows(T0 + 10)) });
    await imported(files.slice(0, 1), "ticks", { partitions: 3 }, log);
    const result = await imported(files.slice(1), "ticks", {}, log);
    const places = new Map(result.of("market.ticks").map((e) => [e.value.symbol, e.partition]));
    expect(new Set(places.values()).size).toBeGreaterThan(1);
    for (const event of result.of("market.ticks")) {
      expect(event.partition).toBe(places.get(event.value.symbol));
    }
  });
});

describe("numbers", () => {
  test("have the decimals that the files write, and two at least", async () => {
    const scaleOf = async (...prices: string[]) => {
      const rows = prices.map((price, i) => [T0 + i, "A", price] as const);
      return (await imported(filesOf({ "a.csv": tickRows(rows) }), "ticks")).report.priceScale;
    };
    expect(await scaleOf("18", "19")).toBe(2);
    expect(await scaleOf("18.2500", "19.0000")).toBe(4);
    expect(await scaleOf("18.2", "1e-5")).toBe(5);
    expect(await scaleOf("18.250000000000", "1.5")).toBe(9);
  });

  test("one price of noise among many is a dead letter", async () => {
    const rows = Array.from({ length: 300 }, (_, i) => [T0 + i, "A", "1.25"] as const);
    const noisy = [...rows, [T0 + 300, "A", "1.2500000000000002"] as const];
    const result = await imported(filesOf({ "a.csv": tickRows(noisy) }), "ticks");
    expect(result.letters).toEqual([[302, "IMPORT_NUMBER_PRECISION"]]);
  });

  test("round half to even to a scale that is asked for, and say so", async () => {
    const prices = ["1.005", "1.015", "1.0250000001", "1.02", "2.5e-1"];
    const rows = prices.map((price, i) => [T0 + i, "A", price] as const);
    const result = await imported(filesOf({ "a.csv": tickRows(rows) }), "ticks", { priceScale: 2 });
    expect(result.of("market.ticks").map(({ value }) => value.price)).toEqual([
      100, 102, 103, 102, 25,
    ]);
    expect(result.report.rounded).toBe(3);
  });

  test("quantities keep their decimals; whole ones that a float column writes stay whole", async () => {
    const file = (sizes: string[]) =>
      filesOf({
        "a.csv": `ts_ms,symbol,price,size\n${sizes.map((size, i) => `${T0 + i},A,1,${size}`).join("\n")}\n`,
      });
    const coins = await imported(file(["0.00125", "2"]), "ticks");
    expect(coins.of("market.ticks").map(({ value }) => value.quantity)).toEqual([125, 200_000]);
    const shares = await imported(file(["100.0", "2.0"]), "ticks");
    expect(shares.of("market.ticks").map(({ value }) => value.quantity)).toEqual([100, 2]);
  });
});

describe("bars", () => {
  const bars = (times: readonly string[], header = "time,symbol,open,high,low,close,volume") =>
    filesOf({ "a.csv": `${header}\n${times.map((t) => `${t},A,1,2,1,2,5`).join("\n")}\n` });
  const spans = async (files: string[], options = {}) =>
    (await imported(files, "bars", options))
      .of("market.bars")
      .map(({ value }) => [value.startUs, value.endUs]);

  test("know their interval by the commonest spacing, their edge by the column's name", async () => {
    const times = ["13:30", "13:35", "13:40", "14:00", "14:05"].map((t) => `2013-10-07T${t}:00Z`);
    const start = us("2013-10-07T13:30:00Z");
    const five = 300_000_000;
    expect((await spans(bars(times)))[0]).toEqual([start, start + five]);
    expect((await spans(bars(times), { barTime: "end" }))[0]).toEqual([start - five, start]);
    const ended = bars(times, "close_time,symbol,open,high,low,close,volume");
    expect((await spans(ended))[0]).toEqual([start - five, start]);
    expect((await spans(bars(times), { intervalUs: 60_000_000 }))[0]?.[1]).toBe(start + 60_000_000);
  });

  test("of days, however the day is written, are the exchange's session", async () => {
    const session = [us("2013-10-07T13:30:00Z"), us("2013-10-07T20:00:00Z")];
    const days = (write: (day: string) => string) =>
      ["2013-10-07", "2013-10-08", "2013-10-09"].map(write);
    const forms = [
      days((day) => day),
      days((day) => day.replaceAll("-", "")),
      days((day) => day.replaceAll("-", "/")),
      days((day) => `${day} 00:00:00-04:00`),
      days((day) => `${day}T00:00:00Z`),
      days((day) => String(us(day) / 1000)),
      days((day) => String(us(`${day}T04:00:00Z`) / 1_000_000)),
    ];
    for (const times of forms) expect((await spans(bars(times)))[0]).toEqual(session);
    const always = { ...defaultInstrument, calendar: "24x7", timeZone: "UTC" };
    const instrument = { ...always, session: { openUs: 0, closeUs: 86_400_000_000 } };
    expect((await spans(bars(forms[0] ?? []), { instrument }))[0]).toEqual([
      us("2013-10-07"),
      us("2013-10-08"),
    ]);
  });

  test("of local time are read in the zone that is given", async () => {
    const times = ["2013-10-07 09:30:00", "2013-10-07 09:31:00", "2013-10-07 09:32:00"];
    const read = await spans(bars(times), { timeZone: "America/New_York" });
    expect(read[0]?.[0]).toBe(us("2013-10-07T13:30:00Z"));
    const split = filesOf({
      "a.csv": "Date,Time,Symbol,Close\n2013.10.07,09:30,A,1\n2013.10.07,09:31,A,1\n",
    });
    expect((await spans(split, { timeZone: "America/New_York" }))[0]?.[0]).toBe(read[0]?.[0]);
  });

  test("of several files need one interval", async () => {
    const [one] = bars(["2013-10-07", "2013-10-08"]);
    const [other] = bars(["2014-10-07T13:30:00Z", "2014-10-07T13:31:00Z"]);
    await expect(imported([one ?? "", other ?? ""], "bars")).rejects.toMatchObject({
      code: "IMPORT_INTERVAL_UNCLEAR",
    });
  });

  test("in columns per symbol skip what is empty", async () => {
    const files = filesOf({ "a.csv": "Date,A,B\n2020-01-02,1,\n2020-01-03,2,5\n2020-01-06,,6\n" });
    const result = await imported(files, "bars");
    expect(result.report).toMatchObject({ rows: 3, events: 4, rejected: 0 });
    expect(result.of("market.bars").map(({ value }) => [value.symbol, value.close])).toEqual([
      ["A", 100],
      ["A", 200],
      ["B", 500],
      ["B", 600],
    ]);
  });
});

describe("the quality report", () => {
  test("counts gaps within a session, and none over night", async () => {
    const minutes = ["13:30", "13:31", "13:34", "19:59"].map((t) => `2013-10-07T${t}:00Z`);
    const times = [...minutes, "2013-10-08T13:30:00Z", "2013-10-08T13:31:00Z"];
    const text = `time,symbol,close\n${times.map((t) => `${t},A,1`).join("\n")}\n`;
    const result = await imported(filesOf({ "a.csv": text }), "bars");
    expect(result.report.symbols.A?.gaps).toEqual({
      count: 2,
      missing: 2 + 384,
      longestSeconds: 385 * 60,
      longestFrom: "2013-10-07T13:35:00Z",
    });
  });

  test("counts sessions without a daily bar, by the calendar of the instrument", async () => {
    // 4 July 2019 was a Thursday; the 3rd ended early.
    const days = ["2019-07-02", "2019-07-05", "2019-07-08", "2019-07-11"];
    const files = () =>
      filesOf({ "a.csv": `date,symbol,close\n${days.map((day) => `${day},A,1`).join("\n")}\n` });
    const gapsOf = async (calendar: string) => {
      const instrument = { ...defaultInstrument, calendar };
      return (await imported(files(), "bars", { instrument })).report.symbols.A?.gaps;
    };
    expect(await gapsOf("XNYS")).toEqual({
      count: 2,
      missing: 3,
      longestSeconds: 3 * 86_400,
      longestFrom: "2019-07-02T20:00:00Z",
    });
    // Nobody knows its holidays: three days are no gap.
    expect(await gapsOf("XLON")).toMatchObject({ count: 0, missing: 0 });
  });

  test("counts duplicates, suspicious prints, crossed, locked and one-sided quotes", async () => {
    const quotes = ["1,2", "2,1", "2,2", ",2", "1,0", ",2"].map(
      (q, i) => `${T0 + (i >> 1)},A,${q}`,
    );
    const text = `ts_ms,symbol,bid,ask\n${quotes.join("\n")}\n`;
    const quoted = await imported(filesOf({ "a.csv": text }), "quotes");
    expect(quoted.report.symbols.A).toMatchObject({
      events: 6,
      crossedQuotes: 1,
      lockedQuotes: 1,
      oneSidedQuotes: 3,
      duplicates: 0,
    });
    const prints = ["1,5,0", "1,5,0", "1,5,1", "9,5,true", "1,5,0"];
    const ticks = `ts_ms,symbol,price,size,suspicious\n${prints.map((p) => `${T0},A,${p}`).join("\n")}\n`;
    const printed = await imported(filesOf({ "a.csv": ticks }), "ticks");
    expect(printed.report.symbols.A).toMatchObject({
      events: 5,
      duplicates: 2,
      suspicious: 2,
      highestPrice: "1.00",
    });
    expect(printed.of("market.ticks").filter(({ value }) => value.suspicious)).toHaveLength(2);
  });
});
