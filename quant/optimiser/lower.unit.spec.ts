// The lowering against a slow, obvious reading of the problem: the same objective, the same limits, at any weights.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { certify } from "./certificate.ts";
import { lowerProblem, objectiveScale, pointOf, programOf, termsOf } from "./lower.ts";
import type { Constraints, Objective, Problem } from "./problem.ts";
import { netWeights } from "./tail-loss.ts";

const share = fc.integer({ min: -40, max: 40 }).map((k) => k / 40);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });

const objectives: fc.Arbitrary<Objective> = fc.oneof(
  fc.constant<Objective>({ kind: "MINIMUM_CVAR", tailMass: 0.3 }),
  fc.constant<Objective>({ kind: "MEAN_CVAR", tailMass: 0.2, riskAversion: 0.7 }),
  fc.constant<Objective>({ kind: "MAXIMUM_RETURN" }),
  fc.constant<Objective>({ kind: "ROBUST_CVAR", tailMass: 0.25, radius: 0.02 }),
  fc.constant<Objective>({ kind: "MINIMUM_VARIANCE" }),
  fc.constant<Objective>({ kind: "MEAN_VARIANCE", riskAversion: 3 }),
);

interface Drawn {
  readonly problem: Problem;
  readonly weights: Float64Array;
}

const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    n: fc.integer({ min: 1, max: 5 }),
    count: fc.integer({ min: 1, max: 9 }),
    objective: objectives,
    seeds: fc.array(share, { minLength: 60, maxLength: 60 }),
    bounds: fc.array(fc.tuple(share, share), { minLength: 5, maxLength: 5 }),
    current: optional(fc.array(share, { minLength: 5, maxLength: 5 })),
    linear: optional(fc.constantFrom(0, 0.001, 0.02)),
    impact: optional(fc.constantFrom(0, 0.01)),
    gross: optional(fc.constantFrom(0.5, 1.3)),
    turnover: optional(fc.constantFrom(0.2, 1)),
    minimumReturn: optional(fc.constantFrom(-0.1, 0.2)),
    unit: fc.constantFrom(1, 1e-9, 1e6),
    at: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 5, maxLength: 5 }),
    outside: fc.boolean(),
  })
  .map(({ n, count, objective, seeds, bounds, unit, at, outside, ...given }) => {
    const assets = Array.from({ length: n }, (_, j) => `A${j}`);
    const lower = bounds.slice(0, n).map(([a, b]) => Math.min(a, b));
    const upper = bounds.slice(0, n).map(([a, b]) => Math.max(a, b));
    const returns = Float64Array.from({ length: n * count }, (_, k) => (seeds[k] ?? 0.5) * unit);
    const parts = Array.from({ length: count }, (_, s) => 1 + (s % 3));
    const total = parts.reduce((a, b) => a + b, 0);
    const weights = Float64Array.from({ length: n }, (_, j) => {
      const [least, most] = [lower[j] as number, upper[j] as number];
      return least + ((most - least) * (at[j] as number)) / 20 + (outside && j === 0 ? 0.7 : 0);
    });
    const constraints: Constraints = {
      lower,
      upper,
      budget: { lower: -0.5 },
      ...(given.gross === undefined ? {} : { maximumGross: given.gross }),
      ...(given.turnover === undefined ? {} : { maximumTurnover: given.turnover }),
      ...(given.minimumReturn === undefined ? {} : { minimumReturn: given.minimumReturn * unit }),
    };
    const costs = {
      ...(given.linear === undefined ? {} : { linear: given.linear * unit }),
      ...(given.impact === undefined ? {} : { impact: given.impact * unit }),
    };
    const problem: Problem = {
      scenarios: {
        assets,
        count,
        returns,
        probabilities: Float64Array.from(parts, (p) => p / total),
      },
      objective,
      constraints,
      ...(given.current === undefined ? {} : { current: given.current.slice(0, n) }),
      ...(Object.keys(costs).length === 0 ? {} : { costs }),
    };
    return { problem, weights };
  });

/** By definition, term by term. */
function obvious(
  { scenarios, objective, constraints = {}, current, costs }: Problem,
  w: Float64Array,
) {
  const { assets, count, returns, probabilities } = scenarios;
  const loss = (s: number): number =>
    -assets.reduce((sum, _, j) => sum + (w[j] as number) * (returns[j * count + s] as number), 0);
  const losses = Array.from({ length: count }, (_, s) => loss(s));
  const p = (s: number): number => probabilities[s] as number;
  const mean = -losses.reduce((sum, value, s) => sum + p(s) * value, 0);
  const traded = Array.from(w, (value, j) => Math.abs(value - (current?.[j] ?? 0)));
  const cost = traded.reduce(
    (sum, d) =>
      sum + ((costs?.linear as number) ?? 0) * d + ((costs?.impact as number) ?? 0) * d ** 1.5,
    0,
  );
  const linear = traded.reduce((sum, d) => sum + ((costs?.linear as number) ?? 0) * d, 0);
  const cvar = (mass: number): number => {
    const order = losses.map((value, s) => ({ value, p: p(s) })).sort((a, b) => b.value - a.value);
    let [left, sum] = [mass, 0];
    for (const { value, p: own } of order) {
      const taken = Math.min(left, own);
      sum += taken * value;
      left -= taken;
    }
    return sum / mass + cost;
  };
  const squares = [...probabilities].reduce((sum, value) => sum + value * value, 0);
  const variance = (): number =>
    count === 1 ? 0 : losses.reduce((sum, v, s) => sum + p(s) * (v + mean) ** 2, 0) / (1 - squares);
  const norm = Math.sqrt(w.reduce((sum, value) => sum + value * value, 0));
  const value = {
    MINIMUM_CVAR: () => cvar(0.3),
    MEAN_CVAR: () => -(mean - cost) + 0.7 * cvar(0.2),
    MAXIMUM_RETURN: () => -(mean - cost),
    ROBUST_CVAR: () => cvar(0.25) + 0.02 * norm,
    MINIMUM_VARIANCE: () => variance(),
    MEAN_VARIANCE: () => -(mean - cost) + 1.5 * variance(),
  }[objective.kind as "MINIMUM_CVAR"]();
  const over: number[] = [];
  for (const [j, weight] of w.entries()) {
    over.push(((constraints.lower as number[])[j] as number) - weight);
    over.push(weight - ((constraints.upper as number[])[j] as number));
  }
  const within = over.every((value) => value <= 1e-12);
  over.push(-0.5 - w.reduce((sum, weight) => sum + weight, 0));
  const { maximumGross, maximumTurnover, minimumReturn } = constraints;
  const gross = w.reduce((sum, weight) => sum + Math.abs(weight), 0);
  if (maximumGross !== undefined) over.push(gross - maximumGross);
  const turnover = traded.reduce((sum, d) => sum + d, 0);
  if (maximumTurnover !== undefined) over.push(turnover - maximumTurnover);
  const unit = returns.reduce((most, r) => Math.max(most, Math.abs(r)), 0) || 1;
  if (minimumReturn !== undefined) over.push((minimumReturn - mean + linear) / unit);
  return {
    value,
    violation: Math.max(...over),
    within,
    size: Math.abs(value) + Math.abs(cost) + unit,
  };
}

describe("the lowering", () => {
  test("has the problem's objective and limits at any weights", () => {
    let [kept, broken] = [0, 0];
    fc.assert(
      fc.property(drawn, ({ problem, weights }) => {
        const lowering = lowerProblem(problem);
        if ("contradiction" in lowering) throw new Error("lower is at most upper here");
        const terms = termsOf(problem);
        if (terms === null) throw new Error("each of these has terms");
        const program = programOf(lowering, terms);
        const x = pointOf(lowering, weights);
        for (const [j, weight] of netWeights(program.holdings, x).entries()) {
          expect(weight).toBeCloseTo(weights[j] as number, 12);
        }
        const duals = {
          scenarios: new Int32Array(),
          masses: new Float64Array(),
          rows: new Float64Array(program.rows.count),
        };
        const { upper, feasibility } = certify(program, x, duals);
        const { value, violation, within, size } = obvious(problem, weights);
        const scale = objectiveScale(lowering, terms);
        // Parts do not reach beyond the bounds: there only the violation means something.
        const error = within ? Math.abs(upper / scale - value) : 0;
        expect(error).toBeLessThanOrEqual(1e-12 * Math.max(size, size * size));
        if (violation > 1e-9) {
          broken++;
          expect(feasibility).toBeGreaterThan(1e-11);
        } else if (violation < -1e-9) {
          kept++;
          expect(feasibility).toBeLessThanOrEqual(1e-12);
        }
      }),
      { numRuns: 3000, seed: 7 },
    );
    expect(Math.min(kept, broken)).toBeGreaterThan(300);
  });
});
