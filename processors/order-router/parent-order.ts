// A parent order: what a verdict asks of a symbol, where an algorithm cuts it into children over time. Promises:
// what is released never falls and never exceeds the parent; its states follow the table below, and what has
// ended sends nothing.
//
// Time passes by events alone. The first slice is due with the verdict, or as soon as the orders of the parent before
// have ended; each other slice with the first bar of the symbol that comes at or after its time. What was
// missed is due together.

import {
  cumulativeLots,
  evenWeights,
  shortfallWeights,
  volumeWeights,
} from "../../quant/execution-slices.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { AlgorithmConfig, ScheduleConfig } from "../orders-config.ts";
import { sliceVolumes, type VolumeCurve } from "./volume-curve.ts";

/** State by what happens to what follows. docs/orders.md is printed from here. */
export const parentSteps = {
  PENDING: { "orders before it have ended": "WORKING", "nothing is missing": "DONE" },
  WORKING: {
    "a slice is due": "WORKING",
    "all is executed": "DONE",
    "its time is over: sweep": "SWEEPING",
    "its time is over: leave": "LEFT",
    "the market has closed, and its time is over": "LEFT",
    "its children are used up": "LEFT",
  },
  SWEEPING: {
    "all is executed": "DONE",
    "the venue ends a child": "LEFT",
    "its children are used up": "LEFT",
  },
  DONE: {},
  LEFT: {},
  CANCELED: {},
} as const;

/** From any state that has not ended. */
export const parentCancels = [
  "another verdict",
  "a command",
  "a corporate action",
  "an exit that executes",
  "a child that is rejected",
] as const;

type ParentStatus = "PENDING" | "WORKING" | "SWEEPING";

export interface Parent {
  status: ParentStatus;
  /** Order id of its first child; null before. */
  id: number | null;
  children: number;
  /** 1 buys, -1 sells; it and what follows say something once it works. */
  direction: number;
  /** Position that it started from, signed. */
  from: number;
  /** Above 0. */
  quantity: number;
  readonly startUs: number;
  /** What is due with each slice and those before it; none where observed volume decides. */
  due: readonly number[];
  /** Due so far. */
  released: number;
  /** Something has come due that was not looked at. */
  owes: boolean;
  /** Observed since it started. */
  volume: number;
  /** Last close. */
  price: number;
}

export const pendingParent = (startUs: number, price: number): Parent => ({
  status: "PENDING",
  id: null,
  children: 0,
  direction: 0,
  from: 0,
  quantity: 0,
  startUs,
  due: [],
  released: 0,
  owes: false,
  volume: 0,
  price,
});

/** The path is free: `missing` (signed, not 0) is what it has to trade from the position that there is. */
export function beginParent(
  parent: Parent,
  { schedule }: AlgorithmConfig,
  { position, missing, lot }: { position: number; missing: number; lot: number },
  curve: VolumeCurve | null,
): void {
  parent.status = parentSteps.PENDING["orders before it have ended"];
  parent.direction = Math.sign(missing);
  parent.from = position;
  parent.quantity = Math.abs(missing);
  if (schedule.method === "POV") return;
  const lots = Math.floor(parent.quantity / lot);
  const due = cumulativeLots(lots, weightsOf(schedule, parent.startUs, curve));
  // What is no whole lot goes with the last slice.
  parent.due = due.map((all, k) => (k === due.length - 1 ? parent.quantity : all * lot));
}

function weightsOf(
  schedule: Exclude<ScheduleConfig, { method: "POV" }>,
  startUs: number,
  curve: VolumeCurve | null,
): readonly number[] {
  const { method, slices, overUs } = schedule;
  if (method === "TWAP") return evenWeights(slices);
  if (method === "IMPLEMENTATION_SHORTFALL") {
    return shortfallWeights(slices, (schedule.halfLifeUs * slices) / overUs);
  }
  if (schedule.curve !== null) return volumeWeights(schedule.curve);
  return curve === null
    ? evenWeights(slices)
    : volumeWeights(sliceVolumes(curve, startUs, overUs, slices));
}

/** A bar of its symbol: what trades counts from the first bar that begins at or after the start. */
export function observe(parent: Parent, { startUs, volume, close }: MarketBar): void {
  parent.price = close;
  if (startUs >= parent.startUs) parent.volume += volume;
}

/** Releases what is due by now. True where it comes to its end by time. */
export function release(
  parent: Parent,
  { schedule }: AlgorithmConfig,
  nowUs: number,
  lot: number,
): boolean {
  const { quantity, startUs, due } = parent;
  const passedUs = nowUs - startUs;
  if (schedule.method === "POV") {
    const share = (BigInt(parent.volume) * BigInt(schedule.rateBps)) / 10_000n;
    const lots = Number(share / BigInt(lot));
    parent.released = Math.min(quantity, lots * lot);
  } else {
    const slices = Math.min(due.length, Math.floor((passedUs * due.length) / schedule.overUs) + 1);
    // Live, an event may come late: its time lies before those of others.
    parent.released = Math.max(parent.released, due[slices - 1] ?? 0);
  }
  parent.owes = true;
  return passedUs >= schedule.overUs;
}

/** Names the child that is sent next: by its parent, which is named after its first child, and its number. */
export function childTerms(
  parent: Parent,
  orderId: number,
): Pick<Order, "sliceParentId" | "sliceNumber"> {
  parent.id ??= orderId;
  parent.children++;
  return { sliceParentId: parent.id, sliceNumber: parent.children };
}
