import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { checkScenarioSet } from "./check-scenario-set.ts";
import { mergeDuplicates, withoutZeroProbability } from "./merge-duplicates.ts";
import { assetNames, coarseSet, randomHistory, sortedCvar } from "./random-sets.spec.ts";
import { scenarioBytes, scenarioHash } from "./scenario-hash.ts";
import type { ScenarioSet } from "./scenario-set.ts";
import { weightedCovariance, weightedMean } from "./weighted-moments.ts";

const seeds = fc.integer({ min: 1, max: 1e6 });
const sizes = { assets: fc.integer({ min: 1, max: 6 }), count: fc.integer({ min: 1, max: 60 }) };

const hex = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("checking a set", () => {
  const good = coarseSet(3, 20, 1);

  test("finds nothing wrong with a good one", () => {
    expect(checkScenarioSet(good)).toEqual([]);
  });

  test("names row and column of what is not finite", () => {
    const returns = good.returns.slice();
    returns[2 * 20 + 17] = Number.NaN;
    returns[4] = Number.NEGATIVE_INFINITY;
    expect(checkScenarioSet({ ...good, returns })).toEqual([
      "scenarios.returns[row 4, A0] is -Infinity",
      "scenarios.returns[row 17, A2] is NaN",
    ]);
  });

  test("tells ten reasons and how many more there are", () => {
    const returns = good.returns.map(() => Number.NaN);
    const reasons = checkScenarioSet({ ...good, returns });
    expect(reasons).toHaveLength(11);
    expect(reasons.at(-1)).toBe("and 50 more");
  });

  test("finds an infinite value even where its opposite stands beside it", () => {
    const returns = good.returns.slice();
    returns[0] = Number.POSITIVE_INFINITY;
    returns[1] = Number.NEGATIVE_INFINITY;
    expect(checkScenarioSet({ ...good, returns })).toHaveLength(2);
  });

  test("refuses probabilities below 0, not finite, or of another sum, and says so", () => {
    const changed = (at: number, value: number): readonly string[] => {
      const probabilities = good.probabilities.slice();
      probabilities[at] = value;
      return checkScenarioSet({ ...good, probabilities });
    };
    expect(changed(3, -0.1)).toEqual(["scenarios.probabilities[row 3] is -0.1"]);
    expect(changed(4, Number.NaN)).toEqual(["scenarios.probabilities[row 4] is NaN"]);
    expect(changed(5, 2)[0]).toMatch(/^scenarios.probabilities sum to 2\.\d*, not to 1$/);
  });

  test("refuses lengths that do not agree, no assets, no rows, and a name twice", () => {
    expect(checkScenarioSet({ ...good, returns: new Float64Array(7) })).toEqual([
      "scenarios.returns has 7 values; 3 assets × 20 = 60 are needed",
    ]);
    expect(checkScenarioSet({ ...good, probabilities: new Float64Array(2) })).toEqual([
      "scenarios.probabilities has 2 values for 20 scenarios",
    ]);
    expect(checkScenarioSet({ ...good, assets: ["X", "Y", "X"] })).toEqual([
      "scenarios.assets holds X twice",
    ]);
    const none = { assets: [], count: 0, returns: new Float64Array(0) };
    expect(checkScenarioSet({ ...none, probabilities: new Float64Array(0) })).toEqual([
      "scenarios.assets is empty",
      "scenarios.count is 0; a whole number from 1 is needed",
      "scenarios.probabilities sum to 0, not to 1",
    ]);
  });
});

describe("merging equal scenarios", () => {
  /** The rows as text, in order of first appearance, with the sum of their probabilities. */
  function merged(set: ScenarioSet): Map<string, number> {
    const rows = new Map<string, number>();
    for (let s = 0; s < set.count; s++) {
      const row = set.assets.map((_, j) => set.returns[j * set.count + s]).join(" ");
      rows.set(row, (rows.get(row) ?? 0) + (set.probabilities[s] ?? 0));
    }
    return rows;
  }

  test("leaves each row once, in order, with the sum of the probabilities", () => {
    fc.assert(
      fc.property(sizes.assets, sizes.count, seeds, (assets, count, seed) => {
        const set = coarseSet(assets, count, seed);
        const small = mergeDuplicates(set);
        expect([...merged(small)]).toEqual([...merged(set)]);
        expect(small.count).toBe(merged(set).size);
        expect(checkScenarioSet(small)).toEqual([]);
      }),
    );
  });

  test("keeps the CVaR of every portfolio", () => {
    fc.assert(
      fc.property(sizes.assets, sizes.count, seeds, (assets, count, seed) => {
        const set = coarseSet(assets, count, seed);
        const random = new Random(seed);
        const weights = set.assets.map(() => random.normal());
        for (const mass of [0.01, 0.05, 0.5, 1]) {
          const before = sortedCvar(set, weights, mass);
          expect(sortedCvar(mergeDuplicates(set), weights, mass)).toBeCloseTo(before, 12);
        }
      }),
    );
  });

  test("gives the set itself where all differ, and takes 0 and -0 for equal", () => {
    const differ = {
      ...randomHistory(4, 500, 3),
      probabilities: new Float64Array(500).fill(0.002),
    };
    expect(mergeDuplicates(differ)).toBe(differ);
    const zeros = {
      assets: ["A", "B"],
      count: 2,
      returns: Float64Array.of(0, -0, 1, 1),
      probabilities: Float64Array.of(0.25, 0.75),
    };
    expect(mergeDuplicates(zeros)).toEqual({
      assets: ["A", "B"],
      count: 1,
      returns: Float64Array.of(0, 1),
      probabilities: Float64Array.of(1),
    });
  });

  test("never merges rows that differ in one value by one bit", () => {
    const base = Float64Array.from({ length: 2000 }, () => 0.01);
    const returns = new Float64Array(4000);
    returns.set(base);
    for (let s = 0; s < 2000; s++) returns[2000 + s] = 0.01 + (s >> 1) * 2 ** -58;
    const set = {
      assets: ["A", "B"],
      count: 2000,
      returns,
      probabilities: new Float64Array(2000).fill(1 / 2000),
    };
    expect(mergeDuplicates(set).count).toBe(new Set(returns.subarray(2000)).size);
  });

  test("drops what cannot happen, and only that", () => {
    const set = coarseSet(2, 40, 9);
    const left = withoutZeroProbability(set);
    expect(left.count).toBe(set.probabilities.filter((p) => p > 0).length);
    const possible = [...merged(set)].filter(([, p]) => p > 0);
    expect([...merged(left)].sort()).toEqual(possible.sort());
    expect(withoutZeroProbability(left)).toBe(left);
  });
});

describe("the hash", () => {
  test("is that of the platform over the same bytes", () => {
    const set = coarseSet(3, 20, 1);
    expect(scenarioHash(set)).toBe(hex(scenarioBytes(set)));
  });

  test("lays names, counts, returns and probabilities out as it says", () => {
    const set = {
      assets: ["Aé"],
      count: 1,
      returns: Float64Array.of(-0),
      probabilities: Float64Array.of(1),
    };
    expect(Buffer.from(scenarioBytes(set)).toString("hex")).toBe(
      "0100000001000000" + "020000004100e900" + "0000000000000000" + "000000000000f03f",
    );
  });

  test("changes with a name, a bit of a return, a probability, or the shape", () => {
    const set = coarseSet(2, 6, 5);
    const returns = set.returns.slice();
    returns[3] = (returns[3] ?? 0) + 2 ** -58;
    const probabilities = set.probabilities.slice().reverse();
    const hashes = [
      set,
      { ...set, returns },
      { ...set, probabilities },
      { ...set, assets: ["A0", "A2"] },
      { ...set, assets: assetNames(3), count: 4 },
    ].map(scenarioHash);
    expect(new Set(hashes).size).toBe(5);
  });
});

describe("weighted moments", () => {
  test("are those of the plain sums in two passes", () => {
    fc.assert(
      fc.property(sizes.assets, fc.integer({ min: 2, max: 40 }), seeds, (assets, count, seed) => {
        const set = coarseSet(assets, count, seed);
        const p = set.probabilities;
        const r = (j: number, s: number): number => set.returns[j * count + s] ?? 0;
        const rows = Array.from({ length: count }, (_, s) => s);
        const mean = set.assets.map((_, j) => rows.reduce((m, s) => m + (p[s] ?? 0) * r(j, s), 0));
        mean.forEach((value, j) => {
          expect(weightedMean(set)[j]).toBeCloseTo(value, 14);
        });
        const divisor = 1 - rows.reduce((sum, s) => sum + (p[s] ?? 0) ** 2, 0);
        const covariance = weightedCovariance(set);
        for (let i = 0; i < assets && divisor > 0; i++) {
          for (let j = 0; j < assets; j++) {
            const sum = rows.reduce(
              (c, s) => c + (p[s] ?? 0) * (r(i, s) - (mean[i] ?? 0)) * (r(j, s) - (mean[j] ?? 0)),
              0,
            );
            expect(covariance[i * assets + j]).toBeCloseTo(sum / divisor, 12);
            expect(covariance[i * assets + j]).toBe(covariance[j * assets + i]);
          }
        }
      }),
    );
  });

  test("of equal values are that value and exactly 0; of one scenario the covariance is 0", () => {
    const returns = new Float64Array(300).fill(0.1 / 3);
    const set = { ...coarseSet(3, 100, 4), returns };
    expect([...weightedMean(set)]).toEqual([0.1 / 3, 0.1 / 3, 0.1 / 3]);
    expect([...weightedCovariance(set)]).toEqual(new Array(9).fill(0));
    expect([...weightedCovariance(coarseSet(2, 1, 1))]).toEqual([0, 0, 0, 0]);
  });
});
