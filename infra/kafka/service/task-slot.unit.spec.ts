import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { Log } from "../../telemetry/logs.ts";
import { TaskSlot } from "./task-slot.ts";

const silent: Log = { write: () => undefined, with: () => silent };

/** Runners that each fail at once, having committed or not; when each was started. */
function failing(hasCommitted: boolean, confirm = async () => {}) {
  const startedMs: number[] = [];
  const make = () => ({
    hasCommitted,
    run: async () => {
      startedMs.push(Date.now());
      throw new TapedeckError("KAFKA_OUTCOME_UNKNOWN", "the answer was lost");
    },
    stop: () => undefined,
  });
  const told = { circling: 0 };
  const slot = new TaskSlot(
    make,
    confirm,
    silent,
    () => undefined,
    () => told.circling++,
  );
  const pauses = () => startedMs.slice(1).map((at, index) => at - (startedMs[index] as number));
  return { slot, pauses, startedMs, told };
}

describe("a task that fails and may run again", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is opened after pauses that grow, while it gets nowhere", async () => {
    const { slot, pauses } = failing(false);
    slot.start();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(pauses()).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    await slot.release();
  });

  test("is opened at once each time, where it got on with its work", async () => {
    const { slot, pauses } = failing(true);
    slot.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(new Set(pauses())).toEqual(new Set([50]));
    await slot.release();
  });

  test("is told to circle each half minute, unless it commits something between", async () => {
    const [stuck, moving] = [failing(false), failing(true)];
    for (const { slot } of [stuck, moving]) slot.start();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(stuck.told.circling).toBe(0);
    await vi.advanceTimersByTimeAsync(75_000);
    expect([stuck.told.circling, moving.told.circling]).toEqual([3, 0]);
    for (const { slot } of [stuck, moving]) await slot.release();
  });

  test("is not opened before the group has said whose it is", async () => {
    const asked: (() => void)[] = [];
    const confirm = () => new Promise<void>((resolve) => asked.push(resolve));
    const { slot, startedMs } = failing(true, confirm);
    slot.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([startedMs.length, asked.length]).toEqual([1, 1]);
    asked[0]?.();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([startedMs.length, asked.length]).toEqual([2, 2]);
    // It is another's: what the group says later opens nothing.
    await slot.release();
    asked[1]?.();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(startedMs.length).toBe(2);
  });
});
