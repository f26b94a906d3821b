// Batches to put into a log under test, and ways to look at what it did with them.

import { TapedeckError } from "../../schemas/errors.ts";
import type { Checkpoint, EventLog, RecordBatch } from "../log.ts";

export interface LogSubject {
  readonly log: EventLog;
  /** Closes the log and opens what it left; null where nothing outlives the object. */
  readonly reopen: (() => Promise<EventLog>) | null;
  readonly dispose: () => Promise<void>;
}

/** A frame as record.ts makes it, with `payload` bytes of `fill` in place of an event. */
export function frame(timeUs: number, payload = 8, fill = 7): Uint8Array {
  const bytes = new Uint8Array(12 + payload).fill(fill);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 8 + payload, true);
  view.setUint32(4, timeUs % 2 ** 32, true);
  view.setUint32(8, Math.floor(timeUs / 2 ** 32), true);
  return bytes;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A batch of records at the given times; `floorUs` is the partition's greatest time before. */
export function batchAt(
  topic: string,
  partition: number,
  baseOffset: number,
  timesUs: readonly number[],
  options: { readonly floorUs?: number; readonly payload?: number; readonly fill?: number } = {},
): RecordBatch {
  const { floorUs = 0, payload = 8, fill = 7 } = options;
  return {
    topic,
    partition,
    baseOffset,
    count: timesUs.length,
    maxTimeUs: Math.max(floorUs, ...timesUs),
    bytes: concat(timesUs.map((timeUs, i) => frame(timeUs, payload, (fill + i) & 0xff))),
  };
}

export const checkpointOf = (task: string, epoch: number, next: number, state = 5): Checkpoint => ({
  task,
  epoch,
  consumed: [{ topic: "bars", partition: 0, next }],
  state: new Uint8Array([state, next & 0xff]),
});

/** Every record from `offset` on; checks that the batches lie one after the other. */
export async function readAll(
  log: EventLog,
  topic: string,
  partition: number,
  offset: number,
): Promise<{ readonly bytes: Uint8Array; readonly end: number; readonly maxTimeUs: number }> {
  const parts: Uint8Array[] = [];
  let at = offset;
  let maxTimeUs = 0;
  for (;;) {
    const batch = await log.read(topic, partition, at);
    if (batch === null) return { bytes: concat(parts), end: at, maxTimeUs };
    if (batch.topic !== topic || batch.partition !== partition || batch.baseOffset !== at) {
      throw new Error(`read(${topic}, ${partition}, ${at}) gave offset ${batch.baseOffset}`);
    }
    if (batch.count < 1 || batch.maxTimeUs < maxTimeUs) throw new Error(`a bad batch at ${at}`);
    parts.push(batch.bytes.slice());
    at += batch.count;
    maxTimeUs = batch.maxTimeUs;
  }
}

/** The code that the call is refused with, or "accepted". */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "accepted";
  } catch (error) {
    if (error instanceof TapedeckError) return error.code;
    throw error;
  }
}

export const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
