// One partition on its way from a log to another: what is read next, what is cut off to be handed
// over. Promises: records leave in offset order, each once, with nothing but their offsets changed: the
// first record of the range gets offset 0.

import { firstTimeUs, fromOffset, untilOffset, untilTime } from "../../streams/batch.ts";
import type { StopSignal } from "../../streams/followers.ts";
import type { EventLog, PartitionRange, RecordBatch } from "../../streams/log.ts";

export class CopyLane {
  readonly topic: string;
  readonly partition: number;
  /** What its records' offsets lose. */
  readonly shift: number;
  /** Source offset after the last that is wanted. */
  readonly end: number;
  /** Offsets in the target: what is known to be there, and what was handed over. */
  durable = 0;
  handed = 0;
  /** Cut off, and waiting to be handed over together. */
  readonly gathered: RecordBatch[] = [];
  private readonly from: EventLog;
  private held: RecordBatch | null = null;
  private pending: Promise<RecordBatch | null> | null = null;
  /** Greatest effective time that the target has reached with what was cut off. */
  private floorUs = 0;
  private dry = false;
  private growing: Promise<void> | null = null;

  constructor(from: EventLog, { topic, partition, start, end }: PartitionRange) {
    this.from = from;
    this.topic = topic;
    this.partition = partition;
    this.shift = start;
    this.end = end;
  }

  /** Whether there is something to cut off. */
  get ready(): boolean {
    return this.held !== null;
  }

  /** Effective time of the next record. */
  get headUs(): number {
    return Math.max(this.floorUs, this.held === null ? 0 : (firstTimeUs(this.held) ?? 0));
  }

  /** Effective time of the last record at hand. */
  get lastUs(): number {
    return Math.max(this.floorUs, this.held?.maxTimeUs ?? 0);
  }

  /** Goes on behind an offset of the target, whose greatest time there is `floorUs`. */
  seek(offset: number, floorUs: number): void {
    this.durable = offset;
    this.handed = offset;
    this.floorUs = floorUs;
    this.held = null;
    this.pending = null;
    this.dry = false;
    this.gathered.length = 0;
  }

  /** Reads where nothing is at hand and something is left. */
  async load(): Promise<void> {
    if (this.held !== null || this.dry) return;
    const batch = await (this.pending ?? this.fetch(this.handed + this.shift));
    this.pending = null;
    if (batch === null) {
      this.dry = true;
      return;
    }
    this.held = untilOffset(batch, this.end, this.floorUs);
    this.pending = this.fetch(batch.baseOffset + batch.count);
  }

  /** Cuts off what lies before a time, and gathers it; its bytes. */
  gather(untilUs: number): number {
    const { held, shift } = this;
    const piece = held === null ? null : untilTime(held, untilUs, this.floorUs);
    if (held === null || piece === null) return 0;
    const next = piece.baseOffset + piece.count;
    this.held = piece.count === held.count ? null : fromOffset(held, next);
    this.floorUs = piece.maxTimeUs;
    this.handed = next - shift;
    this.gathered.push({ ...piece, baseOffset: piece.baseOffset - shift });
    return piece.bytes.length;
  }

  /** Resolves when there may be more at the end, or the signal says stop. */
  grown(stop: StopSignal): Promise<void> {
    const { topic, partition } = this;
    const next = this.handed + this.shift;
    this.growing ??= this.from.follow(topic, partition, next, stop).then((grew) => {
      this.growing = null;
      if (grew) this.dry = false;
    });
    return this.growing;
  }

  private fetch(offset: number): Promise<RecordBatch | null> {
    if (offset >= this.end) return Promise.resolve(null);
    const batch = this.from.read(this.topic, this.partition, offset);
    // It is awaited later: until then a failure must not count as unhandled.
    batch.catch(() => undefined);
    return batch;
  }
}

/** Consecutive batches as one. */
export function joinBatches(batches: readonly RecordBatch[]): RecordBatch | null {
  const [first] = batches;
  const last = batches.at(-1);
  if (first === undefined || last === undefined) return null;
  if (batches.length === 1) return first;
  const bytes = new Uint8Array(batches.reduce((sum, batch) => sum + batch.bytes.length, 0));
  let at = 0;
  for (const batch of batches) {
    bytes.set(batch.bytes, at);
    at += batch.bytes.length;
  }
  const count = last.baseOffset + last.count - first.baseOffset;
  const joined = { ...first, count, maxTimeUs: last.maxTimeUs, bytes };
  if (batches.every(({ traces }) => traces === undefined)) return joined;
  const traces = batches.flatMap((batch) => batch.traces ?? new Array(batch.count).fill(null));
  return { ...joined, traces };
}
