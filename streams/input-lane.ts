// One input partition of a live task: batches come in at one end, events leave in offset order at the
// other. Promises: an offset is offered once, however often it is delivered, and none is stepped
// over; effective times and sort keys never fall.

import type { TopicName } from "../schemas/generated/facts.ts";
import type { AnyEvent, SortKey } from "./event.ts";
import type { RecordBatch } from "./log.ts";
import { RecordCursor } from "./record.ts";

export interface InputPartition {
  readonly topic: TopicName;
  readonly partition: number;
  readonly rank: number;
  /** It also holds symbols of other tasks. */
  readonly shared: boolean;
}

interface Delivery {
  readonly cursor: RecordCursor;
  readonly seenUs: number;
}

export class InputLane implements InputPartition {
  readonly topic: TopicName;
  readonly partition: number;
  readonly rank: number;
  readonly shared: boolean;
  /** The next event to admit; null while nothing is held. */
  head: AnyEvent | null = null;
  /** Its place in the one order, as a merge sees it: never before what came earlier in the lane. */
  key: SortKey | null = null;
  /** When the head was received, by the owner's clock. */
  headSeenUs = 0;
  /** Offset to read next. */
  wanted: number;
  /** Offset after the last event taken. */
  consumed: number;
  /** Effective time and origin at `consumed`. */
  reached: readonly [timeUs: number, origin: number];
  private readonly accept: ((event: AnyEvent) => boolean) | null;
  private readonly deliveries: Delivery[] = [];
  private timeUs: number;
  private origin: number;

  constructor(
    { topic, partition, rank, shared }: InputPartition,
    next: number,
    reached: readonly [timeUs: number, origin: number],
    accept: ((event: AnyEvent) => boolean) | null,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.rank = rank;
    this.shared = shared;
    this.wanted = next;
    this.consumed = next;
    this.reached = reached;
    [this.timeUs, this.origin] = reached;
    this.accept = accept;
  }

  /** False if the batch starts beyond the offset that is wanted. `twice` plants a bug. */
  receive(batch: RecordBatch, nowUs: number, twice: boolean): boolean {
    const { topic, partition, baseOffset, count, bytes } = batch;
    if (baseOffset > this.wanted) return false;
    const end = baseOffset + count;
    if (end <= this.wanted && !twice) return true;
    const cursor = new RecordCursor(topic as TopicName, partition, baseOffset, bytes);
    while (cursor.nextOffset < this.wanted && !twice) cursor.skip();
    this.wanted = Math.max(this.wanted, end);
    this.deliveries.push({ cursor, seenUs: nowUs });
    if (this.head === null) this.next();
    return true;
  }

  /** Steps over the head. */
  take(): void {
    const { offset } = this.head as AnyEvent;
    this.consumed = Math.max(this.consumed, offset + 1);
    this.reached = [this.timeUs, this.origin];
    this.next();
  }

  private next(): void {
    for (let first = this.deliveries[0]; first !== undefined; first = this.deliveries[0]) {
      const event = first.cursor.read(this.timeUs);
      if (event === null) {
        this.deliveries.shift();
        continue;
      }
      const { timeUs, origin, offset } = event;
      // In a merge of lanes an event waits for those before it in its own: its key is theirs at least.
      this.origin = timeUs > this.timeUs ? origin : Math.max(origin, this.origin);
      this.timeUs = timeUs;
      if (this.accept !== null && !this.accept(event)) continue;
      this.head = event;
      this.headSeenUs = first.seenUs;
      const { rank, partition } = this;
      this.key = { timeUs, rank, origin: this.origin, partition, offset };
      return;
    }
    this.head = null;
    this.key = null;
  }
}
