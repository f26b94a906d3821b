// What a user's own file makes of a dead letter: `tapedeck dlq redrive --fix fix.ts`. One function, which
// gets what was put aside and gives the event that it should have been.

import type { Facts, TopicName } from "../schemas/generated/facts.ts";

/** A message that was no event, or an event that a processor refused. */
export interface RefusedMessage {
  readonly topic: TopicName;
  readonly partition: number;
  /** Kafka's offset of a message; the logical offset of an event. */
  readonly position: number;
  /** Why it was put aside, and what was found. */
  readonly code: string;
  readonly detail: string;
  /** Null where it has none, or it is no UTF-8. */
  readonly key: string | null;
  /** As it lies in Kafka: 0x00, the schema's id, Avro; of an event the Avro alone. Null: it has none. */
  readonly value: Uint8Array | null;
  /** The value as text; null where it is no UTF-8. */
  readonly text: string | null;
  /** Fields of the value as today's schema reads them, up to the one that cannot be read. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** By name, the last one of a name; values that are no UTF-8 are left out. */
  readonly headers: Readonly<Record<string, string>>;
  /** The event time that it says, in microseconds; null where it says none that can be read. */
  readonly timeUs: number | null;
}

/** Null drops the letter; only a redrive that names it tries it again. A throw leaves it open. */
export type DeadLetterFix = (message: RefusedMessage) => FixedEvent | null;

export interface FixedEvent {
  /** What the topic carries; its key is the event's. */
  readonly value: Facts[TopicName];
  /** Event time in microseconds; left out: the message's own, else when it was sent. */
  readonly timeUs?: number;
}
