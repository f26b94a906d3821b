// Event ids, derived on demand. Promises: an event's id depends on who made it (producer, version),
// on the id of what it was made from, and on its ordinal; never on chance, a clock, or how many
// partitions a run has. Same input, same ids, in every mode.

import { sha256 } from "../quant/sha256.ts";
import { Writer } from "../schemas/avro.ts";
import type { TopicName } from "../schemas/generated/facts.ts";

/** 128 bits as 32 hexadecimal digits. */
export type EventId = string;

/** Id of an event that came in from outside: its tape, its topic, its place among all of them. */
export const sourceEventId = (tape: string, topic: TopicName, origin: number): EventId =>
  digestOf(["source", tape, topic, String(origin)]);

/** Id of an event that a processor made from `cause`. */
export const derivedEventId = (
  producer: { readonly name: string; readonly version: number },
  cause: EventId,
  topic: TopicName,
  ordinal: number,
): EventId => digestOf([producer.name, String(producer.version), cause, topic, String(ordinal)]);

function digestOf(parts: readonly string[]): EventId {
  const writer = new Writer(256);
  for (const part of parts) writer.string(part);
  let id = "";
  for (const byte of sha256(writer.bytes.subarray(0, writer.pos)).subarray(0, 16)) {
    id += byte.toString(16).padStart(2, "0");
  }
  return id;
}
