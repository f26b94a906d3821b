import { describe, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { Log } from "../../telemetry/logs.ts";
import { EndWatch } from "./end-watch.ts";

const ticks = { topic: "market.ticks", partition: 0 };
const bars = { topic: "market.bars", partition: 1 };

/** A cluster whose answers the test gives; what is logged, and what was heard. */
function watched() {
  const waiting: { resolve: (end: number) => void; reject: (error: unknown) => void }[] = [];
  const said: string[] = [];
  const ends: number[] = [];
  const log: Log = {
    write: (level, message) => said.push(`${level} ${message}`),
    with: () => log,
  };
  const listOffset = () =>
    new Promise<number>((resolve, reject) => waiting.push({ resolve, reject }));
  const watch = new EndWatch({ listOffset }, log);
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    watch,
    waiting,
    said,
    ends,
    look: (...places: (typeof ticks)[]) => watch.look(places, (_, end) => ends.push(end)),
    async answer(end: number) {
      for (const { resolve } of waiting.splice(0)) resolve(end);
      await settled();
    },
    async refuse() {
      for (const { reject } of waiting.splice(0)) {
        reject(new TapedeckError("KAFKA_UNREACHABLE", "nobody answers"));
      }
      await settled();
    },
  };
}

describe("a watch over the ends of partitions", () => {
  test("says once that nothing answers, by one request a partition, and once that it is back", async () => {
    const { watch, waiting, said, ends, look, answer } = watched();
    look(ticks);
    await answer(7);
    for (let looks = 0; looks < 20; looks++) look(ticks);
    expect([waiting.length, watch.silent, watch.isSilent(ticks)]).toEqual([1, true, true]);
    expect(said).toEqual(["warn Kafka does not answer"]);
    await answer(9);
    expect(watch.isSilent(ticks)).toBe(false);
    look(ticks);
    expect([watch.silent, ends]).toEqual([false, [7, 9]]);
    expect(said).toEqual(["warn Kafka does not answer", "info Kafka answers again"]);
  });

  test("a request that fails counts at once; one that is slow does not", async () => {
    const { watch, said, look, answer, refuse } = watched();
    for (let looks = 0; looks < 3; looks++) look(ticks);
    await answer(1);
    look(ticks);
    expect([watch.silent, said]).toEqual([false, []]);
    await refuse();
    look(ticks);
    expect([watch.silent, said]).toEqual([true, ["warn Kafka does not answer"]]);
  });

  test("a silent partition that is given up is not one that answers", async () => {
    const { watch, said, ends, look, answer } = watched();
    for (let looks = 0; looks < 4; looks++) look(ticks);
    expect(watch.silent).toBe(true);
    look(bars);
    expect([watch.silent, said]).toEqual([true, ["warn Kafka does not answer"]]);
    await answer(3);
    look(bars);
    expect([watch.silent, ends]).toEqual([false, [3]]);
  });
});
