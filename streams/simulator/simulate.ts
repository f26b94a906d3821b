// The whole graph on many partitions, on a virtual clock, among seeded faults. Promises: the same
// seed and scenario give the same history, step for step; what comes back names everything that was
// wrong: first safety while anything may fail, then, with the faults gone, that all gets done.
// Modelled on TigerBeetle's VOPR and FoundationDB's simulation.

import { Random } from "../../quant/random.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { createOutputs } from "../live-plan.ts";
import type { Checkpoint, EventLog } from "../log.ts";
import { createMemoryLog } from "../memory-log.ts";
import { type ExternalPartition, type GroupPlan, planGroups } from "../task-groups.ts";
import type { Topology } from "../topology.ts";
import type { Defect } from "./defects.ts";
import { calm, drawFaults } from "./faults.ts";
import type { Happening } from "./history.ts";
import { Instance, Seat } from "./instance.ts";
import { drawDelay, Link } from "./network.ts";
import { judge } from "./oracle.ts";
import { createSources, Publisher } from "./published.ts";
import type { Scenario, SourceFact } from "./scenario.ts";
import { World } from "./world.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly scenario: Scenario;
  /** A bug to plant. */
  readonly defect?: Defect;
  /** Gets a line for each step. */
  readonly trace?: (line: string) => void;
  /** Looks on after each step; must change nothing. */
  readonly beside?: (live: LiveView) => Promise<void>;
}

/** What one who follows a live flow can know of it. */
export interface LiveView {
  readonly log: EventLog;
  readonly plans: readonly GroupPlan[];
  /** What a task committed last. */
  checkpointOf(task: string): Checkpoint | null;
}

export interface SimulationResult {
  readonly seed: number;
  /** Of everything that happened. */
  readonly hash: string;
  /** What was wrong, the first finding; null if nothing. */
  readonly finding: string | null;
  readonly counts: ReadonlyMap<Happening, number>;
  /** Events of every topic in the end. */
  readonly events: number;
}

/** More than any seed needs: beyond it something goes round in circles. */
const MOST_STEPS = 400_000;

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, scenario, defect = null, trace = null, beside } = options;
  const random = new Random(seed);
  const log = createMemoryLog();
  const startUs = (scenario.facts[0]?.arrivalUs ?? 0) - 1_000_000;
  const world = new World(log, random, drawFaults(random), startUs, defect, trace);
  const seats = await arrange(world, scenario);
  publish(world, scenario);
  const plans = seats.map(({ plan }) => plan);
  const checkpointOf = (task: string) => world.committed.get(task)?.[1] ?? null;
  const view: LiveView = { log, plans, checkpointOf };
  let finding: string | null = null;
  let events = 0;
  try {
    finding = await play(world, seats, scenario, async () => beside?.(view));
    const judged = await judge(world, scenario, plans);
    events = judged.events;
    finding ??= judged.fault;
  } catch (error) {
    finding ??= thrown(error);
  }
  return { seed, hash: world.history.hash, finding, counts: world.history.counts, events };
}

const thrown = (error: unknown): string => {
  if (error instanceof TapedeckError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};

/** Makes the topics, the tasks' seats, and the links from each partition to each task. */
async function arrange(world: World, scenario: Scenario): Promise<readonly Seat[]> {
  const { log, random, faults, agenda } = world;
  const { topology, partitions, sourcePartitions, prompt } = scenario;
  await createSources(log, scenario);
  const plans = planGroups(topology, partitions, sourcePartitions, drawIsolated(world, topology));
  await createOutputs(
    log,
    topology,
    plans.flatMap(({ members }) => members),
  );
  // Generous waits make late events rare, tight ones common: both must come out right.
  const waitUs = 4_000 * 2 ** random.integer(12);
  const lagWaitUs = waitUs * (1 + random.integer(64));
  const hearsLag = random.integer(3) === 0;
  const laneRecords = random.integer(4) > 0 ? 1_000 : 1 + random.integer(10);
  const most = 1 + random.integer(50);
  return plans.map((plan) => {
    const depth = Math.max(...plan.external.map(({ topic }) => topology.rank.get(topic) as number));
    const slowness = random.uniform() < faults.slow ? faults.slowness : 1;
    const waits = { waitUs: waitUs * (1 + depth), lagWaitUs, laneRecords };
    const { awaits } = scenario;
    const answerWaitUs = (): number => random.integer(2 * lagWaitUs);
    const options =
      awaits === undefined ? waits : { ...waits, awaits, answerWaitUs: answerWaitUs() };
    const seat = new Seat(plan, options, 2_000 * slowness, 1 + random.integer(most));
    seat.hearsLag = hearsLag;
    seat.links = plan.external.map((input) => {
      const delayUs = prompt.has(input.topic) ? 0 : drawDelay(random, faults.delayUs);
      const link = new Link(input, world.feed(input.topic, input.partition), delayUs, seat);
      // Some are dark from the beginning, so that what comes early on them comes very late.
      if (faults.clog > 0 && random.integer(16) === 0) {
        link.clog(agenda.nowUs + 4 * random.integer(1 + faults.clogUs));
      }
      return link;
    });
    seat.owner = new Instance(seat, world, agenda.nowUs + random.integer(1_000_000));
    return seat;
  });
}

/** Processors to run alone: none, some or all. */
function drawIsolated({ random }: World, { processors }: Topology): readonly string[] {
  const kind = random.integer(3);
  return processors
    .map(({ name }) => name)
    .filter(() => kind === 2 || (kind === 1 && random.integer(2) === 0));
}

/** Plans each source event's arrival on the tape, some of them together. */
function publish(world: World, scenario: Scenario): void {
  const { random, agenda } = world;
  const { facts } = scenario;
  const publisher = new Publisher(scenario);
  const most = 1 + random.integer(4);
  for (let at = 0; at < facts.length; ) {
    const group = facts.slice(at, at + 1 + random.integer(most));
    at += group.length;
    const { arrivalUs } = group[group.length - 1] as SourceFact;
    agenda.plan(arrivalUs, async () => {
      world.note("published", "source", group.length);
      const produced = group.map((fact) => publisher.batch(fact));
      await world.publish({ produced, checkpoints: [] });
    });
  }
}

/** Runs until nothing is left to happen. Gives what stayed undone; null if all was done. */
async function play(
  world: World,
  seats: readonly Seat[],
  { facts }: Scenario,
  beside: () => Promise<void>,
): Promise<string | null> {
  const { agenda, random } = world;
  const lastUs = facts[facts.length - 1]?.arrivalUs ?? agenda.nowUs;
  agenda.plan(lastUs + random.integer(60_000_000), () => heal(world, seats));
  let steps = 0;
  for (let action = agenda.next(); action !== null; action = agenda.next()) {
    await action();
    await beside();
    if (++steps > MOST_STEPS) return `not done after ${MOST_STEPS} steps`;
  }
  for (const { topic, partition, end } of await world.log.partitions()) {
    for (const { plan } of seats) {
      const input = plan.external.find((one) => one.topic === topic && one.partition === partition);
      const done = world.committed
        .get(plan.name)?.[1]
        .consumed.find((one) => one.topic === topic && one.partition === partition)?.next;
      if (input === undefined || isShared(plan, input) || (done ?? 0) === end) continue;
      return `${plan.name} consumed ${done ?? 0} of ${end} events of ${topic}/${partition}`;
    }
  }
  return null;
}

/** It ends with another task's events, perhaps. */
const isShared = ({ members }: GroupPlan, { topic, partition }: ExternalPartition): boolean =>
  members.some(({ inputs }) =>
    inputs.some((one) => one.topic === topic && one.partition === partition && one.shared),
  );

/** No fault from here on, and all that is silent looks again. */
function heal(world: World, seats: readonly Seat[]): void {
  world.note("healed", "");
  world.faults = { ...calm, restartUs: 1_000_000 };
  world.healed = true;
  for (const seat of seats) {
    for (const link of seat.links)
      link.clogUntilUs = Math.min(link.clogUntilUs, world.agenda.nowUs);
    seat.owner?.nudge();
  }
}
