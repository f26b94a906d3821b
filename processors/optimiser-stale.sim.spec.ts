// An answer that comes too late, or that the pool cannot give: the optimiser asks once more at the next bar, and not again
// before its schedule; of a stale answer, which the risk gate discards and says so, nothing is traded.

import { describe, expect, test } from "vitest";
import { MINUTE_US } from "../streams/testing/facts.ts";
import { EVERY, optimisedRun, optimiserWith } from "./optimised-run.spec.ts";
import type { AnswerRequest } from "./optimiser-pool/optimiser-pool.ts";
import { answerTo } from "./pool-work.ts";

const LIMITS = optimiserWith().limits;
/** Beyond the next bar: what it was asked about has moved by then. */
const LATE_US = 1.5 * MINUTE_US;

/** Requests and verdicts of a run whose answers may be so old, in the order of their times. */
async function run(maxPriceMoveBps: number | null, latencyUs = LATE_US) {
  const limits = { ...LIMITS, maxPriceMoveBps };
  const written = await optimisedRun(optimiserWith({ latencyUs, limits }));
  const requests = await written.events("pool.requests");
  const verdicts = await written.events("risk.verdicts");
  return { requests, verdicts, fills: await written("fills") };
}

const places = (events: readonly { readonly timeUs: number }[]): number[] => {
  const [first] = events;
  return events.map(({ timeUs }) => Math.round((timeUs - (first?.timeUs ?? 0)) / MINUTE_US));
};

describe("a stale answer", () => {
  test("is asked for once more at the next bar, and then waits for the schedule", async () => {
    const { requests, verdicts, fills } = await run(0);
    expect(verdicts.length).toBe(requests.length);
    for (const { value } of verdicts) {
      expect([value.outcome, value.reason]).toEqual(["DENY", "AnswerStale"]);
    }
    // Told after a bar and a half that it was stale, it asks again at the second bar.
    const due = [0, EVERY, 2 * EVERY, 3 * EVERY];
    expect(places(requests)).toEqual(due.flatMap((place) => [place, place + 2]));
    expect(requests.map(({ value }) => value.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(fills).toEqual([]);
  });

  test("leads to trades where the second one comes in time", async () => {
    const { requests, verdicts, fills } = await run(300);
    const reasons = verdicts.map(({ value }) => value.reason);
    expect(reasons).toContain("AnswerStale");
    // Each verdict is on one request; one follows a stale one two bars later, unless that was such a one itself.
    const at = places(requests);
    const repeats = at.map((place) => place % EVERY !== 0);
    for (const [i, isRepeat] of repeats.entries()) {
      if (i === 0) continue;
      const before = reasons[i - 1];
      expect(isRepeat, `request ${i + 1}`).toBe(before === "AnswerStale" && !repeats[i - 1]);
    }
    const saved = repeats.filter((isRepeat, i) => isRepeat && reasons[i] === "NONE");
    expect(saved.length).toBeGreaterThan(0);
    expect(fills.length).toBeGreaterThan(0);
  });

  test("is waited for where it takes longer than the schedule: then asked at the next bar", async () => {
    const { requests, verdicts, fills } = await run(null, (EVERY + 2.5) * MINUTE_US);
    expect(places(requests)).toEqual([0, EVERY + 3, 2 * (EVERY + 3)]);
    expect(verdicts.map(({ value }) => value.reason)).toEqual(requests.map(() => "NONE"));
    expect(fills.length).toBeGreaterThan(0);
  });

  test("is not asked for again where none is stale", async () => {
    const any = await run(null);
    expect(new Set(places(any.requests).map((place) => place % EVERY))).toEqual(new Set([0]));
    const prompt = await run(0, 1_000_000);
    expect(new Set(places(prompt.requests).map((place) => place % EVERY))).toEqual(new Set([0]));
    expect(prompt.fills.length).toBeGreaterThan(0);
  });
});

describe("an answer that the pool could not give", () => {
  const failing =
    (fails: (number: number) => boolean): AnswerRequest =>
    (request, latencyUs) => {
      const answer = answerTo(request, latencyUs);
      if (!fails(request.number)) return answer;
      return { ...answer, status: "FAILED", reasons: ["no device is left"], weights: [] };
    };
  const asked = async (fails: (number: number) => boolean) => {
    const written = await optimisedRun(optimiserWith(), { answer: failing(fails) });
    const at = places(await written.events("pool.requests"));
    return { at, fills: (await written("fills")).length };
  };

  test("is asked for once more at the next bar", async () => {
    const due = [0, EVERY, 2 * EVERY, 3 * EVERY];
    const never = await asked(() => true);
    expect(never).toEqual({ at: due.flatMap((place) => [place, place + 1]), fills: 0 });
    const first = await asked((number) => number === 1);
    expect(first.at).toEqual([0, 1, EVERY, 2 * EVERY, 3 * EVERY]);
    expect(first.fills).toBeGreaterThan(0);
  });
});
