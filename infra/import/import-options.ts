// What an import may be told, as plain data. Everything that is null is found out from the files.

import type { AssetClass } from "../../schemas/generated/market.instruments.ts";
import { type ContractTerms, spotTerms } from "../../schemas/values/contract-terms.ts";

export type ImportKind = "ticks" | "quotes" | "bars";

/** What a column can be; `--map role=column` names them. */
export const roles = [
  "time",
  "date",
  "symbol",
  "price",
  "size",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "trades",
  "bid",
  "bid_size",
  "ask",
  "ask_size",
  "venue",
  "suspicious",
] as const;

export type Role = (typeof roles)[number];

export type EpochUnit = "s" | "ms" | "us" | "ns";

/** Microseconds after local midnight; closeUs may be 24 h. */
export interface Session {
  readonly openUs: number;
  readonly closeUs: number;
}

export interface InstrumentOptions {
  readonly assetClass: AssetClass;
  readonly currency: string;
  readonly currencyScale: number;
  /** Decimal text in price units; null: 0.01 for equities, else one unit of the price scale. */
  readonly tickSize: string | null;
  /** Decimal text in quantity units; null: one unit of the quantity scale. */
  readonly lotSize: string | null;
  readonly multiplier: number;
  readonly calendar: string;
  /** IANA zone of the exchange: of sessions, and of the dates of daily bars. */
  readonly timeZone: string;
  readonly session: Session;
  readonly terms: ContractTerms;
}

export interface ImportOptions {
  readonly kind: ImportKind;
  /** None (the files have a column), one for all files, or one per file. */
  readonly symbols: readonly string[];
  readonly map: ReadonlyMap<Role, string>;
  /** Names for the columns of files that have no header line. */
  readonly columns: readonly string[] | null;
  readonly delimiter: string | null;
  readonly timeUnit: EpochUnit | null;
  /** IANA zone of times written without one. */
  readonly timeZone: string | null;
  readonly intervalUs: number | null;
  /** Whether a bar's time is its start or its end. */
  readonly barTime: "start" | "end" | null;
  /** Given: prices with more digits are rounded, half to even. Not given: as the files write them. */
  readonly priceScale: number | null;
  readonly quantityScale: number | null;
  readonly instrument: InstrumentOptions;
  /** Of symbols that are something else. */
  readonly instruments?: ReadonlyMap<string, InstrumentOptions>;
  /** Of a new tape; null: 1, or as many as the tape has. */
  readonly partitions: number | null;
}

export const DAY_US = 86_400_000_000;

const HOUR_US = 3_600_000_000;

export const defaultInstrument: InstrumentOptions = {
  assetClass: "EQUITY",
  currency: "USD",
  currencyScale: 2,
  tickSize: null,
  lotSize: null,
  multiplier: 1,
  calendar: "XNYS",
  timeZone: "America/New_York",
  session: { openUs: 9.5 * HOUR_US, closeUs: 16 * HOUR_US },
  terms: spotTerms,
};

/** An import of `kind` that is told nothing else. */
export const defaultOptions = (kind: ImportKind): ImportOptions => ({
  kind,
  symbols: [],
  map: new Map(),
  columns: null,
  delimiter: null,
  timeUnit: null,
  timeZone: null,
  intervalUs: null,
  barTime: null,
  priceScale: null,
  quantityScale: null,
  instrument: defaultInstrument,
  partitions: null,
});
