import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkScenarioSet } from "./check-scenario-set.ts";
import { generatedScenarios } from "./generated.ts";
import { makeScenarios } from "./make-scenarios.ts";
import { coarseSet, randomHistory, sortedCvar } from "./random-sets.spec.ts";
import { addStress, mergeScenarios } from "./stress.ts";
import { weightedMean } from "./weighted-moments.ts";

const set = coarseSet(3, 30, 2);

describe("stress by hand", () => {
  const crash = { probability: 0.01, returns: { A0: -0.5, A2: 0.1 } };

  test("stands at the end with its probability; the others keep their proportions", () => {
    const with_ = addStress(set, [crash, { probability: 0.02, returns: {} }]);
    expect(checkScenarioSet(with_)).toEqual([]);
    expect(with_.count).toBe(32);
    expect(with_.probabilities[30]).toBeCloseTo(0.01, 16);
    expect(with_.probabilities[31]).toBeCloseTo(0.02, 16);
    expect([0, 1, 2].map((j) => with_.returns[j * 32 + 30])).toEqual([-0.5, 0, 0.1]);
    for (let s = 0; s < 30; s++) {
      expect(with_.probabilities[s]).toBeCloseTo(0.97 * (set.probabilities[s] ?? 0), 15);
      for (let j = 0; j < 3; j++) expect(with_.returns[j * 32 + s]).toBe(set.returns[j * 30 + s]);
    }
  });

  test("is part of a recipe", () => {
    const history = randomHistory(3, 50, 1);
    const made = makeScenarios({ kind: "HISTORICAL", stress: [crash] }, history);
    expect(made).toEqual(addStress(makeScenarios({ kind: "HISTORICAL" }, history), [crash]));
    expect(() =>
      makeScenarios(
        { kind: "HISTORICAL", stress: [{ probability: 0.1, returns: { Z: 1 } }] },
        history,
      ),
    ).toThrow("stress[0].returns names Z, no asset here");
  });

  test("refuses probabilities that leave nothing, strangers, and what is not finite", () => {
    const wrong = [
      [[{ probability: 0, returns: {} }], "stress[0].probability is 0; it must be between 0 and 1"],
      [
        [
          { probability: 0.6, returns: {} },
          { probability: 0.4, returns: {} },
        ],
        "the probabilities of stress sum to 1; they must leave some of 1",
      ],
      [[{ probability: 0.1, returns: { A1: Number.NaN } }], "stress[0].returns[A1] is NaN"],
    ] as const;
    for (const [stress, reason] of wrong) {
      expect(() => addStress(set, stress)).toThrow(new RangeError(reason));
    }
    expect(addStress(set, [])).toBe(set);
  });
});

describe("two sets as one", () => {
  const other = coarseSet(3, 17, 5);

  test("mix their means in the proportion asked for, and stay a set", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (percent) => {
        const weight = percent / 100;
        const both = mergeScenarios(set, other, weight);
        expect(checkScenarioSet(both)).toEqual([]);
        const [a, b] = [weightedMean(set), weightedMean(other)];
        weightedMean(both).forEach((mean, j) => {
          expect(mean).toBeCloseTo((1 - weight) * (a[j] ?? 0) + weight * (b[j] ?? 0), 14);
        });
      }),
    );
  });

  test("with weight 0 and 1 have the risk of one of them", () => {
    const mix = [0.5, -0.2, 0.7];
    for (const [weight, alone] of [
      [0, set],
      [1, other],
    ] as const) {
      const both = mergeScenarios(set, other, weight);
      expect(sortedCvar(both, mix, 0.1)).toBeCloseTo(sortedCvar(alone, mix, 0.1), 14);
    }
  });

  test("must be of the same assets in the same order, and the weight a share", () => {
    expect(() => mergeScenarios(set, coarseSet(2, 3, 1), 0.5)).toThrow(RangeError);
    expect(() => mergeScenarios(set, { ...other, assets: ["A1", "A0", "A2"] }, 0.5)).toThrow(
      "the sets are of different assets",
    );
    for (const weight of [-0.1, 1.1, Number.NaN]) {
      expect(() => mergeScenarios(set, other, weight)).toThrow(RangeError);
    }
  });
});

describe("generated scenarios", () => {
  const request = { history: randomHistory(3, 20, 1), count: 30, seed: 1, horizon: 1 };

  test("are handed on where they are a set of the assets asked for", () => {
    expect(generatedScenarios(() => set, request)).toBe(set);
  });

  test("are refused with every reason where they are not", () => {
    const returns = set.returns.slice();
    returns[31] = Number.NaN;
    expect(() => generatedScenarios(() => ({ ...set, returns }), request)).toThrow(
      "scenarios.returns[row 1, A1] is NaN",
    );
    expect(() => generatedScenarios(() => coarseSet(2, 9, 1), request)).toThrow(
      "scenarios.assets are A0,A1; A0,A1,A2 were asked for",
    );
  });
});
