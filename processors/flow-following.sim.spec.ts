// A run that follows the live flow among seeded faults, in steps of any size, with its late admissions
// learnt on the way, against a closed run over all of it: the same bytes.

import { describe, expect, test } from "vitest";
import { Random } from "../quant/random.ts";
import type { LateAdmission } from "../schemas/generated/tape.admissions.ts";
import { type FollowingRun, openFollowing, runClosed } from "../streams/closed-run.ts";
import type { AnyEvent, Position, SortKey } from "../streams/event.ts";
import { FollowedOrder } from "../streams/followed-order.ts";
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

class Follower {
  readonly target = createMemoryLog();
  steps = 0;
  waited = 0;
  missed = 0;
  private readonly scenario: Scenario;
  private readonly random: Random;
  private readonly heedless: boolean;
  private orders = new Map<string, FollowedOrder>();
  private run: FollowingRun | null = null;
  private frontier: LiveFrontier | null = null;

  constructor(scenario: Scenario, random: Random, heedless = false) {
    this.scenario = scenario;
    this.random = random;
    this.heedless = heedless;
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
        if (this.heedless) continue;
        const all = await admissionsIn(live.log, number);
        order.learn(
          all.slice(order.wanted, known).map((late) => ({
            late: late as Position,
            after: {
              topic: late.afterTopic,
              partition: late.afterPartition,
              offset: late.afterOffset,
            } as Position,
            lateIs: null,
            afterKey: null,
          })),
        );
      }
    }
    const { events } = await this.run.advance({ untilUs, endOf, most });
    if (events > 0) this.steps++;
    for (const order of this.orders.values()) {
      if (order.waiting > 0) this.waited++;
      this.missed += order.missed;
    }
  }

  private open(log: EventLog): Promise<FollowingRun> {
    const { topology, partitions } = this.scenario;
    const keyOf = ({ topic, timeUs, origin, partition, offset }: AnyEvent): SortKey => ({
      timeUs,
      rank: topology.rank.get(topic) as number,
      origin,
      partition,
      offset,
    });
    this.orders = new Map();
    return openFollowing({
      topology,
      partitions,
      sourceOf: () => log,
      target: this.target,
      orderOf: (task) => {
        const order = new FollowedOrder(keyOf);
        this.orders.set(task, order);
        return order;
      },
    });
  }
}

async function admissionsIn(log: EventLog, number: number): Promise<readonly LateAdmission[]> {
  const written = await readWritten(log, "tape.admissions");
  return (written.get(`tape.admissions/${number}`)?.events ?? []).map(
    ({ value }) => value as LateAdmission,
  );
}

async function followed(seed: number, heedless = false) {
  const scenario = flowScenario(seed);
  const random = new Random(seed + 1);
  const follower = new Follower(scenario, random, heedless);
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
  test(`writes what one closed run writes, whatever its steps, in ${seeds.length} seeds`, {
    timeout: 3_600_000,
  }, async () => {
    let late = 0;
    let waited = 0;
    let steps = 0;
    for (const seed of seeds) {
      const done = await followed(seed);
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
  });

  test("does not without the admissions", { timeout: 600_000 }, async () => {
    const some = await Promise.all(
      seeds.slice(0, 60).map(async (seed) => (await difference(await followed(seed, true))).found),
    );
    expect(some.filter((found) => found !== null).length).toBeGreaterThan(5);
  });
});
