// How a report reads its run's topics. Promises: every event of the topics named, in the one order.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { EventOf } from "../../streams/event.ts";
import type { EventLog } from "../../streams/log.ts";
import { mergeTopics } from "../../streams/merge.ts";

/** Calls `see` with every event of a topic in its order, of several in the one order. */
export async function eachEvent<T extends TopicName>(
  log: EventLog,
  topics: T | readonly T[],
  see: (event: EventOf<T>) => void,
): Promise<void> {
  for await (const chunk of mergeTopics(log, [topics].flat() as readonly T[])) {
    for (const event of chunk as readonly EventOf<T>[]) see(event);
  }
}

/** By symbol, those included whose names came of corporate actions. */
export async function readInstruments(log: EventLog): Promise<Map<string, Instrument>> {
  const instruments = new Map<string, Instrument>();
  await eachEvent(log, "market.instruments", ({ value }) => {
    instruments.set(value.symbol, value);
  });
  await eachEvent(log, "market.corporate-actions", ({ value: { symbol, newSymbol } }) => {
    const instrument = instruments.get(symbol);
    if (newSymbol === "" || instrument === undefined || instruments.has(newSymbol)) return;
    instruments.set(newSymbol, { ...instrument, symbol: newSymbol });
  });
  return instruments;
}
