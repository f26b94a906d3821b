// What an algorithm sends of a parent order, and when. Promises: what is executed, open and newly sent never exceeds
// what is due; no more children than may be; nothing once the parent has ended, which is when its approval has.

import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Side } from "../../schemas/generated/orders.ts";
import type { AlgorithmConfig } from "../orders-config.ts";
import {
  type Approval,
  isOpen,
  isUnanswered,
  leavesOf,
  lotOf,
  type SymbolBook,
  sum,
  type WorkingOrder,
} from "./order-book.ts";
import { beginParent, observe, type Parent, parentSteps, release } from "./parent-order.ts";
import { learn, noCurve } from "./volume-curve.ts";

const DAY_US = 86_400_000_000;

/** How requests leave the desk, and what it is to know. */
export interface Slicing {
  readonly algorithm: AlgorithmConfig;
  readonly nowUs: number;
  /** Protective exits stand beside the children. */
  readonly beside: boolean;
  cancel(working: WorkingOrder): void;
  submit(side: Side, quantity: number, reduces: boolean): void;
}

/** Learns from the bar, and releases what is due by now. */
export function hearBar(book: SymbolBook, bar: MarketBar, slicing: Slicing): void {
  const { algorithm, nowUs } = slicing;
  const { schedule } = algorithm;
  if (schedule.method === "VWAP" && schedule.curve === null) {
    book.curve ??= noCurve();
    learn(book.curve, bar, schedule.days);
  }
  const parent = book.approval?.parent ?? null;
  if (parent === null) return;
  observe(parent, bar);
  if (parent.status !== "WORKING") return;
  const isOver = release(parent, algorithm, nowUs, lotOf(book));
  if (!isOver) return;
  const leftover = hadClosed(parent, schedule.overUs, bar) ? "LEAVE" : algorithm.leftover;
  if (leftover === "SWEEP") parent.status = parentSteps.WORKING["its time is over: sweep"];
  else book.approval = null;
  // What rests at a price makes room for a market order; a market order goes on as it is.
  for (const working of book.working) {
    if (leftover === "LEAVE" || working.order.type !== "MARKET") slicing.cancel(working);
  }
}

/**
 * The bar that tells of the end begins on a later UTC date than the end: nothing traded any more then. Where trading never
 * stops, that bar begins before the end.
 */
const hadClosed = ({ startUs }: Parent, overUs: number, bar: MarketBar): boolean =>
  Math.floor(bar.startUs / DAY_US) > Math.floor((startUs + overUs) / DAY_US);

/** Sends a child for what is due; ends the approval where its parent comes to its end. */
export function sendSlice(book: SymbolBook, position: number, slicing: Slicing): void {
  const { working, approval } = book;
  const parent = approval?.parent;
  if (approval === null || parent == null) return;
  if (parent.status === "PENDING" && !begin(book, approval, position, slicing)) return;
  const { direction, status } = parent;
  const open = Math.abs(sum(working, leavesOf));
  const executed = direction * (position - parent.from);
  const isUsedUp = parent.children >= slicing.algorithm.maxChildren;
  if (open === 0 && (executed >= parent.quantity || isUsedUp)) {
    book.approval = null;
    return;
  }
  if (!parent.owes || isUsedUp || working.some((one) => isOpen(one) && isUnanswered(one))) return;
  const owed = (status === "SWEEPING" ? parent.quantity : parent.released) - executed - open;
  const reduces = slicing.beside && position !== 0 && position > 0 !== direction > 0;
  const most = reduces ? Math.abs(position) - open : approval.largest;
  const quantity = Math.min(owed, approval.largest, most);
  parent.owes = quantity < owed;
  if (quantity > 0) slicing.submit(direction > 0 ? "BUY" : "SELL", quantity, reduces);
}

/** False while orders before it are open, and where nothing is missing: it has ended then. */
function begin(
  book: SymbolBook,
  { parent, quantity }: Approval,
  position: number,
  { algorithm, nowUs }: Slicing,
): boolean {
  if (parent === null || book.working.some(isOpen)) return false;
  const missing = quantity - position;
  if (missing === 0) {
    book.approval = null;
    return false;
  }
  const lot = lotOf(book);
  beginParent(parent, algorithm, { position, missing, lot }, book.curve);
  release(parent, algorithm, nowUs, lot);
  return true;
}
