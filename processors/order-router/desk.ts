// One event's work on the router's books: what to aim at, what has come of it, what to send next.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { RiskVerdict, Target, TradingState } from "../../schemas/generated/risk.verdicts.ts";
import { type HeardReports, hear, nothingHeard } from "../../schemas/values/heard-reports.ts";
import {
  advance,
  cancelRequested,
  isDone,
  type OrderProgress,
  submitted,
} from "../../schemas/values/order-progress.ts";
import { isEnd } from "../../schemas/values/order-status.ts";
import { plainTerms } from "../../schemas/values/order-terms.ts";
import type { OrdersConfig } from "../flow-config.ts";
import { nextTradingState } from "../trading-state.ts";
import { limitPrice } from "./limit-price.ts";

interface WorkingOrder {
  readonly order: Order;
  progress: OrderProgress;
  /** A cancel was refused: it is as good as filled, until something else is heard of it. */
  cancelRefused: boolean;
}

/** What may still be done about a verdict. */
interface Approval {
  readonly quantity: number;
  readonly referencePrice: number;
  /** Size that no order goes beyond. */
  readonly largest: number;
}

interface SymbolBook {
  instrument: Instrument | null;
  /** Signed, by our own fills. */
  position: number;
  approval: Approval | null;
  /** Oldest first, all on one side; those that ended, too, until each execution is told of. */
  working: WorkingOrder[];
  heard: HeardReports;
}

export interface RouterState {
  readonly books: Map<string, SymbolBook>;
  nextOrderId: number;
  trading: TradingState;
  /** Asked for by the last event. */
  orders: Order[];
}

export function bookOf(state: RouterState, symbol: string): SymbolBook {
  const found = state.books.get(symbol);
  if (found !== undefined) return found;
  const book: SymbolBook = {
    instrument: null,
    position: 0,
    approval: null,
    working: [],
    heard: nothingHeard,
  };
  state.books.set(symbol, book);
  return book;
}

const signed = ({ side, quantity }: { side: string; quantity: number }): number =>
  side === "BUY" ? quantity : -quantity;

const leavesOf = ({ order: { side }, progress }: WorkingOrder): number =>
  signed({ side, quantity: progress.leavesQuantity });

const workingOf = (book: SymbolBook): number =>
  book.working.reduce((total, working) => total + leavesOf(working), 0);

/** Executed by what the venue says of an order's quantities, before it tells of each execution. */
const untoldOf = ({ order: { side }, progress }: WorkingOrder): number =>
  progress.missing.reduce((sum, { from, to }) => sum + signed({ side, quantity: to - from }), 0);

export class Desk {
  private readonly state: RouterState;
  private readonly config: OrdersConfig;
  private readonly portfolio: string;
  private readonly nowUs: number;

  constructor(state: RouterState, config: OrdersConfig, portfolio: string, nowUs: number) {
    this.state = state;
    this.config = config;
    this.portfolio = portfolio;
    this.nowUs = nowUs;
  }

  approve(verdict: RiskVerdict): void {
    const { trading } = this.state;
    if (trading === "HALTED" || trading === "KILLED") return;
    for (const target of verdict.targets) this.aim(target);
  }

  private aim({ symbol, quantity, referencePrice }: Target): void {
    const book = bookOf(this.state, symbol);
    const trade = Math.abs(quantity - book.position);
    const largest = Math.max(trade, Math.abs(workingOf(book)));
    book.approval = { quantity, referencePrice, largest };
    for (const working of book.working) working.cancelRefused = false;
    this.settle(symbol, book);
  }

  /** An execution is booked, once, whatever its order's state allows: the venue has dealt. */
  report(report: ExecutionReport): void {
    const { orderId, execId, execType, symbol } = report;
    const book = bookOf(this.state, symbol);
    const heard = hear(book.heard, execId);
    if (heard === null) return;
    book.heard = heard;
    if (execType === "FILLED") book.position += signed(report);
    const known = book.working.find(({ order }) => order.orderId === orderId);
    if (known !== undefined) this.note(book, known, report);
    this.settle(symbol, book);
  }

  private note(book: SymbolBook, known: WorkingOrder, report: ExecutionReport): void {
    const before = known.progress;
    known.progress = advance(before, report).progress;
    known.cancelRefused = report.execType === "CANCEL_REJECTED";
    const { status } = known.progress;
    const ended = isEnd(status) && !isEnd(before.status);
    // Ended by the venue, not by us: what was approved has been tried.
    if (ended && status !== "FILLED" && before.cancels === 0) book.approval = null;
    if (isDone(known.progress)) book.working.splice(book.working.indexOf(known), 1);
  }

  obey(command: ControlCommand): void {
    const { state } = this;
    state.trading = nextTradingState(state.trading, command);
    const { command: name } = command;
    if (name === "EnableTrading" || name === "SetLimit") return;
    for (const book of state.books.values()) {
      book.approval = null;
      if (name === "KillTrading") for (const working of book.working) this.cancel(working);
    }
  }

  /** Sends what brings the symbol to its approved target, or cancels what leads past it. */
  private settle(symbol: string, book: SymbolBook): void {
    const { approval, working } = book;
    if (approval === null) return;
    const position = working.reduce((sum, one) => sum + untoldOf(one), book.position);
    const missing = approval.quantity - position;
    let open = workingOf(book);
    const past = (): boolean =>
      open !== 0 && (open > 0 !== missing > 0 || Math.abs(open) > Math.abs(missing));
    for (let newest = working.length - 1; past(); newest--) {
      const last = working[newest] as WorkingOrder;
      this.cancel(last);
      open -= leavesOf(last);
    }
    const unanswered = working.some(
      ({ progress, cancelRefused }) =>
        !isEnd(progress.status) && (progress.cancels > 0 || cancelRefused),
    );
    if (unanswered || missing === open) return;
    this.submit(symbol, book, approval, missing - open);
  }

  private submit(symbol: string, book: SymbolBook, approval: Approval, delta: number): void {
    const { config } = this;
    const quantity = Math.min(Math.abs(delta), approval.largest);
    // A fill that no working order of ours explains: nothing was approved to undo it.
    if (quantity === 0) return;
    const side = delta > 0 ? "BUY" : "SELL";
    const order: Order = {
      orderId: this.state.nextOrderId++,
      action: "NEW",
      portfolio: this.portfolio,
      symbol,
      side,
      type: config.type,
      quantity,
      limitPrice:
        config.type === "LIMIT"
          ? limitPrice(
              side,
              approval.referencePrice,
              config.limitOffsetBps,
              book.instrument?.tickSize ?? 1,
            )
          : null,
      timeInForce: config.timeInForce,
      referencePrice: approval.referencePrice,
      decidedUs: this.nowUs,
      ...plainTerms,
    };
    book.working.push({ order, progress: submitted(quantity), cancelRefused: false });
    this.state.orders.push(order);
  }

  private cancel(working: WorkingOrder): void {
    const { order, progress, cancelRefused } = working;
    if (isEnd(progress.status) || progress.cancels > 0 || cancelRefused) return;
    working.progress = cancelRequested(progress);
    const quantity = progress.leavesQuantity;
    this.state.orders.push({ ...order, action: "CANCEL", quantity, decidedUs: this.nowUs });
  }
}
