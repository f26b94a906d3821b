// Why did this event happen? Walks from any event back to the raw input: a fill to its order and to
// the market that priced it, the order to the verdict, the proposal, the signal, the features, the
// bar and the ticks. Promises: every event shown was read from the log, none is made up.

import type { AnyEvent, EventOf, Position } from "../../streams/event.ts";
import { eventAt, lastBefore } from "../../streams/event-at.ts";
import type { EventLog } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { Explanation, Walk } from "../answer.ts";

/** Deeper than one decision: an order that follows a fill that follows an order. */
const MAX_DEPTH = 24;

interface Reason {
  readonly link: string;
  readonly event: AnyEvent;
}

/** Throws STREAMS_OFFSET_OUT_OF_RANGE where no event lies at `position`. */
export async function explain(log: EventLog, position: Position): Promise<Explanation> {
  return walk(log, "", await eventAt(log, position), new Set());
}

async function walk(
  log: EventLog,
  link: string,
  event: AnyEvent,
  path: Set<string>,
): Promise<Explanation> {
  const at = `${event.topic}/${event.partition}/${event.offset}`;
  const because: Explanation[] = [];
  if (path.size < MAX_DEPTH && !path.has(at)) {
    path.add(at);
    for (const reason of await reasonsOf(log, event)) {
      because.push(await walk(log, reason.link, reason.event, path));
    }
    path.delete(at);
  }
  return { link, event, because, span: await spanOf(log, event) };
}

async function reasonsOf(log: EventLog, event: AnyEvent): Promise<readonly Reason[]> {
  const cause = event.cause === null ? null : await eventAt(log, event.cause);
  if (event.topic === "fills") return reasonsOfFill(log, event, cause);
  if (event.topic === "orders") return reasonsOfOrder(log, event, cause);
  return cause === null ? [] : [{ link: linkOf(cause), event: cause }];
}

async function reasonsOfFill(
  log: EventLog,
  fill: EventOf<"fills">,
  cause: AnyEvent | null,
): Promise<readonly Reason[]> {
  const { orderId, symbol, tradeUs } = fill.value;
  // Behind an order gate the venue acts on its verdict, which holds the order.
  const isOrder = cause?.topic === "orders" || cause?.topic === "risk.order-verdicts";
  const order = isOrder
    ? cause
    : await lastBefore(
        log,
        "orders",
        fill.partition,
        fill.timeUs,
        ({ value }) => value.orderId === orderId && value.action === "NEW",
      );
  // An order that is filled on arrival is priced by what was last printed.
  const onArrival = isOrder && fill.value.execType === "FILLED";
  const price = onArrival ? await lastBar(log, symbol, tradeUs) : isOrder ? null : cause;
  return [
    ...(order === null ? [] : [{ link: "executes the order", event: order }]),
    ...(price === null ? [] : [{ link: "at the price of", event: price }]),
  ];
}

/** The tape may be cut into other partitions than the run. */
async function lastBar(log: EventLog, symbol: string, untilUs: number): Promise<AnyEvent | null> {
  const bars = (await log.partitions()).filter(({ topic }) => topic === "market.bars");
  if (bars.length === 0) return null;
  const partition = partitionOf(symbol, bars.length);
  return lastBefore(log, "market.bars", partition, untilUs, ({ value }) => value.symbol === symbol);
}

async function reasonsOfOrder(
  log: EventLog,
  order: EventOf<"orders">,
  cause: AnyEvent | null,
): Promise<readonly Reason[]> {
  if (cause?.topic === "risk.verdicts") return [{ link: linkOf(cause), event: cause }];
  const { symbol, decidedUs } = order.value;
  const verdict = await lastBefore(log, "risk.verdicts", 0, decidedUs, ({ value }) =>
    value.targets.some((target) => target.symbol === symbol),
  );
  return [
    ...(cause === null ? [] : [{ link: linkOf(cause), event: cause }]),
    ...(verdict === null ? [] : [{ link: "under the verdict", event: verdict }]),
  ];
}

const links: Partial<Record<AnyEvent["topic"], string>> = {
  "risk.verdicts": "allowed by",
  orders: "judges the request",
  "weights.proposals": "judges",
  signals: "proposed on the signal",
  features: "seen by the model as",
  "market.bars": "computed from",
  "market.ticks": "completed by",
  fills: "after the execution",
  "control.commands": "commanded by",
};

const linkOf = (cause: AnyEvent): string => links[cause.topic] ?? "follows from";

/** The prints that a bar was built from; other symbols of the partition lie among them. */
async function spanOf(log: EventLog, event: AnyEvent): Promise<Explanation["span"]> {
  if (event.topic !== "market.bars" || event.cause?.topic !== "market.ticks") return null;
  const { partition } = event.cause;
  const offset = await log.offsetAt("market.ticks", partition, event.value.startUs);
  const toOffset = await log.offsetAt("market.ticks", partition, event.value.endUs);
  return { from: { topic: "market.ticks", partition, offset }, toOffset };
}

export const lineage: Walk = {
  name: "lineage",
  question: "Why did this event happen?",
  ask: explain,
};
