// How far a live flow has come, by the checkpoints of its groups: for whoever follows it step by step.
// Promises: every event before `untilUs` that lies before the sources' ends, or that follows from one
// that does, has been admitted by all its readers; so where each was let in is known, once `admissions`
// has been read. What comes later, however late, every task admits after those.
//
// Why: a lane's effective times never fall, so what a task has left unread of a lane is not before the
// time that it has reached there. A source event before the least of these times was therefore
// admitted by its readers, and what they wrote lies before the ends that they saved with it; the same
// then holds for that, and so on down the flow.

import { keyOf } from "./catalogue.ts";
import type { AnyEvent } from "./event.ts";
import type { InputPartition } from "./input-lane.ts";
import type { TaskPlan } from "./live-plan.ts";
import type { SavedTask } from "./live-task.ts";
import type { Checkpoint, EventLog } from "./log.ts";
import { partitionOf } from "./partition.ts";
import { everything, PartitionReader } from "./partition-reader.ts";
import { decodeState } from "./state.ts";
import type { GroupPlan } from "./task-groups.ts";

export interface Frontier {
  /** Effective time, exclusive; Infinity where everything was admitted that there is. */
  readonly untilUs: number;
  /** Of each partition of tape.admissions, how many records must be known. */
  readonly admissions: ReadonlyMap<number, number>;
  /** Ends of what the groups write, as they saved them, by "topic/partition". */
  readonly ends: ReadonlyMap<string, number>;
  /** Greatest effective time that any task has reached. */
  readonly newestUs: number;
}

type Saved = Readonly<Record<string, SavedTask>>;

interface Member {
  readonly task: TaskPlan;
  readonly saved: SavedTask | undefined;
  readonly bases: ReadonlyMap<string, number>;
}

export class LiveFrontier {
  private readonly plans: readonly GroupPlan[];
  private readonly sources: EventLog;
  private readonly scans = new Map<string, PartitionReader>();

  /** `plans`: all of the flow. `sources` holds its source topics. */
  constructor(plans: readonly GroupPlan[], sources: EventLog) {
    this.plans = plans;
    this.sources = sources;
  }

  /**
   * `checkpointOf`: what each group has committed last. `sourceEnd`: the ends of the sources'
   * partitions, looked up after the last of the checkpoints. Cost: decodes each group's state.
   */
  async look(
    checkpointOf: (group: string) => Checkpoint | null,
    sourceEnd: (topic: string, partition: number) => number,
  ): Promise<Frontier> {
    const members = this.plans.flatMap((plan) => membersOf(plan, checkpointOf(plan.name)));
    const written = new Map<string, number>();
    const admissions = new Map<number, number>();
    for (const { task, saved } of members) {
      for (const [place, [next]] of Object.entries(saved?.outputs ?? {})) written.set(place, next);
      admissions.set(task.number, written.get(`tape.admissions/${task.number}`) ?? 0);
    }
    let untilUs = Number.POSITIVE_INFINITY;
    let newestUs = 0;
    for (const { task, saved, bases } of members) {
      for (const input of task.inputs) {
        const place = `${input.topic}/${input.partition}`;
        const [ahead, reachedUs] = saved?.lanes[place] ?? [0, 0];
        const next = (bases.get(place) ?? 0) + ahead;
        newestUs = Math.max(newestUs, reachedUs);
        const { topic, partition, source } = input;
        const end = source ? sourceEnd(topic, partition) : (written.get(place) ?? 0);
        if (next >= end) continue;
        const unreadUs = input.shared
          ? await this.firstOwned(task, input, next, end, reachedUs)
          : reachedUs;
        untilUs = Math.min(untilUs, unreadUs);
      }
    }
    return { untilUs, admissions, ends: written, newestUs };
  }

  /**
   * Effective time of the first event from `next` on that is the task's own; Infinity if there is none.
   * A partition that also holds other tasks' symbols may end with many of those, which the task passes
   * over without saving so. Cost: each event is looked at once for each such task.
   */
  private async firstOwned(
    { name, partition, tasks }: TaskPlan,
    input: InputPartition,
    next: number,
    end: number,
    reachedUs: number,
  ): Promise<number> {
    const key = `${name} ${input.topic}/${input.partition}`;
    let scan = this.scans.get(key);
    if (scan === undefined) {
      const accept = ({ topic, value }: AnyEvent): boolean =>
        partitionOf(keyOf(topic, value), tasks) === partition;
      const range = { ...everything, fromOffset: next, toOffset: end, accept };
      scan = new PartitionReader(this.sources, input.topic, input.partition, 0, range, reachedUs);
      this.scans.set(key, scan);
    }
    scan.extend(end);
    for (await scan.load(); scan.head !== null && scan.head.offset < next; await scan.load()) {
      scan.advance();
    }
    return scan.head?.timeUs ?? Number.POSITIVE_INFINITY;
  }
}

function membersOf(plan: GroupPlan, checkpoint: Checkpoint | null): readonly Member[] {
  const states = checkpoint === null ? {} : (decodeState(checkpoint.state) as Saved);
  const bases = new Map(
    checkpoint?.consumed.map(({ topic, partition, next }) => [`${topic}/${partition}`, next]),
  );
  return plan.members.map((task) => ({ task, saved: states[task.processor.name], bases }));
}
