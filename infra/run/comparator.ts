// Compares what a replay writes with what a run's log holds, byte by byte, and names the first
// difference of each partition: topic, offset and field. A damaged log is read as it lies.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { AnyEvent } from "../../streams/event.ts";
import type { EventLog, RecordBatch } from "../../streams/log.ts";
import { RecordCursor } from "../../streams/record.ts";

/** Where two tapes part. Values are undefined where one side has no such record or field. */
export interface Difference {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timeUs: number;
  /** Path of the field, such as "value.equity"; "record" where one side has none. */
  readonly field: string;
  readonly recorded: unknown;
  readonly replayed: unknown;
}

/** A log that can be read without trusting its checksums. */
export interface RawLog extends Pick<EventLog, "partitions"> {
  readRaw(topic: string, partition: number, offset: number): Promise<RecordBatch | null>;
}

interface Place {
  stored: RecordBatch | null;
  /** Byte within `stored`. */
  position: number;
  nextOffset: number;
  differs: boolean;
}

export class Comparator {
  readonly differences: Difference[] = [];
  records = 0;
  private readonly recorded: RawLog;
  private readonly places = new Map<string, Place>();

  constructor(recorded: RawLog) {
    this.recorded = recorded;
  }

  /** Compares one batch of the replay with the same offsets of the recorded log. */
  async add(batch: RecordBatch): Promise<void> {
    this.records += batch.count;
    const place = this.placeOf(batch.topic, batch.partition);
    for (let at = 0; at < batch.bytes.length && !place.differs; ) {
      if (place.stored === null || place.position === place.stored.bytes.length) {
        const { topic, partition } = batch;
        place.stored = await this.recorded.readRaw(topic, partition, place.nextOffset);
        place.position = 0;
        if (place.stored === null) {
          this.report(place, batch, at);
          return;
        }
        place.nextOffset = place.stored.baseOffset + place.stored.count;
      }
      const stored = place.stored;
      const size = Math.min(batch.bytes.length - at, stored.bytes.length - place.position);
      const same = Buffer.compare(
        batch.bytes.subarray(at, at + size),
        stored.bytes.subarray(place.position, place.position + size),
      );
      if (same !== 0) {
        let first = 0;
        while (batch.bytes[at + first] === stored.bytes[place.position + first]) first++;
        this.report(place, batch, at + first);
        return;
      }
      at += size;
      place.position += size;
    }
  }

  /** Reports records that the log holds beyond the replay's end. Call once, at the end. */
  async finish(replayed: Pick<EventLog, "partitions">, topics: readonly string[]): Promise<void> {
    const ends = new Map<string, number>();
    for (const { topic, partition, end } of await replayed.partitions()) {
      ends.set(`${topic}/${partition}`, end);
    }
    for (const { topic, partition, end } of await this.recorded.partitions()) {
      const reached = ends.get(`${topic}/${partition}`) ?? 0;
      if (!topics.includes(topic) || end <= reached) continue;
      if (this.placeOf(topic, partition).differs) continue;
      const batch = await this.recorded.readRaw(topic, partition, reached);
      const event = batch === null ? null : eventAt(batch, reached);
      this.differences.push({
        topic,
        partition,
        offset: reached,
        timeUs: event?.timeUs ?? 0,
        field: "record",
        recorded: event?.value,
        replayed: undefined,
      });
    }
    this.differences.sort((a, b) => a.timeUs - b.timeUs);
  }

  private placeOf(topic: string, partition: number): Place {
    const key = `${topic}/${partition}`;
    let place = this.places.get(key);
    if (place === undefined) {
      place = { stored: null, position: 0, nextOffset: 0, differs: false };
      this.places.set(key, place);
    }
    return place;
  }

  private report(place: Place, batch: RecordBatch, byte: number): void {
    place.differs = true;
    const { topic, partition } = batch;
    const offset = offsetOfByte(batch, byte);
    const replayed = eventAt(batch, offset) as AnyEvent;
    const stored = place.stored === null ? null : eventAt(place.stored, offset);
    const field =
      place.stored === null
        ? { field: "record", recorded: undefined, replayed: replayed.value }
        : stored === null
          ? { field: "record", recorded: "undecodable bytes", replayed: replayed.value }
          : (firstDifference(stored, replayed) ?? { field: "bytes", recorded: stored, replayed });
    this.differences.push({ topic, partition, offset, timeUs: replayed.timeUs, ...field });
  }
}

/** Offset of the record that a byte of the batch belongs to. */
export function offsetOfByte(batch: RecordBatch, byte: number): number {
  const cursor = new RecordCursor(batch.topic as TopicName, 0, batch.baseOffset, batch.bytes);
  for (let offset = cursor.nextOffset; cursor.skip(); offset = cursor.nextOffset) {
    if (cursor.position > byte) return offset;
  }
  return batch.baseOffset + batch.count - 1;
}

/** The event at an offset of a batch; null where its bytes make no event. */
function eventAt(batch: RecordBatch, offset: number): AnyEvent | null {
  try {
    const { topic, partition, baseOffset, bytes } = batch;
    const cursor = new RecordCursor(topic as TopicName, partition, baseOffset, bytes);
    while (cursor.nextOffset < offset) if (!cursor.skip()) return null;
    const event = cursor.read();
    return event?.offset === offset ? event : null;
  } catch {
    return null;
  }
}

/** The first field, in the order of the schema, in which two values differ. */
export function firstDifference(
  recorded: unknown,
  replayed: unknown,
  path = "",
): { readonly field: string; readonly recorded: unknown; readonly replayed: unknown } | null {
  if (Object.is(recorded, replayed)) return null;
  if (isRecord(recorded) && isRecord(replayed)) {
    for (const name of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
      const inner = path === "" ? name : `${path}.${name}`;
      const found = firstDifference(recorded[name], replayed[name], inner);
      if (found !== null) return found;
    }
    return null;
  }
  return { field: path, recorded, replayed };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
