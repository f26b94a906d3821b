// What the book reviewer remembers, and how an event is taken in. Promises: plain data; nothing is decided
// here but when an instant is complete.
//
// An instant is complete when every symbol that has features at it, and a model that speaks of it, has
// its signal: features come before signals in the one order. So a review sees all of an instant.

import { pushDeviation, type RollingDeviation, rollingDeviation } from "../../quant/indicators.ts";
import type { Features } from "../../schemas/generated/features.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import type { Signal } from "../../schemas/generated/signals.ts";
import type { WeightsProposal } from "../../schemas/generated/weights.proposals.ts";
import type { Converted } from "../../schemas/values/conversion.ts";
import { keepRate } from "../currency.ts";
import type { ReturnRows } from "../return-rows.ts";
import type { Conversions } from "./conversions.ts";
import type { Outlook } from "./conviction.ts";

/** One symbol that a model has a view of. */
export interface Name {
  direction: -1 | 0 | 1;
  /** Without its sign. */
  strength: number;
  price: number;
  volatility: number;
  /** Returns of one unit of the view, a bar each; null where the method does not measure them. */
  edge: RollingDeviation | null;
  /** The position as the last snapshot says. */
  held: number;
  /** The quantity last proposed, and the weight last aimed at. */
  aim: number;
  aimWeight: number;
  /** Bars of the book for which the aim is taken as reached: its order is on the way. */
  trust: number;
  /** The turnover limit left something over. */
  unfinished: boolean;
  /** Time of the features that no signal has answered yet; -1 if there are none. */
  askedUs: number;
  /** The last features but one went unanswered too: nothing is awaited. */
  silent: boolean;
}

export interface Book {
  /** The sizing that targets were last made by. */
  sizing: string;
  equity: bigint;
  drawdownBps: number;
  readonly instruments: Map<string, Converted>;
  readonly names: Map<string, Name>;
  instantUs: number;
  /** Signals that the instant still lacks. */
  awaited: number;
  /** End of the latest bar that features came of, and of the latest that was reviewed. */
  barUs: number;
  reviewedUs: number;
  /** Bars of the book: reviews that had a later bar than the one before. */
  bars: number;
  /** Period of the calendar that was last rebalanced in; null before the first review. */
  period: number | null;
  inDrawdown: boolean;
  /** null where no size depends on it. */
  outlook: Outlook | null;
  returns: ReturnRows | null;
  proposal: WeightsProposal | null;
  /** Where cash of other currencies is to be converted. */
  conversions?: Conversions;
}

export const emptyBook = (sizing: string, equity: bigint): Book => ({
  sizing,
  equity,
  drawdownBps: 0,
  instruments: new Map(),
  names: new Map(),
  instantUs: -1,
  awaited: 0,
  barUs: 0,
  reviewedUs: -1,
  bars: 0,
  period: null,
  inDrawdown: false,
  outlook: null,
  returns: null,
  proposal: null,
});

/** A symbol is spoken of from its first warm features on, or its first signal. */
export function expectSignal(book: Book, features: Features, timeUs: number): void {
  const { symbol, price, warm, barEndUs } = features;
  if (barEndUs > book.barUs) book.barUs = barEndUs;
  if (book.instantUs !== timeUs) {
    book.instantUs = timeUs;
    book.awaited = 0;
  }
  if (!warm && !book.names.has(symbol)) return;
  const name = nameOf(book, symbol, price);
  if (name.askedUs === timeUs) return;
  name.silent = name.askedUs !== -1;
  name.askedUs = timeUs;
  if (!name.silent) book.awaited++;
}

/** True if the instant is complete. `window`: over how many bars the view's returns are measured. */
export function takeSignal(
  book: Book,
  { symbol, strength, price, volatility }: Signal,
  timeUs: number,
  allowShort: boolean,
  window: number | null,
): boolean {
  const direction = strength > 0 ? 1 : strength < 0 && allowShort ? -1 : 0;
  const name = nameOf(book, symbol, price);
  if (window !== null) {
    if (name.edge?.length !== window) name.edge = rollingDeviation(window);
    if (name.direction !== 0) {
      pushDeviation(name.edge, (name.direction * (price - name.price)) / name.price);
    }
  }
  const answers = name.askedUs === timeUs && !name.silent && book.instantUs === timeUs;
  if (answers) book.awaited--;
  name.askedUs = -1;
  name.direction = direction;
  name.strength = strength < 0 ? -strength : strength;
  name.price = price;
  name.volatility = volatility;
  return book.awaited === 0;
}

export function nameOf(book: Book, symbol: string, price: number): Name {
  const found = book.names.get(symbol);
  if (found !== undefined) return found;
  const name: Name = {
    direction: 0,
    strength: 0,
    price,
    volatility: 0,
    edge: null,
    held: 0,
    aim: 0,
    aimWeight: 0,
    trust: 0,
    unfinished: false,
    askedUs: -1,
    silent: false,
  };
  book.names.set(symbol, name);
  return name;
}

export function takeInstrument({ instruments }: Book, fresh: Instrument): void {
  instruments.set(fresh.symbol, keepRate(fresh, instruments.get(fresh.symbol)));
}

export function takeSnapshot(book: Book, snapshot: PortfolioSnapshot): void {
  book.equity = snapshot.equity;
  book.drawdownBps = snapshot.drawdownBps;
  const name = book.names.get(snapshot.symbol);
  if (name === undefined) return;
  name.held = snapshot.quantity;
  if (snapshot.cause === "FILL") name.trust = 0;
}
