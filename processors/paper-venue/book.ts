// What the venue keeps of a symbol, and between two events.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { MarketRate } from "../../schemas/generated/market.rates.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { Held } from "../../schemas/values/booking.ts";
import type { PastAction } from "../../schemas/values/late-deal.ts";
import type { GroupDeal } from "./groups.ts";
import type { Liquidity } from "./liquidity.ts";
import type { RestingOrder } from "./resting-order.ts";

/** The best price of a side, as far as it is known. */
export interface Standing {
  readonly price: number;
  /** Displayed. */
  readonly quantity: number;
  readonly sinceUs: number;
  /** What our orders may still take of it, until it is quoted anew. */
  left: number;
}

export interface Book {
  instrument: Instrument | null;
  /** It was delisted, and not listed anew. */
  isDelisted: boolean;
  /** Last price printed: a bar's close, a tick's; lastUs is -1 before the first. */
  last: number;
  lastUs: number;
  /** Date that it belongs to (hours.ts). */
  lastDay: number;
  /** What our orders may still execute of its volume; null where there is no cap. */
  volumeLeft: number | null;
  /** Orders decided before it are of shares that are no more; -1 where there was none. */
  actionUs: number;
  /** In order of arrival. */
  resting: RestingOrder[];
  /** By portfolio: the last execId given, and what its executions here add up to. */
  readonly execIds: Map<string, number>;
  readonly positions: Map<string, number>;
  /** Orders that ended in the event of that time, with what they executed: a child may come just after. */
  readonly ended: Map<string, number>;
  endedUs: number;
  /** In order of time. */
  readonly groupDeals: GroupDeal[];
  /** Requests on their way, and reports on theirs, each in its order. */
  readonly underway: Underway[];
  readonly unheard: { readonly report: ExecutionReport; readonly dueUs: number }[];
  /** Requests that wait until there is trading again. */
  shut: { readonly order: Order; readonly sinceUs: number }[];
  /** Why there is no trading whatever the hours; and when that last ended, -1 where it never did. */
  halt: "MarketHalted" | "MarketClosed" | null;
  resumedUs: number;
  /** By portfolio, its position with what it cost; none where no margin is asked for. */
  readonly held: Map<string, Held>;
  /** Portfolios that were told of too little margin, and still have too little. */
  readonly called: Map<string, true>;
  /** Carry is charged up to it; -1 before the first event. */
  carriedUs: number;
  /** Recorded rates that have not taken effect, and those in effect; none where they are not read. */
  rates: readonly DueRate[];
  readonly yearly: Map<"BORROW" | "FINANCING", number>;
  hasFunding: boolean;
  /** By portfolio, the corporate actions since its trades that may be undone, and since transfers on their way. */
  readonly past: Map<string, readonly PastAction[]>;
  /** Executions that may be undone; none where nobody says so. */
  deals: readonly ExecutionReport[];
  /** null where no part of a price asks for it. */
  liquidity: Liquidity | null;
  /** null where there is none, or quotes are not traded on. */
  bid: Standing | null;
  ask: Standing | null;
  /** So far, where a queue asks for their average size. */
  trades: { readonly count: number; readonly volume: number };
  /** By portfolio: what a calendar month has traded, where fees fall with it. */
  readonly monthly: Map<string, { readonly month: number; readonly volume: bigint }>;
}

interface Underway {
  readonly order: Order;
  readonly dueUs: number;
  /** By the gate before the venue: it is answered in its turn. */
  readonly isDenied: boolean;
}

/** A recorded rate, from its time on. */
export interface DueRate {
  readonly timeUs: number;
  readonly rate: MarketRate;
}

export interface VenueState {
  readonly books: Map<string, Book>;
  /** Due to the last event. */
  reports: ExecutionReport[];
}

export const noTrades: Book["trades"] = { count: 0, volume: 0 };

export function bookOf(state: VenueState, symbol: string): Book {
  const found = state.books.get(symbol);
  if (found !== undefined) return found;
  const book: Book = {
    instrument: null,
    isDelisted: false,
    last: 0,
    lastUs: -1,
    lastDay: -1,
    volumeLeft: null,
    actionUs: -1,
    resting: [],
    execIds: new Map(),
    positions: new Map(),
    ended: new Map(),
    endedUs: -1,
    groupDeals: [],
    underway: [],
    unheard: [],
    shut: [],
    halt: null,
    resumedUs: -1,
    held: new Map(),
    called: new Map(),
    past: new Map(),
    carriedUs: -1,
    rates: [],
    yearly: new Map(),
    hasFunding: false,
    deals: [],
    liquidity: null,
    bid: null,
    ask: null,
    trades: noTrades,
    monthly: new Map(),
  };
  state.books.set(symbol, book);
  return book;
}

const DAY_US = 86_400_000_000;

/** The UTC date of a time, in days since 1970. */

export const isWholeDay = (startUs: number, endUs: number): boolean => endUs - startUs >= DAY_US;
