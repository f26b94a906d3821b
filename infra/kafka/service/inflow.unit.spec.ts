import { expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { Fetched } from "../client/connection.ts";
import { Inflow } from "./inflow.ts";

const unreachable = new TapedeckError("KAFKA_UNREACHABLE", "no broker answers");
const piece: Fetched = {
  topic: "ticks",
  partition: 0,
  batches: [],
  nextOffset: 1,
  stableEnd: 1,
  start: 0,
};

/** A fetcher that answers at once, from the last answer on always the same; an end to what never ends. */
function fetcherOf(...answers: readonly (Fetched | Error)[]) {
  const told = { pulls: 0 };
  return {
    told,
    async pull(): Promise<Fetched | null> {
      if (told.pulls === 10_000) throw new Error("asked without end");
      const answer = answers[Math.min(told.pulls++, answers.length - 1)];
      if (answer instanceof Error) throw answer;
      return answer ?? null;
    },
  };
}

const timer = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("a broker that is away, and said to be at once, leaves timers their turn", async () => {
  const fetcher = fetcherOf(unreachable);
  const inflow = new Inflow(fetcher);
  let over = false;
  const waiting = (async () => {
    while (!over && inflow.failure === null) await inflow.wait(Number.POSITIVE_INFINITY);
  })();
  await timer(30);
  over = true;
  inflow.wake();
  await waiting;
  expect([inflow.failure, inflow.take()]).toEqual([null, null]);
  expect(fetcher.told.pulls).toBeLessThan(4);
});

test("what comes once the broker is back is given once", async () => {
  const inflow = new Inflow(fetcherOf(unreachable, piece));
  await inflow.wait(Number.POSITIVE_INFINITY);
  expect(inflow.take()).toBeNull();
  await inflow.wait(Number.POSITIVE_INFINITY);
  expect([inflow.take(), inflow.take()]).toEqual([piece, null]);
});

test("a piece waits until it is taken, and no other is asked for meanwhile", async () => {
  const fetcher = fetcherOf(piece);
  const inflow = new Inflow(fetcher);
  for (let i = 0; i < 5; i++) await inflow.wait(1);
  expect(fetcher.told.pulls).toBe(1);
  expect(inflow.take()).toBe(piece);
});

test("any other failure ends the reading", async () => {
  const failure = new TapedeckError("KAFKA_OFFSET_OUT_OF_RANGE", "gone");
  const inflow = new Inflow(fetcherOf(failure, unreachable));
  await inflow.wait(Number.POSITIVE_INFINITY);
  expect(inflow.failure).toBe(failure);
});
