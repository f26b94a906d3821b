// One event's work on the venue's book of a symbol: orders come in, change, trade and end, and each report of
// that is numbered. Promises: an order never executes more than its quantity; after its end it is gone; links
// between orders act in the same instant.

import type { ExecReason, ExecType, ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { noCharges } from "../../schemas/values/charges.ts";
import { lateDeal } from "../../schemas/values/late-deal.ts";
import type { VenueConfig } from "../venue-config.ts";
import type { Book, VenueState } from "./book.ts";
import { keepDeal } from "./busts.ts";
import { execute, type Print } from "./execution.ts";
import { keepGroupDeal } from "./groups.ts";
import { liquidationFee } from "./liquidation.ts";
import { unknownLiquidity } from "./liquidity.ts";
import { noteCost } from "./position-costs.ts";
import type { RestingOrder } from "./resting-order.ts";

/** Shared by all reports without parts: what is emitted is never changed. */
const none: ExecutionReport["parts"] = [];

type Ending = "CANCELED" | "EXPIRED";

interface Reported {
  readonly order: Pick<Order, "orderId" | "portfolio" | "symbol" | "side">;
  readonly executed: number;
  readonly leaves: number;
}

export class Session {
  readonly book: Book;
  readonly config: VenueConfig;
  readonly nowUs: number;
  private readonly state: VenueState;

  constructor(state: VenueState, book: Book, config: VenueConfig, nowUs: number) {
    this.state = state;
    this.book = book;
    this.config = config;
    this.nowUs = nowUs;
    if (config.price !== undefined) book.liquidity ??= unknownLiquidity();
  }

  positionOf({ portfolio }: Order): number {
    return this.book.positions.get(portfolio) ?? 0;
  }

  /** The order of that id and portfolio that works here. */
  find({ orderId, portfolio }: Order): RestingOrder | undefined {
    return this.book.resting.find(
      ({ order }) => order.orderId === orderId && order.portfolio === portfolio,
    );
  }

  /** Once all had traded, of what this event has traded so far, that traded up to that time. */
  heldAt(portfolio: string, timeUs: number): number {
    let held = this.book.positions.get(portfolio) ?? 0;
    for (const { execType, portfolio: whose, side, quantity, tradeUs } of this.state.reports) {
      if (execType !== "FILLED" || whose !== portfolio || tradeUs <= timeUs) continue;
      held -= side === "BUY" ? quantity : -quantity;
    }
    return held;
  }

  isResting(resting: RestingOrder): boolean {
    return this.book.resting.includes(resting);
  }

  fill(resting: RestingOrder, quantity: number, print: Print, reason: ExecReason = "NONE"): void {
    const { order } = resting;
    const deal = execute(this.book, resting, quantity, print, this.config);
    const penalty = reason === "MarginCall" ? liquidationFee(this, deal.price, quantity) : 0n;
    const execution = penalty === 0n ? deal : { ...deal, fee: deal.fee + penalty };
    resting.executed += quantity;
    resting.leaves -= quantity;
    const signed = order.side === "BUY" ? quantity : -quantity;
    // What a conversion buys is cash: nothing to carry, or to close.
    if (this.book.instrument?.contract !== "EXCHANGE") {
      this.book.positions.set(order.portfolio, this.positionOf(order) + signed);
    }
    this.report(resting, "FILLED", reason, { ...execution, quantity, tradeUs: print.timeUs });
    if (this.config.trading?.status === true) {
      const { book } = this;
      book.deals = keepDeal(book.deals, this.state.reports.at(-1) as ExecutionReport);
    }
    if (resting.leaves === 0) this.remove(resting);
    keepGroupDeal(this.book, order, quantity, this.nowUs);
    this.reduceGroup(resting, quantity);
    this.releaseChildren(resting, quantity);
  }

  /** An execution does not stand: what is held is as if it had not been. */
  undo(deal: ExecutionReport): void {
    const { orderId, portfolio, symbol, side, quantity, price, fee, charges, tradeUs } = deal;
    const { positions } = this.book;
    const signed = side === "BUY" ? -quantity : quantity;
    const { quantity: change } = this.inSharesOfNow(portfolio, signed, price, tradeUs);
    if (this.book.instrument?.contract !== "EXCHANGE") {
      positions.set(portfolio, (positions.get(portfolio) ?? 0) + change);
    }
    const order = { orderId, portfolio, symbol, side };
    this.report({ order, executed: deal.cumQuantity, leaves: 0 }, "TRADE_CANCEL", "TradeBusted", {
      ...{ quantity, price, fee, charges, tradeUs, refExecId: deal.execId },
    });
  }

  /** What a quantity of that time has become; 0 where it has gone to another symbol since. */
  inSharesOfNow(portfolio: string, quantity: number, price: number, timeUs: number) {
    const { past } = this.book;
    const late = lateDeal(past.get(portfolio) ?? [], { quantity, price, timeUs }, null);
    if (late === null) return { quantity, price };
    past.set(portfolio, late.past);
    return { quantity: late.renamed === null ? late.quantity : 0, price: late.price };
  }

  /** Takes an order off that a report has ended. */
  finish(resting: RestingOrder): void {
    this.remove(resting);
    this.releaseChildren(resting, 0);
  }

  /** Ends what rests, and what hangs on it. */
  end(resting: RestingOrder, execType: Ending, reason: ExecReason): void {
    resting.leaves = 0;
    this.report(resting, execType, reason);
    this.finish(resting);
  }

  /** One cancels other: by as much as it executed, so that a part that is left stays protected. */
  private reduceGroup({ order }: RestingOrder, quantity: number): void {
    const { ocoGroup, orderId, portfolio } = order;
    if (ocoGroup === null) return;
    for (const other of [...this.book.resting]) {
      if (other.order.ocoGroup !== ocoGroup || other.order.portfolio !== portfolio) continue;
      if (other.order.orderId === orderId || !this.isResting(other)) continue;
      this.cut(other, quantity);
    }
  }

  /** Takes off what another order of its group has executed. */
  cut(resting: RestingOrder, quantity: number): void {
    if (quantity === 0) return;
    if (resting.leaves <= quantity) this.end(resting, "CANCELED", "LinkedOrder");
    else this.restate(resting, resting.leaves - quantity);
  }

  /** One triggers other: by as much as it executed; what it never will execute is taken off. */
  private releaseChildren(parent: RestingOrder, quantity: number): void {
    const { orderId, portfolio } = parent.order;
    for (const child of [...this.book.resting]) {
      const { order, leaves, idle } = child;
      if (order.parentOrderId !== orderId || order.portfolio !== portfolio || idle === 0) continue;
      if (!this.isResting(child)) continue;
      const released = Math.min(idle, quantity);
      child.idle = idle - released;
      if (released > 0 && idle === leaves) this.report(child, "TRIGGERED", "LinkedOrder");
      if (parent.leaves > 0 || child.idle === 0) continue;
      const rest = leaves - child.idle;
      child.idle = 0;
      if (rest === 0) this.end(child, "CANCELED", "LinkedOrder");
      else this.restate(child, rest);
    }
  }

  private restate(resting: RestingOrder, leaves: number): void {
    resting.idle = Math.min(resting.idle, leaves);
    resting.leaves = leaves;
    this.report(resting, "RESTATED", "LinkedOrder");
    if (resting.idle === leaves) this.report(resting, "SUSPENDED", "LinkedOrder");
  }

  private remove(resting: RestingOrder): void {
    const { book, nowUs } = this;
    book.resting.splice(book.resting.indexOf(resting), 1);
    if (book.endedUs !== nowUs) book.ended.clear();
    book.endedUs = nowUs;
    book.ended.set(keyOf(resting.order), resting.executed);
  }

  /** `order` may be one that the venue does not know: then nothing of it is executed or left. */
  report(
    { order, executed, leaves }: Reported,
    execType: ExecType,
    reason: ExecReason,
    execution: Partial<ExecutionReport> = {},
  ): void {
    const { orderId, portfolio, symbol, side } = order;
    const execId = (this.book.execIds.get(portfolio) ?? 0) + 1;
    this.book.execIds.set(portfolio, execId);
    const report: ExecutionReport = {
      orderId,
      execType,
      portfolio,
      symbol,
      side,
      quantity: 0,
      price: 0,
      leavesQuantity: leaves,
      fee: 0n,
      slippage: 0,
      reason,
      tradeUs: this.nowUs,
      execId,
      cumQuantity: executed,
      parts: none,
      refExecId: 0,
      charges: noCharges,
      ...execution,
    };
    this.state.reports.push(report);
    if (this.config.margin !== undefined) noteCost(this.book, report);
  }
}

export const keyOf = ({ portfolio, orderId }: Order): string => `${portfolio}/${orderId}`;
