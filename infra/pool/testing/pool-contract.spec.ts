// The suite that a pool passes, whatever its devices and its clock are.

import { afterEach, describe, expect, test } from "vitest";
import { carryOut } from "../carry-out.ts";
import type { DeviceDriver } from "../device.ts";
import { openPool, type PoolSettings } from "../open-pool.ts";
import type { Answer, Pool } from "../pool.ts";
import type { Work, WorkKind } from "../work.ts";
import { FaultPlan, faultWork } from "./faults.ts";
import { randomWorks } from "./random-work.ts";

export interface PoolHarness {
  driver(name: string, plan: FaultPlan): DeviceDriver;
  /** Clock and time-outs. */
  readonly settings: Omit<PoolSettings, "drivers">;
  /** Lets time pass until the promise is settled. */
  until<T>(promise: Promise<T>): Promise<T>;
}

const reference = (work: Work) => carryOut(work, () => false);

const resultOf = (answer: Answer): unknown =>
  answer.status === "DONE" ? answer.result : `${answer.reason}: ${answer.detail}`;

const reasonOf = (answer: Answer): string => (answer.status === "DONE" ? "DONE" : answer.reason);

export function testPool(name: string, makeHarness: () => PoolHarness): void {
  const opened: Pool[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((pool) => pool.close()));
  });

  /** A pool of so many devices, with the plan of each. */
  const setUp = async (devices: number, extra: Partial<PoolSettings> = {}) => {
    const harness = makeHarness();
    const plans = Array.from({ length: devices }, () => new FaultPlan());
    const drivers = plans.map((plan, index) => harness.driver(`device-${index}`, plan));
    const pool = await harness.until(openPool({ ...harness.settings, ...extra, drivers }));
    opened.push(pool);
    const ask = <Kind extends WorkKind>(answers: Promise<Answer<Kind>>[]) =>
      harness.until(Promise.all(answers));
    return { pool, plans, ask, until: <T>(promise: Promise<T>) => harness.until(promise) };
  };
  const works = randomWorks(3, 40);

  describe(name, () => {
    test("answers as the reference does, with any number of devices", async () => {
      for (const devices of [1, 3]) {
        const { pool, ask } = await setUp(devices);
        const answers = await ask(works.map((work) => pool.submit(work)));
        expect(answers.map(resultOf)).toEqual(works.map(reference));
      }
    });

    test("numbers requests as they came and answers as they were given", async () => {
      const { pool, ask } = await setUp(2);
      const order: number[] = [];
      const answers = await ask(
        works.map(async (work) => {
          const answer = await pool.submit(work);
          order.push(answer.sequence);
          return answer;
        }),
      );
      const oneToAll = works.map((_, index) => index + 1);
      expect(answers.map(({ request }) => request)).toEqual(oneToAll);
      expect(order).toEqual(oneToAll);
    });

    test("names equal work by equal hashes, and copies a scenario set once", async () => {
      const { pool, ask } = await setUp(1);
      const [first] = randomWorks(4, 8).filter(({ kind }) => kind === "measure");
      if (first?.kind !== "measure") throw new Error("there is one");
      const copy = { ...first, weights: first.weights.slice() };
      const other = { ...first, tailMass: first.tailMass / 2 };
      const answers = await ask([first, copy, other, other].map((work) => pool.submit(work)));
      const hashes = answers.map(({ inputHash }) => inputHash);
      expect(hashes[1]).toBe(hashes[0]);
      expect(hashes[2]).not.toBe(hashes[0]);
      expect(hashes[2]).toMatch(/^[0-9a-f]{64}$/);
      expect(pool.metrics().copies).toBe(1);
    });

    test("serves higher priority first, then who came first", async () => {
      const { pool, ask } = await setUp(1);
      const blocker = new AbortController();
      const slow = pool.submit(faultWork("SLOW"), { signal: blocker.signal });
      const [work] = works.filter(({ kind }) => kind === "measure");
      if (work === undefined) throw new Error("there is one");
      const priorities = [0, 5, 0, 9, 5, -1];
      const answers = priorities.map((priority) => pool.submit(work, { priority }));
      blocker.abort();
      const [, ...given] = await ask([slow, ...answers]);
      const served = given
        .toSorted((a, b) => a.sequence - b.sequence)
        .map(({ request }) => priorities[request - 2]);
      expect(served).toEqual([9, 5, 5, 0, 0, -1]);
      const fives = given.filter((_, index) => priorities[index] === 5);
      expect(fives[0]?.sequence).toBeLessThan(fives[1]?.sequence ?? 0);
    });

    test("cancels what waits at once and what runs by asking; the device goes on", async () => {
      const { pool, ask } = await setUp(1);
      const before = AbortSignal.abort();
      const [running, waiting] = [new AbortController(), new AbortController()];
      const answers = [
        pool.submit(faultWork("SLOW"), { signal: running.signal }),
        pool.submit(works[0] as Work, { signal: waiting.signal }),
        pool.submit(works[1] as Work, { signal: before }),
        pool.submit(works[2] as Work),
      ];
      waiting.abort();
      running.abort();
      const given = await ask(answers);
      expect(given.map(reasonOf)).toEqual(["CANCELLED", "CANCELLED", "CANCELLED", "DONE"]);
      expect(pool.metrics().slots.get("device-0")?.failures.size).toBe(0);
    });

    test("ends a device that does not end when its work is cancelled, and replaces it", async () => {
      const { pool, ask } = await setUp(1);
      const controller = new AbortController();
      const hung = pool.submit(faultWork("HANG"), { signal: controller.signal });
      const after = pool.submit(works[0] as Work);
      controller.abort();
      const given = await ask([hung, after]);
      expect(given.map(reasonOf)).toEqual(["CANCELLED", "DONE"]);
      expect([...(pool.metrics().slots.get("device-0")?.failures ?? [])]).toEqual([["HUNG", 1]]);
    });

    test("answers by the deadline: with what there is, or with DEADLINE", async () => {
      const { pool, ask } = await setUp(1);
      const given = await ask([
        pool.submit(faultWork("SLOW"), { deadlineMs: 20 }),
        pool.submit(faultWork("HANG"), { deadlineMs: 40 }),
        pool.submit(works[0] as Work, { deadlineMs: 1 }),
        pool.submit(works[1] as Work, { deadlineMs: 100_000 }),
      ]);
      expect(given.map(reasonOf)).toEqual(["DONE", "DEADLINE", "DEADLINE", "DONE"]);
    });

    test("refuses what its queue cannot hold, and everything once it is closed", async () => {
      const { pool, ask, until } = await setUp(1, { queueLimit: 2 });
      const slow = pool.submit(faultWork("SLOW"));
      const answers = works.slice(0, 4).map((work) => pool.submit(work));
      const [, , third, fourth] = answers;
      expect((await ask([third, fourth].filter((one) => one !== undefined))).map(reasonOf)).toEqual(
        ["REFUSED", "REFUSED"],
      );
      await until(pool.close());
      const given = await ask([slow, ...answers.slice(0, 2), pool.submit(works[0] as Work)]);
      expect(given.map(reasonOf)).toEqual(["CANCELLED", "CANCELLED", "CANCELLED", "REFUSED"]);
    });

    test("says of invalid work what is wrong with it, without a second try", async () => {
      const { pool, ask } = await setUp(2);
      const [good] = works.filter(({ kind }) => kind === "measure");
      if (good?.kind !== "measure") throw new Error("there is one");
      const [nan, short, unknown, function_] = await ask<WorkKind>([
        pool.submit({ ...good, weights: good.weights.map(() => Number.NaN) }),
        pool.submit({ ...good, weights: new Float64Array(99) }),
        pool.submit({ kind: "infer", model: "none", rows: new Float32Array(8), count: 1 }),
        pool.submit({ ...good, tailMass: (() => 1) as unknown as number }),
      ]);
      for (const answer of [nan, short, unknown, function_]) {
        expect(answer).toMatchObject({ status: "FAILED", reason: "INVALID" });
      }
      expect(short).toMatchObject({ detail: expect.stringContaining("99 weights") });
      expect(pool.metrics().retried).toBe(0);
      expect(reasonOf((await ask([pool.submit(good)]))[0] as Answer)).toBe("DONE");
    });

    test("tries again elsewhere what a device died of, and reports it the second time", async () => {
      const { pool, plans, ask } = await setUp(2);
      plans[0]?.arm("DIE");
      const [retried] = await ask([pool.submit(works[0] as Work)]);
      expect(retried).toMatchObject({ status: "DONE", devices: ["device-0", "device-1"] });
      const [twice, memory] = await ask([
        pool.submit(faultWork("DIE")),
        pool.submit(faultWork("OUT_OF_MEMORY")),
      ]);
      expect(twice).toMatchObject({ reason: "CRASHED" });
      expect(memory).toMatchObject({ reason: "OUT_OF_MEMORY" });
      expect(pool.metrics().retried).toBe(3);
      const given = await ask(works.map((work) => pool.submit(work)));
      expect(given.map(resultOf)).toEqual(works.map(reference));
    });

    test("ends a run that hangs, tries it elsewhere, and replaces the device", async () => {
      const { pool, plans, ask } = await setUp(2, { hangMs: 1500 });
      plans[0]?.arm("HANG");
      const [retried] = await ask([pool.submit(works[0] as Work)]);
      expect(retried).toMatchObject({ status: "DONE", devices: ["device-0", "device-1"] });
      const [hung] = await ask([pool.submit(faultWork("HANG"))]);
      expect(hung).toMatchObject({ reason: "HUNG" });
    });

    test("puts rows for one model together, and each gets what it would get alone", async () => {
      const { pool, ask } = await setUp(1);
      const blocker = new AbortController();
      const slow = pool.submit(faultWork("SLOW"), { signal: blocker.signal });
      const rows = randomWorks(9, 60).filter((work) => work.kind === "infer");
      const bad = { ...(rows[0] as Work & { kind: "infer" }), count: 99 };
      const answers = [...rows, bad].map((work) => pool.submit(work));
      blocker.abort();
      const [, ...given] = await ask<WorkKind>([slow, ...answers]);
      expect(given.slice(0, -1).map(resultOf)).toEqual(rows.map(reference));
      expect(given.at(-1)).toMatchObject({ reason: "INVALID" });
      const { batches, batchedRequests } = pool.metrics();
      expect(batchedRequests).toBeGreaterThan(batches);
    });

    test("closes while work runs that never ends", async () => {
      const { pool, ask, until } = await setUp(2);
      const answers = [faultWork("HANG"), faultWork("HANG"), works[0] as Work].map((work) =>
        pool.submit(work),
      );
      await until(pool.close());
      expect((await ask(answers)).map(reasonOf)).toEqual(["CANCELLED", "CANCELLED", "CANCELLED"]);
    });
  });
}
