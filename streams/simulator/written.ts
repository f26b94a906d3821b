// Everything that a log holds, decoded, to be compared record by record.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { AnyEvent } from "../event.ts";
import type { EventLog } from "../log.ts";
import { RecordCursor } from "../record.ts";

export interface WrittenPartition {
  readonly topic: TopicName;
  readonly partition: number;
  readonly events: readonly AnyEvent[];
  readonly bytes: Uint8Array;
  /** Byte at which each record starts, and the end of the last. */
  readonly starts: readonly number[];
}

/** By "topic/partition", in the log's order; of one topic or of all. Cost: it is decoded once. */
export async function readWritten(
  log: EventLog,
  only: TopicName | null = null,
): Promise<ReadonlyMap<string, WrittenPartition>> {
  const written = new Map<string, WrittenPartition>();
  for (const { topic: name, partition, end } of await log.partitions()) {
    const topic = name as TopicName;
    if (only !== null && topic !== only) continue;
    const parts: Uint8Array[] = [];
    const events: AnyEvent[] = [];
    const starts: number[] = [];
    let size = 0;
    for (let offset = 0; offset < end; ) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null) break;
      const cursor = new RecordCursor(topic, partition, offset, batch.bytes);
      for (;;) {
        const start = size + cursor.position;
        const event = cursor.read();
        if (event === null) break;
        starts.push(start);
        events.push(event);
      }
      parts.push(batch.bytes);
      size += batch.bytes.length;
      offset = batch.baseOffset + batch.count;
    }
    starts.push(size);
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    written.set(`${topic}/${partition}`, { topic, partition, events, bytes, starts });
  }
  return written;
}

/** The first place where two hold other bytes, with the field; null where they are the same. */
export function firstDifference(live: WrittenPartition, oracle: WrittenPartition): string | null {
  const { topic, partition } = live;
  const both = Math.min(live.events.length, oracle.events.length);
  for (let offset = 0; offset < both; offset++) {
    if (sameRecord(live, oracle, offset)) continue;
    const place = `${topic}/${partition} offset ${offset}`;
    return `${place}, ${fieldOf(live.events[offset], oracle.events[offset], "")}`;
  }
  if (live.events.length === oracle.events.length) return null;
  return `${topic}/${partition} holds ${live.events.length} events, the oracle ${oracle.events.length}`;
}

function sameRecord(a: WrittenPartition, b: WrittenPartition, offset: number): boolean {
  const start = a.starts[offset] as number;
  const size = (a.starts[offset + 1] as number) - start;
  const other = b.starts[offset] as number;
  if ((b.starts[offset + 1] as number) - other !== size) return false;
  for (let i = 0; i < size; i++) if (a.bytes[start + i] !== b.bytes[other + i]) return false;
  return true;
}

function fieldOf(a: unknown, b: unknown, path: string): string {
  if (typeof a === "object" && typeof b === "object" && a !== null && b !== null) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const x = (a as Record<string, unknown>)[key];
      const y = (b as Record<string, unknown>)[key];
      if (text(x) !== text(y)) return fieldOf(x, y, path === "" ? key : `${path}.${key}`);
    }
  }
  return `${path}: ${text(a)}, the oracle ${text(b)}`;
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, each) => {
    if (typeof each === "bigint") return `${each}n`;
    return each instanceof Uint8Array ? [...each].join(" ") : each;
  }) ?? "nothing";
