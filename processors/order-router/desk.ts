// One event's work on the router's books: what to aim at, what has come of it, what to send next.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { RiskVerdict, Target, TradingState } from "../../schemas/generated/risk.verdicts.ts";
import type { OrdersConfig } from "../flow-config.ts";
import { nextTradingState } from "../trading-state.ts";
import { limitPrice } from "./limit-price.ts";

interface WorkingOrder {
  /** With the quantity that is left of it. */
  order: Order;
  cancelRequested: boolean;
}

/** What may still be done about a verdict. */
interface Approval {
  readonly quantity: number;
  readonly referencePrice: number;
  /** Size that no order goes beyond. */
  readonly largest: number;
}

export interface SymbolBook {
  instrument: Instrument | null;
  /** Signed, by our own fills. */
  position: number;
  approval: Approval | null;
  /** Oldest first, all on one side. */
  working: WorkingOrder[];
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
  const book: SymbolBook = { instrument: null, position: 0, approval: null, working: [] };
  state.books.set(symbol, book);
  return book;
}

const signed = ({ side, quantity }: { side: string; quantity: number }): number =>
  side === "BUY" ? quantity : -quantity;

const workingOf = (book: SymbolBook): number =>
  book.working.reduce((total, { order }) => total + signed(order), 0);

export class Desk {
  private readonly state: RouterState;
  private readonly config: OrdersConfig;
  private readonly portfolio: string;
  private nowUs: number;

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
    this.settle(symbol, book);
  }

  report(report: ExecutionReport): void {
    const { orderId, execType, leavesQuantity, symbol } = report;
    const book = bookOf(this.state, symbol);
    const at = book.working.findIndex(({ order }) => order.orderId === orderId);
    const known = book.working[at];
    // What a split has ended is sent anew for the split's own reason, as of its time.
    if (report.reason === "CorporateAction") this.nowUs = report.tradeUs;
    if (execType === "FILLED") book.position += signed(report);
    if (known !== undefined) {
      if (execType === "FILLED" && leavesQuantity > 0) {
        known.order = { ...known.order, quantity: leavesQuantity };
      } else {
        book.working.splice(at, 1);
        // Ended by the venue, not by us: what was approved has been tried.
        if (execType !== "FILLED" && !known.cancelRequested) book.approval = null;
      }
    }
    this.settle(symbol, book);
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
    const { approval, position, working } = book;
    if (approval === null) return;
    const missing = approval.quantity - position;
    let open = workingOf(book);
    const past = (): boolean =>
      open !== 0 && (open > 0 !== missing > 0 || Math.abs(open) > Math.abs(missing));
    for (let newest = working.length - 1; past(); newest--) {
      const last = working[newest] as WorkingOrder;
      this.cancel(last);
      open -= signed(last.order);
    }
    if (working.some(({ cancelRequested }) => cancelRequested) || missing === open) return;
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
    };
    book.working.push({ order, cancelRequested: false });
    this.state.orders.push(order);
  }

  private cancel(working: WorkingOrder): void {
    if (working.cancelRequested) return;
    working.cancelRequested = true;
    this.state.orders.push({ ...working.order, action: "CANCEL", decidedUs: this.nowUs });
  }
}
