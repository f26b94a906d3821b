// One event's work on the venue's book of a symbol: orders come in, rest, trade or end.

import type { ExecReason, ExecType, ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { VenueConfig } from "../flow-config.ts";
import { acceptable, execute, type Print } from "./execution.ts";

export interface RestingOrder {
  readonly order: Order;
  readonly arrivedUs: number;
  /** UTC day of the first price it could have traded at; null before. */
  day: number | null;
}

interface Book {
  instrument: Instrument | null;
  /** Of the last bar; closeUs is -1 before the first. */
  close: number;
  closeUs: number;
  /** Last one given, by portfolio. */
  readonly execIds: Map<string, number>;
  /** In order of arrival. */
  resting: RestingOrder[];
}

export interface VenueState {
  readonly books: Map<string, Book>;
  /** Due to the last event. */
  reports: ExecutionReport[];
}

const DAY_US = 86_400_000_000;

export function bookOf(state: VenueState, symbol: string): Book {
  const found = state.books.get(symbol);
  if (found !== undefined) return found;
  const book: Book = { instrument: null, close: 0, closeUs: -1, execIds: new Map(), resting: [] };
  state.books.set(symbol, book);
  return book;
}

/** Why an order cannot be taken; null if it can. */
function flaw(order: Order, instrument: Instrument | null): ExecReason | null {
  if (instrument === null) return "UnknownInstrument";
  const { quantity, type, limitPrice } = order;
  if (quantity <= 0 || quantity % Math.max(instrument.lotSize, 1) !== 0) return "InvalidQuantity";
  if (type === "MARKET") return limitPrice === null ? null : "InvalidPrice";
  const onTick = limitPrice !== null && limitPrice % Math.max(instrument.tickSize, 1) === 0;
  return onTick && limitPrice > 0 ? null : "InvalidPrice";
}

export class Session {
  private readonly state: VenueState;
  private readonly book: Book;
  private readonly config: VenueConfig;
  private readonly nowUs: number;

  constructor(state: VenueState, book: Book, config: VenueConfig, nowUs: number) {
    this.state = state;
    this.book = book;
    this.config = config;
    this.nowUs = nowUs;
  }

  take(order: Order): void {
    if (order.action === "CANCEL") {
      this.cancel(order);
      return;
    }
    const reason = flaw(order, this.book.instrument);
    if (reason !== null) {
      this.end(order, "REJECTED", reason);
      return;
    }
    const { close, closeUs } = this.book;
    if (this.config.fill === "bar-close" && closeUs >= order.decidedUs && closeUs <= this.nowUs) {
      if (acceptable(order, close)) {
        this.fill(order, { price: close, timeUs: closeUs, atLimit: false });
        return;
      }
      if (order.timeInForce === "IOC") {
        this.end(order, "CANCELED", "ImmediateOrCancel");
        return;
      }
    }
    this.book.resting.push({ order, arrivedUs: this.nowUs, day: null });
  }

  private cancel(order: Order): void {
    const { book } = this;
    const at = book.resting.findIndex(
      ({ order: { orderId, portfolio } }) =>
        orderId === order.orderId && portfolio === order.portfolio,
    );
    const found = book.resting[at];
    if (found === undefined) {
      this.end(order, "CANCEL_REJECTED", "UnknownOrder");
      return;
    }
    book.resting.splice(at, 1);
    this.end(found.order, "CANCELED", "CanceledByUser");
  }

  /** Offers a price to every resting order; `pricedUs` is on the day that the price belongs to. */
  trade(pricedUs: number, offer: (resting: RestingOrder) => Print | null | undefined): void {
    const day = Math.floor(pricedUs / DAY_US);
    this.book.resting = this.book.resting.filter((resting) => {
      const { order } = resting;
      const print = offer(resting);
      if (print === undefined) return true;
      resting.day ??= day;
      if (order.timeInForce === "DAY" && day > resting.day) {
        this.end(order, "CANCELED", "DayEnded");
      } else if (print !== null) {
        this.fill(order, print);
      } else if (order.timeInForce === "IOC") {
        this.end(order, "CANCELED", "ImmediateOrCancel");
      } else {
        return true;
      }
      return false;
    });
  }

  private fill(order: Order, print: Print): void {
    // An order rests or trades only once its instrument was known.
    const instrument = this.book.instrument as Instrument;
    const execution = execute(order, print, instrument, this.config);
    this.report(order, {
      ...execution,
      execType: "FILLED",
      quantity: order.quantity,
      reason: "NONE",
      tradeUs: print.timeUs,
    });
  }

  private end(order: Order, execType: Exclude<ExecType, "FILLED">, reason: ExecReason): void {
    const none = { quantity: 0, price: 0, slippage: 0, fee: 0n };
    this.report(order, { ...none, execType, reason, tradeUs: this.nowUs });
  }

  private report(
    { orderId, portfolio, symbol, side }: Order,
    outcome: Omit<
      ExecutionReport,
      "orderId" | "portfolio" | "symbol" | "side" | "leavesQuantity" | "execId" | "cumQuantity"
    >,
  ): void {
    const execId = (this.book.execIds.get(portfolio) ?? 0) + 1;
    this.book.execIds.set(portfolio, execId);
    const { quantity: cumQuantity } = outcome;
    this.state.reports.push({
      ...{ orderId, portfolio, symbol, side, leavesQuantity: 0 },
      ...{ ...outcome, execId, cumQuantity },
    });
  }
}
