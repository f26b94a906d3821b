// Events for tests of answers: bars, orders and executions as a tape would hold them. Promises:
// events of a partition get rising offsets from 0 and the times that they are given.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { plainTerms } from "../../schemas/values/order-terms.ts";
import type { AnyEvent, EmitOf, EventOf, Position } from "../event.ts";
import type { EventLog } from "../log.ts";
import { createMemoryLog } from "../memory-log.ts";
import { OutputPartition } from "../output.ts";
import type { Projection } from "../projection.ts";

export const START_US = 1_381_152_600_000_000; // 2013-10-07T13:30:00Z
export const MINUTE_US = 60_000_000;

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
  ...plainTerms,
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
  execId: 0,
  cumQuantity: 0,
  parts: [],
  refExecId: 0,
  charges: [],
  ...changes,
});

/** A fact to be told, with its place and its cause where they matter. */
export type Told<T extends TopicName> = EmitOf<T> & {
  readonly timeUs?: number;
  readonly partition?: number;
  readonly cause?: Position;
};

/** Facts in the one order as events: a microsecond apart from START_US, or as they say. */
export function eventsOf<T extends TopicName>(facts: readonly Told<T>[]): readonly EventOf<T>[] {
  const ends = new Map<string, number>();
  return facts.map(({ topic, value, timeUs, partition = 0, cause = null }, index) => {
    const lane = `${topic}/${partition}`;
    const offset = ends.get(lane) ?? 0;
    ends.set(lane, offset + 1);
    return {
      topic,
      partition,
      offset,
      timeUs: timeUs ?? START_US + index,
      origin: index,
      cause,
      ordinal: 0,
      value,
    } as unknown as EventOf<T>;
  });
}

/** A log that holds the events at their positions, `perBatch` of a partition to a batch. */
export async function logOf(
  events: readonly AnyEvent[],
  perBatch = Number.POSITIVE_INFINITY,
): Promise<EventLog> {
  const log = createMemoryLog();
  const lanes = new Map<string, AnyEvent[]>();
  for (const event of events) {
    const name = `${event.topic}/${event.partition}`;
    const lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, [event]);
    else lane.push(event);
  }
  for (const topic of new Set(events.map((event) => event.topic))) {
    const used = events.filter((event) => event.topic === topic).map((event) => event.partition);
    await log.createTopic(topic, Math.max(...used) + 1);
  }
  for (const lane of lanes.values()) {
    const first = lane[0] as AnyEvent;
    const output = new OutputPartition(first.topic, first.partition, 0, 0);
    for (const [index, event] of lane.entries()) {
      output.write(event.timeUs, event.origin, event.cause, event.ordinal, event.value);
      const full = (index + 1) % perBatch === 0 || index === lane.length - 1;
      const batch = full ? output.take() : null;
      if (batch !== null) await log.commit({ produced: [batch], checkpoints: [] });
    }
  }
  return log;
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
