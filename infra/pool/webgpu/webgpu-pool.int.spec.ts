import { afterEach, describe, expect, test } from "vitest";
import { carryOut } from "../carry-out.ts";
import { cpuDriver } from "../cpu-device.ts";
import type { DeviceDriver } from "../device.ts";
import { openPool, type PoolSettings } from "../open-pool.ts";
import type { Answer, Pool } from "../pool.ts";
import { randomWorks } from "../testing/random-work.ts";
import type { MeasureWork, Result, Work } from "../work.ts";
import { describeWebGpu } from "./testing/describe-webgpu.ts";
import { faultySettings, UNLUCKY, workOf } from "./testing/gpu-works.ts";
import { webGpuDriver } from "./webgpu-device.ts";

const pools: Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});
const open = async (settings: PoolSettings): Promise<Pool> => {
  const pool = await openPool(settings);
  pools.push(pool);
  return pool;
};

const reference = (work: Work): Result => carryOut(work, () => false);
const resultOf = (answer: Answer): Result | string =>
  answer.status === "DONE" ? answer.result : `${answer.reason}: ${answer.detail}`;
const cpu = (name = "cpu"): DeviceDriver => cpuDriver({ name });

/** Its worst loss is the one that a GPU with HIDDEN_LOSS hides. */
function unluckyWork(): MeasureWork {
  const work = workOf(UNLUCKY, 1000);
  const { count, returns } = work.scenarios;
  for (let asset = 0; asset < UNLUCKY; asset++) returns[asset * count + 5] = -0.5;
  return work;
}

describeWebGpu("a pool with a GPU", (environment) => {
  const gpu = webGpuDriver({ name: "gpu", software: true, environment });

  test("answers the same whether it has CPU threads, a GPU or both, and every audit agrees", async () => {
    const works = randomWorks(11, 150).filter(({ kind }) => kind === "measure");
    const expected = works.map(reference);
    for (const drivers of [[cpu()], [gpu], [gpu, cpu()]]) {
      const audit = { share: 0.5, seed: 1, reference: cpu("reference") };
      const pool = await open({ drivers, audit });
      const answers = await Promise.all(works.map((work) => pool.submit(work)));
      expect(answers.map(resultOf)).toEqual(expected);
      await pool.checked();
      expect(pool.metrics().audits).toBeGreaterThan(20);
      expect(pool.metrics().differences).toBe(0);
    }
  });

  describe("catches a GPU that", () => {
    const withFault = (fault: string, more: Partial<PoolSettings> = {}) =>
      open({ drivers: [webGpuDriver(faultySettings(environment, fault)), cpu()], ...more });
    const slot = (pool: Pool) => pool.metrics().slots.get("gpu");

    test("sums wrongly, before it has any work", async () => {
      const pool = await withFault("WRONG_SUMS");
      expect(slot(pool)?.quarantined).toContain("off, at most");
      const work = unluckyWork();
      const answer = await pool.submit(work);
      expect(answer.devices).toEqual(["cpu"]);
      expect(resultOf(answer)).toEqual(reference(work));
    });

    test("sums wrongly, and opens no pool where there is nobody else", async () => {
      const drivers = [webGpuDriver(faultySettings(environment, "WRONG_SUMS"))];
      await expect(openPool({ drivers })).rejects.toMatchObject({ code: "POOL_DEVICE_NONE" });
    });

    test.each([
      ["hides losses of the tail", "HIDDEN_TAIL", "CRASHED"],
      ["dies", "DIES", "CRASHED"],
      ["is lost", "IS_LOST", "CRASHED"],
      ["is out of memory", "IS_FULL", "OUT_OF_MEMORY"],
      ["hangs", "HANGS", "HUNG"],
    ])("%s: the work is done elsewhere", async (_name, fault, reason) => {
      // Only one of them takes until then: a busy machine must not make the others hang.
      const pool = await withFault(fault, { hangMs: fault === "HANGS" ? 3000 : 60_000 });
      const work = unluckyWork();
      const answer = await pool.submit(work);
      expect(answer.devices).toEqual(["gpu", "cpu"]);
      expect(resultOf(answer)).toEqual(reference(work));
      expect([...(slot(pool)?.failures ?? [])]).toEqual([[reason, 1]]);
    });

    test("hides one loss: an audit finds it, recalls the answer and puts the GPU out", async () => {
      const recalled: Result[] = [];
      const pool = await withFault("HIDDEN_LOSS", {
        audit: {
          share: 1,
          seed: 1,
          reference: cpu("reference"),
          onRecall: (_request, _wrong, right) => recalled.push(right),
        },
      });
      const work = unluckyWork();
      const answer = await pool.submit(work);
      expect(resultOf(answer)).not.toEqual(reference(work));
      await pool.checked();
      expect(slot(pool)?.quarantined).toContain("answer.");
      expect(recalled).toEqual([reference(work)]);
    });
  });
});
