import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { parityWithin } from "./constrained-parity.ts";
import type { Program } from "./program.ts";
import { varianceParity } from "./risk-parity.ts";
import { cvarParity } from "./tail-parity.ts";
import { twentyStocks } from "./twenty-stocks.spec.ts";

function market(n: number, count: number, seed: number): ScenarioSet {
  const random = new Random(seed);
  const betas = Array.from({ length: n }, () => 0.5 + random.uniform());
  const noise = Array.from({ length: n }, () => 0.01 + 0.02 * random.uniform());
  const common = Array.from({ length: count }, () => 0.02 * random.normal());
  const returns = Float64Array.from({ length: n * count }, (_, k) => {
    const j = Math.floor(k / count);
    return (
      (betas[j] as number) * (common[k % count] as number) + (noise[j] as number) * random.normal()
    );
  });
  const assets = Array.from({ length: n }, (_, j) => `A${j}`);
  return { assets, count, returns, probabilities: new Float64Array(count).fill(1 / count) };
}

const one = (set: ScenarioSet): readonly number[] => set.assets.map(() => 1);

function solved(set: ScenarioSet, mass: number, budgets: readonly number[]) {
  const answer = cvarParity(set, mass, budgets);
  if (answer.status !== "OPTIMAL") throw new Error(JSON.stringify(answer));
  return answer;
}

/** CVaR by sorting, of equally likely scenarios. */
function sortedCvar(set: ScenarioSet, weights: ArrayLike<number>, mass: number): number {
  const losses = Array.from({ length: set.count }, (_, s) =>
    set.assets.reduce(
      (sum, _a, j) => sum - (weights[j] as number) * (set.returns[j * set.count + s] as number),
      0,
    ),
  ).sort((a, b) => b - a);
  let left = mass;
  let sum = 0;
  for (const loss of losses) {
    const part = Math.min(left, 1 / set.count);
    sum += part * loss;
    left -= part;
  }
  return sum / mass;
}

describe("CVaR risk parity", () => {
  test("closes its gap and meets the shares under the worst case's masses", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), { minLength: 1, maxLength: 8 }),
        fc.nat(999),
        fc.constantFrom(0.05, 0.2, 1 / 3),
        (budgets, seed, mass) => {
          const set = market(budgets.length, 200, seed);
          const { weights, certificate, deviation } = solved(set, mass, budgets);
          expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 13);
          expect(weights.every((w) => w > 0)).toBe(true);
          expect(certificate.upper - certificate.lower).toBeGreaterThan(-1e-12);
          expect(certificate.upper - certificate.lower).toBeLessThan(1e-8);
          expect(deviation).toBeLessThan(1e-5);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("has a convex form that no neighbour makes smaller, by sorting", () => {
    const set = market(5, 300, 4);
    const { weights, certificate } = solved(set, 0.1, one(set));
    const form = (y: Float64Array): number =>
      sortedCvar(set, y, 0.1) - y.reduce((sum, v) => sum + Math.log(v) / 5, 0);
    const y = weights.map((w) => w / sortedCvar(set, weights, 0.1));
    expect(form(y)).toBeCloseTo(certificate.upper, 10);
    const random = new Random(1);
    for (let k = 0; k < 200; k++) {
      const moved = y.map((v) => v * (1 + 0.01 * random.normal()));
      expect(form(moved)).toBeGreaterThanOrEqual(certificate.lower);
    }
  });

  test("of assets that lose together is in inverse proportion to their own CVaR", () => {
    // Asset 1 is three times asset 0.
    const base = market(1, 100, 2);
    const returns = Float64Array.from([...base.returns, ...base.returns.map((r) => 3 * r)]);
    const { weights } = solved({ ...base, assets: ["A", "B"], returns }, 0.1, [1, 1]);
    expect(weights[0]).toBeCloseTo(0.75, 7);
  });

  test("is the same weights at any scale of returns", () => {
    const set = market(4, 100, 3);
    const plain = solved(set, 0.1, one(set)).weights;
    for (const scale of [1e-9, 1e-6, 1e6]) {
      const { weights } = solved(
        { ...set, returns: set.returns.map((r) => r * scale) },
        0.1,
        one(set),
      );
      weights.forEach((w, i) => {
        expect(w).toBeCloseTo(plain[i] as number, 7);
      });
    }
  });

  test.skipIf(twentyStocks === null)("of 20 stocks closes its gap", () => {
    if (twentyStocks === null) return;
    const { certificate, deviation } = solved(twentyStocks.set, 0.05, one(twentyStocks.set));
    expect(certificate.upper - certificate.lower).toBeLessThan(1e-10);
    expect(deviation).toBeLessThan(1e-8);
  });

  test("closes its gap where scenarios repeat, tie, are few, or cannot happen", () => {
    let solvedSets = 0;
    for (let seed = 1; seed <= 120; seed++) {
      const random = new Random(seed);
      const n = 1 + random.integer(8);
      const count = [2, 3, 10, 50][random.integer(4)] as number;
      const set = market(n, count, seed);
      const returns = set.returns.map((r, k) => {
        const s = k % count;
        if (seed % 3 === 0) return Math.round(r * 100) / 100;
        return seed % 3 === 1 && s % 2 === 1 ? (set.returns[k - 1] as number) : r;
      });
      const drawn = set.probabilities.map(() => (random.uniform() < 0.2 ? 0 : random.uniform()));
      const total = drawn.reduce((a, b) => a + b, 0);
      const probabilities = total > 0 ? drawn.map((p) => p / total) : set.probabilities;
      const answer = cvarParity({ ...set, returns, probabilities }, 0.2, one(set));
      if (answer.status === "UNBOUNDED") continue;
      if (answer.status !== "OPTIMAL") throw new Error(JSON.stringify({ seed, answer }));
      expect(answer.certificate.upper - answer.certificate.lower).toBeLessThan(1e-8);
      solvedSets++;
    }
    expect(solvedSets).toBeGreaterThan(50);
  });

  test("names long positions whose CVaR is no loss", () => {
    const never = {
      ...market(2, 4, 1),
      returns: Float64Array.of(0.1, 0.1, 0.1, 0.1, 0.1, -0.1, 0.1, -0.1),
    };
    expect(cvarParity(never, 0.5, [1, 1]).status).toBe("UNBOUNDED");
    const hedged = {
      ...never,
      returns: Float64Array.of(-0.1, 0.1, -0.1, 0.1, 0.1, -0.1, 0.1, -0.1),
    };
    const answer = cvarParity(hedged, 0.5, [1, 1]);
    if (answer.status !== "UNBOUNDED") throw new Error(answer.status);
    expect([...answer.ray]).toEqual([0.5, 0.5]);
  });

  test("refuses what it cannot compute with", () => {
    const set = market(2, 10, 1);
    const refuse = (mass: number, budgets: number[]): readonly string[] => {
      const answer = cvarParity(set, mass, budgets);
      return answer.status === "REFUSED" ? answer.reasons : [];
    };
    expect(refuse(0, [1, 1])).toEqual(["tailMass is 0, not in (0, 1]"]);
    expect(refuse(0.1, [1, -1])).toEqual(["budgets[1] is -1, not above 0"]);
    expect(refuse(0.1, [1])).toEqual(["1 budgets for 2 assets"]);
  });
});

function region(n: number, upper: number, change: Partial<Program> = {}): Program {
  return {
    variables: n,
    cost: new Float64Array(n),
    lower: new Float64Array(n),
    upper: new Float64Array(n).fill(upper),
    rows: {
      count: 1,
      coefficients: new Float64Array(n).fill(1),
      lower: Float64Array.of(1),
      upper: Float64Array.of(1),
    },
    holdings: {
      assets: n,
      asset: Int32Array.from({ length: n }, (_, i) => i),
      sign: new Float64Array(n).fill(1),
    },
    ...change,
  };
}

function covarianceOf(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, k) => {
    const i = Math.floor(k / n);
    const j = k % n;
    return 1e-4 * (i === j ? (1 + i) ** 2 : 0.3 * (1 + i) * (1 + j));
  });
}

describe("risk parity within constraints", () => {
  const n = 6;
  const covariance = covarianceOf(n);
  const budgets = new Array<number>(n).fill(1);

  const within = (program: Program) => {
    const outcome = parityWithin(program, covariance, budgets, 1);
    if (outcome.status !== "OPTIMAL") throw new Error(JSON.stringify(outcome));
    return outcome;
  };

  test("is the plain answer where that is allowed", () => {
    const plain = varianceParity(covariance, budgets);
    if (plain.status !== "OPTIMAL") throw new Error(plain.status);
    const { x, certificate } = within(region(n, 1));
    x.forEach((w, i) => {
      expect(w).toBeCloseTo(plain.weights[i] as number, 7);
    });
    expect(certificate.upper - certificate.lower).toBeLessThan(1e-12);

    const set = market(4, 100, 6);
    const tail = { weight: 1, mass: 0.1, scenarios: set };
    const ofTail = parityWithin(region(4, 1, { tail }), new Float64Array(0), one(set), 1);
    if (ofTail.status !== "OPTIMAL") throw new Error(ofTail.status);
    const known = solved(set, 0.1, one(set)).weights;
    ofTail.x.forEach((w, i) => {
      expect(w).toBeCloseTo(known[i] as number, 6);
    });
  });

  test("meets caps with a closed gap, and shares equally among what no cap binds", () => {
    const cap = 0.25;
    const { x, certificate } = within(region(n, cap));
    expect(certificate.feasibility).toBeLessThan(1e-9);
    expect(certificate.upper - certificate.lower).toBeLessThan(1e-11);
    expect(x[0]).toBeCloseTo(cap, 8);
    // Stationarity: (C w)_a - k b / w_a is one price for all that are free.
    const plain = varianceParity(covariance, budgets);
    if (plain.status !== "OPTIMAL") throw new Error(plain.status);
    const slope = (w: Float64Array, a: number): number =>
      w.reduce((sum, v, b) => sum + v * (covariance[a * n + b] as number), 0);
    const k = plain.weights.reduce((sum, w, a) => sum + w * slope(plain.weights, a), 0) / n;
    const free = [...x.keys()].filter((a) => (x[a] as number) < cap - 1e-6);
    expect(free.length).toBeGreaterThan(2);
    const prices = free.map((a) => slope(x, a) - k / (x[a] as number));
    for (const price of prices) expect(Math.abs(price - (prices[0] as number))).toBeLessThan(1e-10);
  });

  test("leaves out what may not be held, and names what cannot be met", () => {
    const upper = new Float64Array(n).fill(1);
    upper[2] = 0;
    const { x } = within(region(n, 1, { upper }));
    expect(x[2]).toBe(0);
    expect(parityWithin(region(n, 0.1), covariance, budgets, 1).status).toBe("INFEASIBLE");
  });
});
