// What the orders that were let through may still do, at worst, and what reports say of them. Promises: a
// replace that is unanswered counts with the larger of its two quantities; an execution that no order of ours
// explains, or that is at a worse price than its order allowed, is told apart from one that was only heard twice.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Order, Side } from "../../schemas/generated/risk.order-verdicts.ts";
import { isVenuesOwn } from "../../schemas/values/deal.ts";
import { hear, nothingHeard } from "../../schemas/values/heard-reports.ts";
import { advance, isDone } from "../../schemas/values/order-progress.ts";
import { isEnd } from "../../schemas/values/order-status.ts";
import { type Approved, type GateOrder, type GateState, watchOf } from "./gate-state.ts";

export const signOf = (side: Side): 1 | -1 => (side === "BUY" ? 1 : -1);

export function leavesOf({ progress, pending }: GateOrder): number {
  if (isEnd(progress.status)) return 0;
  const asked = pending === null ? 0 : pending.quantity - progress.cumQuantity;
  return Math.max(progress.leavesQuantity, asked);
}

/** What one side of a symbol has working. */
export interface Working {
  /** Of orders that only reduce, and of the others. */
  readonly reducing: number;
  readonly other: number;
}

/** Leaves out the order of that id. Cost: a walk over the orders that work. */
export function workingOn(state: GateState, { symbol, side, orderId }: Order): Working {
  let reducing = 0;
  let other = 0;
  for (const one of state.orders.values()) {
    const { order } = one;
    if (order.symbol !== symbol || order.side !== side || order.orderId === orderId) continue;
    if (order.reduceOnly) reducing += leavesOf(one);
    else other += leavesOf(one);
  }
  return { reducing, other };
}

/** Position in the direction of the order once everything that works on its side has executed. */
export function reachOf(position: number, side: Side, { reducing, other }: Working): number {
  const ahead = position * signOf(side);
  return ahead + Math.min(Math.max(0, -ahead), reducing) + other;
}

/** Of the order's quantity: what is left when the position, less what works, is closed. */
export function openingOf(order: Order, quantity: number, reach: number): number {
  return order.reduceOnly ? 0 : Math.max(0, quantity - Math.max(0, -reach));
}

/** Takes a report; false where it executes what nobody asked for. */
export function report(state: GateState, value: ExecutionReport): boolean {
  const heard = hear(state.heard.get(value.symbol) ?? nothingHeard, value.execId);
  if (heard === null) return true;
  state.heard.set(value.symbol, heard);
  const isFill = value.execType === "FILLED";
  if (value.execType === "TRADE_CANCEL") undo(state, value);
  const watch = watchOf(state, value.symbol);
  const held = watch.position + watch.unbooked;
  if (isFill) watch.unbooked += signOf(value.side) * value.quantity;
  else if (value.execType === "TRADE_CANCEL") {
    watch.unbooked -= signOf(value.side) * value.quantity;
  }
  const known = state.orders.get(value.orderId);
  // A venue that closes a position by itself asks nobody; it opens none.
  if (known === undefined) {
    const isClosing = held * signOf(value.side) < 0 && value.quantity <= Math.abs(held);
    return !isFill || (isVenuesOwn(value) && isClosing);
  }
  const { order } = known;
  if (order.symbol !== value.symbol || order.side !== value.side) return !isFill;
  const before = leavesOf(known);
  const { progress, illegal } = advance(known.progress, value);
  known.progress = progress;
  answer(known, value);
  settle(state, known, value, before);
  if (isDone(progress)) state.orders.delete(value.orderId);
  return !isFill || (illegal === null && isWithin(known, value));
}

/** No worse than the worst price that it was ever allowed: a replace may be answered after what it replaced. */
function isWithin({ worst }: GateOrder, { side, price }: ExecutionReport): boolean {
  return worst === null || (side === "BUY" ? price <= worst : price >= worst);
}

/** The worst price of two limits; null: any. */
export function worseOf(side: Side, one: number | null, other: number | null): number | null {
  if (one === null || other === null) return null;
  return side === "BUY" ? Math.max(one, other) : Math.min(one, other);
}

/** The orders that open a position should all that works execute, the oldest first to close it. */
export function openingOrders(state: GateState): readonly GateOrder[] {
  const room = new Map<string, number>();
  const found: GateOrder[] = [];
  for (const one of state.orders.values()) {
    const { order } = one;
    const leaves = leavesOf(one);
    if (order.reduceOnly || leaves === 0) continue;
    const side = `${order.symbol} ${order.side}`;
    const left = room.get(side) ?? closableBy(state, order);
    if (leaves > left) found.push(one);
    else room.set(side, left - leaves);
  }
  return found;
}

/** What is held against the side, less what orders marked reduce-only may take of it. */
function closableBy(state: GateState, { symbol, side }: Order): number {
  const { position, unbooked } = watchOf(state, symbol);
  const closable = Math.max(0, -(position + unbooked) * signOf(side));
  let reducing = 0;
  for (const one of state.orders.values()) {
    const { order } = one;
    if (order.reduceOnly && order.symbol === symbol && order.side === side)
      reducing += leavesOf(one);
  }
  return Math.max(0, closable - reducing);
}

function answer(known: GateOrder, { execType }: ExecutionReport): void {
  if (known.pending === null) return;
  if (execType === "REPLACED") known.order = { ...known.pending, action: "NEW" };
  if (execType === "REPLACED" || execType === "REPLACE_REJECTED") known.pending = null;
}

/** Gives back what an order took of its approval and will not execute. */
function settle(
  state: GateState,
  known: GateOrder,
  { execType, quantity }: ExecutionReport,
  before: number,
): void {
  const { approved } = watchOf(state, known.order.symbol);
  if (approved === null) return;
  const executed = execType === "FILLED" ? quantity : 0;
  if (known.approval < approved.number && executed > 0) race(state, approved, known, executed);
  const unfilled = before - executed - leavesOf(known);
  const back = Math.min(known.charged, Math.max(0, unfilled));
  known.charged -= back;
  approved.taken -= back;
}

/** What working orders have taken of an approval in that direction; what they took before is forgotten. */
export function charge(state: GateState, symbol: string, direction: number): number {
  let taken = 0;
  for (const one of state.orders.values()) {
    if (one.order.symbol !== symbol) continue;
    const counts = signOf(one.order.side) === direction && !one.order.reduceOnly;
    one.charged = counts ? leavesOf(one) : 0;
    taken += one.charged;
  }
  return taken;
}

/** A trade that the venue takes back is still to be made. */
function undo(state: GateState, { symbol, side, quantity }: ExecutionReport): void {
  const { approved } = watchOf(state, symbol);
  if (approved !== null) move(state, approved, symbol, -signOf(side) * quantity);
}

/** The way to the target is another one; true where it is the other way round now. */
function move(state: GateState, approved: Approved, symbol: string, by: number): boolean {
  approved.from += by;
  approved.budget = Math.abs(approved.target - approved.from);
  const direction = Math.sign(approved.target - approved.from);
  if (direction === approved.direction) return false;
  approved.direction = direction;
  approved.taken = charge(state, symbol, direction);
  return true;
}

/** An order from before the verdict has executed after it. */
function race(state: GateState, approved: Approved, known: GateOrder, executed: number): void {
  const { side, symbol } = known.order;
  if (move(state, approved, symbol, signOf(side) * executed)) return;
  const counted = Math.min(known.charged, executed);
  known.charged -= counted;
  approved.taken -= counted;
}
