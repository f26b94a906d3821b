// One row of a file of corporate actions to the event that it states, or to the reason why it states none.
// Promises: nothing is rounded, nothing is guessed; what an action does not need is left empty; it takes effect as the
// session of its ex-date begins, in the zone of its instrument.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { type Cells, decimalsOf, type Fault } from "./cells.ts";
import { type Columns, columnsBy } from "./columns-by.ts";
import { shown } from "./import-error.ts";
import type { NoticeKind } from "./import-notices.ts";
import { DAY_US, defaultInstrument, type Session } from "./import-options.ts";
import { fault } from "./row-faults.ts";
import { MAX_SCALE } from "./survey.ts";
import { symbolProblem } from "./symbols.ts";
import { dateStamp, sessionClock } from "./time-column.ts";
import { ZoneClock } from "./zone-clock.ts";

/** Normalized names: lower case, letters and digits only. */
const names = {
  date: ["date", "exdate", "effectivedate"],
  symbol: ["symbol", "ticker"],
  action: ["action", "kind", "type"],
  ratio: ["ratio", "split"],
  amount: ["amount", "dividend"],
  currency: ["currency"],
  newSymbol: ["newsymbol"],
  price: ["price", "finalprice"],
  withheld: ["withheld", "withholding"],
} as const;

type ActionColumns = Columns<keyof typeof names>;

/** IMPORT_COLUMN_MISSING where there is no date, symbol or action. Other columns are left alone. */
const actionColumns = (file: string, header: readonly string[]): ActionColumns =>
  columnsBy(names, ["date", "symbol", "action"], file, header);

/** New shares for old ones: 4:1, 1:20, and as people write them 4-for-1, 4/1. */
const RATIO = /^(\d{1,9})\s*(?::|\/|-?\s*for\s*-?)\s*(\d{1,9})$/i;

const invalid = (detail: string): Fault => fault("IMPORT_FIELD_INVALID", detail);

class ActionDecoder {
  private readonly columns: ActionColumns;
  private readonly held: ReadonlyMap<string, Instrument>;

  /** `held`: the tape's instruments; a row of another symbol is refused. */
  constructor(columns: ActionColumns, held: ReadonlyMap<string, Instrument>) {
    this.columns = columns;
    this.held = held;
  }

  decode(cells: Cells): CorporateAction | Fault {
    const { date, symbol: symbolColumn, action: actionColumn } = this.columns;
    const dateText = cells.text(date);
    if (Number.isNaN(dateStamp(dateText))) {
      return fault("IMPORT_TIME_INVALID", `${shown(dateText)} is not a date, such as 2014-06-09`);
    }
    const symbol = cells.text(symbolColumn);
    const instrument = this.held.get(symbol);
    if (instrument === undefined) {
      return fault("IMPORT_SYMBOL_UNKNOWN", `the tape has no instrument ${shown(symbol)}`);
    }
    const neutral = { symbol, newShares: 1, oldShares: 1, amount: 0, amountScale: 0 };
    const empty = { currency: "", newSymbol: "", finalPrice: null, withheldPerMillion: 0 };
    const kind = cells.text(actionColumn).trim().toUpperCase().replaceAll(/[ -]/g, "_");
    const plain = { ...neutral, ...empty };
    switch (kind) {
      case "SPLIT":
        return this.split(cells, plain);
      case "CASH_DIVIDEND":
        return this.dividend(cells, plain, instrument);
      case "SYMBOL_CHANGE":
        return this.renaming(cells, plain);
      case "DELISTING":
        return this.delisting(cells, plain, instrument);
      default:
        return invalid(
          `${shown(cells.text(actionColumn))} is no action: SPLIT, CASH_DIVIDEND, SYMBOL_CHANGE, DELISTING`,
        );
    }
  }

  private text(cells: Cells, role: keyof ActionColumns): string {
    const column = this.columns[role];
    return column < 0 ? "" : cells.text(column).trim();
  }

  private split(cells: Cells, plain: Plain): CorporateAction | Fault {
    const text = this.text(cells, "ratio");
    const match = RATIO.exec(text);
    const newShares = Number(match?.[1] ?? 0);
    const oldShares = Number(match?.[2] ?? 0);
    if (newShares > 0 && oldShares > 0) return { ...plain, action: "SPLIT", newShares, oldShares };
    return invalid(`${shown(text)} is no ratio of new shares to old ones, such as 4:1 or 1:20`);
  }

  private dividend(cells: Cells, plain: Plain, instrument: Instrument): CorporateAction | Fault {
    const text = this.text(cells, "amount");
    const decimals = decimalsOf(text);
    if (decimals === null) {
      return fault("IMPORT_NUMBER_INVALID", `${shown(text)} is not an amount per share`);
    }
    const amountScale = decimals.significant;
    const amount = amountScale > MAX_SCALE ? null : parseScaled(text, amountScale);
    if (amount === null) {
      return fault("IMPORT_NUMBER_PRECISION", `${shown(text)} has more than ${MAX_SCALE} decimals`);
    }
    if (amount <= 0) return invalid(`a dividend of ${shown(text)} a share`);
    const currency = this.text(cells, "currency") || instrument.currency;
    if (currency !== instrument.currency) {
      const { symbol, currency: own } = instrument;
      return invalid(`a dividend in ${shown(currency)}; ${symbol} settles in ${own}`);
    }
    const part = this.text(cells, "withheld");
    const withheldPerMillion = part === "" ? 0 : parseScaled(part, 6);
    if (withheldPerMillion === null || withheldPerMillion < 0 || withheldPerMillion > 1_000_000) {
      return invalid(`${shown(part)} is no part that is withheld: from 0 to 1, six decimals`);
    }
    const amounts = { amount, amountScale, currency, withheldPerMillion };
    return { ...plain, action: "CASH_DIVIDEND", ...amounts };
  }

  private renaming(cells: Cells, plain: Plain): CorporateAction | Fault {
    const newSymbol = this.text(cells, "newSymbol");
    const problem =
      newSymbol === plain.symbol ? "it is the same as before" : symbolProblem(newSymbol);
    if (problem === null) return { ...plain, action: "SYMBOL_CHANGE", newSymbol };
    return fault("IMPORT_SYMBOL_INVALID", `${shown(newSymbol)} is no new symbol: ${problem}`);
  }

  private delisting(cells: Cells, plain: Plain, instrument: Instrument): CorporateAction | Fault {
    const text = this.text(cells, "price");
    if (text === "") return { ...plain, action: "DELISTING" };
    const finalPrice = parseScaled(text, instrument.priceScale);
    if (finalPrice !== null && finalPrice >= 0)
      return { ...plain, action: "DELISTING", finalPrice };
    return invalid(
      `${shown(text)} is no price of at least 0 with at most ${instrument.priceScale} decimals`,
    );
  }
}

type Plain = Omit<CorporateAction, "action">;

/** When the session of a date begins for an instrument. Each zone is opened once. */
type Beginning = (instrument: Instrument, stamp: number) => number;

function beginnings(session: Session | null): Beginning {
  const zones = new Map<string, ZoneClock>();
  return ({ timeZone, calendar }, stamp) => {
    let zone = zones.get(timeZone);
    if (zone === undefined) {
      zone = new ZoneClock(timeZone);
      zones.set(timeZone, zone);
    }
    const always = calendar === "24x7" ? afterMidnight : defaultInstrument.session;
    return sessionClock(zone, session ?? always, false).startUs(stamp);
  };
}

/** A bar that ends at midnight is of the day before: it comes first. */
const afterMidnight: Session = { openUs: 1, closeUs: DAY_US };

export const corporateActions: NoticeKind<"market.corporate-actions"> = {
  topic: "market.corporate-actions",
  name: "actions",
  plural: "corporate actions",
  open: ({ file, header }, held, { session }) => {
    const columns = actionColumns(file, header);
    const decoder = new ActionDecoder(columns, held);
    const beginOf = beginnings(session);
    return (cells) => {
      const read = decoder.decode(cells);
      if ("code" in read) return read;
      const instrument = held.get(read.symbol) as Instrument;
      return { timeUs: beginOf(instrument, dateStamp(cells.text(columns.date))), value: read };
    };
  },
  renaming: ({ file, header }) => actionColumns(file, header),
};
