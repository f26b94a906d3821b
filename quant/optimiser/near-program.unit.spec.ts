import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { solveNames } from "./cardinality.ts";
import { capsOf } from "./name-caps.ts";
import { type Answered, NearProgram } from "./near-program.ts";
import type { Outcome, Program } from "./program.ts";
import { reducedCosts } from "./reduced-costs.ts";
import { conditionalValueAtRisk, scenarioLosses } from "./tail-loss.ts";
import { solveTail } from "./tail-simplex.ts";

const NAMES = 90;
const SCENARIOS = 4500;

/** One factor, own noise, the same divisor for all names of a scenario. */
function market(seed: number): ScenarioSet {
  const random = new Random(seed);
  const names = Array.from({ length: NAMES }, () => ({
    beta: 0.6 + 0.8 * random.uniform(),
    noise: 0.008 + 0.01 * random.uniform(),
    drift: 0.0005 * random.normal(),
  }));
  const returns = new Float64Array(NAMES * SCENARIOS);
  for (let s = 0; s < SCENARIOS; s++) {
    const size = 1 / (0.3 + random.uniform());
    const common = 0.01 * size * random.normal();
    for (const [j, { beta, noise, drift }] of names.entries()) {
      returns[j * SCENARIOS + s] = drift + beta * common + noise * size * random.normal();
    }
  }
  const assets = names.map((_, j) => `A${j}`);
  const probabilities = new Float64Array(SCENARIOS).fill(1 / SCENARIOS);
  return { assets, count: SCENARIOS, returns, probabilities };
}

function leastCvar(scenarios: ScenarioSet): Program {
  return {
    variables: NAMES,
    cost: new Float64Array(NAMES),
    lower: new Float64Array(NAMES),
    upper: new Float64Array(NAMES).fill(1),
    rows: {
      count: 1,
      coefficients: new Float64Array(NAMES).fill(1),
      lower: Float64Array.of(1),
      upper: Float64Array.of(1),
    },
    holdings: {
      assets: NAMES,
      asset: Int32Array.from({ length: NAMES }, (_, j) => j),
      sign: new Float64Array(NAMES).fill(1),
    },
    tail: { weight: 1, mass: 0.05, scenarios },
  };
}

function optimum(program: Program): Answered {
  const outcome: Outcome = solveTail(program);
  if (outcome.status !== "OPTIMAL") throw new Error(outcome.status);
  return outcome;
}

function near(program: Program): NearProgram {
  const found = NearProgram.around(program, optimum(program));
  if (found === null) throw new Error("the program is too small");
  return found;
}

/** Most of the names that matter in the first program are out, some of the others, and a few are held at 5 % or more. */
function decided(program: Program, seed: number): Program {
  const random = new Random(seed);
  const { x, duals } = optimum(program);
  const { slope } = reducedCosts(program, x, duals);
  const order = [...slope.keys()].sort((i, j) => (slope[i] as number) - (slope[j] as number));
  const lower = program.lower.slice();
  const upper = program.upper.slice();
  for (const [rank, j] of order.entries()) {
    const chance = random.uniform();
    if (chance < (rank < 40 ? 0.8 : 0.2)) upper[j] = 0;
    else if (chance > 0.96) lower[j] = 0.05;
  }
  return { ...program, lower, upper };
}

describe("a program solved near another's optimum", () => {
  test("has the optimum of all its variables and scenarios", () => {
    const program = leastCvar(market(1));
    const part = near(program);
    for (let seed = 1; seed <= 20; seed++) {
      const stated = decided(program, seed);
      const whole = optimum(stated).certificate.upper;
      const found = part.solve(stated, solveTail, 1e-10);
      if (found === null) throw new Error("there is a portfolio");
      expect(Math.abs(found.certificate.upper - whole)).toBeLessThan(1e-9 * whole);
      expect(found.certificate.lower).toBeGreaterThan(whole * (1 - 1e-9));
      expect(found.certificate.lower).toBeLessThan(whole * (1 + 1e-12));
      expect(found.certificate.feasibility).toBeLessThan(1e-9);
    }
  });

  test("has bounds of the whole where less is asked for, found with less work", () => {
    const program = leastCvar(market(2));
    const [exact, rough] = [near(program), near(program)];
    for (let seed = 1; seed <= 20; seed++) {
      const stated = decided(program, seed);
      const whole = optimum(stated).certificate.upper;
      exact.solve(stated, solveTail, 1e-10);
      const found = rough.solve(stated, solveTail, 0.02);
      if (found === null) throw new Error("there is a portfolio");
      expect(found.certificate.lower).toBeLessThan(whole * (1 + 1e-12));
      expect(found.certificate.upper).toBeGreaterThan(whole * (1 - 1e-12));
    }
    expect(rough.cells).toBeLessThan(exact.cells);
  });

  test("holds what was not looked at where nothing else is left, and knows where there is nothing", () => {
    const program = leastCvar(market(3));
    const best = optimum(program);
    const stated = { ...program, upper: program.upper.slice() };
    const order = [...best.x.keys()].sort((i, j) => (best.x[j] ?? 0) - (best.x[i] ?? 0));
    for (const j of order.slice(0, NAMES - 1)) stated.upper[j] = 0;
    const last = order[NAMES - 1] as number;
    const found = near(program).solve(stated, solveTail, 1e-10);
    expect(found?.x[last]).toBeCloseTo(1, 12);
    stated.upper[last] = 0.5;
    expect(near(program).solve(stated, solveTail, 1e-10)).toBeNull();
  });
});

test("a portfolio with more of a name than its cap is no better than the cutoff", () => {
  const program = leastCvar(market(4));
  const best = optimum(program);
  for (const room of [0.005, 0.05]) {
    const cutoff = best.certificate.upper * (1 + room);
    const work = { solve: (held: Program) => optimum(held), isSpent: () => false };
    const caps = capsOf(program, best, cutoff, work);
    expect(Math.min(...caps)).toBeLessThan(0.2);
    for (let j = 0; j < NAMES; j++) {
      expect(caps[j]).toBeGreaterThanOrEqual(best.x[j] as number);
      if ((caps[j] as number) >= 1) continue;
      const lower = program.lower.slice();
      lower[j] = caps[j] as number;
      expect(optimum({ ...program, lower }).certificate.upper).toBeGreaterThan(cutoff * (1 - 1e-8));
    }
  }
});

/** The least CVaR over every share of two names: it is convex in the share. */
function leastOfPair(scenarios: ScenarioSet, i: number, j: number): number {
  const risk = (share: number): number => {
    const net = new Float64Array(NAMES);
    net[i] = share;
    net[j] = 1 - share;
    const losses = scenarioLosses(scenarios, net);
    return conditionalValueAtRisk(losses, scenarios.probabilities, 0.05);
  };
  let [low, high] = [0.01, 0.99];
  for (let step = 0; step < 42; step++) {
    const [left, right] = [low + (high - low) * 0.4, low + (high - low) * 0.6];
    if (risk(left) < risk(right)) high = right;
    else low = left;
  }
  return Math.min(risk(low), risk(0), risk(1));
}

test("two names are the best of all pairs", () => {
  const all = leastCvar(market(5));
  const allowed = 9;
  const program = { ...all, upper: all.upper.map((most, j) => (j < allowed ? most : 0)) };
  const { scenarios } = all.tail as NonNullable<Program["tail"]>;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < allowed; i++) {
    for (let j = 0; j < i; j++) least = Math.min(least, leastOfPair(scenarios, i, j));
  }
  expect(NearProgram.around(program, optimum(program))).not.toBeNull();
  const choice = { maximumNames: 2, minimumPosition: 0.01 };
  const outcome = solveNames(program, choice, solveTail);
  if (outcome.status !== "OPTIMAL") throw new Error(outcome.status);
  expect(Math.abs(outcome.certificate.upper - least)).toBeLessThan(1e-9 * least);
});
