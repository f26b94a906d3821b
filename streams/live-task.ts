// A task outside a closed run, as a state machine without a clock or a socket: its owner brings
// batches and the time, and takes transactions to the log. Promises: events are admitted in the one
// order; where an input has nothing to offer, the next event waits for it a bounded time and no
// longer; what then comes too late is admitted and recorded, so that a replay as it was repeats it;
// offsets, outputs, admissions and state leave in one commit, and a task made from that commit goes
// on as if it had never stopped.
//
// Its owner: openTask (which fences every earlier owner), make a LiveTask of what that gave, then
// receive, admit, commit what `transaction` gives, over and over. A commit that failed, or whose
// outcome is not known, ends this LiveTask: open the task again and make a new one. STREAMS_FENCED
// says that another owner has done so: stop.
//
// tape.admissions and tape.dead-letters have a partition for each task, its `number` (live-plan.ts),
// so that they too have one writer a partition.

import { TapedeckError } from "../schemas/errors.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import { keyOf, partitionCount } from "./catalogue.ts";
import { deadLetterOf } from "./dead-letter.ts";
import { type AnyEvent, compareKeys, type Position, type SortKey } from "./event.ts";
import { InputLane } from "./input-lane.ts";
import type { TaskPlan } from "./live-plan.ts";
import type { Commit, OpenedTask, RecordBatch } from "./log.ts";
import { OutputPartition } from "./output.ts";
import { partitionOf } from "./partition.ts";
import { decodeState, encodeState } from "./state.ts";
import { type Sink, Task, type TaskSnapshot } from "./task.ts";
import { outputsOf } from "./topology.ts";

/** Bugs to plant, for the simulator to prove that it finds them; services pass none. */
export interface LiveTaskDefects {
  readonly redeliveredTwice?: boolean;
  readonly rankIgnored?: boolean;
  readonly lateDropped?: boolean;
}

/** What a checkpoint's state holds. */
interface Saved {
  readonly task: TaskSnapshot;
  /** Of each input, in the plan's order: effective time and origin reached. */
  readonly reached: readonly (readonly [timeUs: number, origin: number])[];
  /** Greatest sort key admitted. */
  readonly greatest: SortKey | null;
  /** The event admitted last. */
  readonly last: Position | null;
  /** Of each output partition, by name: its next offset and the effective time reached. */
  readonly outputs: Readonly<Record<string, readonly [next: number, timeUs: number]>>;
}

export class LiveTask implements Sink {
  readonly inputs: readonly InputLane[];
  /** Events admitted since the last transaction. */
  admitted = 0;
  private readonly plan: TaskPlan;
  private readonly epoch: number;
  private readonly waitUs: number;
  private readonly defects: LiveTaskDefects;
  private readonly task: Task;
  private readonly outputs = new Map<TopicName, readonly (OutputPartition | undefined)[]>();
  private greatest: SortKey | null = null;
  private last: Position | null = null;

  /** `waitUs`: how long an event waits for inputs that have nothing to offer. */
  constructor(plan: TaskPlan, opened: OpenedTask, waitUs: number, defects: LiveTaskDefects = {}) {
    const { checkpoint } = opened;
    this.plan = plan;
    this.epoch = opened.epoch;
    this.waitUs = waitUs;
    this.defects = defects;
    this.task = new Task(plan.processor, plan.partition, plan.rank);
    const saved = checkpoint === null ? null : (decodeState(checkpoint.state) as Saved);
    if (saved !== null) {
      this.task.restore(saved.task);
      this.greatest = saved.greatest;
      this.last = saved.last;
    }
    this.inputs = plan.inputs.map((input, index) => {
      const { topic, partition } = input;
      const next = checkpoint?.consumed.find(
        (done) => done.topic === topic && done.partition === partition,
      )?.next;
      const accept = input.shared ? (event: AnyEvent) => this.owns(event) : null;
      return new InputLane(input, next ?? 0, saved?.reached[index] ?? [0, 0], accept);
    });
    this.openOutputs(saved);
  }

  private openOutputs(saved: Saved | null): void {
    const { processor, partition, partitions, number } = this.plan;
    const open = (topic: TopicName, index: number): OutputPartition => {
      const [next, timeUs] = saved?.outputs[`${topic}/${index}`] ?? [0, 0];
      return new OutputPartition(topic, index, next, timeUs);
    };
    for (const topic of outputsOf(processor)) {
      const count = partitionCount(topic, partitions);
      const all = Array.from({ length: count }, (_, index) =>
        processor.scope === "symbol" && index !== partition ? undefined : open(topic, index),
      );
      this.outputs.set(topic, all);
    }
    for (const topic of ["tape.admissions", "tape.dead-letters"] as const) {
      this.outputs.set(topic, [open(topic, number)]);
    }
  }

  private owns({ topic, value }: AnyEvent): boolean {
    return partitionOf(keyOf(topic, value), this.plan.tasks) === this.plan.partition;
  }

  /**
   * Takes what a partition of its inputs holds; `nowUs` is the owner's clock. What it has had
   * before is ignored; false if events before the batch are missing: read from `wanted` again.
   */
  receive(batch: RecordBatch, nowUs: number): boolean {
    const lane = this.inputs.find(
      ({ topic, partition }) => topic === batch.topic && partition === batch.partition,
    );
    return lane?.receive(batch, nowUs, this.defects.redeliveredTwice === true) ?? false;
  }

  /** When the next event may be admitted, by the owner's clock; Infinity while nothing is held. */
  get readyUs(): number {
    const lane = this.least();
    if (lane === null) return Number.POSITIVE_INFINITY;
    return this.inputs.every(({ head }) => head !== null) ? 0 : lane.headSeenUs + this.waitUs;
  }

  private least(): InputLane | null {
    let least: InputLane | null = null;
    for (const lane of this.inputs) {
      if (lane.key === null) continue;
      if (least === null || this.compare(lane.key, least.key as SortKey) < 0) least = lane;
    }
    return least;
  }

  private compare(a: SortKey, b: SortKey): number {
    if (this.defects.rankIgnored === true) return compareKeys({ ...a, rank: 0 }, { ...b, rank: 0 });
    return compareKeys(a, b);
  }

  /**
   * Processes the next event if its time has come; false if not. Throws PROCESSOR_FAILED where
   * the processor fails and its policy is stop: nothing of this transaction may then be committed.
   */
  admit(nowUs: number): boolean {
    if (this.readyUs > nowUs) return false;
    const lane = this.least() as InputLane;
    const event = lane.head as AnyEvent;
    const key = lane.key as SortKey;
    lane.take();
    this.admitted++;
    const late = this.greatest !== null && this.compare(key, this.greatest) < 0;
    if (!late) this.greatest = key;
    else if (this.defects.lateDropped === true) return true;
    else this.record(event);
    this.last = { topic: event.topic, partition: event.partition, offset: event.offset };
    this.task.process(event, this);
    return true;
  }

  private record(late: AnyEvent): void {
    const after = this.last as Position;
    this.outputs.get("tape.admissions")?.[0]?.write(late.timeUs, late.origin, late, 0, {
      task: this.plan.name,
      topic: late.topic,
      partition: late.partition,
      offset: late.offset,
      afterTopic: after.topic,
      afterPartition: after.partition,
      afterOffset: after.offset,
    });
  }

  write<T extends TopicName>(
    topic: T,
    timeUs: number,
    origin: number,
    cause: AnyEvent,
    ordinal: number,
    value: Facts[T],
  ): void {
    const outputs = this.outputs.get(topic) as readonly (OutputPartition<T> | undefined)[];
    const output = outputs[partitionOf(keyOf(topic, value), outputs.length)];
    if (output === undefined) throw foreignKey(this.plan, topic, keyOf(topic, value));
    output.write(timeUs, origin, cause, ordinal, value);
  }

  refuse(event: AnyEvent, failure: TapedeckError): void {
    const output = this.outputs.get("tape.dead-letters")?.[0];
    output?.write(event.timeUs, event.origin, event, 0, deadLetterOf(event, failure));
  }

  /**
   * What was done since the last transaction. Its bytes stay valid until the call after the next.
   * After a commit of it that did not succeed, this task must not be used again.
   */
  transaction(): Commit {
    this.admitted = 0;
    const produced: RecordBatch[] = [];
    const ends: Record<string, [number, number]> = {};
    for (const outputs of this.outputs.values()) {
      for (const output of outputs) {
        if (output === undefined) continue;
        const { topic, partition, nextOffset, lastTimeUs } = output;
        ends[`${topic}/${partition}`] = [nextOffset, lastTimeUs];
        const batch = output.take();
        if (batch !== null) produced.push(batch);
      }
    }
    const saved: Saved = {
      task: this.task.snapshot(),
      reached: this.inputs.map(({ reached }) => reached),
      greatest: this.greatest,
      last: this.last,
      outputs: ends,
    };
    const consumed = this.inputs.map(({ topic, partition, consumed: next }) => ({
      topic: topic as string,
      partition,
      next,
    }));
    const { name } = this.plan;
    const state = encodeState(saved);
    return { produced, checkpoints: [{ task: name, epoch: this.epoch, consumed, state }] };
  }
}

/** The snapshot of the task itself in a live checkpoint's state. */
export const taskSnapshotIn = (state: Uint8Array): TaskSnapshot =>
  (decodeState(state) as Saved).task;

const foreignKey = (plan: TaskPlan, topic: TopicName, key: string): TapedeckError =>
  new TapedeckError(
    "STREAMS_NOT_COPARTITIONED",
    `${plan.name} wrote ${topic} of ${key}, which belongs to another partition`,
    { processor: plan.processor.name, topic, key },
  );
