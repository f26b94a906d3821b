// What a simulation runs: a topology, what comes in from outside and when, and what must be true of
// what comes out. The simulator knows nothing of trading: processors/simulation.ts makes scenarios.

import type { Facts, TopicName } from "../../schemas/generated/facts.ts";
import type { AnyEvent } from "../event.ts";
import type { Topology } from "../topology.ts";

export type SourceFact = {
  [T in TopicName]: {
    readonly topic: T;
    /** What the event says of itself: may repeat, and may run behind what came before it. */
    readonly timeUs: number;
    /** When it reaches the tape, by the virtual clock. */
    readonly arrivalUs: number;
    readonly value: Facts[T];
  };
}[TopicName];

export interface Scenario {
  readonly topology: Topology;
  /** Partitions of the derived topics that are keyed by symbol. */
  readonly partitions: number;
  /** Of a source topic. */
  readonly sourcePartitions: (topic: TopicName) => number;
  /** In order of arrival. */
  readonly facts: readonly SourceFact[];
  /** Topics that every task sees at once: reference data that is there before the market opens. */
  readonly prompt: ReadonlySet<TopicName>;
  /** Processor whose events are prepared elsewhere, which takes a while; none if left out. */
  readonly awaits?: string;
  /** What is wrong with the events that were written, by topic, in the one order; null: nothing. */
  readonly findFault: (events: ReadonlyMap<TopicName, readonly AnyEvent[]>) => string | null;
}
