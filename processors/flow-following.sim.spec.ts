// A run that follows the live flow among seeded faults, in steps of any size, with its late admissions
// learnt on the way, against a closed run over all of it: the same bytes.

import { describe, expect, test } from "vitest";
import { Random } from "../quant/random.ts";
import type { LateAdmission } from "../schemas/generated/tape.admissions.ts";
import { type FollowingRun, openFollowing, runClosed } from "../streams/closed-run.ts";
import type { AnyEvent, Position } from "../streams/event.ts";
import { eventAt } from "../streams/event-at.ts";
import { type FollowedAdmission, FollowedOrder } from "../streams/followed-order.ts";
import { LiveFrontier } from "../streams/frontier.ts";
import type { EventLog } from "../streams/log.ts";
import { createMemoryLog } from "../streams/memory-log.ts";
import type { Scenario } from "../streams/simulator/scenario.ts";
import { type LiveView, simulate } from "../streams/simulator/simulate.ts";
import {
  firstDifference,
  readWritten,
  type WrittenPartition,
} from "../streams/simulator/written.ts";
import { flowScenario } from "./simulation.ts";
import { pastSeeds } from "./simulation-seeds.ts";

const SEEDS = Math.ceil(Number(process.env.TAPEDECK_SIM_SEEDS ?? 2000) / 4);
const seeds = [...pastSeeds.map(({ seed }) => seed), ...Array.from({ length: SEEDS }, (_, i) => i)];

/**
 * How places are known: by positions, as where decisions are live's own; by causes and sort keys, as where
 * they may differ; not at all.
 */
type Places = "positions" | "causes" | "none";

class Follower {
  readonly target = createMemoryLog();
  steps = 0;
  waited = 0;
  missed = 0;
  private readonly scenario: Scenario;
  private readonly random: Random;
  private readonly places: Places;
  private orders = new Map<string, FollowedOrder>();
  private run: FollowingRun | null = null;
  private frontier: LiveFrontier | null = null;

  constructor(scenario: Scenario, random: Random, places: Places) {
    this.scenario = scenario;
    this.random = random;
    this.places = places;
  }

  async step(live: LiveView, most: number): Promise<void> {
    const { random } = this;
    // Dies now and then, and goes on from its last commit.
    if (random.integer(6) === 0) this.run = null;
    this.run ??= await this.open(live.log);
    const ranges = await live.log.partitions();
    const endOf = (topic: string, partition: number): number =>
      ranges.find((one) => one.topic === topic && one.partition === partition)?.end ?? 0;
    this.frontier ??= new LiveFrontier(live.plans, live.log);
    const { untilUs, admissions } = await this.frontier.look(live.checkpointOf, endOf);
    for (const plan of live.plans) {
      for (const { name, number } of plan.members) {
        const order = this.orders.get(name) as FollowedOrder;
        const known = admissions.get(number) as number;
        if (this.places === "none") continue;
        const all = await admissionsIn(live.log, number);
        for (const late of all.slice(order.wanted, known)) {
          order.learn([await this.followed(live.log, late)]);
        }
      }
    }
    const { events } = await this.run.advance({ untilUs, endOf, most });
    if (events > 0) this.steps++;
    for (const order of this.orders.values()) {
      if (order.waiting > 0) this.waited++;
      this.missed += order.missed;
    }
  }

  private async followed(log: EventLog, admission: LateAdmission): Promise<FollowedAdmission> {
    const late = admission as Position;
    const { afterTopic: topic, afterPartition: partition, afterOffset: offset } = admission;
    const after = { topic, partition, offset } as Position;
    const isDerived = (position: Position): boolean =>
      this.places === "causes" && this.scenario.topology.derived.includes(position.topic);
    return {
      late,
      after,
      lateBy: isDerived(late) ? descentOf(await eventAt(log, late)) : null,
      afterBy: isDerived(after) ? descentOf(await eventAt(log, after)) : null,
    };
  }

  private open(log: EventLog): Promise<FollowingRun> {
    const { topology, partitions } = this.scenario;
    this.orders = new Map();
    return openFollowing({
      topology,
      partitions,
      sourceOf: () => log,
      target: this.target,
      orderOf: (task) => {
        const order = new FollowedOrder({
          rank: topology.rank,
          byDescent: this.places === "causes",
        });
        this.orders.set(task, order);
        return order;
      },
    });
  }
}

const descentOf = ({ timeUs, cause, ordinal }: AnyEvent) => ({
  timeUs,
  cause: cause as Position,
  ordinal,
});

async function admissionsIn(log: EventLog, number: number): Promise<readonly LateAdmission[]> {
  const written = await readWritten(log, "tape.admissions");
  return (written.get(`tape.admissions/${number}`)?.events ?? []).map(
    ({ value }) => value as LateAdmission,
  );
}

async function followed(seed: number, places: Places) {
  const scenario = flowScenario(seed);
  const random = new Random(seed + 1);
  const follower = new Follower(scenario, random, places);
  const pace = 20 * 2 ** random.integer(6);
  let last: LiveView | null = null;
  const { finding } = await simulate({
    seed,
    scenario,
    beside: async (live) => {
      last = live;
      if (random.integer(pace) === 0) await follower.step(live, 1 + random.integer(200));
    },
  });
  expect(finding, `seed ${seed}`).toBeNull();
  const live = last as unknown as LiveView;
  for (let before = -1; before < follower.steps; ) {
    before = follower.steps;
    await follower.step(live, Number.POSITIVE_INFINITY);
  }
  return { scenario, follower, live };
}

async function difference({ scenario, follower, live }: Awaited<ReturnType<typeof followed>>) {
  const { topology, partitions } = scenario;
  const whole = createMemoryLog();
  const written = [...(await readWritten(live.log, "tape.admissions")).values()];
  const admissions = written.flatMap(({ events }) =>
    events.map(({ value }) => value as LateAdmission),
  );
  await runClosed({ topology, partitions, sourceOf: () => live.log, target: whole, admissions });
  const own = await readWritten(follower.target);
  for (const [name, partition] of await readWritten(whole)) {
    const found = firstDifference(own.get(name) as WrittenPartition, partition);
    if (found !== null) return { found, admissions: admissions.length };
  }
  return { found: null, admissions: admissions.length };
}

describe("a run that follows the live flow", () => {
  test.each(["positions", "causes"] as const)(
    `writes what one closed run writes, whatever its steps: by %s, ${seeds.length} seeds`,
    {
      timeout: 3_600_000,
    },
    async (places) => {
      let late = 0;
      let waited = 0;
      let steps = 0;
      for (const seed of seeds) {
        const done = await followed(seed, places);
        const { found, admissions } = await difference(done);
        expect(found, `seed ${seed}`).toBeNull();
        expect(done.follower.missed, `seed ${seed}`).toBe(0);
        if (admissions > 0) late++;
        waited += done.follower.waited;
        steps += done.follower.steps;
      }
      // It was late, it had to wait over the end of a step, and it went in steps: else nothing was shown.
      expect(late).toBeGreaterThan(seeds.length / 10);
      expect(waited).toBeGreaterThan(0);
      expect(steps).toBeGreaterThan(3 * seeds.length);
    },
  );

  test("does not without the admissions", { timeout: 600_000 }, async () => {
    const some = await Promise.all(
      seeds
        .slice(0, 60)
        .map(async (seed) => (await difference(await followed(seed, "none"))).found),
    );
    expect(some.filter((found) => found !== null).length).toBeGreaterThan(5);
  });
});
