// One input partition of a live task: batches and events come in at one end, events leave in offset order
// at the other. Promises: an offset is offered once, however often it is delivered, and none is
// stepped over; effective times and sort keys never fall.

import type { TopicName } from "../schemas/generated/facts.ts";
import { type AnyEvent, type SortKey, traced } from "./event.ts";
import type { RecordBatch } from "./log.ts";
import { RecordCursor } from "./record.ts";

export interface InputPartition {
  readonly topic: TopicName;
  readonly partition: number;
  readonly rank: number;
  /** It also holds symbols of other tasks. */
  readonly shared: boolean;
  /** No task writes it: it is recorded, imported or typed in. */
  readonly source: boolean;
}

interface Delivery {
  readonly cursor: RecordCursor;
  readonly seenUs: number;
  readonly traces: readonly (string | null)[] | null;
  readonly baseOffset: number;
}

interface Handed {
  readonly event: AnyEvent;
  readonly seenUs: number;
}

/** So many events that were handed over and taken are let go together. */
const CUT_AT = 1024;

export class InputLane implements InputPartition {
  readonly topic: TopicName;
  readonly partition: number;
  readonly rank: number;
  readonly shared: boolean;
  readonly source: boolean;
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
  /** Records from `wanted` on that the broker holds; null where nobody knows. */
  lag: number | null = null;
  private readonly accept: ((event: AnyEvent) => boolean) | null;
  private readonly deliveries: Delivery[] = [];
  /** What came as events, after all that came as batches. */
  private readonly handed: Handed[] = [];
  private handedAt = 0;
  /** Offset after the last record looked at. */
  private passed: number;
  private timeUs: number;
  private origin: number;

  constructor(
    { topic, partition, rank, shared, source }: InputPartition,
    next: number,
    reached: readonly [timeUs: number, origin: number],
    accept: ((event: AnyEvent) => boolean) | null,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.rank = rank;
    this.shared = shared;
    this.source = source;
    this.wanted = next;
    this.consumed = next;
    this.passed = next;
    this.reached = reached;
    [this.timeUs, this.origin] = reached;
    this.accept = accept;
  }

  /** Records received and not yet looked at. */
  get held(): number {
    return this.wanted - this.passed;
  }

  /** False if the batch starts beyond the offset that is wanted. `twice` plants a bug. */
  receive(batch: RecordBatch, nowUs: number, twice: boolean): boolean {
    const { topic, partition, baseOffset, count, bytes, traces = null } = batch;
    if (baseOffset > this.wanted) return false;
    const end = baseOffset + count;
    if (end <= this.wanted && !twice) return true;
    const cursor = new RecordCursor(topic as TopicName, partition, baseOffset, bytes);
    while (cursor.nextOffset < this.wanted && !twice) cursor.skip();
    this.wanted = Math.max(this.wanted, end);
    this.deliveries.push({ cursor, seenUs: nowUs, traces, baseOffset });
    if (this.head === null) this.next();
    return true;
  }

  /** Takes an event as such: the one that is wanted, and no batch of the lane may follow it. */
  hand(event: AnyEvent, seenUs: number): void {
    this.wanted = event.offset + 1;
    if (this.head === null) this.offer(event, seenUs);
    else this.handed.push({ event, seenUs });
  }

  /** Steps over the head. */
  take(): void {
    const { offset } = this.head as AnyEvent;
    this.consumed = Math.max(this.consumed, offset + 1);
    this.reached = [this.timeUs, this.origin];
    this.next();
  }

  private next(): void {
    this.head = null;
    this.key = null;
    for (let first = this.deliveries[0]; first !== undefined; first = this.deliveries[0]) {
      const event = first.cursor.read(this.timeUs);
      if (event === null) {
        this.passed = Math.max(this.passed, first.cursor.nextOffset);
        this.deliveries.shift();
        continue;
      }
      const { traces, baseOffset, seenUs } = first;
      const trace = traces?.[event.offset - baseOffset] ?? null;
      if (this.offer(trace === null ? event : traced(event, trace), seenUs)) return;
    }
    const next = this.handed[this.handedAt];
    if (next !== undefined) {
      this.handedAt++;
      if (this.handedAt === this.handed.length || this.handedAt === CUT_AT) {
        this.handed.splice(0, this.handedAt);
        this.handedAt = 0;
      }
      this.offer(next.event, next.seenUs);
    } else if (this.consumed < this.passed) {
      // What followed the last event taken is other tasks': it need not be read again.
      this.consumed = this.passed;
      this.reached = [this.timeUs, this.origin];
    }
  }

  /** Makes an event the head; false if it is another task's. */
  private offer(event: AnyEvent, seenUs: number): boolean {
    const { timeUs, origin, offset } = event;
    // In a merge of lanes an event waits for those before it in its own: its key is theirs at least.
    this.origin = timeUs > this.timeUs ? origin : Math.max(origin, this.origin);
    this.timeUs = timeUs;
    this.passed = Math.max(this.passed, offset + 1);
    if (this.accept !== null && !this.accept(event)) return false;
    this.head = event;
    this.headSeenUs = seenUs;
    const { rank, partition } = this;
    this.key = { timeUs, rank, origin: this.origin, partition, offset };
    return true;
  }
}
