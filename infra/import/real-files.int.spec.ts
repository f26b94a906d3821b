// The recorded markets of TAPEDECK_DATA: counts as their README gives them, every value checked
// against a reading of the same file in plain text.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { type Imported, imported } from "./testing/imported.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const data = process.env.TAPEDECK_DATA ?? join(root, "../shared/data");
const there = existsSync(data);
if (!there) console.warn(`skipped: no recorded markets at ${data}; set TAPEDECK_DATA`);

const path = (name: string): string => join(data, name);
const linesOf = (name: string): string[][] =>
  gunzipSync(readFileSync(path(name)))
    .toString()
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));

/** Every source event in order of time, instruments and dead letters left out. */
const facts = ({ events }: Imported) =>
  events.filter(({ topic }) => topic !== "market.instruments" && topic !== "tape.dead-letters");

const inTimeOrder = (result: Imported): boolean =>
  facts(result).every(({ timeUs }, i, all) => i === 0 || timeUs >= (all[i - 1]?.timeUs ?? 0));

/** Lines that are equal to an earlier line. */
const repeats = (rows: readonly string[][]): number =>
  rows.length - new Set(rows.map((row) => row.join())).size;

describe.runIf(there)("recorded markets", () => {
  test("one-minute bars of four symbols", async () => {
    const name = "bars-1m-4-equities-2013-10.csv.gz";
    const rows = linesOf(name);
    const result = await imported([path(name)], "bars");
    expect(result.report).toMatchObject({ rows: 13_429, events: 13_429, rejected: 0 });
    expect(result.report.intervalSeconds).toBe(60);
    expect(inTimeOrder(result)).toBe(true);
    const bars = result.of("market.bars").map(({ value, timeUs }) => {
      const { open, high, low, close } = value;
      const prices = [open, high, low, close].map((price) => formatScaled(price, 4));
      expect(timeUs).toBe(value.endUs);
      expect(value.endUs - value.startUs).toBe(60_000_000);
      return [String(value.startUs / 1000), value.symbol, ...prices, String(value.volume)];
    });
    expect(bars).toEqual(rows);
    expect(result.of("market.instruments").map(({ value }) => value)).toMatchObject([
      { symbol: "SPY", currency: "USD", priceScale: 4, tickSize: 100, calendar: "XNYS" },
      { symbol: "AIG" },
      { symbol: "BAC" },
      { symbol: "IBM" },
    ]);
  });

  test("trades of two symbols, merged by time", async () => {
    const names = ["trades-bac-2013-10-07.csv.gz", "trades-ibm-2013-10-07.csv.gz"] as const;
    const [bac, ibm] = [linesOf(names[0]), linesOf(names[1])];
    const result = await imported(names.map(path), "ticks", { symbols: ["BAC", "IBM"] });
    expect(result.report.files.map(({ events }) => events)).toEqual([88_172, 24_293]);
    expect(result.report.rejected).toBe(0);
    expect(inTimeOrder(result)).toBe(true);
    const ticks = result.of("market.ticks");
    for (const [symbol, rows] of [
      ["BAC", bac],
      ["IBM", ibm],
    ] as const) {
      const own = ticks.filter(({ value }) => value.symbol === symbol);
      const read = own.map(({ timeUs, value }) => [
        String(timeUs / 1000),
        formatScaled(value.price, 4),
        String(value.quantity),
        value.venue,
        value.suspicious ? "1" : "0",
      ]);
      expect(read).toEqual(rows);
      const quality = result.report.symbols[symbol];
      expect(quality?.duplicates).toBe(repeats(rows));
      expect(quality?.suspicious).toBe(rows.filter((row) => row[4] === "1").length);
    }
  });

  test("one-sided quotes, one of them suspicious", async () => {
    const name = "quotes-ibm-2013-10-07.csv.gz";
    const rows = linesOf(name);
    const result = await imported([path(name)], "quotes", { symbols: ["IBM"] });
    expect(result.report).toMatchObject({ rows: 109_067, events: 109_067, rejected: 0 });
    const read = result
      .of("market.quotes")
      .map(({ timeUs, value }) => [
        String(timeUs / 1000),
        value.bidPrice === null ? "" : formatScaled(value.bidPrice, 4),
        String(value.bidQuantity),
        value.askPrice === null ? "" : formatScaled(value.askPrice, 4),
        String(value.askQuantity),
        value.venue,
        value.suspicious ? "1" : "0",
      ]);
    expect(read).toEqual(rows);
    expect(result.report.symbols.IBM).toMatchObject({
      oneSidedQuotes: rows.filter((row) => row[1] === "" || row[3] === "").length,
      suspicious: 1,
      crossedQuotes: 0,
      duplicates: repeats(rows),
    });
  });

  test("daily bars end with New York's session, and their splits are spikes", async () => {
    const name = "bars-1d-8-equities-1998-2021.csv.gz";
    const rows = linesOf(name);
    const result = await imported([path(name)], "bars");
    expect(result.report).toMatchObject({ rows: 43_698, events: 43_698, rejected: 0 });
    const bars = result.of("market.bars");
    const newYork = new Intl.DateTimeFormat("sv-SE", {
      timeZone: "America/New_York",
      dateStyle: "short",
      timeStyle: "medium",
    });
    const every = 97;
    for (let i = 0; i < bars.length; i += every) {
      const { value } = bars[i] as (typeof bars)[number];
      expect(newYork.format(value.startUs / 1000)).toBe(`${rows[i]?.[0]} 09:30:00`);
      expect(newYork.format(value.endUs / 1000)).toBe(`${rows[i]?.[0]} 16:00:00`);
    }
    expect(bars.map(({ value }) => [value.symbol, formatScaled(value.close, 4)])).toEqual(
      rows.map((row) => [row[1], row[5]]),
    );
    // Apple split 2:1 on 2000-06-21, its first split in the file.
    expect(result.report.symbols.AAPL?.firstSpike).toBe("2000-06-21T20:00:00Z");
    // Closed from 2001-09-11 to 2001-09-14, and on each holiday: none of these lacks a session's bar. What the
    // file calls EEM until 2003 traded rarely; QQQ was called QQQQ from 2004-12-01 to 2011-03-22.
    const missing = Object.entries(result.report.symbols).map(([symbol, { gaps }]) => [
      symbol,
      gaps.missing,
    ]);
    const whole = ["AAPL", "AIG", "BAC", "IBM", "IWM", "SPY"].map((symbol) => [symbol, 0]);
    expect(missing.sort()).toEqual([...whole, ["EEM", 602], ["QQQ", 1588]].sort());
    expect(result.report.symbols.QQQ?.gaps).toMatchObject({
      count: 1,
      longestFrom: "2004-11-30T21:00:00Z",
    });
  });

  test("closes with a column per symbol", async () => {
    const name = "sp500-20-stocks-daily-1990-2022.csv.gz";
    const rows = linesOf(name);
    const result = await imported([path(name)], "bars");
    expect(result.report).toMatchObject({ rows: 8313, events: 8313 * 20, rejected: 0 });
    expect(Object.keys(result.report.symbols)).toHaveLength(20);
    const closes = result
      .of("market.bars")
      .map(({ value }) => Number(formatScaled(value.close, result.report.priceScale)));
    expect(closes).toEqual(rows.flatMap((row) => row.slice(1).map(Number)));
  });

  test("an index: one column of closes", async () => {
    const result = await imported([path("sp500-index-daily-1990-2022.csv.gz")], "bars");
    expect(result.report).toMatchObject({ rows: 8313, events: 8313, newInstruments: ["SP500"] });
  });
});

test.skipIf(there)(`recorded markets are not at ${data}: their tests are left out`, () => {
  expect(there).toBe(false);
});
