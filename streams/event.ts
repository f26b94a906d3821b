// The envelope: what every event carries besides its value. It costs a tick 13 to 20 bytes: run id, schema,
// producer and key are known from where the event lies; the event id and the
// correlation id are derived on demand (identity.ts).

import type { Facts, TopicName } from "../schemas/generated/facts.ts";

/** Where an event lies. */
export interface Position {
  readonly topic: TopicName;
  readonly partition: number;
  readonly offset: number;
}

/** One event of a topic; a union discriminated by `topic` where T is a union. */
export type EventOf<T extends TopicName> = T extends TopicName
  ? {
      readonly topic: T;
      readonly partition: number;
      readonly offset: number;
      /** Effective time, microseconds since the epoch: never falls within a partition. */
      readonly timeUs: number;
      /**
       * Orders the events of a topic at one instant: a source event's place on its tape; of a
       * decision, its place in the order of decisions, whatever the partitions (task.ts).
       */
      readonly origin: number;
      /** The event that was being decided on; null for a source event. */
      readonly cause: Position | null;
      /** Which of the cause's events this is, from 0, by this producer. */
      readonly ordinal: number;
      readonly value: Facts[T];
      /** The W3C `traceparent` that it came with, if any: for people, never for decisions. */
      readonly trace?: string;
    }
  : never;

export type AnyEvent = EventOf<TopicName>;

/** The event with its trace. It must be its maker's own still: it is changed, since a copy costs more. */
export function traced(event: AnyEvent, trace: string): AnyEvent {
  (event as { trace?: string }).trace = trace;
  return event;
}

/** What a processor asks to be written. */
export type EmitOf<T extends TopicName> = T extends TopicName
  ? {
      readonly topic: T;
      readonly value: Facts[T];
      /** A later effective time than cause + latency; an earlier one is refused. */
      readonly atUs?: number;
    }
  : never;

export type AnyEmit = EmitOf<TopicName>;

export const emit = <T extends TopicName>(topic: T, value: Facts[T]): EmitOf<T> =>
  ({ topic, value }) as EmitOf<T>;

/** The one order (sort key): effective time, topic rank, origin, partition, offset. */
export interface SortKey {
  readonly timeUs: number;
  readonly rank: number;
  readonly origin: number;
  readonly partition: number;
  readonly offset: number;
}

export function compareKeys(a: SortKey, b: SortKey): number {
  return (
    a.timeUs - b.timeUs ||
    a.rank - b.rank ||
    a.origin - b.origin ||
    a.partition - b.partition ||
    a.offset - b.offset
  );
}
