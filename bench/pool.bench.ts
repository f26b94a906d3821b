// What the pool adds and what it divides: 1,000 mixed requests on two threads against one; the round trip of a
// request that is next to nothing; memory after many requests against after few; a thread's start and its first solve.
//
// "Two cores" is half of the processor time of all threads of the pool of two, the submitting one included, against
// that of the one thread of the other: what two cores that do nothing else give. The wall time beside it moves
// with what else they do; two threads that do the same without a pool, in the same rounds, say what there is to be had. Best of
// rounds that alternate.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { cpuDrivers } from "../infra/pool/cpu-device.ts";
import { openPool } from "../infra/pool/open-pool.ts";
import type { Pool } from "../infra/pool/pool.ts";
import { randomInfer, randomMeasure, randomSet } from "../infra/pool/testing/random-work.ts";
import type { Work } from "../infra/pool/work.ts";
import { Random } from "../quant/random.ts";
import { median, report } from "./measured.ts";
import { mixedWorks } from "./mixed-works.ts";
import { heavyTailedScenarios } from "./portfolio-programs.ts";

const ROUNDS = 5;
const BOUND_RATIO = 1.8;
const BOUND_MS = 0.3;
const BOUND_MB = 32;
const BOUND_FIRST_MS = 60;

interface Took {
  readonly wallMs: number;
  /** Processor time of all threads, and of the one that submits. */
  readonly allMs: number;
  readonly mainMs: number;
}

async function all(pool: Pool, works: readonly Work[]): Promise<Took> {
  const start = performance.now();
  const [before, mainBefore] = [process.cpuUsage(), process.threadCpuUsage()];
  const answers = await Promise.all(works.map((work) => pool.submit(work)));
  const [used, main] = [process.cpuUsage(before), process.threadCpuUsage(mainBefore)];
  const failed = answers.find(({ status }) => status !== "DONE");
  if (failed !== undefined) throw new Error(JSON.stringify(failed));
  return {
    wallMs: performance.now() - start,
    allMs: (used.user + used.system) / 1000,
    mainMs: (main.user + main.system) / 1000,
  };
}

/** Wall time of so many threads that share the requests without a pool: what this machine has to give. */
async function bare(count: number): Promise<() => Promise<number>> {
  const path = new URL("bare-thread.ts", import.meta.url);
  const workers = Array.from({ length: count }, () => new Worker(path));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  for (const worker of workers) worker.unref();
  return async () => {
    const start = performance.now();
    const done = workers.map((worker) => once(worker, "message"));
    const taken = new Int32Array(new SharedArrayBuffer(4));
    for (const worker of workers) worker.postMessage(taken);
    await Promise.all(done);
    return performance.now() - start;
  };
}

async function threads(works: readonly Work[]): Promise<void> {
  const one = await openPool({ drivers: cpuDrivers(1) });
  const two = await openPool({ drivers: cpuDrivers(2) });
  const [bareOne, bareTwo] = [await bare(1), await bare(2)];
  const ones: Took[] = [];
  const twos: Took[] = [];
  const [bareOnes, bareTwos]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    ones.push(await all(one, works));
    twos.push(await all(two, works));
    bareOnes.push(await bareOne());
    bareTwos.push(await bareTwo());
  }
  await Promise.all([one.close(), two.close()]);
  const least = (from: readonly Took[], of: (took: Took) => number) => Math.min(...from.map(of));
  const figures = [
    [
      "pool, 1,000 mixed requests, two cores",
      least(twos, ({ allMs }) => allMs / 2),
      least(ones, ({ allMs, mainMs }) => allMs - mainMs),
    ],
    [
      "pool, 1,000 mixed requests, wall time of two threads",
      least(twos, ({ wallMs }) => wallMs),
      least(ones, ({ wallMs }) => wallMs),
    ],
    ["the same without a pool: two bare threads", Math.min(...bareTwos), Math.min(...bareOnes)],
  ] as const;
  for (const [place, [name, value, reference]] of figures.entries()) {
    const isMissed = place < 2 && reference / value < BOUND_RATIO;
    report({
      name,
      value,
      unit: "ms",
      reference,
      ratio: reference / value,
      against: "one thread",
      ...(isMissed ? { missed: `${BOUND_RATIO} × one thread` } : {}),
    });
  }
}

async function overhead(): Promise<void> {
  const pool = await openPool({ drivers: cpuDrivers(1) });
  const random = new Random(2);
  const works = {
    smallest: randomMeasure(random, randomSet(random, 1, 1)),
    sixteen: randomInfer(random, 16),
  };
  for (const [name, work] of Object.entries(works)) {
    for (let i = 0; i < 2000; i++) await pool.submit(work);
    const times: number[] = [];
    for (let i = 0; i < 5000; i++) {
      const start = performance.now();
      await pool.submit(work);
      times.push(performance.now() - start);
    }
    const value = median(times);
    report({
      name:
        name === "smallest"
          ? "pool, round trip of the smallest request"
          : "pool, round trip of 16 rows",
      value,
      unit: "ms",
      reference: BOUND_MS,
      ratio: BOUND_MS / value,
      against: "the bound",
      ...(value > BOUND_MS ? { missed: `${BOUND_MS} ms` } : {}),
    });
  }
  await pool.close();
}

/** Each set another one of 4 MB; resident memory, threads included. */
async function memory(): Promise<void> {
  const pool = await openPool({ drivers: cpuDrivers(1), sharedBytes: 2 ** 25 });
  const random = new Random(3);
  const base = randomSet(random, 50, 10_000);
  const rounds = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) {
      const returns = base.returns.slice();
      returns[0] = random.normal();
      await pool.submit(randomMeasure(random, { ...base, returns }));
    }
    return process.memoryUsage().rss / 2 ** 20;
  };
  const before = await rounds(100);
  const after = await rounds(900);
  await pool.close();
  const grown = after - before;
  report({
    name: "pool, resident memory after 1,000 sets of 4 MB",
    value: after,
    unit: "MiB",
    reference: before,
    ratio: before / after,
    against: "after 100",
    ...(grown > BOUND_MB ? { missed: `growth of at most ${BOUND_MB} MiB` } : {}),
  });
}

async function start(): Promise<void> {
  const times: number[] = [];
  const firsts: number[] = [];
  const scenarios = heavyTailedScenarios(50, 10_000, 1);
  const problem = { objective: { kind: "MINIMUM_CVAR", tailMass: 0.05 } } as const;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    const pool = await openPool({ drivers: cpuDrivers(1) });
    const opened = performance.now();
    times.push(opened - begin);
    const { status } = await pool.submit({ kind: "solve", problem, scenarios });
    if (status !== "DONE") throw new Error(status);
    firsts.push(performance.now() - opened);
    await pool.close();
  }
  report({
    name: "pool, open with one thread, admitted and warm",
    value: Math.min(...times),
    unit: "ms",
    reference: null,
    ratio: null,
  });
  const first = median(firsts);
  report({
    name: "pool, the first solve of a new thread, least CVaR of 50 × 10,000",
    value: first,
    unit: "ms",
    reference: BOUND_FIRST_MS,
    ratio: BOUND_FIRST_MS / first,
    against: "the bound",
    ...(first > BOUND_FIRST_MS ? { missed: `${BOUND_FIRST_MS} ms` } : {}),
  });
}

await threads(mixedWorks());
await overhead();
await memory();
await start();
