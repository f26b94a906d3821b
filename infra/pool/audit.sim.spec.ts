// Devices that answer wrongly, in simulated time: each is caught, each time.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { carryOut } from "./carry-out.ts";
import { openPool, type PoolSettings } from "./open-pool.ts";
import { fakeDriver } from "./testing/fake-device.ts";
import { type Fault, FaultPlan } from "./testing/faults.ts";
import { randomWorks } from "./testing/random-work.ts";
import { SimClock } from "./testing/sim-clock.ts";
import type { Result, Work } from "./work.ts";

const reference = (work: Work): Result => carryOut(work, () => false);

interface Given {
  readonly name: string;
  readonly tolerance?: number;
  readonly runMs?: number;
}

/** A pool of fakes whose answers are checked by others and by a reference. */
async function setUp(devices: readonly Given[], share: number, more: Partial<PoolSettings> = {}) {
  const clock = new SimClock();
  const planned = devices.map((one) => ({ ...one, clock, plan: new FaultPlan() }));
  const recalls: { request: number; wrong: Result; right: Result }[] = [];
  const incidents: string[] = [];
  const pool = await clock.until(
    openPool({
      clock,
      drivers: planned.map(fakeDriver),
      audit: {
        share,
        seed: 7,
        reference: fakeDriver({ name: "reference", clock }),
        onRecall: (request, wrong, right) => recalls.push({ request, wrong, right }),
      },
      onIncident: (text) => incidents.push(text),
      ...more,
    }),
  );
  const arm = (name: string, fault: Fault, runs: number): void =>
    planned.find((one) => one.name === name)?.plan.arm(fault, runs);
  const ask = async (works: readonly Work[]) => {
    const answers = await clock.until(Promise.all(works.map((work) => pool.submit(work))));
    await clock.until(pool.checked());
    return answers.map((answer) => (answer.status === "DONE" ? answer.result : answer));
  };
  return { pool, clock, arm, ask, recalls, incidents };
}

const works = randomWorks(11, 60);

describe("a device that promises the same bits and gives wrong sums", () => {
  test("does not join", async () => {
    const clock = new SimClock();
    const plan = new FaultPlan();
    plan.arm("WRONG", 1e6);
    const opening = openPool({ clock, drivers: [fakeDriver({ name: "bad", clock, plan })] });
    await expect(clock.until(opening)).rejects.toMatchObject({
      code: "POOL_DEVICE_NONE",
      message: expect.stringContaining('bad: admission work "measure: heavy tail"'),
    });
  });

  test("is put out by an audit against another device and the reference", async () => {
    const { pool, arm, ask, recalls } = await setUp([{ name: "good" }, { name: "bad" }], 1);
    arm("bad", "WRONG", 1e6);
    const results = await ask(works);
    const slots = pool.metrics().slots;
    expect(slots.get("bad")?.quarantined).toMatch(/^audit of request \d+: answer\./);
    expect(slots.get("good")?.quarantined).toBe("");
    // What had been given before that was recalled, each with the right answer.
    const wrong = results.flatMap((result, index) => {
      const right = reference(works[index] as Work);
      return JSON.stringify(result) === JSON.stringify(right) ? [] : [index + 1];
    });
    expect(wrong.length).toBeGreaterThan(0);
    expect(recalls.map(({ request }) => request).toSorted((a, b) => a - b)).toEqual(wrong);
    for (const { request, right } of recalls) {
      expect(right).toEqual(reference(works[request - 1] as Work));
    }
  });

  test("is told from the one that checks it, when that is the liar", async () => {
    // The first answers, the second only checks: it accepts nothing else in time.
    const { pool, arm, ask, clock } = await setUp([{ name: "good" }, { name: "liar" }], 1);
    arm("liar", "WRONG", 1e6);
    const [first] = works;
    await clock.until(pool.submit(first as Work));
    await clock.until(pool.checked());
    expect(pool.metrics().slots.get("liar")?.quarantined).toMatch(/audit of request 1/);
    expect(pool.metrics().slots.get("good")?.quarantined).toBe("");
    expect(await ask(works)).toEqual(works.map(reference));
  });

  test("is checked by the reference where it is alone", async () => {
    const { pool, arm, ask } = await setUp([{ name: "bad" }], 1);
    arm("bad", "WRONG", 1e6);
    await ask(works.slice(0, 3));
    expect(pool.metrics().slots.get("bad")?.quarantined).toMatch(/^audit/);
    const [after] = await ask(works.slice(0, 1));
    expect(after).toMatchObject({ status: "FAILED", reason: "DEVICE_FAULT" });
  });
});

describe("a device that promises less than the same bits", () => {
  test("has its answers held until a check has passed", async () => {
    const { pool, clock } = await setUp([{ name: "near", tolerance: 1e-6 }], 0);
    let given = false;
    const answer = pool.submit(works[0] as Work).then((one) => {
      given = true;
      expect(pool.metrics().audits).toBe(1);
      return one;
    });
    expect(given).toBe(false);
    expect(await clock.until(answer)).toMatchObject({ status: "DONE", devices: ["near"] });
  });

  test("is out at the first wrong sum that is checked, and nobody sees one that is not", async () => {
    for (const runs of [1, 2, 5, 1e6]) {
      const { pool, arm, ask, recalls } = await setUp(
        [{ name: "near", tolerance: 1e-6 }, { name: "exact" }],
        1,
      );
      arm("near", "WRONG", runs);
      expect(await ask(works)).toEqual(works.map(reference));
      expect(pool.metrics().slots.get("near")?.quarantined).toMatch(/^audit/);
      expect(recalls).toEqual([]);
    }
  });

  test("is believed within its tolerance", async () => {
    // What the fake perturbs is one part in ten thousand.
    const { pool, arm, ask } = await setUp([{ name: "near", tolerance: 1e-6 }], 0.1);
    await ask(works);
    expect(pool.metrics().slots.get("near")?.quarantined).toBe("");
    arm("near", "WRONG", 1e6);
    expect(await ask(works)).toEqual(works.map(reference).map(() => expect.anything()));
    expect(pool.metrics().slots.get("near")?.quarantined).toMatch(/^audit/);
  });
});

describe("a device that fails alone", () => {
  test("is put out when three requests in a row were answered elsewhere", async () => {
    for (const fault of ["DIE", "OUT_OF_MEMORY", "HANG"] as const) {
      const { pool, arm, ask, incidents } = await setUp(
        [{ name: "weak" }, { name: "good", runMs: 100 }],
        0,
        { hangMs: 1000 },
      );
      for (let i = 0; i < 3; i++) {
        arm("weak", fault, 1);
        expect(await ask(works.slice(i, i + 1))).toEqual([reference(works[i] as Work)]);
      }
      expect(pool.metrics().slots.get("weak")?.quarantined).toMatch(/answered elsewhere/);
      expect(incidents.at(-1)).toMatch(/^weak is out/);
      expect(await ask(works)).toEqual(works.map(reference));
    }
  });

  test("is opened again three times, and then no more", async () => {
    const clock = new SimClock();
    const openings: number[] = [];
    const absent = (opening: number): string | null => {
      openings.push(opening);
      return "there is none in this machine";
    };
    const drivers = [
      fakeDriver({ name: "absent", clock, absent }),
      fakeDriver({ name: "late", clock, absent: (opening) => (opening < 3 ? "not yet" : null) }),
    ];
    const pool = await clock.until(openPool({ clock, drivers }));
    expect(openings).toEqual([1, 2, 3]);
    const { slots } = pool.metrics();
    expect(slots.get("absent")?.quarantined).toBe("there is none in this machine");
    expect(slots.get("late")?.ready).toBe(1);
  });

  test("is out when it does not come through the admission test in time", async () => {
    const clock = new SimClock();
    const plan = new FaultPlan();
    plan.arm("HANG", 1);
    const opening = openPool({ clock, drivers: [fakeDriver({ name: "stuck", clock, plan })] });
    await expect(clock.until(opening)).rejects.toThrow("not open and tested within 60000 ms");
  });
});

describe("any mixture of devices, faults, cancellations and deadlines", () => {
  const faults = fc.constantFrom<Fault>("DIE", "HANG", "OUT_OF_MEMORY", "SLOW");
  const mixture = fc.record({
    seed: fc.nat(1000),
    devices: fc.array(
      fc.record({ inexact: fc.boolean(), runMs: fc.integer({ min: 1, max: 20 }) }),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
    accidents: fc.array(
      fc.record({
        at: fc.nat(400),
        device: fc.nat(3),
        fault: faults,
        runs: fc.integer({ min: 1, max: 2 }),
      }),
      { maxLength: 6 },
    ),
    requests: fc.array(
      fc.record({
        work: fc.nat(works.length - 1),
        at: fc.nat(300),
        priority: fc.integer({ min: -1, max: 2 }),
        deadlineMs: fc.option(fc.nat(100)),
        cancelAt: fc.option(fc.nat(400)),
      }),
      { minLength: 1, maxLength: 40 },
    ),
  });

  test("each request is answered once, in numbered order, rightly or with a reason", async () => {
    await fc.assert(
      fc.asyncProperty(mixture, async ({ devices, accidents, requests }) => {
        const given = devices.map(({ inexact, runMs }, index) => ({
          name: `device-${index}`,
          tolerance: inexact ? 1e-9 : 0,
          runMs,
        }));
        const { pool, clock, arm } = await setUp(given, 0.2, { hangMs: 50, graceMs: 10 });
        const order: number[] = [];
        const asked = requests.map(
          ({ work, at, priority, deadlineMs, cancelAt }) =>
            new Promise<void>((resolve) => {
              clock.after(at, () => {
                const controller = new AbortController();
                if (cancelAt !== null) clock.after(cancelAt, () => controller.abort());
                const terms = {
                  priority,
                  signal: controller.signal,
                  ...(deadlineMs === null ? {} : { deadlineMs }),
                };
                pool.submit(works[work] as Work, terms).then((answer) => {
                  order.push(answer.sequence);
                  if (answer.status === "DONE") {
                    expect(answer.result).toEqual(reference(works[work] as Work));
                  }
                  resolve();
                });
              });
            }),
        );
        for (const { at, device, fault, runs } of accidents) {
          clock.after(at, () => arm(`device-${device}`, fault, runs));
        }
        await clock.until(Promise.all(asked));
        expect(order).toEqual(requests.map((_, index) => index + 1));
        await clock.until(pool.close());
        const total = [...pool.metrics().answers.values()]
          .flatMap((outcomes) => [...outcomes.values()])
          .reduce((sum, count) => sum + count, 0);
        expect(total).toBe(requests.length);
        expect([pool.metrics().queued, pool.metrics().running]).toEqual([0, 0]);
      }),
      { numRuns: 150 },
    );
  });
});
