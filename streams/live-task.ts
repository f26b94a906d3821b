// A task outside a closed run, as a state machine without a clock or a socket: one processor, with its
// inputs merged. Promises: events are admitted in the one order; where an input has nothing to offer,
// the next event waits for it a bounded time and no longer; what then comes too late is admitted and
// recorded, so that a replay as it was repeats it; a task made from what was saved goes on as if it
// had never stopped. It is a member of a GroupTask (group-task.ts), alone or with others.
//
// What an event waits for, where an input has no head:
// - an input that is known to hold unread records, up to `lagWaitUs`; so also one that is written in
//   this group, while its writer holds something that could lead to an earlier event;
// - a source that is known to hold none, not at all: what it may get is not on its way yet;
// - any other, up to `waitUs`.
//
// tape.admissions and tape.dead-letters have a partition for each task, its `number` (live-plan.ts),
// so that they too have one writer a partition.

import { TapedeckError } from "../schemas/errors.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import { keyOf } from "./catalogue.ts";
import { deadLetterOf } from "./dead-letter.ts";
import { type AnyEvent, compareKeys, type Position, type SortKey } from "./event.ts";
import { InputLane } from "./input-lane.ts";
import { KeyedState } from "./keyed-state.ts";
import type { TaskPlan } from "./live-plan.ts";
import type { EntryChange, RecordBatch } from "./log.ts";
import type { OutputPartition } from "./output.ts";
import { partitionOf } from "./partition.ts";
import { type Sink, Task, type TaskSnapshot } from "./task.ts";
import { type OutputEnds, TaskOutputs } from "./task-outputs.ts";

/** Bugs to plant, for the simulator to prove that it finds them; services pass none. */
export interface LiveTaskDefects {
  readonly redeliveredTwice?: boolean;
  readonly rankIgnored?: boolean;
  readonly lateDropped?: boolean;
  readonly handedTwice?: boolean;
}

/** How long an event waits for an input without a head, in microseconds of the owner's clock. */
export interface Waits {
  readonly waitUs: number;
  /** For an input that is known to hold unread records. */
  readonly lagWaitUs: number;
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

interface Upstream {
  readonly writer: LiveTask;
  readonly latencyUs: number;
}

export class LiveTask implements Sink {
  readonly plan: TaskPlan;
  readonly inputs: readonly InputLane[];
  /** While one of these lanes is full this task admits nothing. */
  readonly fills: InputLane[] = [];
  private readonly waits: Waits;
  private readonly room: number;
  private readonly defects: LiveTaskDefects;
  private readonly task: Task;
  private readonly keyed: KeyedState;
  private readonly outputs: TaskOutputs;
  /** Of each input that is written in this group. */
  private readonly upstream: (Upstream | undefined)[];
  /** Lanes of this group that read what it writes: by topic, then by partition. */
  private readonly readers = new Map<TopicName, InputLane[][]>();
  private greatest: SortKey | null;
  private last: Position | null;
  /** When the event at hand was received. */
  private seenUs = 0;

  /** `room`: records in a lane at which it is full. */
  constructor(
    plan: TaskPlan,
    start: LiveTaskStart,
    waits: Waits,
    room: number,
    defects: LiveTaskDefects = {},
  ) {
    const { saved, baseOf, entries } = start;
    this.plan = plan;
    this.waits = waits;
    this.room = room;
    this.defects = defects;
    this.task = new Task(plan.processor, plan.partition, plan.rank);
    this.keyed = new KeyedState(plan.processor.name);
    if (saved !== null) this.restore(saved, entries);
    this.track();
    this.greatest = saved?.greatest ?? null;
    this.last = saved?.last ?? null;
    this.inputs = plan.inputs.map((input) => {
      const { topic, partition } = input;
      const place = `${topic}/${partition}`;
      const [ahead, ...reached] = saved?.lanes[place] ?? [0, 0, 0];
      const accept = input.shared ? (event: AnyEvent) => this.owns(event) : null;
      return new InputLane(input, baseOf(place) + ahead, reached, accept);
    });
    this.upstream = plan.inputs.map(() => undefined);
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

  /** Its lane of a partition; undefined if it does not read it. */
  lane(topic: string, partition: number): InputLane | undefined {
    return this.inputs.find((lane) => lane.topic === topic && lane.partition === partition);
  }

  /**
   * From now on what this task writes to a partition is handed to `reader` at once. `fills`: a full
   * lane stops this task; not for a cycle's way back, or all of the cycle could stop.
   */
  feed(reader: LiveTask, topic: TopicName, partition: number, latencyUs: number, fills: boolean) {
    const lane = reader.lane(topic, partition) as InputLane;
    const lanes = this.readers.get(topic) ?? [];
    this.readers.set(topic, lanes);
    lanes[partition] = [...(lanes[partition] ?? []), lane];
    if (fills) this.fills.push(lane);
    reader.upstream[reader.inputs.indexOf(lane)] = { writer: this, latencyUs };
  }

  receive(lane: InputLane, batch: RecordBatch, nowUs: number): boolean {
    return lane.receive(batch, nowUs, this.defects.redeliveredTwice === true);
  }

  /** Offset that its next event gets. */
  nextOffset(topic: TopicName, partition: number): number {
    return this.outputs.nextOffset(topic, partition);
  }

  /** A reader in this group has as much to read as it may hold. */
  get blocked(): boolean {
    for (const lane of this.fills) if (lane.held >= this.room) return true;
    return false;
  }

  /** When the next event may be admitted, by the owner's clock; Infinity while nothing is held. */
  get readyUs(): number {
    const first = this.least();
    return first === null ? Number.POSITIVE_INFINITY : this.readyToTake(first);
  }

  private readyToTake(first: InputLane): number {
    const { inputs } = this;
    let readyUs = 0;
    for (let i = 0; i < inputs.length; i++) {
      const lane = inputs[i] as InputLane;
      if (lane.head === null) readyUs = Math.max(readyUs, this.waitUntil(lane, i, first));
    }
    return readyUs;
  }

  /** Until when the head of `first` waits for a lane without one. */
  private waitUntil(empty: InputLane, index: number, first: InputLane): number {
    const { waitUs, lagWaitUs } = this.waits;
    const { lag, source } = empty;
    const upstream = this.upstream[index];
    if ((lag !== null && lag > 0) || (upstream !== undefined && mayPrecede(upstream, empty, first)))
      return first.headSeenUs + lagWaitUs;
    return lag === 0 && source ? 0 : first.headSeenUs + waitUs;
  }

  /** Whether it holds, or is about to be handed, what could lead to an event at or before `untilUs`. */
  leadsTo(untilUs: number, asked: Set<LiveTask>): boolean {
    // What it admits late is timed by what it has admitted.
    if (asked.has(this) || this.blocked || (this.greatest?.timeUs ?? 0) > untilUs) return false;
    asked.add(this);
    return this.inputs.some(({ head }, index) => {
      if (head !== null) return head.timeUs <= untilUs;
      const upstream = this.upstream[index];
      return upstream?.writer.leadsTo(untilUs - upstream.latencyUs, asked) ?? false;
    });
  }

  private least(): InputLane | null {
    const { inputs } = this;
    let least: InputLane | null = null;
    for (let i = 0; i < inputs.length; i++) {
      const lane = inputs[i] as InputLane;
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
    const lane = this.least();
    if (lane === null || this.readyToTake(lane) > nowUs || this.blocked) return false;
    const event = lane.head as AnyEvent;
    const key = lane.key as SortKey;
    this.seenUs = lane.headSeenUs;
    lane.take();
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

  write<T extends TopicName>(
    topic: T,
    timeUs: number,
    origin: number,
    cause: AnyEvent,
    ordinal: number,
    value: Facts[T],
  ): void {
    const output = this.outputs.of(topic, keyOf(topic, value));
    const offset = output.write(timeUs, origin, cause, ordinal, value, cause.trace);
    const lanes = this.readers.get(topic)?.[output.partition];
    if (lanes !== undefined) {
      const event = handedOver(output, offset, origin, cause, ordinal, value);
      // What it led to was received with it: so the whole group waits for one event once.
      for (const lane of lanes) lane.hand(event, this.seenUs);
      if (this.defects.handedTwice === true) lanes[0]?.hand(event, this.seenUs);
    }
  }

  refuse(event: AnyEvent, failure: TapedeckError): void {
    const output = this.outputs.ofRuntime("tape.dead-letters");
    const letter = deadLetterOf(event, failure);
    output.write(event.timeUs, event.origin, event, 0, letter, event.trace);
  }

  /** Records a message that is no event: it has no place in the one order. */
  putAside(letter: Facts["tape.dead-letters"], timeUs: number): void {
    this.outputs.ofRuntime("tape.dead-letters").write(timeUs, 0, null, 0, letter);
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
    for (const { topic, partition, consumed, reached } of this.inputs) {
      const place = `${topic}/${partition}`;
      lanes[place] = [consumed - baseOf(place), ...reached];
    }
    const outputs = this.outputs.take(produced);
    const { greatest, last } = this;
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

/** Whether a lane without a head may yet get an event that comes before the head of `first`. */
function mayPrecede({ writer, latencyUs }: Upstream, empty: InputLane, first: InputLane): boolean {
  const { timeUs, rank } = first.key as SortKey;
  const lastUs = empty.rank <= rank ? timeUs : timeUs - 1;
  return writer.leadsTo(lastUs - latencyUs, new Set());
}

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
  return trace === undefined ? event : { ...event, trace };
};
