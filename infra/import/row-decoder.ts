// One row of a file to the event that it states, or to the reason why it states none. Promises:
// nothing is rounded unless a scale was asked for, and then it is counted; no row is skipped silently.

import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { MarketQuote } from "../../schemas/generated/market.quotes.ts";
import type { MarketTick } from "../../schemas/generated/market.ticks.ts";
import { divideRounded, parseScaled } from "../../schemas/values/decimal.ts";
import { type Cells, decimalsOf, type Fault } from "./cells.ts";
import type { Columns } from "./columns.ts";
import { type ImportCode, shown } from "./import-error.ts";
import type { ImportKind, ImportOptions, Role } from "./import-options.ts";
import type { InstrumentBook } from "./instrument-book.ts";
import type { StampClock, TimeReader } from "./time-column.ts";

export type MarketValue = MarketTick | MarketQuote | MarketBar;

/** Where decoded rows go. */
export interface RowSink {
  accept(timeUs: number, value: MarketValue): void;
  refuse(fault: Fault): void;
}

const MAX_VENUE = 32;
const VENUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
const INT32_MAX = 2_147_483_647;

export class RowDecoder {
  /** Numbers that were rounded to the scale asked for. */
  rounded = 0;
  private readonly kind: ImportKind;
  private readonly columns: Columns;
  private readonly symbol: string | null;
  private readonly times: TimeReader;
  private readonly clock: StampClock;
  private readonly book: InstrumentBook;
  private readonly rounding: { readonly price: boolean; readonly quantity: boolean };
  private readonly negativePrices: boolean;
  private readonly at: Readonly<Record<Role, number>>;
  private fault: Fault | null = null;

  /** `symbol`: what the file's rows are about where no column says so. */
  constructor(
    options: ImportOptions,
    columns: Columns,
    symbol: string | null,
    times: TimeReader,
    clock: StampClock,
    book: InstrumentBook,
  ) {
    this.kind = options.kind;
    this.columns = columns;
    this.symbol = symbol;
    this.times = times;
    this.clock = clock;
    this.book = book;
    this.rounding = {
      price: options.priceScale !== null,
      quantity: options.quantityScale !== null,
    };
    this.negativePrices = options.instrument.assetClass === "FUTURE";
    this.at = columnNumbers(columns.byRole);
  }

  /** Gives the sink at least one event or one fault; empty cells of a wide file are neither. */
  decode(cells: Cells, sink: RowSink): void {
    const fault = cells.fault ?? this.row(cells, sink);
    if (fault !== null) sink.refuse(fault);
  }

  private row(cells: Cells, sink: RowSink): Fault | null {
    this.fault = null;
    const stamp = this.times.read(cells);
    if (Number.isNaN(stamp)) return this.times.fault;
    if (this.columns.wide.length > 0) {
      this.decodeWide(cells, stamp, sink);
      return null;
    }
    const symbol = this.symbol ?? cells.text(this.at.symbol);
    const instrument = this.book.of(symbol);
    if (instrument === null) return this.symbolFault(symbol);
    const value =
      this.kind === "ticks"
        ? this.tick(cells, instrument)
        : this.kind === "quotes"
          ? this.quote(cells, instrument)
          : this.bar(cells, instrument, stamp);
    // A helper set the fault; a value made beside it is not to be trusted.
    if (this.fault === null) sink.accept(this.clock.endUs(stamp), value);
    return this.fault;
  }

  private decodeWide(cells: Cells, stamp: number, sink: RowSink): void {
    for (const { column, symbol } of this.columns.wide) {
      if (cells.isEmpty(column)) continue;
      this.fault = null;
      const instrument = this.book.of(symbol);
      if (instrument === null) {
        sink.refuse(this.symbolFault(symbol));
        continue;
      }
      const close = this.price(cells, column, instrument);
      if (this.fault !== null) sink.refuse(named(this.fault, symbol));
      else sink.accept(this.clock.endUs(stamp), this.flatBar(symbol, stamp, close));
    }
  }

  private tick(cells: Cells, instrument: Instrument): MarketTick {
    const { at } = this;
    const price = this.price(cells, at.price, instrument);
    const quantity = at.size < 0 ? 0 : this.quantity(cells, at.size, instrument);
    if (at.size >= 0 && quantity === 0) {
      this.refuse("IMPORT_QUANTITY_INVALID", "a trade of size 0");
    }
    return {
      symbol: instrument.symbol,
      price,
      quantity,
      venue: this.venue(cells),
      suspicious: this.flag(cells),
    };
  }

  private quote(cells: Cells, instrument: Instrument): MarketQuote {
    const { at } = this;
    const bidPrice = this.side(cells, at.bid, instrument);
    const askPrice = this.side(cells, at.ask, instrument);
    if (bidPrice === null && askPrice === null) {
      this.refuse("IMPORT_QUOTE_EMPTY", "neither a bid nor an ask");
    }
    return {
      symbol: instrument.symbol,
      bidPrice,
      bidQuantity: bidPrice === null ? 0 : this.sideQuantity(cells, at.bid_size, instrument),
      askPrice,
      askQuantity: askPrice === null ? 0 : this.sideQuantity(cells, at.ask_size, instrument),
      venue: this.venue(cells),
      suspicious: this.flag(cells),
    };
  }

  /** A side whose price is empty or 0 is absent. */
  private side(cells: Cells, column: number, instrument: Instrument): number | null {
    if (cells.isEmpty(column) || cells.scaled(column, instrument.priceScale) === 0) return null;
    return this.price(cells, column, instrument);
  }

  private sideQuantity(cells: Cells, column: number, instrument: Instrument): number {
    return column < 0 || cells.isEmpty(column) ? 0 : this.quantity(cells, column, instrument);
  }

  private bar(cells: Cells, instrument: Instrument, stamp: number): MarketBar {
    const { at } = this;
    const close = this.price(cells, at.close, instrument);
    const volume =
      at.volume < 0 || cells.isEmpty(at.volume) ? 0 : this.quantity(cells, at.volume, instrument);
    const trades = at.trades < 0 || cells.isEmpty(at.trades) ? 0 : this.count(cells, at.trades);
    const flat = this.flatBar(instrument.symbol, stamp, close);
    if (at.open < 0) return { ...flat, volume, trades };
    const open = this.price(cells, at.open, instrument);
    const high = this.price(cells, at.high, instrument);
    const low = this.price(cells, at.low, instrument);
    if (high < low || open > high || open < low || close > high || close < low) {
      const prices = [at.open, at.high, at.low, at.close].map((column) => cells.text(column));
      this.refuse("IMPORT_BAR_INCONSISTENT", `open, high, low, close are ${prices.join(", ")}`);
    }
    return {
      symbol: instrument.symbol,
      startUs: flat.startUs,
      endUs: flat.endUs,
      open,
      high,
      low,
      close,
      volume,
      trades,
    };
  }

  private flatBar(symbol: string, stamp: number, close: number): MarketBar {
    const startUs = this.clock.startUs(stamp);
    const endUs = this.clock.endUs(stamp);
    return {
      symbol,
      startUs,
      endUs,
      open: close,
      high: close,
      low: close,
      close,
      volume: 0,
      trades: 0,
    };
  }

  private price(cells: Cells, column: number, { priceScale }: Instrument): number {
    const price = this.number(cells, column, priceScale, this.rounding.price);
    if (price <= 0 && !this.negativePrices) {
      this.refuse("IMPORT_PRICE_NOT_POSITIVE", `a price of ${shown(cells.text(column))}`);
    }
    return price;
  }

  private quantity(cells: Cells, column: number, { quantityScale }: Instrument): number {
    const quantity = this.number(cells, column, quantityScale, this.rounding.quantity);
    if (quantity < 0) {
      this.refuse("IMPORT_QUANTITY_INVALID", `a quantity of ${shown(cells.text(column))}`);
    }
    return quantity;
  }

  private count(cells: Cells, column: number): number {
    const count = this.number(cells, column, 0, false);
    if (count < 0 || count > INT32_MAX) {
      this.refuse("IMPORT_QUANTITY_INVALID", `a count of ${shown(cells.text(column))}`);
    }
    return count;
  }

  private number(cells: Cells, column: number, scale: number, rounding: boolean): number {
    const value = cells.scaled(column, scale);
    if (!Number.isNaN(value)) return value;
    const text = cells.text(column);
    const fault = numberFault(text, scale);
    if (rounding && fault.code === "IMPORT_NUMBER_PRECISION") {
      const rounded = roundedScaled(text, scale);
      if (rounded !== null) {
        this.rounded++;
        return rounded;
      }
    }
    this.fault ??= fault;
    return Number.NaN;
  }

  private venue(cells: Cells): string {
    const { venue } = this.at;
    if (venue < 0 || cells.isEmpty(venue)) return "";
    const text = cells.text(venue);
    if (text.length > MAX_VENUE || !VENUE.test(text)) {
      this.refuse("IMPORT_FIELD_INVALID", `${shown(text)} is no venue`);
    }
    return text;
  }

  private flag(cells: Cells): boolean {
    const { suspicious } = this.at;
    if (suspicious < 0 || cells.isEmpty(suspicious)) return false;
    const value = cells.scaled(suspicious, 0);
    if (value === 0 || value === 1) return value === 1;
    const text = cells.text(suspicious).toLowerCase();
    if (text === "true" || text === "t" || text === "y" || text === "yes") return true;
    if (text === "false" || text === "f" || text === "n" || text === "no") return false;
    this.refuse("IMPORT_FIELD_INVALID", `${shown(text)} is neither true nor false`);
    return false;
  }

  /** The first reason stands. */
  private refuse(code: ImportCode, detail: string): void {
    this.fault ??= { code, detail };
  }

  private symbolFault(symbol: string): Fault {
    return {
      code: symbol === "" ? "IMPORT_FIELD_EMPTY" : "IMPORT_SYMBOL_INVALID",
      detail: `${shown(symbol)} is no symbol: ${this.book.problem}`,
    };
  }
}

const named = (fault: Fault, symbol: string): Fault => ({
  code: fault.code,
  detail: `${symbol}: ${fault.detail}`,
});

function columnNumbers(byRole: ReadonlyMap<Role, number>): Readonly<Record<Role, number>> {
  const of = (role: Role): number => byRole.get(role) ?? -1;
  return {
    time: of("time"),
    date: of("date"),
    symbol: of("symbol"),
    price: of("price"),
    size: of("size"),
    open: of("open"),
    high: of("high"),
    low: of("low"),
    close: of("close"),
    volume: of("volume"),
    trades: of("trades"),
    bid: of("bid"),
    bid_size: of("bid_size"),
    ask: of("ask"),
    ask_size: of("ask_size"),
    venue: of("venue"),
    suspicious: of("suspicious"),
  };
}

function numberFault(text: string, scale: number): Fault {
  if (text === "") return { code: "IMPORT_FIELD_EMPTY", detail: "a number is missing" };
  const decimals = decimalsOf(text);
  if (decimals === null) {
    return {
      code: "IMPORT_NUMBER_INVALID",
      detail: `${shown(text)} is not a finite decimal number`,
    };
  }
  return decimals.significant > scale
    ? {
        code: "IMPORT_NUMBER_PRECISION",
        detail: `${shown(text)} has ${decimals.significant} decimals; the scale is ${scale}`,
      }
    : { code: "IMPORT_NUMBER_RANGE", detail: `${shown(text)} is too large at scale ${scale}` };
}

/** Half to even. Null where the number is too large. */
function roundedScaled(text: string, scale: number): number | null {
  const exact = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  if (exact === null) return null;
  const [, sign, whole = "", fraction = "", exponent = "0"] = exact;
  const digits = BigInt(`${whole}${fraction}` || "0");
  const shift = fraction.length - Number(exponent) - scale;
  if (shift <= 0 || shift > 400) return parseScaled(text, scale);
  const magnitude = Number(divideRounded(digits, 10n ** BigInt(shift)));
  if (!Number.isSafeInteger(magnitude)) return null;
  return sign === "-" && magnitude !== 0 ? -magnitude : magnitude;
}
