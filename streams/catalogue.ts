// Every topic of the tape: its number on disk, what it is keyed by, what retention it asks for.
// A new topic is a line here and a schema of the same name in schemas/.

import type { Facts, TopicName } from "../schemas/generated/facts.ts";

/** What partitions a topic: one symbol's events, or one portfolio's, keep their order. */
export type KeyField = "symbol" | "portfolio" | "task" | "model" | "origin";

export interface TopicSpec {
  /** Stored in records as the topic of a cause: never reused, never changed. */
  readonly id: number;
  readonly key: KeyField;
  /** compact: the last event of each key is enough to know the present. */
  readonly cleanup: "keep" | "compact";
  /** Its place among topics of one depth at one instant, where that is not its id. */
  readonly place?: number;
}

export const catalogue: { readonly [T in TopicName]: TopicSpec } = {
  "market.instruments": { id: 1, key: "symbol", cleanup: "compact" },
  // Before the prices of its instant: they are of what it made.
  "market.corporate-actions": { id: 18, key: "symbol", cleanup: "keep", place: 1 },
  // As corporate actions are: a price of the instant of a halt is not traded on.
  "market.status": { id: 22, key: "symbol", cleanup: "keep", place: 1 },
  // Before the prices of its instant, too: it is due before all else of that time.
  "market.rates": { id: 24, key: "symbol", cleanup: "keep", place: 1 },
  "market.ticks": { id: 2, key: "symbol", cleanup: "keep" },
  "market.quotes": { id: 3, key: "symbol", cleanup: "keep" },
  "market.bars": { id: 4, key: "symbol", cleanup: "keep" },
  features: { id: 5, key: "symbol", cleanup: "keep" },
  signals: { id: 6, key: "symbol", cleanup: "keep" },
  // Before the signals of their instant: a size goes by the regime and the forecast that hold then.
  regimes: { id: 7, key: "symbol", cleanup: "keep", place: 4 },
  forecasts: { id: 8, key: "symbol", cleanup: "keep", place: 4 },
  "weights.proposals": { id: 9, key: "portfolio", cleanup: "keep" },
  "risk.verdicts": { id: 10, key: "portfolio", cleanup: "keep" },
  // Before the proposals of its instant: what trips stops them.
  "risk.breakers": { id: 25, key: "portfolio", cleanup: "keep", place: 8 },
  // What the pool is asked for, and what it answered: an answer is later than its request.
  "pool.requests": { id: 26, key: "portfolio", cleanup: "keep" },
  "pool.answers": { id: 27, key: "portfolio", cleanup: "keep" },
  orders: { id: 11, key: "symbol", cleanup: "keep" },
  fills: { id: 12, key: "symbol", cleanup: "keep" },
  "risk.order-verdicts": { id: 19, key: "symbol", cleanup: "keep" },
  "portfolio.snapshots": { id: 13, key: "portfolio", cleanup: "keep" },
  "models.events": { id: 14, key: "model", cleanup: "keep" },
  "control.commands": { id: 15, key: "portfolio", cleanup: "keep" },
  "tape.admissions": { id: 16, key: "task", cleanup: "keep" },
  "tape.dead-letters": { id: 17, key: "origin", cleanup: "keep" },
};

export const topicNames = Object.keys(catalogue) as readonly TopicName[];

const byId: readonly (TopicName | undefined)[] = topicNames.reduce<(TopicName | undefined)[]>(
  (names, name) => {
    names[catalogue[name].id] = name;
    return names;
  },
  [],
);

export const topicOfId = (id: number): TopicName | undefined => byId[id];

export const isTopicName = (name: string): name is TopicName => Object.hasOwn(catalogue, name);

/** The key of a value, by the topic's key field. */
export function keyOf<T extends TopicName>(topic: T, value: Facts[T]): string {
  return (value as unknown as Record<string, string>)[catalogue[topic].key] as string;
}

/** Symbol topics have as many partitions as the run asks for; the others have one. */
export const partitionCount = (topic: TopicName, symbolPartitions: number): number =>
  catalogue[topic].key === "symbol" ? symbolPartitions : 1;
