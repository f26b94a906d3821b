// A closed run that keeps nothing: events go by in the one order and are seen, not written. Promises:
// every task sees and says what it does in `runClosed` over the same events (closed-run.ts), with one
// partition of each topic: there is no log, so there is nothing to resume, and no byte is encoded. What
// a schema would refuse on its way to disk is not refused here.

import type { TapedeckError } from "../schemas/errors.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import { deadLetterOf } from "./dead-letter.ts";
import type { AnyEvent } from "./event.ts";
import { before, type Lane, LaneHeap, QueueLane } from "./lanes.ts";
import { type Sink, Task } from "./task.ts";
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

/** What is known of a topic that is written. */
interface Written {
  offset: number;
  lastTimeUs: number;
  /** null where nobody reads it. */
  readonly queue: QueueLane | null;
}

class ObservedRun implements Sink {
  private readonly heap = new LaneHeap();
  /** A lane before all in the heap: most events are followed at once by what they cause. */
  private next: Lane | null = null;
  private readonly readers: Task[][];
  private readonly written = new Map<TopicName, Written>();
  private readonly see: (event: AnyEvent) => void;

  constructor({ topology, sources, see }: ObservedRunOptions) {
    this.see = see;
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
      this.written.set(topic, { offset: 0, lastTimeUs: 0, queue });
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
    for (;;) {
      const lane = this.next ?? heap.first;
      if (lane === undefined) return;
      const event = lane.head as AnyEvent;
      lane.advance();
      if (this.next === null) heap.settle();
      else {
        this.next = null;
        if (lane.head !== null) this.wait(lane);
      }
      const readers = this.readers[lane.rank] as readonly Task[];
      for (let i = 0; i < readers.length; i++) (readers[i] as Task).process(event, this);
    }
  }

  /** Takes in a lane that has a head. */
  private wait(lane: Lane): void {
    const { heap, next } = this;
    const first = next ?? heap.first;
    if (first !== undefined && !before(lane, first)) heap.push(lane);
    else {
      this.next = lane;
      if (next !== null) heap.push(next);
    }
  }

  write<T extends TopicName>(
    topic: T,
    timeUs: number,
    origin: number,
    cause: AnyEvent,
    ordinal: number,
    value: Facts[T],
  ): void {
    const written = this.written.get(topic) as Written;
    if (timeUs > written.lastTimeUs) written.lastTimeUs = timeUs;
    const event = {
      topic,
      partition: 0,
      offset: written.offset++,
      timeUs: written.lastTimeUs,
      origin,
      cause,
      ordinal,
      value,
    } as unknown as AnyEvent;
    this.see(event);
    if (written.queue?.add(event) === true) this.wait(written.queue);
  }

  refuse(event: AnyEvent, failure: TapedeckError): void {
    this.write(
      "tape.dead-letters",
      event.timeUs,
      event.origin,
      event,
      0,
      deadLetterOf(event, failure),
    );
  }
}

/** Throws PROCESSOR_FAILED where a processor throws and its policy is stop. */
export function runObserved(options: ObservedRunOptions): void {
  new ObservedRun(options).run();
}
