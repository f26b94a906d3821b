import { describe, expect, test } from "vitest";
import { fitGarch } from "../garch.ts";
import { Random } from "../random.ts";
import { fitFactorModel } from "./factor.ts";
import { silvermanBandwidth } from "./kernel.ts";
import { makeScenarios } from "./make-scenarios.ts";
import { assetNames, randomHistory } from "./random-sets.spec.ts";
import type { ReturnHistory } from "./return-history.ts";
import type { ScenarioRecipe } from "./scenario-recipe.ts";
import type { ScenarioSet } from "./scenario-set.ts";
import { type ShrinkageTarget, sampleCovariance, shrunkCovariance } from "./shrunk-covariance.ts";
import { fittedStudentDegrees } from "./student-t.ts";
import { weightedCovariance, weightedMean } from "./weighted-moments.ts";

const history = randomHistory(5, 300, 21);
const COUNT = 60_000;

/**
 * Means and covariances of the drawn set against those of the model. `kurtosis` is that of one asset's
 * distribution (3 for a normal): the standard error of a variance grows with it.
 */
function expectMoments(
  set: ScenarioSet,
  means: Float64Array,
  covariance: Float64Array,
  kurtosis: number,
): void {
  const n = means.length;
  const drawn = weightedCovariance(set);
  weightedMean(set).forEach((mean, j) => {
    const error = Math.sqrt((covariance[j * n + j] ?? 0) / COUNT);
    expect(Math.abs(mean - (means[j] ?? 0))).toBeLessThan(4 * error);
    for (let i = 0; i < n; i++) {
      const size = Math.sqrt((covariance[i * n + i] ?? 0) * (covariance[j * n + j] ?? 0));
      const off = Math.abs((drawn[i * n + j] ?? 0) - (covariance[i * n + j] ?? 0));
      expect(off).toBeLessThan((4.5 * size * Math.sqrt(kurtosis - 1)) / Math.sqrt(COUNT));
    }
  });
}

function kurtosisOf(set: ScenarioSet, j: number): number {
  const values = set.returns.subarray(j * set.count, (j + 1) * set.count);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const moment = (p: number) => values.reduce((sum, x) => sum + (x - mean) ** p, 0) / values.length;
  return moment(4) / moment(2) ** 2;
}

const drawn = (recipe: ScenarioRecipe, from = history): ScenarioSet => makeScenarios(recipe, from);

describe("Gaussian scenarios", () => {
  test("have the history's means and the covariance that was shrunk as asked", () => {
    for (const shrinkage of ["CONSTANT_CORRELATION", "IDENTITY", "NONE"] as ShrinkageTarget[]) {
      const { means, covariance } = shrunkCovariance(history, shrinkage);
      const set = drawn({ kind: "GAUSSIAN", count: COUNT, seed: 4, shrinkage });
      expectMoments(set, means, covariance, 3);
    }
    const set = drawn({ kind: "GAUSSIAN", count: COUNT, seed: 4 });
    expect(kurtosisOf(set, 0)).toBeCloseTo(3, 0.9);
  });

  test("of equal and constant assets are equal and constant", () => {
    const one = randomHistory(1, 100, 2).returns;
    const returns = new Float64Array(300).fill(0.001);
    returns.set(one, 0);
    returns.set(one, 100);
    const from = { assets: assetNames(3), count: 100, returns };
    const set = drawn({ kind: "GAUSSIAN", count: 50, seed: 1, shrinkage: "NONE" }, from);
    for (let s = 0; s < 50; s++) {
      expect(set.returns[50 + s]).toBeCloseTo(set.returns[s] ?? 0, 12);
      expect(set.returns[100 + s]).toBe(0.001);
    }
  });
});

describe("Student t scenarios", () => {
  test("keep means and covariance, with the tails of their degrees of freedom", () => {
    const { means, covariance } = shrunkCovariance(history, "NONE");
    const set = drawn({ kind: "STUDENT_T", count: COUNT, seed: 4, degrees: 10, shrinkage: "NONE" });
    // 3 + 6 / (ν − 4).
    expectMoments(set, means, covariance, 4);
    expect(kurtosisOf(set, 0)).toBeGreaterThan(3.7);
    expect(kurtosisOf(set, 0)).toBeLessThan(4.4);
  });

  test("have their large moves together: squares go hand in hand where returns do not", () => {
    const random = new Random(6);
    const returns = Float64Array.from({ length: 2000 }, () => random.normal());
    const apart = { assets: assetNames(2), count: 1000, returns };
    const of = (recipe: ScenarioRecipe): number => {
      const set = drawn(recipe, apart);
      const square = (j: number, s: number): number => (set.returns[j * set.count + s] ?? 0) ** 2;
      const mean = (f: (s: number) => number): number => {
        let sum = 0;
        for (let s = 0; s < set.count; s++) sum += f(s);
        return sum / set.count;
      };
      return (
        mean((s) => square(0, s) * square(1, s)) /
        (mean((s) => square(0, s)) * mean((s) => square(1, s)))
      );
    };
    // (ν − 2) / (ν − 4) for an uncorrelated t, 1 for a normal.
    expect(of({ kind: "STUDENT_T", count: COUNT, seed: 1, degrees: 8 })).toBeGreaterThan(1.35);
    expect(of({ kind: "GAUSSIAN", count: COUNT, seed: 1 })).toBeLessThan(1.05);
  });

  test("fit the degrees of freedom that made the history", () => {
    for (const degrees of [3, 6, 12]) {
      const made = drawn({ kind: "STUDENT_T", count: 20_000, seed: 2, degrees });
      const fitted = fittedStudentDegrees({ ...made }, "NONE");
      expect(fitted / degrees).toBeGreaterThan(0.88);
      expect(fitted / degrees).toBeLessThan(1.12);
    }
    expect(
      fittedStudentDegrees(drawn({ kind: "GAUSSIAN", count: 5000, seed: 2 }), "NONE"),
    ).toBeGreaterThan(60);
  });
});

describe("kernel scenarios", () => {
  test("keep means and covariance whatever the bandwidth", () => {
    const { means, covariance } = shrunkCovariance(history, "NONE");
    for (const bandwidth of [0, 0.3, 2]) {
      expectMoments(
        drawn({ kind: "KERNEL", count: COUNT, seed: 3, bandwidth }),
        means,
        covariance,
        3.6,
      );
    }
    expectMoments(drawn({ kind: "KERNEL", count: COUNT, seed: 3 }), means, covariance, 3.6);
  });

  test("without bandwidth are periods of the history", () => {
    const set = drawn({ kind: "KERNEL", count: 200, seed: 3, bandwidth: 0 });
    const known = new Set([...history.returns.subarray(0, 300)].map((r) => r.toFixed(14)));
    for (let s = 0; s < 200; s++) expect(known.has((set.returns[s] ?? 0).toFixed(14))).toBe(true);
  });

  test("spread by Silverman's rule: 1.06 n^(-1/5) for one asset", () => {
    expect(silvermanBandwidth(1000, 1)).toBeCloseTo((4 / 3) ** 0.2 * 1000 ** -0.2, 14);
    expect(silvermanBandwidth(300, 5)).toBeCloseTo((4 / 7 / 300) ** (1 / 9), 14);
  });
});

describe("factor scenarios", () => {
  /** Two factors drive six assets; each has a part of its own. */
  function driven(): { readonly assets: ReturnHistory; readonly factors: ReturnHistory } {
    const random = new Random(31);
    const count = 400;
    const f = Float64Array.from({ length: 2 * count }, () => 0.01 * random.normal());
    const returns = new Float64Array(6 * count);
    for (let j = 0; j < 6; j++) {
      for (let t = 0; t < count; t++) {
        const own = 0.002 * random.normal();
        returns[j * count + t] = (1 + 0.1 * j) * (f[t] ?? 0) + (j - 3) * (f[count + t] ?? 0) + own;
      }
    }
    return {
      assets: { assets: assetNames(6), count, returns },
      factors: { assets: ["market", "rates"], count, returns: f },
    };
  }

  test("recover the loadings on given factors", () => {
    const { assets, factors } = driven();
    const { loadings } = fitFactorModel(assets, factors);
    for (let j = 0; j < 6; j++) {
      expect(loadings[2 * j]).toBeCloseTo(1 + 0.1 * j, 1);
      expect(loadings[2 * j + 1]).toBeCloseTo(j - 3, 1);
    }
  });

  test("have B Σ Bᵀ between assets and the whole variance of each", () => {
    const { assets, factors } = driven();
    for (const given of [factors, 2, 1]) {
      const { loadings, moves, residuals, factors: size } = fitFactorModel(assets, given);
      const n = 6;
      const model = new Float64Array(n * n);
      const product = (a: Float64Array, i: number, b: Float64Array, j: number): number => {
        let sum = 0;
        for (let t = 0; t < 400; t++) sum += (a[i * 400 + t] ?? 0) * (b[j * 400 + t] ?? 0);
        return sum / 400;
      };
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let sum = i === j ? product(residuals, i, residuals, i) : 0;
          for (let k = 0; k < size; k++) {
            for (let l = 0; l < size; l++) {
              sum +=
                (loadings[size * i + k] ?? 0) *
                (loadings[size * j + l] ?? 0) *
                product(moves, k, moves, l);
            }
          }
          model[i * n + j] = sum;
        }
      }
      const { means, covariance } = sampleCovariance(assets);
      for (let j = 0; j < n; j++) expect(model[j * 7]).toBeCloseTo(covariance[j * 7] ?? 0, 12);
      const set = drawn({ kind: "FACTOR", count: COUNT, seed: 9, factors: given }, assets);
      expectMoments(set, means, model, 3.4);
    }
  });

  test("with as many components as assets leave nothing over", () => {
    const { residuals } = fitFactorModel(history, 5);
    expect(Math.max(...residuals.map(Math.abs))).toBeLessThan(1e-15);
  });
});

describe("filtered historical scenarios", () => {
  /** Calm for long, then wild: today's volatility is far above the mean. */
  function awakened(): ReturnHistory {
    const random = new Random(77);
    const count = 600;
    const returns = new Float64Array(2 * count);
    for (let t = 0; t < count; t++) {
      const size = t < 550 ? 0.005 : 0.03;
      returns[t] = size * random.normal();
      returns[count + t] = 0.01 * random.normal();
    }
    return { assets: ["woken", "steady"], count, returns };
  }

  test("are as wide as today's volatility, not as the mean of the past", () => {
    const from = awakened();
    const { means, deviations } = sampleCovariance(from);
    const set = drawn({ kind: "FILTERED_HISTORICAL", count: COUNT, seed: 5 }, from);
    for (const [j, least, most] of [
      [0, 1.4, 20],
      [1, 0.85, 1.15],
    ] as const) {
      const own = deviations.slice(j * 600, (j + 1) * 600);
      const past = Math.sqrt(own.reduce((sum, e) => sum + e * e, 0) / 600);
      const today = Math.sqrt(fitGarch(own).next);
      const wide = Math.sqrt(weightedCovariance(set)[3 * j] ?? 0);
      expect(wide / today).toBeGreaterThan(0.9);
      expect(wide / today).toBeLessThan(1.1);
      expect(wide / past).toBeGreaterThan(least);
      expect(wide / past).toBeLessThan(most);
      expect(weightedMean(set)[j]).toBeCloseTo(means[j] ?? 0, 2);
    }
  });

  test("keep shocks of a period together, and a period drawn twice once", () => {
    const set = drawn({ kind: "FILTERED_HISTORICAL", count: 5000, seed: 5 });
    expect(set.count).toBeLessThanOrEqual(300);
    const { means, deviations } = sampleCovariance(history);
    const models = [0, 1].map((j) => fitGarch(deviations.slice(j * 300, (j + 1) * 300)));
    const shock = (j: number, s: number): number =>
      ((set.returns[j * set.count + s] ?? 0) - (means[j] ?? 0)) / Math.sqrt(models[j]?.next ?? 0);
    for (let s = 0; s < set.count; s += 17) {
      const t =
        history.assets.length > 0
          ? Array.from({ length: 300 }, (_, at) => at).find((at) => {
              const z = (deviations[at] ?? 0) / Math.sqrt(models[0]?.variances[at] ?? 1);
              return Math.abs(z - shock(0, s)) < 1e-9;
            })
          : undefined;
      const other =
        (deviations[300 + (t ?? -1)] ?? 0) / Math.sqrt(models[1]?.variances[t ?? -1] ?? 1);
      expect(shock(1, s)).toBeCloseTo(other, 9);
    }
  });

  test("over a horizon compound: the variance grows with the periods", () => {
    const of = (horizon: number): number =>
      weightedCovariance(
        drawn({ kind: "FILTERED_HISTORICAL", count: 20_000, seed: 2, horizon }),
      )[0] ?? 0;
    const ratio = of(10) / of(1);
    expect(ratio).toBeGreaterThan(8);
    expect(ratio).toBeLessThan(12.5);
  });
});

describe("bootstrap scenarios over a horizon", () => {
  test("compound successive periods", () => {
    const two = { assets: ["A"], count: 4, returns: Float64Array.of(0.1, -0.2, 0.3, 0.5) };
    const set = drawn(
      { kind: "BOOTSTRAP", count: 500, seed: 1, horizon: 2, blockLength: 1e9 },
      two,
    );
    const pairs = [1.1 * 0.8, 0.8 * 1.3, 1.3 * 1.5, 1.5 * 1.1].map((growth) =>
      (growth - 1).toFixed(12),
    );
    const seen = new Set([...set.returns].map((r) => r.toFixed(12)));
    // One run of the circle: each scenario is two successive periods.
    expect(seen.size).toBe(2);
    for (const value of seen) expect(pairs).toContain(value);
  });
});
