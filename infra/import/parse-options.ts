// The command line's words to ImportOptions. Promises: a wrong word is IMPORT_OPTION_INVALID, with
// the option, the word and what is allowed.

import { TapedeckError } from "../../schemas/errors.ts";
import {
  type AssetClass,
  assetClassSymbols,
  type ContractKind,
  contractKindSymbols,
} from "../../schemas/generated/market.instruments.ts";
import { type ContractTerms, spotTerms } from "../../schemas/values/contract-terms.ts";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { currencyScale, isCoin } from "../config/currency.ts";
import { isRole } from "./columns.ts";
import { shown } from "./import-error.ts";
import type { NoticeOptions } from "./import-notices.ts";
import {
  DAY_US,
  defaultInstrument,
  type EpochUnit,
  type ImportKind,
  type ImportOptions,
  type InstrumentOptions,
  type Role,
  roles,
  type Session,
} from "./import-options.ts";
import type { InstrumentWords } from "./instrument-file.ts";
import { MAX_SCALE } from "./survey.ts";

export interface RawOptions {
  readonly as: string;
  readonly symbol?: string;
  readonly map?: string;
  readonly columns?: string;
  readonly delimiter?: string;
  readonly timeUnit?: string;
  readonly timeZone?: string;
  readonly interval?: string;
  readonly barTime?: string;
  readonly priceScale?: string;
  readonly quantityScale?: string;
  readonly assetClass?: string;
  readonly currency?: string;
  readonly tickSize?: string;
  readonly lotSize?: string;
  readonly multiplier?: string;
  readonly calendar?: string;
  readonly exchangeZone?: string;
  readonly session?: string;
  readonly contract?: string;
  readonly expiry?: string;
  readonly baseCurrency?: string;
  readonly partitions?: string;
}

const MAX_PARTITIONS = 1024;
const MAX_MULTIPLIER = 1_000_000_000;

/** Of `--as actions`. */
export const parseNoticeOptions = (raw: RawOptions): NoticeOptions => ({
  session: optional(raw.session, parseSession),
  delimiter: parseDelimiter(raw.delimiter),
  columns: raw.columns === undefined ? null : raw.columns.split(",").map((each) => each.trim()),
});

/** `others`: what some symbols are instead, by symbol. */
export function parseImportOptions(
  raw: RawOptions,
  others: ReadonlyMap<string, InstrumentWords> = new Map(),
): ImportOptions {
  const instruments = new Map(
    [...others].map(([symbol, words]) => [symbol, parseInstrument({ ...raw, ...words })]),
  );
  return {
    ...(instruments.size === 0 ? {} : { instruments }),
    kind: oneOf<ImportKind>("--as", raw.as, ["ticks", "quotes", "bars"]),
    symbols: raw.symbol === undefined ? [] : raw.symbol.split(",").map((each) => each.trim()),
    map: parseMap(raw.map ?? ""),
    columns: raw.columns === undefined ? null : raw.columns.split(",").map((each) => each.trim()),
    delimiter: parseDelimiter(raw.delimiter),
    timeUnit: optional(raw.timeUnit, (unit) =>
      oneOf<EpochUnit>("--time-unit", unit, ["s", "ms", "us", "ns"]),
    ),
    timeZone: raw.timeZone ?? null,
    intervalUs: optional(raw.interval, parseInterval),
    barTime: optional(raw.barTime, (edge) =>
      oneOf<"start" | "end">("--bar-time", edge, ["start", "end"]),
    ),
    priceScale: optional(raw.priceScale, (text) => whole("--price-scale", text, 0, MAX_SCALE)),
    quantityScale: optional(raw.quantityScale, (text) =>
      whole("--quantity-scale", text, 0, MAX_SCALE),
    ),
    instrument: parseInstrument(raw),
    partitions: optional(raw.partitions, (text) => whole("--partitions", text, 1, MAX_PARTITIONS)),
  };
}

const optional = <T>(text: string | undefined, parse: (text: string) => T): T | null =>
  text === undefined ? null : parse(text);

function invalid(option: string, value: string, allowed: string): TapedeckError {
  const message = `${option} ${shown(value)} is not ${allowed}`;
  return new TapedeckError("IMPORT_OPTION_INVALID", message, { option, value: value.slice(0, 60) });
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw invalid(option, value, `one of ${allowed.join(", ")}`);
  return found;
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (value >= least && value <= most) return value;
  throw invalid(option, text, `a whole number from ${least} to ${most}`);
}

function parseMap(text: string): ReadonlyMap<Role, string> {
  const map = new Map<Role, string>();
  for (const pair of text === "" ? [] : text.split(",")) {
    const at = pair.indexOf("=");
    const role = pair.slice(0, at).trim();
    const column = pair.slice(at + 1).trim();
    if (at < 0 || !isRole(role) || column === "") {
      throw invalid("--map", pair, `role=column with a role of ${roles.join(", ")}`);
    }
    map.set(role, column);
  }
  return map;
}

function parseDelimiter(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (text === "tab" || text === "\\t") return "\t";
  if (/^[\x20-\x7e\t]$/.test(text) && !/["\d.+-]/.test(text)) return text;
  throw invalid("--delimiter", text, "one character that no number has, or tab");
}

const durations: Readonly<Record<string, number>> = {
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: DAY_US,
};

function parseInterval(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const us = Number(match?.[1] ?? 0) * (durations[match?.[2] ?? ""] ?? 0);
  if (us > 0 && us <= DAY_US) return us;
  throw invalid("--interval", text, "a duration up to a day, such as 30s, 1m, 4h or 1d");
}

function parseInstrument(raw: RawOptions): InstrumentOptions {
  const calendar = raw.calendar ?? defaultInstrument.calendar;
  if (!/^(24x[75]|[A-Z0-9]{4})$/.test(calendar)) {
    throw invalid("--calendar", calendar, "an ISO 10383 MIC such as XNYS, 24x7 or 24x5");
  }
  const always = calendar === "24x7";
  const currency = raw.currency ?? defaultInstrument.currency;
  return {
    assetClass: oneOf<AssetClass>(
      "--asset-class",
      (raw.assetClass ?? "equity").toUpperCase(),
      assetClassSymbols,
    ),
    currency,
    currencyScale: minorDigits(currency),
    tickSize: raw.tickSize ?? null,
    lotSize: raw.lotSize ?? null,
    multiplier: whole("--multiplier", raw.multiplier ?? "1", 1, MAX_MULTIPLIER),
    calendar,
    timeZone: raw.exchangeZone ?? (always ? "UTC" : defaultInstrument.timeZone),
    session:
      raw.session === undefined
        ? always
          ? { openUs: 0, closeUs: DAY_US }
          : defaultInstrument.session
        : parseSession(raw.session),
    terms: parseTerms(raw, currency),
  };
}

function parseTerms(raw: RawOptions, currency: string): ContractTerms {
  const contract = oneOf<ContractKind>(
    "--contract",
    (raw.contract ?? "spot").toUpperCase(),
    contractKindSymbols,
  );
  const terms = { ...spotTerms, contract };
  if (raw.expiry !== undefined) {
    const expiryUs = parseIsoUs(raw.expiry);
    if (contract !== "LINEAR" && contract !== "INVERSE") {
      throw invalid(
        "--expiry",
        raw.expiry,
        "for a spot instrument: give --contract linear or inverse",
      );
    }
    if (expiryUs === null)
      throw invalid("--expiry", raw.expiry, "a time such as 2024-06-21T20:00Z");
    return { ...terms, expiryUs };
  }
  const base = raw.baseCurrency ?? "";
  if (contract !== "EXCHANGE") {
    if (base === "") return terms;
    throw invalid("--base-currency", base, "for this contract: it goes with --contract exchange");
  }
  if (base === currency || base === "") {
    throw invalid("--base-currency", base, `the code of another currency than ${currency}`);
  }
  return { ...terms, baseCurrency: base, baseScale: minorDigits(base, "--base-currency") };
}

/** Not by Intl's digits, which are those that people write: HUF has 2 by ISO 4217, and 0 there. */
function minorDigits(currency: string, option = "--currency"): number {
  if (isCoin(currency) || Intl.supportedValuesOf("currency").includes(currency))
    return currencyScale(currency);
  throw invalid(option, currency, "an ISO 4217 code such as USD, or BTC");
}

function parseSession(text: string): Session {
  const match = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text);
  const [, openHour, openMinute, closeHour, closeMinute] = (match ?? []).map(Number);
  const openUs = ((openHour ?? 99) * 60 + (openMinute ?? 0)) * 60_000_000;
  const closeUs = ((closeHour ?? 99) * 60 + (closeMinute ?? 0)) * 60_000_000;
  if (openUs < closeUs && closeUs <= DAY_US) return { openUs, closeUs };
  throw invalid("--session", text, "an opening before a closing time, such as 09:30-16:00");
}
