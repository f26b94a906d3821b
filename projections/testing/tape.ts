// Events for tests of answers: instruments, bars, orders and executions as a tape would hold them.
// Promises: events of one topic get rising offsets in partition 0 and the times that they are given.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { EmitOf, EventOf } from "../../streams/event.ts";
import type { Projection } from "../../streams/projection.ts";

export const START_US = 1_381_152_600_000_000; // 2013-10-07T13:30:00Z
export const MINUTE_US = 60_000_000;

export const instrument = (symbol: string, changes: Partial<Instrument> = {}): Instrument => ({
  symbol,
  assetClass: "EQUITY",
  currency: "USD",
  currencyScale: 2,
  priceScale: 2,
  quantityScale: 0,
  tickSize: 1,
  lotSize: 1,
  multiplier: 1,
  calendar: "XNYS",
  timeZone: "America/New_York",
  ...changes,
});

/** The minute that ends at `endUs`. */
export const bar = (symbol: string, endUs: number, close: number): MarketBar => ({
  symbol,
  startUs: endUs - MINUTE_US,
  endUs,
  open: close,
  high: close,
  low: close,
  close,
  volume: 100,
  trades: 1,
});

export const order = (orderId: number, changes: Partial<Order> = {}): Order => ({
  orderId,
  action: "NEW",
  portfolio: "main",
  symbol: "IBM",
  side: "BUY",
  type: "MARKET",
  quantity: 100,
  limitPrice: null,
  timeInForce: "DAY",
  referencePrice: 18_000,
  decidedUs: START_US,
  ...changes,
});

/** `quantity` signed: what was bought, or sold. */
export const fill = (
  quantity: number,
  price: number,
  changes: Partial<ExecutionReport> = {},
): ExecutionReport => ({
  orderId: 1,
  execType: "FILLED",
  portfolio: "main",
  symbol: "IBM",
  side: quantity > 0 ? "BUY" : "SELL",
  quantity: Math.abs(quantity),
  price,
  leavesQuantity: 0,
  fee: 0n,
  slippage: 0,
  reason: "NONE",
  tradeUs: START_US,
  ...changes,
});

/** Facts with their times, in the one order, as events. */
export function eventsOf<T extends TopicName>(
  facts: readonly (EmitOf<T> & { readonly timeUs?: number })[],
): readonly EventOf<T>[] {
  const ends = new Map<TopicName, number>();
  return facts.map(({ topic, value, timeUs }, index) => {
    const offset = ends.get(topic) ?? 0;
    ends.set(topic, offset + 1);
    return {
      topic,
      partition: 0,
      offset,
      timeUs: timeUs ?? START_US + index,
      origin: index,
      cause: null,
      ordinal: 0,
      value,
    } as unknown as EventOf<T>;
  });
}

/** Folds events into a projection; events of topics that it does not read are left out. */
export function fold<State, In extends TopicName>(
  projection: Projection<State, In>,
  events: readonly EventOf<TopicName>[],
  from: State = projection.initial(),
): State {
  const inputs = new Set<TopicName>(projection.inputs);
  return events.reduce<State>(
    (state, event) =>
      inputs.has(event.topic) ? projection.evolve(state, event as EventOf<In>) : state,
    from,
  );
}
