// A task outside a closed run, as a state machine without a clock or a socket: one processor, with its
// inputs merged (live-merge.ts). Promises: events are admitted in the one order as far as it can be seen;
// what comes too late is admitted and recorded, so that a replay as it was repeats it; a task made from what was saved goes on as if it
// had never stopped. It is a member of a GroupTask (group-task.ts), alone or with others.
//
// tape.admissions and tape.dead-letters have a partition for each task, its `number` (live-plan.ts),
// so that they too have one writer a partition.

import { TapedeckError } from "../schemas/errors.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import { keyOf } from "./catalogue.ts";
import { deadLetterOf, writableLetter } from "./dead-letter.ts";
import { type AnyEvent, type Position, type SortKey, traced } from "./event.ts";
import { InputLane } from "./input-lane.ts";
import { KeyedState } from "./keyed-state.ts";
import { LiveMerge, type Waits } from "./live-merge.ts";
import type { TaskPlan } from "./live-plan.ts";
import type { Consumed, EntryChange, RecordBatch } from "./log.ts";
import type { OutputPartition } from "./output.ts";
import { partitionOf } from "./partition.ts";
import { type Sink, Task, type TaskSnapshot, type TopicSink } from "./task.ts";
import { type OutputEnds, TaskOutputs } from "./task-outputs.ts";

/** Bugs to plant, for the simulator to prove that it finds them; services pass none. */
export interface LiveTaskDefects {
  readonly redeliveredTwice?: boolean;
  readonly rankIgnored?: boolean;
  readonly lateDropped?: boolean;
  readonly handedTwice?: boolean;
}

/** What is saved of a task at each commit, beside its processor's state. Plain data. */
export interface SavedTask {
  readonly streamTimeUs: number;
  readonly written: number;
  /** Of each input, by "topic/partition": offsets consumed beyond its base, time and origin reached. */
  readonly lanes: Readonly<
    Record<string, readonly [ahead: number, timeUs: number, origin: number]>
  >;
  /** Greatest sort key admitted. */
  readonly greatest: SortKey | null;
  /** The event admitted last. */
  readonly last: Position | null;
  readonly outputs: OutputEnds;
  /** Of its state: entries of Maps. */
  readonly entries: number;
}

/** What a task is made from. */
export interface LiveTaskStart {
  /** Null: it was never saved. */
  readonly saved: SavedTask | null;
  readonly entries: ReadonlyMap<string, Uint8Array>;
  /** Where the group is in a partition, by "topic/partition". */
  readonly baseOf: (place: string) => number;
}

export class LiveTask implements Sink {
  readonly plan: TaskPlan;
  readonly merge: LiveMerge;
  private readonly defects: LiveTaskDefects;
  private readonly task: Task;
  private readonly keyed: KeyedState;
  private readonly outputs: TaskOutputs;
  /** Lanes of this group that read what it writes: by topic, then by partition. */
  private readonly readers = new Map<TopicName, InputLane[][]>();
  private last: Position | null;
  /** Whether its owner prepares each event for it. */
  private readonly awaits: boolean;
  private prepared: AnyEvent | null = null;
  /** What is to be prepared before anything more is taken; null: nothing. */
  awaited: AnyEvent | null = null;
  /** When the event at hand was received. */
  private seenUs = 0;

  /** `room`: records in a lane at which it is full. `awaits`: each event is `awaited` before it is processed. */
  constructor(
    plan: TaskPlan,
    start: LiveTaskStart,
    waits: Waits,
    { room, awaits }: { readonly room: number; readonly awaits: boolean },
    defects: LiveTaskDefects = {},
  ) {
    const { saved, baseOf, entries } = start;
    this.plan = plan;
    this.awaits = awaits;
    this.defects = defects;
    this.task = new Task(plan.processor, plan.partition, plan.rank);
    this.keyed = new KeyedState(plan.processor.name);
    if (saved !== null) this.restore(saved, entries);
    this.track();
    this.last = saved?.last ?? null;
    const lanes = plan.inputs.map((input) => {
      const { topic, partition } = input;
      const place = `${topic}/${partition}`;
      const [ahead, ...reached] = saved?.lanes[place] ?? [0, 0, 0];
      const accept = input.shared ? (event: AnyEvent) => this.owns(event) : null;
      return new InputLane(input, baseOf(place) + ahead, reached, accept);
    });
    const ignored = defects.rankIgnored === true;
    this.merge = new LiveMerge(lanes, saved?.greatest ?? null, waits, room, ignored);
    this.outputs = new TaskOutputs(plan, saved?.outputs ?? {});
  }

  private restore(saved: SavedTask, entries: LiveTaskStart["entries"]): void {
    const { streamTimeUs, written } = saved;
    const restored = this.keyed.restore(entries);
    if (restored === null || this.keyed.size !== saved.entries) {
      throw incomplete(this.plan.name, restored === null ? null : this.keyed.size, saved.entries);
    }
    this.task.restore({ state: restored.state, streamTimeUs, written });
  }

  private track(): void {
    const snapshot = this.task.snapshot();
    const state = this.keyed.track(snapshot.state);
    if (state !== snapshot.state) this.task.restore({ ...snapshot, state });
  }

  private owns({ topic, value }: AnyEvent): boolean {
    return partitionOf(keyOf(topic, value), this.plan.tasks) === this.plan.partition;
  }

  /** From now on what this task writes to a partition is handed to `reader`; see LiveMerge.feed. */
  feed(reader: LiveTask, topic: TopicName, partition: number, latencyUs: number, stops: boolean) {
    const lane = this.merge.feed(reader.merge, topic, partition, latencyUs, stops);
    const lanes = this.readers.get(topic) ?? [];
    this.readers.set(topic, lanes);
    lanes[partition] = [...(lanes[partition] ?? []), lane];
  }

  receive(lane: InputLane, batch: RecordBatch, nowUs: number): boolean {
    return lane.receive(batch, nowUs, this.defects.redeliveredTwice === true);
  }

  /** Offset that its next event gets. */
  nextOffset(topic: TopicName, partition: number): number {
    return this.outputs.nextOffset(topic, partition);
  }

  /** Where each partition that it writes ends, by what it has written. */
  get written(): readonly Consumed[] {
    return this.outputs.ends;
  }

  /**
   * Processes the next event if its time has come; false if not. Throws PROCESSOR_FAILED where
   * the processor fails and its policy is stop: nothing of this transaction may then be committed.
   */
  admit(nowUs: number): boolean {
    if (this.awaits && this.mustWait(nowUs)) return false;
    const taken = this.merge.take(nowUs);
    if (taken === null) return false;
    const { event, seenUs, late } = taken;
    if (late && this.defects.lateDropped === true) return true;
    if (late) this.record(event);
    this.seenUs = seenUs;
    this.last = { topic: event.topic, partition: event.partition, offset: event.offset };
    this.task.process(event, this);
    return true;
  }

  private mustWait(nowUs: number): boolean {
    if (this.awaited !== null) return true;
    const next = this.merge.next(nowUs);
    if (next === null || next === this.prepared) return next === null;
    this.awaited = next;
    this.merge.held = true;
    return true;
  }

  /** What was awaited is there. */
  goOn(): void {
    this.prepared = this.awaited;
    this.awaited = null;
    this.merge.held = false;
  }

  private record(late: AnyEvent): void {
    const after = this.last as Position;
    const admission = {
      task: this.plan.name,
      topic: late.topic,
      partition: late.partition,
      offset: late.offset,
      afterTopic: after.topic,
      afterPartition: after.partition,
      afterOffset: after.offset,
    };
    const output = this.outputs.ofRuntime("tape.admissions");
    output.write(late.timeUs, late.origin, late, 0, admission, late.trace);
  }

  topic<T extends TopicName>(topic: T): TopicSink<T> {
    const write: TopicSink<T>["write"] = (timeUs, origin, cause, ordinal, value) => {
      const key = keyOf(topic, value);
      const output = this.outputs.of(topic, key);
      const offset = output.write(timeUs, origin, cause, ordinal, value, cause.trace, key);
      const lanes = this.readers.get(topic)?.[output.partition];
      if (lanes === undefined) return;
      const event = handedOver(output, offset, origin, cause, ordinal, value);
      // What it led to was received with it: so the whole group waits for one event once.
      for (const lane of lanes) lane.hand(event, this.seenUs);
      if (this.defects.handedTwice === true) lanes[0]?.hand(event, this.seenUs);
    };
    return { write };
  }

  refuse(event: AnyEvent, failure: TapedeckError): void {
    const output = this.outputs.ofRuntime("tape.dead-letters");
    const letter = deadLetterOf(event, failure);
    output.write(event.timeUs, event.origin, event, 0, letter, event.trace);
  }

  /** Records a message that is no event: it has no place in the one order. */
  putAside(letter: Facts["tape.dead-letters"], timeUs: number): void {
    const output = this.outputs.ofRuntime("tape.dead-letters");
    output.write(timeUs, 0, null, 0, writableLetter(letter));
  }

  /** Entries of its keyed state. */
  get entries(): number {
    return this.keyed.size;
  }

  /** Adds what was done since the last call, and gives what else is to be saved. */
  save(
    produced: RecordBatch[],
    changes: EntryChange[],
    baseOf: LiveTaskStart["baseOf"],
  ): SavedTask {
    this.track();
    const { state, streamTimeUs, written } = this.task.snapshot();
    this.keyed.takeChanges(state, changes);
    const lanes: Record<string, readonly [number, number, number]> = {};
    for (const { topic, partition, consumed, reached } of this.merge.lanes) {
      const place = `${topic}/${partition}`;
      lanes[place] = [consumed - baseOf(place), ...reached];
    }
    const outputs = this.outputs.take(produced);
    const { last } = this;
    const { greatest } = this.merge;
    return { streamTimeUs, written, lanes, greatest, last, outputs, entries: this.keyed.size };
  }

  /** The processor's state and time as they are now. */
  snapshot(): TaskSnapshot {
    return this.task.snapshot();
  }
}

const incomplete = (task: string, found: number | null, saved: number): TapedeckError =>
  new TapedeckError(
    "STREAMS_STATE_INCOMPLETE",
    `the log gave ${task} ${found ?? "none"} of the ${saved} entries of its state`,
    { task, found, saved },
  );

/** The event as a reader of the log would find it. */
const handedOver = <T extends TopicName>(
  { topic, partition, lastTimeUs }: OutputPartition<T>,
  offset: number,
  origin: number,
  cause: AnyEvent,
  ordinal: number,
  value: Facts[T],
): AnyEvent => {
  const { topic: causeTopic, partition: causePartition, offset: causeOffset, trace } = cause;
  const event = {
    topic,
    partition,
    offset,
    timeUs: lastTimeUs,
    origin,
    cause: { topic: causeTopic, partition: causePartition, offset: causeOffset },
    ordinal,
    value,
  } as unknown as AnyEvent;
  return trace === undefined ? event : traced(event, trace);
};
