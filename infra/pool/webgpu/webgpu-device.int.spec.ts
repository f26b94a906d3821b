import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { randomHistory } from "../../../quant/scenarios/random-sets.spec.ts";
import { carryOut } from "../carry-out.ts";
import { newStopFlag } from "../device.ts";
import type { MeasureWork, ScenariosWork, Work } from "../work.ts";
import { describeWebGpu } from "./testing/describe-webgpu.ts";
import { faultySettings, UNLUCKY, workOf } from "./testing/gpu-works.ts";
import { openWebGpu, type WebGpuDevice, type WebGpuSettings } from "./webgpu-device.ts";

const crash = { probability: 0.01, returns: { A0: -0.3, A1: -0.2, A2: -0.1 } };

const reference = (work: MeasureWork) => carryOut(work, () => false);

describeWebGpu("a WebGPU device", (environment) => {
  const settings: WebGpuSettings = { name: "gpu", software: true, environment };
  const run = (device: WebGpuDevice, work: MeasureWork) => device.run(work, newStopFlag());

  async function opened(
    more: Partial<WebGpuSettings>,
    body: (device: WebGpuDevice) => Promise<void>,
  ): Promise<void> {
    const device = await openWebGpu({ ...settings, ...more });
    try {
      await body(device);
    } finally {
      await device.close();
    }
  }

  describe("answers as the CPU does, bit for bit", () => {
    let device: WebGpuDevice;
    beforeAll(async () => {
      device = await openWebGpu(settings);
    });
    afterAll(() => device.close());

    test("on random sets with ties, doubles and chances of 0, at sizes from 1e-9 to 1e6", async () => {
      const plain = fc.integer({ min: -(2 ** 30), max: 2 ** 30 }).map((drawn) => drawn / 3 ** 20);
      const value = fc.oneof(
        { arbitrary: plain, weight: 30 },
        { arbitrary: fc.constantFrom(0, 0.01, -0.01, 0.25), weight: 10 },
        // Some of no normal size.
        { arbitrary: fc.double({ min: -1, max: 1, noNaN: true }), weight: 1 },
      );
      const cases = fc.record({
        assets: fc.integer({ min: 1, max: 12 }),
        count: fc.integer({ min: 1, max: 400 }),
        values: fc.array(value, { minLength: 40, maxLength: 400 }),
        weights: fc.array(value, { minLength: 12, maxLength: 12 }),
        chances: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 7, maxLength: 50 }),
        scales: fc.array(fc.constantFrom(1e-9, 1e-6, 1, 1e6), { minLength: 12, maxLength: 12 }),
        tailMass: fc.oneof(
          fc.constantFrom(0.01, 0.05, 0.25, 1),
          fc.double({ min: 0.001, max: 1, noNaN: true }),
        ),
      });
      await fc.assert(
        fc.asyncProperty(cases, async (drawn) => {
          const { assets, count, values, chances, scales, tailMass } = drawn;
          const chance = (s: number) => chances[s % chances.length] as number;
          let total = 0;
          for (let s = 0; s < count; s++) total += chance(s);
          fc.pre(total > 0);
          const work: MeasureWork = {
            kind: "measure",
            scenarios: {
              assets: scales.slice(0, assets).map((_, a) => `A${a}`),
              count,
              // Drawn again and again: equal rows.
              returns: Float64Array.from(
                { length: assets * count },
                (_, i) =>
                  (values[i % values.length] as number) * (scales[Math.floor(i / count)] as number),
              ),
              probabilities: Float64Array.from({ length: count }, (_, s) => chance(s) / total),
            },
            weights: Float64Array.from(drawn.weights.slice(0, assets)),
            tailMass,
          };
          expect(await run(device, work)).toStrictEqual(reference(work));
        }),
        { numRuns: 300 },
      );
      expect(device.counts.passes).toBeGreaterThan(100);
    });

    test.each([
      [50, 10_000],
      [200, 20_000],
    ])(
      "on %i assets in %i scenarios, and computes little but the tail again",
      async (assets, count) => {
        const before = device.counts;
        const work = workOf(assets, count);
        expect(await run(device, work)).toStrictEqual(reference(work));
        expect(device.counts.passes).toBe(before.passes + 1);
        expect(device.counts.again - before.again).toBeLessThan(0.052 * count);
      },
    );

    test("on more scenarios than a pass may have", async () => {
      const work = workOf(1, device.adapter.maxPartScenarios + 70);
      expect(await run(device, work)).toStrictEqual(reference(work));
    });

    test("where all losses are equal, without the GPU's help", async () => {
      const before = device.counts;
      const work = workOf(3, 100);
      work.scenarios.returns.fill(0.01);
      expect(await run(device, work)).toStrictEqual(reference(work));
      expect(device.counts.without).toBe(before.without + 1);
    });

    test.each([
      [
        "a return that is not a number",
        (work: MeasureWork) => work.scenarios.returns.fill(Number.NaN, 3, 4),
      ],
      ["a tail mass of 0", (work: MeasureWork) => ({ ...work, tailMass: 0 })],
      ["too few weights", (work: MeasureWork) => ({ ...work, weights: new Float64Array(1) })],
    ])("refuses %s and goes on", async (_name, spoil) => {
      const work = workOf(3, 100, { seed: 2 });
      const spoilt = spoil(work);
      const refused = spoilt instanceof Float64Array ? work : spoilt;
      await expect(run(device, refused)).rejects.toMatchObject({ reason: "INVALID" });
      const next = workOf(3, 100, { seed: 3 });
      expect(await run(device, next)).toStrictEqual(reference(next));
    });

    test.each([
      [{ count: 1, seed: 0 }],
      [{ count: 10_000, seed: -5 }],
      [{ count: 1000, seed: 2 ** 40 + 7, horizon: 21, blockLength: 1 }],
      [{ count: 1000, seed: 3, horizon: 21, blockLength: 1e12 }],
      [{ count: 20_000, seed: 4, horizon: 5, stress: [crash] }],
    ])("draws the same paths: %j", async (settings) => {
      const work: ScenariosWork = {
        kind: "scenarios",
        recipe: { kind: "PATH_BOOTSTRAP", ...settings },
        history: randomHistory(3, 750, 1),
      };
      expect(device.accepts(work)).toBe(true);
      expect(await device.run(work, newStopFlag())).toStrictEqual(carryOut(work, () => false));
    });
  });

  test("keeps as many sets as it has memory for, and copies others again", () =>
    opened({ memoryBytes: 4 * 3 * 100 * 2 }, async (device) => {
      const works = [1, 2, 3].map((seed) => workOf(3, 100, { seed }));
      for (const work of [...works, ...works]) {
        expect(await run(device, work)).toStrictEqual(reference(work));
      }
      expect(device.accepts(workOf(3, 201))).toBe(false);
      expect(device.counts.passes).toBe(6);
    }));

  describe("is not believed, and says why, where the GPU", () => {
    const fails = (fault: string, found: object) =>
      opened(faultySettings(environment, fault), async (device) => {
        const harmless = workOf(3, 1000);
        if (fault !== "WRONG_SUMS") {
          expect(await run(device, harmless)).toStrictEqual(reference(harmless));
        }
        await expect(run(device, workOf(UNLUCKY, 1000))).rejects.toMatchObject(found);
        // It has ended, also for what would need no GPU.
        const flat = workOf(3, 10, { scale: 0 });
        await expect(run(device, flat)).rejects.toMatchObject(found);
      });

    test("sums wrongly", () =>
      fails("WRONG_SUMS", { reason: "CRASHED", message: expect.stringContaining("off, at most") }));

    test("hides losses of the tail", () =>
      fails("HIDDEN_TAIL", {
        reason: "CRASHED",
        message: expect.stringContaining("off, at most"),
      }));

    test("draws wrongly", async () =>
      opened(faultySettings(environment, "WRONG_PLACES"), async (device) => {
        const recipe = { kind: "PATH_BOOTSTRAP", count: 100, seed: 1, horizon: 3 } as const;
        const work: Work = { kind: "scenarios", recipe, history: randomHistory(3, 750, 1) };
        await expect(device.run(work, newStopFlag())).rejects.toMatchObject({
          reason: "CRASHED",
          message: expect.stringContaining("the GPU drew 0 for step 1 of path 0"),
        });
      }));

    test("dies", () =>
      fails("DIES", { reason: "CRASHED", message: expect.stringContaining("SIGKILL") }));

    test("is lost", () =>
      fails("IS_LOST", {
        reason: "CRASHED",
        message: expect.stringContaining("the GPU was lost"),
      }));

    test("is out of memory", () => fails("IS_FULL", { reason: "OUT_OF_MEMORY" }));
  });

  test("joins only by request where the adapter is software", async () => {
    await expect(openWebGpu({ name: "gpu", environment })).rejects.toMatchObject({
      name: "DeviceFailure",
      message: expect.stringContaining("SwiftShader"),
    });
  });

  test("says what is missing where there is no driver", async () => {
    const none = { VK_ICD_FILENAMES: "/nowhere.json", VK_DRIVER_FILES: "/nowhere.json" };
    const missing = openWebGpu({ name: "gpu", environment: { ...environment, ...none } });
    await expect(missing).rejects.toMatchObject({
      message: expect.stringContaining("no WebGPU adapter"),
    });
  });

  test("leaves no process behind when its own is killed, though the GPU hangs", async () => {
    const holder = fork(new URL("./testing/gpu-holder.ts", import.meta.url), {
      env: { ...process.env, ...environment },
      execArgv: [],
      stdio: ["ignore", "pipe", "ignore", "ipc"],
    });
    const [said] = await once(holder.stdout as NodeJS.ReadableStream, "data");
    expect(String(said)).toBe("busy\n");
    const threads = `/proc/${holder.pid}/task`;
    const children = readdirSync(threads).flatMap((thread) =>
      readFileSync(`${threads}/${thread}/children`, "utf8").trim().split(" ").filter(Boolean),
    );
    expect(children).toHaveLength(1);
    holder.kill("SIGKILL");
    await vi.waitFor(() => expect(existsSync(`/proc/${children[0]}`)).toBe(false), 10_000);
  });
});
