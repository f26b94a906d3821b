import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { type Beliefs, blackLitterman, equilibriumReturns } from "./black-litterman.ts";

// He and Litterman (1999), tables 1 to 4: Australia, Canada, France, Germany, Japan, UK, USA.
const deviations = [0.16, 0.203, 0.248, 0.271, 0.21, 0.2, 0.187];
const marketWeights = [0.016, 0.022, 0.052, 0.055, 0.116, 0.124, 0.615];
const below = [
  [],
  [0.488],
  [0.478, 0.664],
  [0.515, 0.655, 0.861],
  [0.439, 0.31, 0.355, 0.354],
  [0.512, 0.608, 0.783, 0.777, 0.405],
  [0.491, 0.779, 0.668, 0.653, 0.306, 0.652],
];
const covariance = Float64Array.from({ length: 49 }, (_, k) => {
  const i = Math.floor(k / 7);
  const j = k % 7;
  const rho = i === j ? 1 : (below[Math.max(i, j)]?.[Math.min(i, j)] as number);
  return rho * (deviations[i] as number) * (deviations[j] as number);
});
const prior = equilibriumReturns(covariance, marketWeights, 2.5);
const tau = 0.05;

const percent = (values: Float64Array): number[] =>
  [...values].map((v) => Math.round(v * 1000) / 10);

const posterior = (beliefs: Beliefs) => {
  const answer = blackLitterman(beliefs);
  if (answer.status !== "OPTIMAL") throw new Error(answer.reasons.join());
  return answer;
};

/** A number that is known to be there. */
const at = <T>(values: ArrayLike<T> | undefined, i: number): T => values?.[i] as T;

/** By elimination with row exchanges: nothing of the code under test. */
function inverse(matrix: number[][]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let c = 0; c < n; c++) {
    let best = c;
    for (let r = c; r < n; r++)
      if (Math.abs(at(rows[r], c)) > Math.abs(at(rows[best], c))) best = r;
    [rows[c], rows[best]] = [at(rows, best), at(rows, c)];
    const pivot = at(rows[c], c);
    rows[c] = at(rows, c).map((v) => v / pivot);
    for (let r = 0; r < n; r++) {
      const factor = at(rows[r], c);
      if (r !== c) rows[r] = at(rows, r).map((v, j) => v - factor * at(rows[c], j));
    }
  }
  return rows.map((row) => row.slice(n));
}

describe("the posterior of Black and Litterman", () => {
  test("starts from the equilibrium returns of the published example", () => {
    expect(percent(prior)).toEqual([3.9, 6.9, 8.4, 9, 4.3, 6.8, 7.6]);
  });

  // Their view is as uncertain as its weights are under the prior: ω / τ = 0.021.
  test("has the published returns where Germany beats the rest of Europe by 5 %", () => {
    const coefficients = [0, 0, -0.295, 1, 0, -0.705, 0];
    const views = [{ coefficients, value: 0.05, trust: { confidence: 0.5 } }];
    const { mean } = posterior({ covariance, prior, tau, views });
    expect(percent(mean)).toEqual([4.3, 7.6, 9.3, 11, 4.5, 7, 8.1]);
  });

  test("agrees with the form that inverts the covariance", () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(999),
        fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 4 }),
        (seed, draws) => {
          const random = new Random(seed);
          const views = draws.map(([value]) => ({
            coefficients: Array.from({ length: 7 }, () => random.normal()),
            value,
            trust: { variance: 0.001 + 0.01 * random.uniform() },
          }));
          const { mean, covariance: total } = posterior({ covariance, prior, tau, views });
          const scaled = Array.from({ length: 7 }, (_, i) =>
            Array.from({ length: 7 }, (_, j) => tau * at(covariance, i * 7 + j)),
          );
          const precision = inverse(scaled);
          const sum = precision.map((row, i) =>
            row.map((v, j) =>
              views.reduce(
                (s, p) => s + (at(p.coefficients, i) * at(p.coefficients, j)) / p.trust.variance,
                v,
              ),
            ),
          );
          const spread = inverse(sum);
          const right = precision.map((row, i) =>
            views.reduce(
              (s, p) => s + (at(p.coefficients, i) * p.value) / p.trust.variance,
              row.reduce((s, v, j) => s + v * at(prior, j), 0),
            ),
          );
          for (let i = 0; i < 7; i++) {
            const expected = at(spread, i).reduce((s, v, j) => s + v * at(right, j), 0);
            expect(Math.abs(at(mean, i) - expected)).toBeLessThan(1e-10);
            for (let j = 0; j < 7; j++) {
              expect(
                Math.abs(at(total, i * 7 + j) - at(covariance, i * 7 + j) - at(spread[i], j)),
              ).toBeLessThan(1e-12);
            }
          }
        },
      ),
    );
  });

  test("without a view is the prior", () => {
    expect([...posterior({ covariance, prior, tau, views: [] }).mean]).toEqual([...prior]);
  });

  test("goes the share of the way to a lone view that its confidence is", () => {
    const coefficients = [0, 0, 0, 1, 0, 0, -1];
    const of = (mean: Float64Array): number => at(mean, 3) - at(mean, 6);
    for (const confidence of [0.25, 0.5, 1]) {
      const views = [{ coefficients, value: 0.05, trust: { confidence } }];
      const { mean } = posterior({ covariance, prior, tau, views });
      expect(of(mean)).toBeCloseTo(of(prior) + confidence * (0.05 - of(prior)), 12);
    }
  });

  test("refuses what it cannot compute with, and says where", () => {
    const coefficients = [1, 0, 0, 0, 0, 0, 0];
    const refuse = (change: Partial<Beliefs>): readonly string[] => {
      const answer = blackLitterman({ covariance, prior, tau, views: [], ...change });
      return answer.status === "REFUSED" ? answer.reasons : [];
    };
    expect(refuse({ tau: 0 })).toEqual(["tau is 0, not above 0"]);
    expect(refuse({ prior: [1, Number.NaN, 1, 1, 1, 1, 1] })).toEqual(["prior[1] is NaN"]);
    expect(refuse({ covariance: covariance.slice(1) })).toEqual([
      "covariance has 48 numbers for 7 assets",
    ]);
    const view = { coefficients, value: 0.1, trust: { confidence: 1 } };
    expect(refuse({ views: [{ ...view, coefficients: [1] }] })).toEqual([
      "views[0] has 1 coefficients for 7 assets",
    ]);
    expect(refuse({ views: [{ ...view, trust: { confidence: 2 } }] })).toEqual([
      "views[0].trust.confidence is 2, not above 0 and at most 1",
    ]);
    expect(refuse({ views: [{ ...view, coefficients: coefficients.map(() => 0) }] })).toEqual([
      "views[0] is of no asset",
    ]);
    expect(refuse({ views: [view, view] })).toEqual([
      "views that are certain repeat or contradict each other",
    ]);
  });
});
