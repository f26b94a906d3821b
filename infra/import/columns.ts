// Which column of a file is what: by `--map`, else by the names that data vendors give. Promises:
// one column for one role; what is missing or ambiguous is refused with the names that were found.

import { fileError, shown } from "./import-error.ts";
import {
  type EpochUnit,
  type ImportKind,
  type ImportOptions,
  type Role,
  roles,
} from "./import-options.ts";
import { symbolProblem } from "./symbols.ts";

export interface Columns {
  readonly byRole: ReadonlyMap<Role, number>;
  /** A column per symbol, each holding its close; empty for ordinary files. */
  readonly wide: readonly { readonly column: number; readonly symbol: string }[];
  /** Unit that the time column's name gives away. */
  readonly timeUnit: EpochUnit | null;
  readonly barTime: "start" | "end" | null;
}

const units: Readonly<Record<string, EpochUnit>> = {
  s: "s",
  sec: "s",
  seconds: "s",
  ms: "ms",
  millis: "ms",
  milliseconds: "ms",
  us: "us",
  micros: "us",
  microseconds: "us",
  ns: "ns",
  nanos: "ns",
  nanoseconds: "ns",
};

const ends = ["end", "endtime", "barend", "closetime", "windowend", "enddate"];
const times = [
  ...["timestamp", "ts", "datetime", "time", "epoch", "unix", "unixtime", "eventtime"],
  ...["tradetime", "siptimestamp", "participanttimestamp", "timeutc", "timestamputc"],
  ...["start", "starttime", "barstart", "opentime", "windowstart", ...ends],
];
const TIME_NAME = new RegExp(`^(${times.join("|")})(${Object.keys(units).join("|")})?$`);

/** Normalized names (lower case, letters and digits only), the likeliest first. */
const names: Readonly<Partial<Record<Role, readonly string[]>>> = {
  date: ["date", "day", "tradedate", "tradingday", "dateutc", "yyyymmdd"],
  symbol: ["symbol", "ticker", "sym", "instrument", "security", "ric", "name"],
  price: ["price", "px", "tradeprice", "lastprice", "last", "close", "value"],
  size: ["size", "qty", "quantity", "tradesize", "shares", "volume", "vol", "amount"],
  open: ["open", "openprice", "priceopen"],
  high: ["high", "highprice", "pricehigh"],
  low: ["low", "lowprice", "pricelow"],
  close: ["close", "closeprice", "priceclose", "last", "price", "adjclose", "value"],
  volume: ["volume", "vol", "size", "qty", "quantity", "totalvolume", "shares"],
  trades: ["trades", "count", "numtrades", "numberoftrades", "transactions", "tradecount"],
  bid: ["bid", "bidprice", "bidpx", "bestbid", "bestbidprice"],
  bid_size: ["bidsize", "bidqty", "bidquantity", "bidvolume", "bidsz", "bestbidqty", "bidshares"],
  ask: ["ask", "askprice", "askpx", "offer", "offerprice", "bestask", "bestaskprice"],
  ask_size: [
    ...["asksize", "askqty", "askquantity", "askvolume", "asksz", "bestaskqty", "askshares"],
    ...["offersize", "offerqty"],
  ],
  venue: ["exchange", "venue", "exch", "ex", "mic", "market"],
  suspicious: ["suspicious", "issuspicious", "flagged"],
};

/** One-letter names mean a bar only where all four prices have them. */
const letters: Readonly<Record<string, Role>> = {
  t: "time",
  o: "open",
  h: "high",
  l: "low",
  c: "close",
  v: "volume",
  n: "trades",
};

const common: readonly Role[] = ["time", "date", "symbol"];
const wanted: Readonly<Record<ImportKind, readonly Role[]>> = {
  ticks: [...common, "price", "size", "venue", "suspicious"],
  quotes: [...common, "bid", "bid_size", "ask", "ask_size", "venue", "suspicious"],
  bars: [...common, "open", "high", "low", "close", "volume", "trades"],
};

const normalized = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

export function findColumns(
  file: string,
  header: readonly string[],
  options: ImportOptions,
): Columns {
  const byRole = new Map<Role, number>();
  for (const [role, name] of options.map) byRole.set(role, mappedColumn(file, header, role, name));
  const plain = header.map(normalized);
  for (const role of wanted[options.kind]) {
    if (byRole.has(role)) continue;
    const column =
      role === "time" ? timeColumn(plain, byRole) : namedColumn(file, header, plain, role, byRole);
    if (column !== null) byRole.set(role, column);
  }
  if (options.kind === "bars") findLetters(plain, byRole);
  const time = byRole.get("time") ?? byRole.get("date");
  if (time === undefined) throw missing(file, header, "time", "time, timestamp, ts_ms, date");
  dropUnusedDate(plain, byRole);
  const wide = options.kind === "bars" ? wideColumns(file, header, byRole, options) : [];
  if (wide.length === 0) demand(file, header, options.kind, byRole);
  const match = TIME_NAME.exec(plain[time] ?? "");
  return {
    byRole,
    wide,
    timeUnit: units[match?.[2] ?? ""] ?? null,
    barTime: match === null ? null : ends.includes(match[1] ?? "") ? "end" : "start",
  };
}

function mappedColumn(file: string, header: readonly string[], role: Role, name: string): number {
  const column = header.indexOf(name);
  if (column >= 0) return column;
  const what = `has no column ${shown(name)} for ${role}; it has ${listed(header)}`;
  throw fileError("IMPORT_COLUMN_UNKNOWN", file, what, { role, column: name });
}

const timeColumn = (plain: readonly string[], taken: ReadonlyMap<Role, number>): number | null => {
  const found = plain
    .map((name, column) => ({ column, rank: times.indexOf(TIME_NAME.exec(name)?.[1] ?? "") }))
    .filter(({ column, rank }) => rank >= 0 && ![...taken.values()].includes(column))
    .sort((a, b) => a.rank - b.rank);
  return found[0]?.column ?? null;
};

function namedColumn(
  file: string,
  header: readonly string[],
  plain: readonly string[],
  role: Role,
  taken: ReadonlyMap<Role, number>,
): number | null {
  const used = new Set(taken.values());
  for (const name of names[role] ?? []) {
    const found = plain.flatMap((each, column) =>
      each === name && !used.has(column) ? [column] : [],
    );
    if (found.length > 1) {
      const both = found.map((column) => shown(header[column] ?? "")).join(" and ");
      const what = `${both} could both be the ${role}: choose with --map ${role}=COLUMN`;
      throw fileError("IMPORT_COLUMN_DUPLICATE", file, what, { role });
    }
    if (found[0] !== undefined) return found[0];
  }
  return null;
}

function findLetters(plain: readonly string[], byRole: Map<Role, number>): void {
  if (!["o", "h", "l", "c"].every((letter) => plain.includes(letter))) return;
  for (const [letter, role] of Object.entries(letters)) {
    const column = plain.indexOf(letter);
    if (column >= 0 && !byRole.has(role)) byRole.set(role, column);
  }
}

/** A date beside a full timestamp says nothing more; beside a time of day it is its other half. */
function dropUnusedDate(plain: readonly string[], byRole: Map<Role, number>): void {
  const time = byRole.get("time");
  const date = byRole.get("date");
  if (date === undefined) return;
  if (time === undefined) {
    byRole.set("time", date);
    byRole.delete("date");
  } else if (plain[time] !== "time") byRole.delete("date");
}

/** A file of dates and one column per symbol: nothing in it is called open, close, symbol … */
function wideColumns(
  file: string,
  header: readonly string[],
  byRole: ReadonlyMap<Role, number>,
  options: ImportOptions,
): Columns["wide"] {
  const ordinary = [...byRole.keys()].some((role) => role !== "time" && role !== "date");
  if (ordinary || options.symbols.length > 0) return [];
  const used = new Set(byRole.values());
  const wide = header.flatMap((symbol, column) =>
    used.has(column) || symbol === "" ? [] : [{ column, symbol }],
  );
  for (const { symbol } of wide) {
    const problem = symbolProblem(symbol);
    if (problem === null) continue;
    const what = `has no column called close, and ${shown(symbol)} is no symbol: ${problem}`;
    throw fileError("IMPORT_COLUMN_MISSING", file, what, { role: "close" });
  }
  return wide;
}

const needs: Readonly<Record<ImportKind, readonly Role[]>> = {
  ticks: ["price"],
  quotes: ["bid", "ask"],
  bars: ["close"],
};

function demand(
  file: string,
  header: readonly string[],
  kind: ImportKind,
  byRole: ReadonlyMap<Role, number>,
): void {
  for (const role of needs[kind]) {
    if (!byRole.has(role))
      throw missing(file, header, role, (names[role] ?? []).slice(0, 4).join(", "));
  }
  const prices = (["open", "high", "low"] as const).filter((role) => byRole.has(role));
  if (kind === "bars" && prices.length > 0 && prices.length < 3) {
    const role = (["open", "high", "low"] as const).find((each) => !byRole.has(each)) ?? "open";
    throw missing(file, header, role, (names[role] ?? []).join(", "));
  }
}

const missing = (file: string, header: readonly string[], role: Role, known: string) =>
  fileError(
    "IMPORT_COLUMN_MISSING",
    file,
    `has no column for ${role} (known names: ${known}); it has ${listed(header)}`,
    { role },
  );

const listed = (header: readonly string[]): string => {
  const first = header.slice(0, 12).map((name) => shown(name, 24));
  return `${first.join(", ")}${header.length > 12 ? `, … (${header.length} columns)` : ""}`;
};

export const isRole = (text: string): text is Role => (roles as readonly string[]).includes(text);
