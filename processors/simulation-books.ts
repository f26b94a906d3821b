// The invariants of a portfolio, from the events that a simulated flow wrote. Promises: cash, exposure
// and equity are worked out from executions and marks alone, in exact integers.

import type { TopicName } from "../schemas/generated/facts.ts";
import type { Instrument } from "../schemas/generated/market.instruments.ts";
import { costIn } from "../schemas/values/charges.ts";
import { carryOf, dealOf, isVenuesOwn } from "../schemas/values/deal.ts";
import { notionalMinor } from "../schemas/values/money.ts";
import type { AnyEvent, EventOf } from "../streams/event.ts";
import type { AlgorithmConfig } from "./orders-config.ts";

/** The books of one portfolio, kept from executions alone, against every snapshot. */
export function findFault(
  events: ReadonlyMap<TopicName, readonly AnyEvent[]>,
  instruments: ReadonlyMap<string, Instrument>,
  initialMinor: bigint,
): string | null {
  const held = new Map<
    string,
    { readonly quantity: number; readonly mark: number; readonly cost: bigint }
  >();
  for (const event of events.get("portfolio.snapshots") ?? []) {
    const { value, offset } = event as EventOf<"portfolio.snapshots">;
    held.set(value.symbol, value);
    let net = 0n;
    let cost = 0n;
    for (const [symbol, one] of held) {
      net += notionalMinor(one.mark, one.quantity, instruments.get(symbol) as Instrument);
      cost += one.cost;
    }
    const place = `portfolio.snapshots offset ${offset}`;
    if (value.netExposure !== net) return `${place}: net ${value.netExposure}, marks say ${net}`;
    if (value.equity !== value.cash + net) {
      return `${place}: equity ${value.equity}, cash and marks say ${value.cash + net}`;
    }
    const explained = initialMinor + value.realisedPnl + (net - cost);
    if (value.equity !== explained) {
      return `${place}: equity ${value.equity}, profits and losses say ${explained}`;
    }
  }
  return cashFault(events, instruments, initialMinor);
}

function cashFault(
  events: ReadonlyMap<TopicName, readonly AnyEvent[]>,
  instruments: ReadonlyMap<string, Instrument>,
  initialMinor: bigint,
): string | null {
  let cash = initialMinor;
  const executed = new Map<number, number>();
  for (const event of events.get("fills") ?? []) {
    const { value } = event as EventOf<"fills">;
    cash -= carryOf(value) ?? 0n;
    const deal = dealOf(value);
    if (deal === null) continue;
    const quantity = deal.side === "BUY" ? deal.quantity : -deal.quantity;
    const instrument = instruments.get(value.symbol) as Instrument;
    cash -= notionalMinor(value.price, quantity, instrument) + costIn(deal, instrument.currency);
    if (deal !== value || isVenuesOwn(value)) continue;
    const total = (executed.get(value.orderId) ?? 0) + value.quantity;
    if (value.cumQuantity !== total) return `order ${value.orderId} was filled twice`;
    executed.set(value.orderId, total);
  }
  const snapshots = events.get("portfolio.snapshots") ?? [];
  const last = snapshots[snapshots.length - 1] as EventOf<"portfolio.snapshots"> | undefined;
  if (executed.size === 0 || last === undefined) return null;
  return last.value.cash === cash ? null : `cash is ${last.value.cash}, executions say ${cash}`;
}

/** The children of each parent: numbered without gaps, on one side of one symbol, no more than may be. */
export function childrenFault(
  events: ReadonlyMap<TopicName, readonly AnyEvent[]>,
  { maxChildren }: AlgorithmConfig,
): string | null {
  const parents = new Map<
    number,
    { readonly symbol: string; readonly side: string; sent: number }
  >();
  for (const event of events.get("orders") ?? []) {
    const { value } = event as EventOf<"orders">;
    const { orderId, sliceParentId: id, sliceNumber, symbol, side } = value;
    if (value.action !== "NEW" || (id === null && value.ocoGroup !== null)) continue;
    if (id === null) return `order ${orderId} has no parent`;
    const parent = parents.get(id) ?? { symbol, side, sent: 0 };
    parents.set(id, parent);
    const place = `order ${orderId}, child ${sliceNumber} of ${id}`;
    if (parent.sent === 0 && orderId !== id) return `${place}: the first is another`;
    if (sliceNumber !== ++parent.sent) return `${place}: it is the ${parent.sent}.`;
    if (sliceNumber > maxChildren) return `${place}: at most ${maxChildren}`;
    if (symbol !== parent.symbol || side !== parent.side) return `${place}: ${side} ${symbol}`;
  }
  return null;
}
