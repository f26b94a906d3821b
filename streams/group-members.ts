// A group's members as its last commit left them. Promises: state that was saved by other members, or that
// the log gives back in part, is refused.

import { TapedeckError } from "../schemas/errors.ts";
import type { Waits } from "./live-merge.ts";
import { LiveTask, type LiveTaskDefects, type LiveTaskStart, type SavedTask } from "./live-task.ts";
import type { Checkpoint, Consumed, OpenedTask } from "./log.ts";
import { decodeState } from "./state.ts";
import type { TaskSnapshot } from "./task.ts";
import type { GroupPlan } from "./task-groups.ts";

/** What a checkpoint's state holds: each member by its processor's name. */
export type SavedMembers = Readonly<Record<string, SavedTask>>;

/** Where the group is in a partition. Of those between members it is nowhere: places count from 0. */
export function baseIn(consumed: readonly Consumed[]): LiveTaskStart["baseOf"] {
  const bases = new Map(
    consumed.map(({ topic, partition, next }) => [`${topic}/${partition}`, next]),
  );
  return (place) => bases.get(place) ?? 0;
}

export function membersOf(
  plan: GroupPlan,
  { checkpoint, entries }: OpenedTask,
  waits: Waits,
  { room, awaits }: { readonly room: number; readonly awaits: string | null },
  defects: LiveTaskDefects,
): readonly LiveTask[] {
  const baseOf = baseIn(checkpoint?.consumed ?? []);
  const all = checkpoint === null ? {} : (decodeState(checkpoint.state) as SavedMembers);
  const names = plan.members.map(({ processor }) => processor.name);
  const known = Object.keys(all);
  if (checkpoint !== null && known.toSorted().join() !== names.toSorted().join()) {
    throw regrouped(plan.name, known, names);
  }
  return plan.members.map((member) => {
    const { name } = member.processor;
    const saved = all[name] ?? null;
    const how = { room, awaits: name === awaits };
    return new LiveTask(member, { saved, entries, baseOf }, waits, how, defects);
  });
}

const regrouped = (
  task: string,
  known: readonly string[],
  names: readonly string[],
): TapedeckError =>
  new TapedeckError(
    "STREAMS_GROUP_CHANGED",
    `${task} saved the state of ${known.join(", ")}; it now runs ${names.join(", ")}`,
    { task, saved: known.join(" "), now: names.join(" ") },
  );

/** Each member's state and time as a group's commits left them, by the member's task name. */
export function snapshotsIn(
  plan: GroupPlan,
  opened: OpenedTask,
): ReadonlyMap<string, TaskSnapshot> {
  const waits = { waitUs: 0, lagWaitUs: 0 };
  const members = membersOf(plan, opened, waits, { room: 1, awaits: null }, {});
  return new Map(members.map((member) => [member.plan.name, member.snapshot()]));
}

/**
 * Effective time before which a group has read everything that it will ever read there, by a checkpoint of
 * it and the ends of its inputs as they were before that checkpoint; Infinity where it has read all.
 * (What comes later than a task's wait can still be earlier: leave some time.)
 */
export function settledUs(
  plan: GroupPlan,
  checkpoint: Checkpoint | null,
  endOf: (topic: string, partition: number) => number,
): number {
  const all = checkpoint === null ? {} : (decodeState(checkpoint.state) as SavedMembers);
  const baseOf = baseIn(checkpoint?.consumed ?? []);
  const times = plan.members.map(({ processor, inputs }) => {
    const saved = all[processor.name];
    const done = inputs.every(({ topic, partition }) => {
      const place = `${topic}/${partition}`;
      const [ahead] = saved?.lanes[place] ?? [0];
      return baseOf(place) + ahead >= endOf(topic, partition);
    });
    return done ? Number.POSITIVE_INFINITY : (saved?.greatest?.timeUs ?? 0);
  });
  return Math.min(...times);
}
