// Headers as data vendors write them.
import { describe, expect, test } from "vitest";
import { findColumns } from "./columns.ts";
import {
  defaultOptions,
  type ImportKind,
  type ImportOptions,
  type Role,
} from "./import-options.ts";

function find(kind: ImportKind, header: string, options: Partial<ImportOptions> = {}) {
  const names = header.split(",");
  const columns = findColumns("f", names, { ...defaultOptions(kind), ...options });
  const byRole = Object.fromEntries([...columns.byRole].map(([role, i]) => [role, names[i]]));
  return { ...columns, byRole };
}

const code = (error: string) => expect.objectContaining({ code: error });

describe("columns", () => {
  test.each<[ImportKind, string, Partial<Record<Role, string>>]>([
    ["bars", "Date,Open,High,Low,Close,Adj Close,Volume", { time: "Date", close: "Close" }],
    ["bars", "date,open,high,low,close,volume,Name", { time: "date", symbol: "Name" }],
    ["bars", "t,o,h,l,c,v,n", { time: "t", open: "o", close: "c", volume: "v", trades: "n" }],
    ["bars", "Open time,Open,High,Low,Close,Volume,Close time", { time: "Open time" }],
    [
      "bars",
      "ticker,volume,open,close,high,low,window_start,transactions",
      { time: "window_start", trades: "transactions" },
    ],
    [
      "bars",
      "<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
      { date: "<DATE>", time: "<TIME>", volume: "<VOL>" },
    ],
    ["bars", "timestamp,date,close", { time: "timestamp", close: "close" }],
    [
      "ticks",
      "ts_ms,price,size,exchange,suspicious",
      { time: "ts_ms", venue: "exchange", suspicious: "suspicious" },
    ],
    ["ticks", "timestamp,symbol,side,size,price", { time: "timestamp", size: "size" }],
    ["ticks", "participant_timestamp,sip_timestamp,price,size", { time: "sip_timestamp" }],
    [
      "quotes",
      "ts_ms,bid,bid_size,ask,ask_size",
      { bid: "bid", bid_size: "bid_size", ask_size: "ask_size" },
    ],
    [
      "quotes",
      "time,bidPrice,bidQty,askPrice,askQty",
      { bid: "bidPrice", ask: "askPrice", ask_size: "askQty" },
    ],
  ])("%s: %s", (kind, header, wanted) => {
    expect(find(kind, header, { symbols: ["X"] }).byRole).toMatchObject(wanted);
  });

  test("the time column's name gives its unit and a bar's edge away", () => {
    const of = (name: string) => {
      const { timeUnit, barTime } = find("bars", `${name},close`, { symbols: ["X"] });
      return [timeUnit, barTime];
    };
    expect(of("ts_ms")).toEqual(["ms", "start"]);
    expect(of("timestamp_ns")).toEqual(["ns", "start"]);
    expect(of("close_time_us")).toEqual(["us", "end"]);
    expect(of("date")).toEqual([null, null]);
  });

  test("a date beside a full timestamp is left alone", () => {
    const { byRole } = find("bars", "timestamp,date,close", { symbols: ["X"] });
    expect(byRole).not.toHaveProperty("date");
  });

  test("a column per symbol, one-letter symbols included, is a wide file", () => {
    const { wide } = find("bars", "Date,T,V,C,BRK.B,^GSPC,");
    expect(wide.map(({ symbol }) => symbol)).toEqual(["T", "V", "C", "BRK.B", "^GSPC"]);
    expect(find("bars", "Date,Close", { symbols: ["X"] }).wide).toEqual([]);
    expect(() => find("bars", "Date,red colour,weight")).toThrow(code("IMPORT_COLUMN_MISSING"));
  });

  test("--map comes first and may use any column once", () => {
    const map = new Map<Role, string>([
      ["time", "when"],
      ["price", "close"],
    ]);
    const { byRole } = find("ticks", "when,price,close,size", { symbols: ["X"], map });
    expect(byRole).toEqual({ time: "when", price: "close", size: "size" });
  });

  test("what is missing or ambiguous is refused", () => {
    expect(() => find("bars", "Date,Open,Close")).toThrow(code("IMPORT_COLUMN_MISSING"));
    expect(() => find("ticks", "price,size")).toThrow(code("IMPORT_COLUMN_MISSING"));
    expect(() => find("quotes", "ts,bid,bid_size")).toThrow(code("IMPORT_COLUMN_MISSING"));
    expect(() => find("ticks", "ts,Price,PRICE")).toThrow(code("IMPORT_COLUMN_DUPLICATE"));
  });
});
