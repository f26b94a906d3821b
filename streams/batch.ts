// The geometry of a batch, without decoding a value: what every log needs to admit, cut and search
// one. Promises: a batch whose frames do not give its count is refused before it is stored.

import { TapedeckError } from "../schemas/errors.ts";
import type { RecordBatch } from "./log.ts";

/** Bytes that give a record's size; the size itself leaves them out. */
const SIZE_BYTES = 4;
const TIME_BYTES = 8;
const HIGH = 0x1_0000_0000;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where the frame that starts at `start` ends; -1 if it does not fit the bytes. */
function frameEnd(view: DataView, start: number): number {
  if (start + SIZE_BYTES > view.byteLength) return -1;
  const size = view.getUint32(start, true);
  const end = start + SIZE_BYTES + size;
  return end > view.byteLength || (size > 0 && size < TIME_BYTES) ? -1 : end;
}

/** Records that the bytes frame; -1 if the last is cut short. Cost: a few ns a record. */
export function countFrames(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    at = frameEnd(view, at);
    if (at < 0) return -1;
    count++;
  }
  return count;
}

/** Throws STREAMS_BATCH_INVALID unless the bytes frame exactly `count` records. */
export function checkBatch(batch: RecordBatch): void {
  const { topic, partition, baseOffset, count, maxTimeUs } = batch;
  const frames = countFrames(batch.bytes);
  if (frames === count && Number.isSafeInteger(maxTimeUs) && maxTimeUs >= 0) return;
  throw new TapedeckError(
    "STREAMS_BATCH_INVALID",
    `a batch of ${count} records for ${topic}/${partition} frames ${frames}, up to ${maxTimeUs} µs`,
    { topic, partition, baseOffset, count, frames, maxTimeUs },
  );
}

/** What is left of a batch from `offset` on, which must lie in it. Shares the batch's bytes. */
export function fromOffset(batch: RecordBatch, offset: number): RecordBatch {
  if (offset === batch.baseOffset) return batch;
  const view = viewOf(batch.bytes);
  let at = 0;
  for (let i = batch.baseOffset; i < offset && at >= 0; i++) at = frameEnd(view, at);
  if (at < 0) throw cutShort(batch.topic, batch.partition, offset);
  return {
    ...batch,
    baseOffset: offset,
    count: batch.count - (offset - batch.baseOffset),
    bytes: batch.bytes.subarray(at),
    ...besides(batch, offset - batch.baseOffset, batch.count),
  };
}

/**
 * What of a batch lies before `offset`; null if nothing does. Shares the batch's bytes. `floorUs` is the
 * partition's greatest time before the batch. Cost: a few ns for each record that is kept.
 */
export function untilOffset(
  batch: RecordBatch,
  offset: number,
  floorUs: number,
): RecordBatch | null {
  const { topic, partition, baseOffset } = batch;
  const count = Math.min(batch.count, offset - baseOffset);
  if (count <= 0) return null;
  const view = viewOf(batch.bytes);
  let maxTimeUs = floorUs;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = frameEnd(view, at);
    if (end < 0) throw cutShort(topic, partition, baseOffset + i);
    if (end > at + SIZE_BYTES) maxTimeUs = Math.max(maxTimeUs, timeAt(view, at));
    at = end;
  }
  return {
    topic,
    partition,
    baseOffset,
    count,
    maxTimeUs,
    bytes: batch.bytes.subarray(0, at),
    ...besides(batch, 0, count),
  };
}

/** The same of the records whose effective time is before `timeUs`. */
export const untilTime = (
  batch: RecordBatch,
  timeUs: number,
  floorUs: number,
): RecordBatch | null =>
  floorUs >= timeUs ? null : untilOffset(batch, firstAtOrAfter(batch, timeUs), floorUs);

/** The first record's own time; null where the batch holds nothing but holes. */
export function firstTimeUs(batch: RecordBatch): number | null {
  const view = viewOf(batch.bytes);
  for (let at = 0; at < batch.bytes.length; ) {
    const end = frameEnd(view, at);
    if (end < 0) return null;
    if (end > at + SIZE_BYTES) return timeAt(view, at);
    at = end;
  }
  return null;
}

/** Offset of the first record in the batch whose own time is at or after `timeUs`; its end if none. */
export function firstAtOrAfter(batch: RecordBatch, timeUs: number): number {
  const view = viewOf(batch.bytes);
  let offset = batch.baseOffset;
  let at = 0;
  while (at < batch.bytes.length) {
    const end = frameEnd(view, at);
    if (end < 0) break;
    if (end > at + SIZE_BYTES && timeAt(view, at) >= timeUs) return offset;
    offset++;
    at = end;
  }
  return batch.baseOffset + batch.count;
}

const timeAt = (view: DataView, start: number): number =>
  view.getUint32(start + SIZE_BYTES, true) + view.getUint32(start + SIZE_BYTES + 4, true) * HIGH;

/**
 * Cuts a batch at record borders into pieces of at most `limit` bytes, or one record where that is
 * longer. `floorUs` is the partition's greatest time before the batch.
 */
export function splitBatch(batch: RecordBatch, limit: number, floorUs: number): RecordBatch[] {
  if (batch.bytes.length <= limit) return [batch];
  const view = viewOf(batch.bytes);
  const pieces: RecordBatch[] = [];
  let start = 0;
  let base = batch.baseOffset;
  let offset = base;
  let maxTimeUs = floorUs;
  let at = 0;
  const cut = (until: number, time: number) => {
    const bytes = batch.bytes.subarray(start, until);
    const own = besides(batch, base - batch.baseOffset, offset - batch.baseOffset);
    pieces.push({
      ...batch,
      baseOffset: base,
      count: offset - base,
      maxTimeUs: time,
      bytes,
      ...own,
    });
    start = until;
    base = offset;
  };
  while (at < batch.bytes.length) {
    const end = frameEnd(view, at);
    if (end - start > limit && at > start) cut(at, maxTimeUs);
    if (end > at + SIZE_BYTES) maxTimeUs = Math.max(maxTimeUs, timeAt(view, at));
    offset++;
    at = end;
  }
  cut(at, Math.max(floorUs, batch.maxTimeUs));
  return pieces;
}

/** What a batch says of each record beside its bytes, of the records from `start` to before `end`. */
function besides(
  { traces, keys }: RecordBatch,
  start: number,
  end: number,
): Pick<RecordBatch, "traces" | "keys"> {
  return {
    ...(traces === undefined ? {} : { traces: traces.slice(start, end) }),
    ...(keys === undefined ? {} : { keys: keys.slice(start, end) }),
  };
}

const cutShort = (topic: string, partition: number, offset: number): TapedeckError =>
  new TapedeckError("CODEC_TRUNCATED", `${topic}/${partition} is cut before ${offset}`, {
    topic,
    partition,
    offset,
  });
