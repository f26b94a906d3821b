// Holds what the simulated services wrote against the closed run of the same topology over the same
// source events. Promises: names the first record that differs, or the first rule that is broken.

import { Writer } from "../../schemas/avro.ts";
import { codecs, type TopicName } from "../../schemas/generated/facts.ts";
import type { LateAdmission } from "../../schemas/generated/tape.admissions.ts";
import { CLOSED_RUN, runClosed } from "../closed-run.ts";
import type { AnyEvent } from "../event.ts";
import { snapshotsIn } from "../group-members.ts";
import type { EventLog } from "../log.ts";
import { createMemoryLog } from "../memory-log.ts";
import { mergeTopics } from "../merge.ts";
import { decodeState, encodeState } from "../state.ts";
import type { TaskSnapshot } from "../task.ts";
import type { GroupPlan } from "../task-groups.ts";
import type { Scenario } from "./scenario.ts";
import type { World } from "./world.ts";
import { firstDifference, readWritten, type WrittenPartition } from "./written.ts";

export interface Judgement {
  readonly events: number;
  readonly fault: string | null;
}

export async function judge(
  world: World,
  scenario: Scenario,
  plans: readonly GroupPlan[],
): Promise<Judgement> {
  const { log, anomalies } = world;
  const written = await readWritten(log);
  let events = 0;
  for (const partition of written.values()) events += partition.events.length;
  const admissions = admissionsIn(written);
  const fault =
    anomalies.find(written) ??
    (await compare(world, scenario, plans, written, admissions)) ??
    scenario.findFault(await eventsByTopic(log, scenario));
  return { events, fault };
}

const admissionsIn = (written: ReadonlyMap<string, WrittenPartition>): readonly LateAdmission[] =>
  [...written.values()]
    .filter(({ topic }) => topic === "tape.admissions")
    .flatMap(({ events }) => events.map(({ value }) => value as LateAdmission));

async function compare(
  world: World,
  { topology, partitions }: Scenario,
  plans: readonly GroupPlan[],
  written: ReadonlyMap<string, WrittenPartition>,
  admissions: readonly LateAdmission[],
): Promise<string | null> {
  const target = createMemoryLog();
  await runClosed({ topology, partitions, sourceOf: () => world.log, target, admissions });
  const oracle = await readWritten(target);
  for (const [name, own] of written) {
    const other = oracle.get(name);
    if (other === undefined || own.topic === "tape.dead-letters") continue;
    const difference = firstDifference(own, other);
    if (difference !== null) return `differs: ${difference}`;
  }
  return deadLettersDiffer(written, oracle) ?? (await statesDiffer(world, plans, target));
}

/** A closed run has one writer of dead letters, services have many: place and time differ. */
function deadLettersDiffer(
  live: ReadonlyMap<string, WrittenPartition>,
  oracle: ReadonlyMap<string, WrittenPartition>,
): string | null {
  const [own, other] = [live, oracle].map((written) =>
    [...written.values()].flatMap(({ topic, events }) =>
      topic === "tape.dead-letters" ? events.map(valueBytes) : [],
    ),
  ) as [string[], string[]];
  own.sort();
  other.sort();
  const at = own.findIndex((letter, index) => letter !== other[index]);
  if (at < 0 && own.length === other.length) return null;
  return `dead letters differ: ${own.length}, the oracle ${other.length}`;
}

function valueBytes({ topic, value }: AnyEvent): string {
  const writer = new Writer(256);
  (codecs[topic].encode as (to: Writer, value: unknown) => void)(writer, value);
  return writer.bytes.subarray(0, writer.pos).join();
}

async function statesDiffer(
  world: World,
  plans: readonly GroupPlan[],
  target: EventLog,
): Promise<string | null> {
  const { checkpoint } = await target.openTask(CLOSED_RUN);
  const { tasks } = decodeState(checkpoint?.state ?? encodeState({ tasks: {} })) as {
    readonly tasks: Readonly<Record<string, TaskSnapshot>>;
  };
  for (const plan of plans) {
    const opened = await world.log.openTask(plan.name);
    if (opened.checkpoint === null) continue;
    // As a restart would find them: put together from the entries of all commits.
    for (const [name, live] of snapshotsIn(plan, opened)) {
      const [own, other] = [encodeState(live), encodeState(tasks[name] as TaskSnapshot)];
      if (own.join() !== other.join()) return `the final state of ${name} differs`;
    }
  }
  return null;
}

async function eventsByTopic(
  log: EventLog,
  { topology }: Scenario,
): Promise<ReadonlyMap<TopicName, readonly AnyEvent[]>> {
  const events = new Map<TopicName, AnyEvent[]>(topology.topics.map((topic) => [topic, []]));
  for await (const chunk of mergeTopics(log, topology.topics)) {
    for (const event of chunk) events.get(event.topic)?.push(event);
  }
  return events;
}
