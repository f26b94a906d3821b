// The tasks of one group as one: what a member writes is handed to the members that read it at once, and
// one commit carries what all of them did. Promises: each member decides, admits and records as it
// would alone; offsets, outputs, admissions and state leave in one commit, and a group made from
// that commit goes on as if it had never stopped.
//
// Its owner: openTask(plan.name) (which fences every earlier owner), make a GroupTask of what that gave,
// receive what is `missing`, then receive, admit, commit what `transaction` gives, over and over. A commit
// that failed, or whose outcome is not known, ends this GroupTask: open the task again and make a new one.
// STREAMS_FENCED says that another owner has done so: stop.
//
// Memory: an input that is `full` wants no more until its readers have taken some; a member whose reader is
// full admits nothing until then. Nothing stops for ever: what is full is waited for a bounded time.

import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import type { AnyEvent } from "./event.ts";
import { GroupInput, least } from "./group-input.ts";
import { baseIn, membersOf } from "./group-members.ts";
import type { InputLane } from "./input-lane.ts";
import type { Waits } from "./live-merge.ts";
import type { LiveTask, LiveTaskDefects, SavedTask } from "./live-task.ts";
import type { Commit, Consumed, EntryChange, OpenedTask, RecordBatch } from "./log.ts";
import { encodeState } from "./state.ts";
import type { GroupPlan } from "./task-groups.ts";

export interface GroupOptions extends Waits {
  /** Records received and not yet taken at which an input is full. */
  readonly laneRecords?: number;
  /**
   * Processor that what it decides takes long for: each of its events is `awaited` until the owner says `goOn`, while
   * the other members go on. What reads its answers waits for them `answerWaitUs`.
   */
  readonly awaits?: string;
}

export interface GroupDefects extends LiveTaskDefects {
  readonly internalLost?: boolean;
}

/** Records of one partition that its readers still need, and that only the log has. */
export interface MissingRange {
  readonly topic: TopicName;
  readonly partition: number;
  readonly from: number;
  /** First offset that is not needed. */
  readonly to: number;
}

const LANE_RECORDS = 16_384;

interface Lane {
  readonly member: LiveTask;
  readonly lane: InputLane;
}

/** A partition between members, while its readers have not got what was written before. */
interface Refill {
  readonly topic: TopicName;
  readonly partition: number;
  readonly lanes: readonly InputLane[];
  readonly to: number;
}

export class GroupTask {
  readonly plan: GroupPlan;
  readonly inputs: readonly GroupInput[];
  /** Events admitted since the last transaction. */
  admitted = 0;
  private readonly epoch: number;
  private readonly members: readonly LiveTask[];
  private readonly lanes = new Map<string, readonly Lane[]>();
  private refills: readonly Refill[];

  constructor(
    plan: GroupPlan,
    opened: OpenedTask,
    options: GroupOptions,
    defects: GroupDefects = {},
  ) {
    const room = options.laneRecords ?? LANE_RECORDS;
    this.plan = plan;
    this.epoch = opened.epoch;
    this.members = membersOf(
      plan,
      opened,
      options,
      { room, awaits: options.awaits ?? null },
      defects,
    );
    this.inputs = plan.external.map((external) => {
      const lanes = this.connect(external.topic, external.partition, external.readers);
      return new GroupInput(external, lanes, room);
    });
    this.refills = plan.internal.map(({ topic, partition, writer, readers, latencyUs }) => {
      const from = this.members[writer] as LiveTask;
      const lanes = this.connect(topic, partition, readers);
      const to = from.nextOffset(topic, partition);
      for (const reader of readers) {
        from.feed(this.members[reader] as LiveTask, topic, partition, latencyUs, reader > writer);
      }
      if (defects.internalLost === true) for (const lane of lanes) lane.wanted = to;
      return { topic, partition, lanes, to };
    });
  }

  private connect(
    topic: TopicName,
    partition: number,
    readers: readonly number[],
  ): readonly InputLane[] {
    const lanes = readers.map((reader): Lane => {
      const member = this.members[reader] as LiveTask;
      return { member, lane: member.merge.lane(topic, partition) as InputLane };
    });
    this.lanes.set(`${topic}/${partition}`, lanes);
    return lanes.map(({ lane }) => lane);
  }

  /**
   * What members wrote before a restart and others had not read: to be read from the log and received
   * before anything is admitted.
   */
  get missing(): readonly MissingRange[] {
    if (this.refills.length === 0) return [];
    const missing = this.refills.flatMap(({ topic, partition, lanes, to }) => {
      const from = least(lanes, ({ wanted }) => wanted);
      return from < to ? [{ topic, partition, from, to }] : [];
    });
    if (missing.length === 0) this.refills = [];
    return missing;
  }

  /**
   * Takes what a partition holds; `nowUs` is the owner's clock. What its readers have had before is
   * ignored; false if events before the batch are missing: read from `wanted` again.
   */
  receive(batch: RecordBatch, nowUs: number): boolean {
    const lanes = this.lanes.get(`${batch.topic}/${batch.partition}`);
    if (lanes === undefined) return false;
    let whole = true;
    for (const { member, lane } of lanes) whole = member.receive(lane, batch, nowUs) && whole;
    return whole;
  }

  /** Records a message of an input that is no event, by one member; whoever is first to read it. */
  putAside(letter: Facts["tape.dead-letters"], timeUs: number): void {
    const reader = this.lanes.get(`${letter.origin}/${letter.partition}`)?.[0]?.member;
    (reader ?? (this.members[0] as LiveTask)).putAside(letter, timeUs);
  }

  /**
   * How many records from `wanted` on the broker says that a partition holds; null: nobody knows. It
   * holds until it is said anew, so say it after each answer of the broker.
   */
  setLag(topic: string, partition: number, records: number | null): void {
    for (const { lane } of this.lanes.get(`${topic}/${partition}`) ?? []) lane.lag = records;
  }

  /** Entries of its members' keyed states. */
  get entries(): number {
    return this.members.reduce((sum, { entries }) => sum + entries, 0);
  }

  /** Where each partition that its members write ends, by what they have written: nobody else writes them. */
  get written(): readonly Consumed[] {
    return this.members.flatMap(({ written }) => written);
  }

  /** When the next event may be admitted, by the owner's clock; Infinity while nothing is held. */
  get readyUs(): number {
    if (this.missing.length > 0) return Number.POSITIVE_INFINITY;
    let readyUs = Number.POSITIVE_INFINITY;
    for (const { merge } of this.members) readyUs = Math.min(readyUs, merge.readyUs);
    return readyUs;
  }

  /**
   * Processes events whose time has come, `most` of them at most; how many it did. Members go first
   * that others read. Throws PROCESSOR_FAILED where a processor fails and its policy is stop: nothing
   * of this transaction may then be committed.
   */
  admit(nowUs: number, most = 1): number {
    if (this.missing.length > 0) return 0;
    let done = 0;
    for (let before = -1; before < done && done < most; ) {
      before = done;
      for (const member of this.members) while (done < most && member.admit(nowUs)) done++;
    }
    this.admitted += done;
    return done;
  }

  /** What the owner is to prepare, before a call of `goOn`; null: nothing. */
  get awaited(): AnyEvent | null {
    return this.waiting?.awaited ?? null;
  }

  /** What was awaited is there. */
  goOn(): void {
    this.waiting?.goOn();
  }

  private get waiting(): LiveTask | undefined {
    return this.members.find(({ awaited }) => awaited !== null);
  }

  /**
   * What was done since the last transaction. Its bytes stay valid until the call after the next.
   * After a commit of it that did not succeed, this task must not be used again.
   */
  transaction(): Commit {
    this.admitted = 0;
    const produced: RecordBatch[] = [];
    const changes: EntryChange[] = [];
    const consumed = this.inputs.map(({ topic, partition, consumed: next }) => ({
      topic: topic as string,
      partition,
      next,
    }));
    const baseOf = baseIn(consumed);
    const saved: Record<string, SavedTask> = {};
    for (const member of this.members) {
      saved[member.plan.processor.name] = member.save(produced, changes, baseOf);
    }
    const state = encodeState(saved);
    const checkpoint = { task: this.plan.name, epoch: this.epoch, consumed, state, changes };
    return { produced, checkpoints: [checkpoint] };
  }
}
