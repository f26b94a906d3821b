// How devices come, fail and go, and what becomes of the requests that they had, in simulated time.

import { describe, expect, test } from "vitest";
import { carryOut } from "./carry-out.ts";
import type { Device, DeviceDriver } from "./device.ts";
import { openPool, type PoolSettings } from "./open-pool.ts";
import { type FakeSettings, fakeDriver } from "./testing/fake-device.ts";
import { type Fault, FaultPlan, faultWork, perturbed } from "./testing/faults.ts";
import { randomWorks } from "./testing/random-work.ts";
import { SimClock } from "./testing/sim-clock.ts";
import type { Result, Work } from "./work.ts";

const reference = (work: Work): Result => carryOut(work, () => false);
const works = randomWorks(21, 40);
const [first] = works as [Work];

type Given = Omit<FakeSettings, "clock" | "plan">;

async function setUp(devices: readonly Given[], more: Partial<PoolSettings> = {}) {
  const clock = new SimClock();
  const planned = devices.map((one) => ({ ...one, clock, plan: new FaultPlan() }));
  const drivers = planned.map(fakeDriver);
  const pool = await clock.until(openPool({ clock, drivers, ...more }));
  const arm = (name: string, fault: Fault, runs = 1): void =>
    planned.find((one) => one.name === name)?.plan.arm(fault, runs);
  return { clock, pool, arm };
}

describe("a request whose device failed", () => {
  test("waits for another device rather than go to the replaced one", async () => {
    const { clock, pool, arm } = await setUp([{ name: "weak" }, { name: "good", runMs: 500 }]);
    arm("weak", "DIE");
    const answers = [first, first].map((work) => pool.submit(work));
    const [, busy] = await clock.until(Promise.all(answers));
    expect(busy?.devices).toEqual(["good"]);
    expect((await answers[0])?.devices).toEqual(["weak", "good"]);
  });

  test("is not tried again when its deadline has come", async () => {
    const { clock, pool, arm } = await setUp([{ name: "a" }, { name: "b" }], {
      hangMs: 50,
      graceMs: 20,
    });
    arm("a", "HANG");
    // Between being asked to end and being ended.
    const answer = await clock.until(pool.submit(first, { deadlineMs: 55 }));
    expect(answer).toMatchObject({ reason: "DEADLINE", devices: ["a"] });
  });

  test("is not answered by what comes from a device that was given up", async () => {
    const clock = new SimClock();
    let late = false;
    const ghost: DeviceDriver = {
      name: "ghost",
      kind: "fake",
      async open() {
        const device: Device = {
          name: "ghost",
          kind: "fake",
          accepts: () => true,
          tolerance: () => 0,
          run: (work) =>
            new Promise((resolve) => {
              const right = reference(work);
              if (late) clock.after(200, () => resolve(perturbed(right)));
              else resolve(right);
            }),
          close: async () => {},
        };
        return device;
      },
    };
    const drivers = [ghost, fakeDriver({ name: "good", clock, runMs: 100 })];
    const pool = await clock.until(openPool({ clock, drivers, hangMs: 150, graceMs: 10 }));
    late = true;
    const answer = await clock.until(pool.submit(first));
    expect(answer).toMatchObject({ status: "DONE", devices: ["ghost", "good"] });
    expect(answer.status === "DONE" && answer.result).toEqual(reference(first));
  });
});

describe("a device", () => {
  test("is forgiven failures between which it answered", async () => {
    const { clock, pool, arm } = await setUp([{ name: "weak" }, { name: "good" }]);
    for (let i = 0; i < 6; i++) {
      arm("weak", "DIE");
      await clock.until(pool.submit(first));
      await clock.advance(1000);
      expect((await clock.until(pool.submit(first))).devices).toEqual(["weak"]);
    }
    const { slots } = pool.metrics();
    expect(slots.get("weak")?.quarantined).toBe("");
    expect([...(slots.get("weak")?.failures ?? [])]).toEqual([["CRASHED", 6]]);
  });

  test("that dies in the admission test is opened again, as one that does not open", async () => {
    const clock = new SimClock();
    for (const [deaths, ready] of [
      [2, 1],
      [3, 0],
    ] as const) {
      const plan = new FaultPlan();
      plan.arm("DIE", deaths);
      const drivers = [
        fakeDriver({ name: "weak", clock, plan }),
        fakeDriver({ name: "good", clock }),
      ];
      const pool = await clock.until(openPool({ clock, drivers }));
      expect(pool.metrics().slots.get("weak")?.ready).toBe(ready);
    }
  });

  test("that opens when nobody waits for it any more is closed", async () => {
    const clock = new SimClock();
    const closed: string[] = [];
    const slow = (name: string, ms: number): DeviceDriver => ({
      name,
      kind: "fake",
      open: () =>
        new Promise((resolve) => {
          clock.after(ms, async () => {
            const device = await fakeDriver({ name, clock }).open();
            const close = device.close.bind(device);
            device.close = async () => {
              closed.push(name);
              await close();
            };
            resolve(device);
          });
        }),
    });
    const drivers = [fakeDriver({ name: "good", clock }), slow("late", 100)];
    const pool = await clock.until(openPool({ clock, drivers, openMs: 50 }));
    expect(pool.metrics().slots.get("late")?.quarantined).toContain("within 50 ms");
    await clock.advance(100);
    expect(closed).toEqual(["late"]);
  });

  test("is asked for no more rows at once than the bound", async () => {
    const counts: number[] = [];
    const { clock, pool } = await setUp(
      [{ name: "a", onRun: (work) => void (work.kind === "infer" && counts.push(work.count)) }],
      { batchRows: 10 },
    );
    counts.length = 0;
    const rows = randomWorks(5, 100).filter(({ kind }) => kind === "infer");
    await clock.until(Promise.all(rows.map((work) => pool.submit(work))));
    expect(Math.max(...counts)).toBeLessThanOrEqual(10);
    expect(Math.max(...counts)).toBeGreaterThan(5);
  });
});

describe("a pool at rest", () => {
  test("watches over nothing, and holds no memory but what it keeps", async () => {
    const { clock, pool, arm } = await setUp([{ name: "a" }, { name: "b" }], { sharedBytes: 1 });
    arm("a", "DIE");
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, given);
    };
    signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, given);
    };
    const terms = { deadlineMs: 1e6, signal };
    await clock.until(Promise.all([...works, ...works].map((work) => pool.submit(work, terms))));
    expect(listeners).toBe(0);
    expect(clock.pending).toBe(0);
    // One more answer, so that the last one's memory is counted as gone.
    await clock.until(pool.submit(faultWork("WRONG")));
    const sizes = works.map((work) =>
      work.kind === "measure"
        ? work.scenarios.returns.byteLength + work.scenarios.probabilities.byteLength
        : 0,
    );
    expect(pool.metrics().sharedBytes).toBeLessThanOrEqual(1.2 * Math.max(...sizes) + 64);
  });

  test("is not taken in by a caller who changes what it gave and got", async () => {
    const clock = new SimClock();
    const reference = fakeDriver({ name: "reference", clock });
    const drivers = [fakeDriver({ name: "a", clock, runMs: 5 })];
    const audit = { share: 1, seed: 1, reference };
    const pool = await clock.until(openPool({ clock, drivers, audit }));
    for (const work of randomWorks(6, 30)) {
      const own = structuredClone(work);
      const answer = await clock.until(pool.submit(own));
      if (own.kind === "measure") own.weights.fill(7);
      if (own.kind === "infer") own.rows.fill(7);
      if (answer.status === "DONE" && "outputs" in answer.result) answer.result.outputs.fill(7);
    }
    await clock.until(pool.checked());
    expect(pool.metrics().audits).toBe(30);
    expect(pool.metrics().differences).toBe(0);
  });
});
