import { describe, expect, test } from "vitest";
import { at, given } from "../../streams/testing/given.ts";
import { poolRequest } from "../pool-work.ts";
import { optimiserPool } from "./optimiser-pool.ts";

const LATENCY_US = 5_000_000;
const history = {
  assets: ["A", "B"],
  periods: 4,
  returns: Float64Array.of(0.01, -0.02, 0.03, 0.01, -0.01, 0.02, 0.01, 0),
};
const request = poolRequest(
  { objective: { kind: "MINIMUM_CVAR", tailMass: 0.5 } },
  { kind: "HISTORICAL" },
  history,
  { portfolio: "main", number: 7 },
);
const answerOf = (changes: Partial<typeof request> = {}) => {
  const asked = at(1, "pool.requests", { ...request, ...changes });
  const [answer] = given(optimiserPool(LATENCY_US)).when(asked);
  if (answer === undefined) throw new Error("there was no answer");
  return answer.value;
};

describe("optimiser-pool", () => {
  test("answers later by its latency, with number and hash of the request", () => {
    expect(optimiserPool(LATENCY_US).outputs).toEqual({ "pool.answers": LATENCY_US });
    const answer = answerOf();
    expect(answer).toMatchObject({
      portfolio: "main",
      request: 7,
      inputHash: request.inputHash,
      status: "OPTIMAL",
      assets: ["A", "B"],
      scenarios: 4,
      latencyUs: LATENCY_US,
    });
    // Of the two worst of four: A loses (0.02 − 0.01) / 2, B (0.01 − 0) / 2; the mix is below both.
    expect(answer.upper).toBeLessThan(0.005);
    expect(answer.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  });

  test("says why where a problem has no portfolio, or cannot be computed with", () => {
    const problem = (constraints: object) =>
      JSON.stringify({ objective: { kind: "MINIMUM_CVAR", tailMass: 0.5 }, constraints });
    const infeasible = answerOf({ problem: problem({ upper: 0.4 }) });
    expect([infeasible.status, infeasible.weights]).toEqual(["INFEASIBLE", []]);
    expect(infeasible.reasons.length).toBeGreaterThan(0);
    for (const broken of [
      { problem: "{" },
      { recipe: "{" },
      { problem: problem({ upper: "much" }) },
      { periods: 3 },
      { assets: ["A"] },
      { recipe: '{"kind":"BOOTSTRAP","count":0,"seed":1}' },
      { returns: new Uint8Array(64).fill(255) },
    ]) {
      const answer = answerOf(broken);
      expect([Object.keys(broken), answer.status]).toEqual([Object.keys(broken), "REFUSED"]);
      expect(answer.reasons[0]).toMatch(/\w/);
    }
  });
});
