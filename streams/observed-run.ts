// A closed run that keeps nothing: events go by in the one order and are seen, not written. Promises:
// every task sees and says what it does in `runClosed` over the same events (closed-run.ts), with one
// partition of each topic: there is no log, so there is nothing to resume, and no byte is encoded. What
// a schema would refuse on its way to disk is not refused here.

import type { TapedeckError } from "../schemas/errors.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import { deadLetterOf } from "./dead-letter.ts";
import type { AnyEvent } from "./event.ts";
import { type Lane, LaneHeap, QueueLane } from "./lanes.ts";
import { type Sink, Task, type TopicSink } from "./task.ts";
import type { Topology } from "./topology.ts";

/** A source's partition: decoded, in offset order, with effective times that never fall. */
export interface SourceEvents {
  readonly topic: TopicName;
  readonly partition: number;
  readonly events: readonly AnyEvent[];
}

export interface ObservedRunOptions {
  readonly topology: Topology;
  /** A source that is left out has no events. They are shared: nobody may change them. */
  readonly sources: readonly SourceEvents[];
  /** Sees each derived event as it is decided, dead letters too; of one topic in offset order. */
  readonly see: (event: AnyEvent) => void;
}

class ListLane implements Lane {
  readonly rank: number;
  readonly partition: number;
  readonly open = false;
  head: AnyEvent | null;
  private readonly events: readonly AnyEvent[];
  private at = 0;

  constructor({ partition, events }: SourceEvents, rank: number) {
    this.rank = rank;
    this.partition = partition;
    this.events = events;
    this.head = events[0] ?? null;
  }

  advance(): void {
    this.head = this.events[++this.at] ?? null;
  }
}

/** A topic that is written: its one partition. */
class SeenTopic<T extends TopicName> implements TopicSink<T> {
  private readonly topic: T;
  private offset = 0;
  private lastTimeUs = 0;
  /** null where nobody reads it. */
  private readonly queue: QueueLane | null;
  private readonly heap: LaneHeap;
  private readonly see: (event: AnyEvent) => void;

  constructor(topic: T, queue: QueueLane | null, heap: LaneHeap, see: (event: AnyEvent) => void) {
    this.topic = topic;
    this.queue = queue;
    this.heap = heap;
    this.see = see;
  }

  write(timeUs: number, origin: number, cause: AnyEvent, ordinal: number, value: Facts[T]): void {
    if (timeUs > this.lastTimeUs) this.lastTimeUs = timeUs;
    const event = {
      topic: this.topic,
      partition: 0,
      offset: this.offset++,
      timeUs: this.lastTimeUs,
      origin,
      cause,
      ordinal,
      value,
    } as unknown as AnyEvent;
    this.see(event);
    if (this.queue?.add(event) === true) this.heap.push(this.queue);
  }
}

class ObservedRun implements Sink {
  private readonly heap = new LaneHeap();
  private readonly readers: Task[][];
  private readonly written = new Map<TopicName, SeenTopic<TopicName>>();

  constructor({ topology, sources, see }: ObservedRunOptions) {
    this.readers = topology.topics.map(() => []);
    for (const processor of topology.processors) {
      const task = new Task(processor, 0, topology.rank);
      for (const topic of processor.inputs) {
        this.readers[topology.rank.get(topic) as number]?.push(task);
      }
    }
    for (const topic of [...topology.derived, "tape.dead-letters" as const]) {
      const rank = topology.rank.get(topic);
      const isRead = rank !== undefined && (this.readers[rank]?.length ?? 0) > 0;
      const queue = isRead ? new QueueLane(rank, 0) : null;
      this.written.set(topic, new SeenTopic<TopicName>(topic, queue, this.heap, see));
    }
    for (const source of sources) {
      const rank = topology.rank.get(source.topic);
      if (rank === undefined) continue;
      const lane = new ListLane(source, rank);
      if (lane.head !== null) this.heap.push(lane);
    }
  }

  run(): void {
    const { heap } = this;
    for (let lane = heap.first; lane !== undefined; lane = heap.first) {
      const event = lane.head as AnyEvent;
      lane.advance();
      heap.settle();
      const readers = this.readers[lane.rank] as readonly Task[];
      for (let i = 0; i < readers.length; i++) (readers[i] as Task).process(event, this);
    }
  }

  topic<T extends TopicName>(topic: T): TopicSink<T> {
    return this.written.get(topic) as TopicSink as TopicSink<T>;
  }

  refuse(event: AnyEvent, failure: TapedeckError): void {
    const letters = this.topic("tape.dead-letters");
    letters.write(event.timeUs, event.origin, event, 0, deadLetterOf(event, failure));
  }
}

/** Throws PROCESSOR_FAILED where a processor throws and its policy is stop. */
export function runObserved(options: ObservedRunOptions): void {
  new ObservedRun(options).run();
}
