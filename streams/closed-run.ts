// A closed run: a topology fed from a finite range of recorded topics, in one thread, in the one
// order. Promises: the same range, topology and partitions give the same bytes, wherever it was
// cut by a crash or a stop and resumed; each commit holds outputs, offsets and states together.

import { TapedeckError } from "../schemas/errors.ts";
import type { TopicName } from "../schemas/generated/facts.ts";
import type { LateAdmission } from "../schemas/generated/tape.admissions.ts";
import { AdmissionOrder } from "./admissions.ts";
import { keyOf, partitionCount } from "./catalogue.ts";
import { deadLetterOf } from "./dead-letter.ts";
import type { AnyEvent } from "./event.ts";
import { eventAt } from "./event-at.ts";
import { LaneHeap, QueueLane } from "./lanes.ts";
import type { Checkpoint, EventLog, RecordBatch } from "./log.ts";
import { OutputPartition } from "./output.ts";
import { partitionOf } from "./partition.ts";
import { everything, PartitionReader, type ReadRange } from "./partition-reader.ts";
import { decodeState, encodeState } from "./state.ts";
import { type Sink, Task, type TaskSnapshot, type TopicSink } from "./task.ts";
import type { SavedOrder, TaskOrder } from "./task-order.ts";
import type { Topology } from "./topology.ts";
import { WrittenTopic } from "./written-topic.ts";

export interface ClosedRunOptions {
  readonly topology: Topology;
  /** Partitions of the derived topics that are keyed by symbol. */
  readonly partitions: number;
  /** The log that holds a source topic. */
  readonly sourceOf: (topic: TopicName) => EventLog;
  /** Gets the derived topics. */
  readonly target: EventLog;
  /** Limits what is read of a source topic's partition. */
  readonly rangeOf?: (topic: TopicName, partition: number) => Partial<ReadRange>;
  /** Late admissions of the live run that is replayed as it was. */
  readonly admissions?: readonly LateAdmission[];
  /** Events processed between commits. Does not change what is written. */
  readonly eventsPerCommit?: number;
  /** Ends the run before the first event at or after this effective time; it can be gone on with. */
  readonly untilUs?: number;
  /**
   * False: the target is not gone on with. A late event that waits at the end for a place beyond it
   * is then left out; else it is an error, since a resume would not find it again.
   */
  readonly resumable?: boolean;
  /** Sees each batch as it is committed; is waited for. */
  readonly onBatch?: (batch: RecordBatch) => void | Promise<void>;
  /** Sees how far the run is durable, after each commit. */
  readonly onProgress?: (progress: Progress) => void;
  /** Asked at each commit: true ends the run there, resumable. */
  readonly stopRequested?: () => boolean;
  /** Does ahead what a processor's decision on events of a topic takes long for. Changes nothing that is written. */
  readonly preparing?: Preparing;
}

export interface Preparing {
  readonly topic: TopicName;
  /** Told of each such event before any processor is; is waited for. Never rejects. */
  readonly prepare: (event: AnyEvent) => Promise<void>;
}

export interface Progress {
  /** Source events consumed since the run began, before any resume included. */
  readonly sourceEvents: number;
  /** Effective time reached. */
  readonly timeUs: number;
}

export interface ClosedRunResult extends Progress {
  /** False if `stopRequested` ended it. */
  readonly completed: boolean;
}

/** A closed run whose sources grow. */
export interface FollowingOptions
  extends Pick<ClosedRunOptions, "topology" | "partitions" | "sourceOf" | "target" | "rangeOf"> {
  /** The order in which each task gets its events; asked once for each. */
  readonly orderOf: (task: string) => TaskOrder;
}

export interface Advance {
  /** Effective time before which to go on. */
  readonly untilUs: number;
  /** Offset before which a source's partition may be read; never less than before. */
  readonly endOf: (topic: TopicName, partition: number) => number;
  /** Events at most, or a few more. */
  readonly most?: number;
}

export interface Advanced extends Progress {
  /** Events processed by this step. */
  readonly events: number;
  /** Everything before this effective time, and before the ends, is done and durable. */
  readonly reachedUs: number;
  /** Ends of what it writes, by "topic/partition". */
  readonly ends: ReadonlyMap<string, number>;
}

export interface FollowingRun {
  /** One step, one commit; none where there is nothing to do. After a failure: open it anew. */
  advance(step: Advance): Promise<Advanced>;
}

/** The name that a closed run checkpoints itself under. */
export const CLOSED_RUN = "closed-run";
const EVENTS_PER_COMMIT = 65_536;

interface SavedState {
  readonly tasks: Readonly<Record<string, TaskSnapshot>>;
  /** Effective time reached by each source partition, in the order of `consumed`. */
  readonly reachedUs: Readonly<Record<string, number>>;
  readonly sourceEvents: number;
  readonly timeUs: number;
  /** Of each task whose order keeps something. */
  readonly orders?: Readonly<Record<string, SavedOrder>>;
}

interface Reader {
  readonly tasks: readonly Task[];
  readonly orders: readonly (TaskOrder | null)[];
}

class ClosedRun implements Sink, FollowingRun {
  private readonly options: ClosedRunOptions;
  private readonly heap = new LaneHeap();
  private readonly sources: PartitionReader[] = [];
  private readonly outputs = new Map<TopicName, WrittenTopic<TopicName>>();
  private readonly readers: Reader[][] = [];
  private readonly tasks: Task[] = [];
  private readonly orders = new Map<string, TaskOrder>();
  private untilUs: number;
  /** The source that must be read before anything goes on. */
  private dry: PartitionReader | null = null;
  /** Rank of the topic that is prepared for; -1 where there is none. */
  private readonly preparedRank: number;
  private prepared: AnyEvent | null = null;
  private preparation: Promise<void> | null = null;
  private epoch = 0;
  /** Taken from the sources before this run went on from a checkpoint. */
  private takenBefore = 0;
  private timeUs = 0;
  private committing: Promise<void> = Promise.resolve();
  /** What `committing` makes durable. */
  private progress: Progress | null = null;

  constructor(options: ClosedRunOptions, orderOf: (task: string) => TaskOrder | null) {
    this.options = options;
    this.untilUs = options.untilUs ?? Number.POSITIVE_INFINITY;
    const { topology, partitions, preparing } = options;
    this.preparedRank = preparing === undefined ? -1 : (topology.rank.get(preparing.topic) ?? -1);
    for (let rank = 0; rank < topology.topics.length; rank++) this.readers.push([]);
    for (const processor of topology.processors) {
      const tasks = Array.from(
        { length: processor.scope === "symbol" ? partitions : 1 },
        (_, partition) => new Task(processor, partition, topology.rank),
      );
      const orders = tasks.map(({ name }) => {
        const order = orderOf(name);
        if (order !== null) this.orders.set(name, order);
        return order;
      });
      this.tasks.push(...tasks);
      for (const topic of processor.inputs) {
        this.readers[topology.rank.get(topic) as number]?.push({ tasks, orders });
      }
    }
  }

  /** Reads the last checkpoint, or starts afresh. */
  async open(): Promise<void> {
    const { target } = this.options;
    const { epoch, checkpoint } = await target.openTask(CLOSED_RUN);
    this.epoch = epoch;
    const saved = checkpoint === null ? null : (decodeState(checkpoint.state) as SavedState);
    if (saved !== null) {
      for (const task of this.tasks) task.restore(saved.tasks[task.name] as TaskSnapshot);
      this.takenBefore = saved.sourceEvents;
      this.timeUs = saved.timeUs;
    }
    await this.openSources(checkpoint, saved);
    await this.openOutputs(checkpoint);
    for (const [task, order] of Object.entries(saved?.orders ?? {})) {
      const { topology, sourceOf } = this.options;
      const held: AnyEvent[] = [];
      for (const { timeUs, ...position } of order.held) {
        const log = topology.sources.includes(position.topic) ? sourceOf(position.topic) : target;
        held.push({ ...(await eventAt(log, position)), timeUs });
      }
      this.orders.get(task)?.restore?.(order, held);
    }
  }

  private async openSources(checkpoint: Checkpoint | null, saved: SavedState | null) {
    const { topology, sourceOf, rangeOf } = this.options;
    for (const topic of topology.sources) {
      const log = sourceOf(topic);
      const rank = topology.rank.get(topic) as number;
      for (const { topic: name, partition, start, end } of await log.partitions()) {
        if (name !== topic) continue;
        const range = { ...everything, toOffset: end, ...rangeOf?.(topic, partition) };
        const done = consumedOf(checkpoint, topic, partition);
        const fromOffset = done ?? Math.max(range.fromOffset, start);
        const reachedUs = saved?.reachedUs[`${topic}/${partition}`] ?? 0;
        const wanted = { ...range, fromOffset };
        const lane = new PartitionReader(log, topic, partition, rank, wanted, reachedUs);
        await lane.load();
        if (lane.head !== null) this.heap.push(lane);
        this.sources.push(lane);
      }
    }
  }

  private async openOutputs(checkpoint: Checkpoint | null) {
    const { topology, target, partitions } = this.options;
    for (const topic of [...topology.derived, "tape.dead-letters" as const]) {
      await target.createTopic(topic, partitionCount(topic, partitions));
    }
    const ranges = await target.partitions();
    for (const topic of [...topology.derived, "tape.dead-letters" as const]) {
      const rank = topology.rank.get(topic);
      const consumed = rank !== undefined && (this.readers[rank]?.length ?? 0) > 0;
      const outputs: OutputPartition[] = [];
      const queues: QueueLane[] = [];
      for (const { partition, end } of ranges.filter((range) => range.topic === topic)) {
        const last = end === 0 ? null : await target.read(topic, partition, end - 1);
        outputs.push(new OutputPartition(topic, partition, end, last?.maxTimeUs ?? 0));
        if (!consumed) continue;
        const queue = new QueueLane(rank, partition);
        await this.refill(queue, topic, consumedOf(checkpoint, topic, partition) ?? 0, end);
        queues.push(queue);
      }
      this.outputs.set(topic, new WrittenTopic<TopicName>(topic, outputs, queues, this.heap));
    }
  }

  /** Puts back the events that were written but not yet consumed at the checkpoint. */
  private async refill(queue: QueueLane, topic: TopicName, from: number, end: number) {
    const range = { ...everything, fromOffset: from, toOffset: end };
    const lane = new PartitionReader(this.options.target, topic, queue.partition, 0, range);
    for (await lane.load(); lane.head !== null; ) {
      if (queue.add(lane.head)) this.heap.push(queue);
      lane.advance();
      if (lane.head === null) await lane.load();
    }
  }

  async run(): Promise<ClosedRunResult> {
    const { eventsPerCommit = EVENTS_PER_COMMIT, stopRequested } = this.options;
    let untilCommit = eventsPerCommit;
    for (;;) {
      const done = this.proceed(Math.max(untilCommit, 1));
      if (done === 0 && this.preparation === null) break;
      if (this.dry !== null) await this.reload(this.dry);
      if (this.preparation !== null) await this.preparation;
      this.preparation = null;
      untilCommit -= done;
      if (untilCommit > 0 || this.holding()) continue;
      untilCommit = eventsPerCommit;
      await this.commit();
      if (stopRequested?.() === true) {
        await this.settle();
        return { completed: false, sourceEvents: this.sourceEvents, timeUs: this.timeUs };
      }
    }
    if (this.holding() && this.options.resumable !== false) throw neverAdmitted();
    await this.commit();
    await this.settle();
    return { completed: true, sourceEvents: this.sourceEvents, timeUs: this.timeUs };
  }

  async advance({ untilUs, endOf, most = Number.POSITIVE_INFINITY }: Advance): Promise<Advanced> {
    this.untilUs = untilUs;
    for (const lane of this.sources) {
      const known = lane.head !== null;
      lane.extend(endOf(lane.topic, lane.partition));
      await lane.load();
      if (!known && lane.head !== null) this.heap.push(lane);
    }
    let events = 0;
    for (let done = 1; done > 0 && events < most; events += done) {
      done = this.proceed(Math.max(most - events, 1));
      if (this.dry !== null) await this.reload(this.dry);
    }
    if (events > 0) await this.commit();
    await this.settle();
    const nextUs = this.heap.first?.head?.timeUs ?? Number.POSITIVE_INFINITY;
    const ends = new Map<string, number>();
    for (const [topic, { partitions }] of this.outputs) {
      for (const { partition, nextOffset } of partitions) {
        ends.set(`${topic}/${partition}`, nextOffset);
      }
    }
    const { sourceEvents, timeUs } = this;
    return { sourceEvents, timeUs, events, reachedUs: Math.min(untilUs, nextUs), ends };
  }

  /** Takes up to `count` events in the one order, fewer where a source must be read; how many. */
  private proceed(count: number): number {
    const { heap, untilUs } = this;
    let done = 0;
    for (let lane = heap.first; lane !== undefined && done < count; lane = heap.first) {
      const event = lane.head as AnyEvent;
      if (event.timeUs >= untilUs) break;
      if (lane.rank === this.preparedRank && event !== this.prepared) {
        this.prepared = event;
        this.preparation = this.options.preparing?.prepare(event) ?? null;
        break;
      }
      lane.advance();
      heap.settle();
      this.dispatch(lane.rank, event);
      done++;
      if (lane.head === null && lane.open) {
        this.dry = lane as PartitionReader;
        break;
      }
    }
    return done;
  }

  private async reload(lane: PartitionReader): Promise<void> {
    this.dry = null;
    await lane.load();
    if (lane.head !== null) this.heap.push(lane);
  }

  private get sourceEvents(): number {
    return this.sources.reduce((sum, { taken }) => sum + taken, this.takenBefore);
  }

  /** Waits until the commit under way is durable. */
  private async settle(): Promise<void> {
    await this.committing;
    if (this.progress !== null) this.options.onProgress?.(this.progress);
    this.progress = null;
  }

  private dispatch(rank: number, event: AnyEvent): void {
    if (event.timeUs > this.timeUs) this.timeUs = event.timeUs;
    const readers = this.readers[rank] as readonly Reader[];
    for (let i = 0; i < readers.length; i++) {
      const { tasks, orders } = readers[i] as Reader;
      const index =
        tasks.length === 1 ? 0 : partitionOf(keyOf(event.topic, event.value), tasks.length);
      const task = tasks[index] as Task;
      const order = orders[index] as TaskOrder | null;
      if (order === null) task.process(event, this);
      else for (const released of order.release(event)) task.process(released, this);
    }
  }

  topic<T extends TopicName>(topic: T): TopicSink<T> {
    return this.outputs.get(topic) as TopicSink as TopicSink<T>;
  }

  refuse(event: AnyEvent, failure: TapedeckError): void {
    const letters = this.topic("tape.dead-letters");
    letters.write(event.timeUs, event.origin, event, 0, deadLetterOf(event, failure));
  }

  private holding(): boolean {
    return this.readers.some((list) =>
      list.some(({ orders }) => orders.some((order) => order?.holding === true)),
    );
  }

  /** Starts the commit of what was written since the last one, after that one is durable. */
  private async commit(): Promise<void> {
    await this.settle();
    const produced: RecordBatch[] = [];
    for (const { partitions } of this.outputs.values()) {
      for (const output of partitions) {
        const batch = output.take();
        if (batch !== null) produced.push(batch);
      }
    }
    this.committing = this.options.target.commit({ produced, checkpoints: [this.checkpoint()] });
    // Awaited at the next commit: until then a failure must not count as unhandled.
    this.committing.catch(() => undefined);
    if (this.options.onBatch !== undefined) {
      for (const batch of produced) await this.options.onBatch(batch);
    }
    this.progress = { sourceEvents: this.sourceEvents, timeUs: this.timeUs };
  }

  private savedOrders(): Pick<SavedState, "orders"> {
    const saved: Record<string, SavedOrder> = {};
    for (const [task, order] of this.orders) {
      const own = order.save?.();
      if (own !== undefined) saved[task] = own;
    }
    return Object.keys(saved).length === 0 ? {} : { orders: saved };
  }

  private checkpoint(): Checkpoint {
    const consumed = this.sources.map(({ topic, partition, consumed: next }) => ({
      topic: topic as string,
      partition,
      next,
    }));
    for (const [topic, { partitions, queues }] of this.outputs) {
      for (const [partition, queue] of queues.entries()) {
        const output = partitions[partition] as OutputPartition;
        consumed.push({ topic, partition, next: output.nextOffset - queue.length });
      }
    }
    const saved: SavedState = {
      tasks: Object.fromEntries(this.tasks.map((task) => [task.name, task.snapshot()])),
      reachedUs: Object.fromEntries(
        this.sources.map((lane) => [`${lane.topic}/${lane.partition}`, lane.reachedUs]),
      ),
      sourceEvents: this.sourceEvents,
      timeUs: this.timeUs,
      ...this.savedOrders(),
    };
    return { task: CLOSED_RUN, epoch: this.epoch, consumed, state: encodeState(saved) };
  }
}

const admissionOrders = (admissions: readonly LateAdmission[]) => (task: string) => {
  const own = admissions.filter((late) => late.task === task);
  return own.length === 0 ? null : new AdmissionOrder(own);
};

const consumedOf = (
  checkpoint: Checkpoint | null,
  topic: string,
  partition: number,
): number | undefined =>
  checkpoint?.consumed.find((done) => done.topic === topic && done.partition === partition)?.next;

/** The end is not committed: a held event would count as consumed and be lost. */
const neverAdmitted = (): TapedeckError =>
  new TapedeckError(
    "STREAMS_OFFSET_OUT_OF_RANGE",
    "a late event was admitted after an event that this run's range does not reach",
  );

/**
 * Runs the topology over the sources' range into the target, from its last checkpoint if it has
 * one. Throws PROCESSOR_FAILED where a processor throws and its policy is stop; what was committed
 * before stays, and the run can be resumed.
 */
export async function runClosed(options: ClosedRunOptions): Promise<ClosedRunResult> {
  const run = new ClosedRun(options, admissionOrders(options.admissions ?? []));
  await run.open();
  return run.run();
}

/**
 * Opens a run that goes on in steps as its sources grow, from its last checkpoint if it has one. It
 * writes what one closed run over all of it would, whatever the steps, as long as no event comes to
 * a source before the time up to which a step has gone, but by the order of its task. Of the sources
 * nothing is read before the first step.
 */
export async function openFollowing(options: FollowingOptions): Promise<FollowingRun> {
  const { rangeOf, orderOf } = options;
  const nothing = (topic: TopicName, partition: number) => ({
    ...rangeOf?.(topic, partition),
    toOffset: 0,
  });
  const run = new ClosedRun({ ...options, rangeOf: nothing }, orderOf);
  await run.open();
  return run;
}
