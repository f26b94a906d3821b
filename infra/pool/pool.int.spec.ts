// The pool on real threads.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import { carryOut } from "./carry-out.ts";
import { cpuDriver, cpuDrivers } from "./cpu-device.ts";
import { openPool, type PoolSettings } from "./open-pool.ts";
import type { Pool } from "./pool.ts";
import { FaultPlan } from "./testing/faults.ts";
import { faultyDriver } from "./testing/faulty-driver.ts";
import { testPool } from "./testing/pool-contract.spec.ts";
import { randomMeasure, randomSet, randomWorks } from "./testing/random-work.ts";
import type { Result, Work } from "./work.ts";

testPool("a pool of threads that can be made to fail", () => ({
  driver: faultyDriver,
  settings: { graceMs: 1000 },
  until: (promise) => promise,
}));

const pools: Pool[] = [];
const open = async (settings: PoolSettings): Promise<Pool> => {
  const pool = await openPool(settings);
  pools.push(pool);
  return pool;
};
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

describe("a pool of CPU threads", () => {
  const reference = (work: Work): Result => carryOut(work, () => false);

  test("answers as the reference does, to the bit, with any number of threads", async () => {
    const works = randomWorks(1, 200);
    const expected = works.map(reference);
    for (const threads of [1, 2, 3]) {
      const audit = { share: 0.1, seed: 1, reference: cpuDriver({ name: "reference" }) };
      const pool = await open({ drivers: cpuDrivers(threads), audit });
      const answers = await Promise.all(works.map((work) => pool.submit(work)));
      const results = answers.map((answer) => (answer.status === "DONE" ? answer.result : answer));
      expect(results).toEqual(expected);
      await pool.checked();
      expect(pool.metrics().copies).toBeLessThanOrEqual(4);
      expect(pool.metrics().audits).toBeGreaterThan(0);
      expect(pool.metrics().differences).toBe(0);
    }
  });

  test("answers 1,000 requests once each while threads die and callers change their minds", async () => {
    const plans = [new FaultPlan(), new FaultPlan()];
    const drivers = plans.map((plan, index) => faultyDriver(`device-${index}`, plan));
    const pool = await open({ drivers, graceMs: 1000 });
    const works = randomWorks(2, 1000);
    const random = new Random(3);
    const order: number[] = [];
    const toCancel: AbortController[] = [];
    const answers = works.map((work) => {
      const controller = new AbortController();
      const fate = random.integer(10);
      if (fate === 0) toCancel.push(controller);
      const terms = {
        priority: random.integer(3),
        signal: controller.signal,
        ...(fate === 1 ? { deadlineMs: random.integer(50) } : {}),
      };
      return pool.submit(work, terms).then((answer) => {
        order.push(answer.sequence);
        // Killed with work in it, again and again; now and then by a full heap.
        if (order.length % 100 === 0) {
          const plan = plans[(order.length / 100) % 2];
          plan?.arm(order.length === 500 ? "OUT_OF_MEMORY" : "DIE");
        }
        if (order.length % 5 === 0) toCancel.shift()?.abort();
        return answer;
      });
    });
    const given = await Promise.all(answers);
    const oneToAll = works.map((_, index) => index + 1);
    expect(order).toEqual(oneToAll);
    expect(given.map(({ request }) => request)).toEqual(oneToAll);
    const reasons = new Set<string>();
    for (const [index, answer] of given.entries()) {
      if (answer.status === "DONE") expect(answer.result).toEqual(reference(works[index] as Work));
      else reasons.add(answer.reason);
    }
    const allowed = ["CANCELLED", "DEADLINE", "CRASHED", "OUT_OF_MEMORY"];
    expect(allowed).toEqual(expect.arrayContaining([...reasons]));
    expect([...reasons]).toEqual(expect.arrayContaining(["CANCELLED", "DEADLINE"]));
    expect(pool.metrics().retried).toBeGreaterThan(0);
    expect([pool.metrics().queued, pool.metrics().running]).toEqual([0, 0]);
  });

  test("keeps its memory within 32 MiB of what it was while 180 MiB go through it", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const sharedBytes = 2 ** 20;
    const reference = cpuDriver({ name: "reference" });
    const audit = { share: 0.2, seed: 1, reference };
    const pool = await open({ drivers: cpuDrivers(1), sharedBytes, audit });
    const random = new Random(4);
    // Each another set, of 0.48 MB: more than 180 MiB after the first hundred.
    const base = randomSet(random, 5, 10_000);
    const oneHundred = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        const returns = base.returns.slice();
        returns[i] = random.normal() / 100;
        const set = { ...base, returns };
        const answer = await pool.submit(randomMeasure(random, set));
        expect(answer.status).toBe("DONE");
      }
      await pool.checked();
    };
    const used = async (): Promise<number> => {
      // What workers hold is given back by them a while after it is dropped here.
      for (let i = 0; i < 3; i++) {
        await pool.submit(randomMeasure(random, randomSet(random, 1, 1)));
        collect();
      }
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      return heapUsed + Math.max(external, arrayBuffers);
    };
    await oneHundred();
    const before = await used();
    for (let round = 0; round < 4; round++) await oneHundred();
    expect(((await used()) - before) / 2 ** 20).toBeLessThan(32);
    expect(pool.metrics().sharedBytes).toBeLessThanOrEqual(sharedBytes);
  });

  test("marks what a deadline or its longest run cuts short: another run would have more", async () => {
    // Holding at most four of forty: minutes to a proof, and something better than nothing at once.
    const scenarios = randomSet(new Random(4), 40, 2000);
    const objective = { kind: "MINIMUM_CVAR", tailMass: 0.05 } as const;
    const constraints = { maximumNames: 4 };
    const work = { kind: "solve", problem: { objective, constraints }, scenarios } as const;
    const graceMs = 5_000;
    const hung = await open({ drivers: cpuDrivers(1), hangMs: 50, graceMs });
    const late = await open({ drivers: cpuDrivers(1), graceMs });
    for (const answer of [await hung.submit(work), await late.submit(work, { deadlineMs: 50 })]) {
      expect(answer).toMatchObject({ status: "DONE", early: true });
      if (answer.status === "DONE") expect(answer.result.solution.status).toBe("FEASIBLE");
    }
  });

  test("opens nothing where there is no driver", async () => {
    await expect(openPool({ drivers: [] })).rejects.toMatchObject({ code: "POOL_DEVICE_NONE" });
  });
});
