// The suite that a device passes, whatever it computes with. Work that it does not accept is left out.

import { afterEach, describe, expect, test } from "vitest";
import { Random } from "../../../quant/random.ts";
import { refusal } from "../admission.ts";
import { joinRows, splitRows } from "../batch.ts";
import { carryOut } from "../carry-out.ts";
import { type Device, type DeviceDriver, DeviceFailure, newStopFlag } from "../device.ts";
import { answerDifference } from "../same-answer.ts";
import { SharedScenarios } from "../shared-scenarios.ts";
import type { Inferred, InferWork, Result, Work } from "../work.ts";
import { randomInfer, randomWorks } from "./random-work.ts";

export interface DeviceHarness {
  readonly driver: DeviceDriver;
  /** Lets time pass until the promise is settled; left out where it passes by itself. */
  until?<T>(promise: Promise<T>): Promise<T>;
}

/** `more`: work that this device is there for, beside the small work that every one is held to. */
export function testDevice(
  name: string,
  makeHarness: () => DeviceHarness,
  more: readonly Work[] = [],
): void {
  const opened: { device: Device; until: <T>(promise: Promise<T>) => Promise<T> }[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ device, until }) => until(device.close())));
  });

  const setUp = async () => {
    const { driver, until = (promise) => promise } = makeHarness();
    const device = await until(driver.open());
    opened.push({ device, until });
    const shared = new SharedScenarios(2 ** 28);
    const prepare = (work: Work): Work => shared.share(work).work;
    const run = (work: Work): Promise<Result> => until(device.run(prepare(work), newStopFlag()));
    const accepted = [...randomWorks(5, 60), ...more].filter((work) => device.accepts(work));
    expect(accepted.length).toBeGreaterThan(0);
    return { device, driver, run, accepted, until, prepare };
  };
  const failure = async (run: Promise<unknown>): Promise<DeviceFailure> => {
    const reason = await run.then(
      () => "an answer",
      (error) => error,
    );
    expect(reason).toBeInstanceOf(DeviceFailure);
    return reason;
  };

  describe(name, () => {
    test("is called as its driver, and passes the admission test", async () => {
      const { device, driver, until } = await setUp();
      expect([device.name, device.kind]).toEqual([driver.name, driver.kind]);
      expect(await until(refusal(device))).toBeNull();
    });

    test("answers as the reference does, within what it promises", async () => {
      const { device, run, accepted } = await setUp();
      for (const work of accepted) {
        const expected = carryOut(work, () => false);
        const tolerance = device.tolerance(work.kind);
        expect(answerDifference(work.kind, await run(work), expected, tolerance)).toBeNull();
      }
    });

    test("answers the same, to the bit, in another order and after a restart", async () => {
      const first = await setUp();
      const answers = new Map<Work, Result>();
      for (const work of first.accepted) answers.set(work, await first.run(work));
      const second = await setUp();
      for (const work of first.accepted.toReversed()) {
        expect(
          answerDifference(work.kind, await second.run(work), answers.get(work) as Result, 0),
        ).toBe(null);
      }
    });

    test("answers rows in a batch as it answers them alone, to the bit", async () => {
      const { device, run } = await setUp();
      const random = new Random(6);
      const works = Array.from({ length: 7 }, () => randomInfer(random, 1 + random.integer(5)));
      const joined: InferWork = joinRows(works);
      if (!device.accepts(joined)) return;
      const together = splitRows(works, (await run(joined)) as Inferred);
      for (const [index, work] of works.entries()) expect(await run(work)).toEqual(together[index]);
    });

    test("writes to nothing that it was given", async () => {
      const { run, accepted } = await setUp();
      for (const work of accepted) {
        const before = structuredClone(work);
        await run(work);
        expect(work).toEqual(before);
      }
    });

    test("says INVALID of work that cannot be computed with, and goes on", async () => {
      const { device, run, accepted } = await setUp();
      const wrong: Work[] = accepted.flatMap((work): Work[] => {
        if (work.kind === "measure") {
          return [
            { ...work, weights: work.weights.map(() => Number.NaN) },
            { ...work, weights: new Float64Array(work.weights.length + 1) },
            { ...work, tailMass: 0 },
          ];
        }
        return work.kind === "infer" ? [{ ...work, count: work.count + 1 }] : [];
      });
      for (const work of wrong.filter((one) => device.accepts(one))) {
        expect((await failure(run(work))).reason).toBe("INVALID");
      }
      const [good] = accepted;
      if (good !== undefined) await run(good);
    });

    test("obeys a stop flag that is set already", async () => {
      const { device, accepted, until, prepare } = await setUp();
      const stop = newStopFlag();
      Atomics.store(stop, 0, 1);
      // An answer, or no answer: but an end.
      for (const work of accepted.slice(0, 3)) {
        await until(device.run(prepare(work), stop).catch(() => null));
      }
    });

    test("ends when it is closed, with what it was at, and closing twice does no harm", async () => {
      const { device, accepted, until, prepare } = await setUp();
      const work = prepare(accepted.at(-1) as Work);
      const running = device.run(work, newStopFlag()).catch((error) => error);
      await until(Promise.all([device.close(), device.close()]));
      const end = await until(running);
      if (end instanceof Error) expect(end).toBeInstanceOf(DeviceFailure);
      expect((await failure(until(device.run(work, newStopFlag())))).reason).toBe("CRASHED");
    });
  });
}
