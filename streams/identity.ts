// Event ids, derived on demand: no byte of a record is spent on them. Promises: an event's id depends
// on who made it (producer, version), on the id of what it was made from, and on its ordinal; a source
// event's on what it says and when; never on chance, a clock, a folder, or how many partitions a run
// has. Same input, same ids, in every mode.

import { sha256 } from "../quant/sha256.ts";
import { Writer } from "../schemas/avro.ts";
import type { TopicName } from "../schemas/generated/facts.ts";
import type { AnyEvent } from "./event.ts";
import { eventAt } from "./event-at.ts";
import type { EventLog } from "./log.ts";
import { encodeValue } from "./record.ts";

/** 128 bits as 32 hexadecimal digits. */
export type EventId = string;

export interface Producer {
  readonly name: string;
  readonly version: number;
}

/** What writes to tape.dead-letters and tape.admissions. */
const RUNTIME: Producer = { name: "runtime", version: 1 };
const CACHED_MAX = 100_000;

/**
 * Gives the ids of a log's events. `producers` by the topic that each writes. Cost: a look-up in the
 * log for each cause up to the source, once. Throws STREAMS_OFFSET_OUT_OF_RANGE where a cause is not
 * in the log.
 */
export function eventIds(
  log: EventLog,
  producers: ReadonlyMap<TopicName, Producer>,
): (event: AnyEvent) => Promise<EventId> {
  const known = new Map<string, EventId>();
  const idOf = async (event: AnyEvent): Promise<EventId> => {
    const place = `${event.topic}/${event.partition}/${event.offset}`;
    const found = known.get(place);
    if (found !== undefined) return found;
    const { cause, topic, ordinal } = event;
    const id =
      cause === null
        ? sourceEventId(event)
        : derivedEventId(
            producers.get(topic) ?? RUNTIME,
            await idOf(await eventAt(log, cause)),
            topic,
            ordinal,
          );
    if (known.size >= CACHED_MAX) known.clear();
    known.set(place, id);
    return id;
  };
  return idOf;
}

function sourceEventId(event: AnyEvent): EventId {
  const writer = new Writer(256);
  writer.string("source");
  writer.string(event.topic);
  writer.long(event.timeUs);
  writer.long(event.origin);
  encodeValue(writer, event);
  return digestOf(writer);
}

function derivedEventId(
  { name, version }: Producer,
  cause: EventId,
  topic: TopicName,
  ordinal: number,
): EventId {
  const writer = new Writer(256);
  for (const part of [name, String(version), cause, topic, String(ordinal)]) writer.string(part);
  return digestOf(writer);
}

function digestOf(writer: Writer): EventId {
  let id = "";
  for (const byte of sha256(writer.bytes.subarray(0, writer.pos)).subarray(0, 16)) {
    id += byte.toString(16).padStart(2, "0");
  }
  return id;
}
