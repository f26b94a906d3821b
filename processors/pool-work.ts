// What the pool is asked for and what it answers, as events. Promises: an answer follows from its request alone, the same
// bytes in this process, in another thread and in a replay; what cannot be computed with is answered REFUSED
// with the reason, never thrown.

import { optimise } from "../quant/optimiser/optimise.ts";
import type { Portfolio, Problem, Solution } from "../quant/optimiser/problem.ts";
import { type NamedBeliefs, viewedReturns } from "../quant/optimiser/viewed-returns.ts";
import { makeScenarios } from "../quant/scenarios/make-scenarios.ts";
import { checkReturnHistory, type ReturnHistory } from "../quant/scenarios/return-history.ts";
import { scenarioHash } from "../quant/scenarios/scenario-hash.ts";
import type { ScenarioRecipe } from "../quant/scenarios/scenario-recipe.ts";
import { shrunkCovariance } from "../quant/scenarios/shrunk-covariance.ts";
import { sha256 } from "../quant/sha256.ts";
import type { PoolAnswer } from "../schemas/generated/pool.answers.ts";
import type { PoolRequest } from "../schemas/generated/pool.requests.ts";
import { utf8Length, writeUtf8 } from "../schemas/utf8.ts";
import { horizonOf } from "./optimiser-config.ts";

/** A problem without its scenarios: what `problem` of a request holds as JSON. */
export interface AskedProblem extends Omit<Problem, "scenarios" | "covariance" | "work"> {
  /** Instead of expected returns: what they follow from, with the covariance of the request's returns. */
  readonly beliefs?: NamedBeliefs;
}

/** What a device is given: a problem, and what its scenarios are made from. */
export interface RequestedWork {
  readonly problem: Omit<AskedProblem, "beliefs">;
  readonly scenarios: { readonly recipe: ScenarioRecipe; readonly history: ReturnHistory };
}

/** What solves a problem; another one than `optimise` only in tests. */
export type Solve = (problem: Problem) => Solution;

const METHOD = "tapedeck optimise 1";
const BYTES = 8;

/** What is asked, with the hash of it. `returns` are asset by asset, oldest first. */
export function poolRequest(
  asked: AskedProblem,
  recipe: ScenarioRecipe,
  history: {
    readonly assets: readonly string[];
    readonly periods: number;
    readonly returns: Float64Array;
  },
  of: { readonly portfolio: string; readonly number: number },
): PoolRequest {
  const { assets, periods } = history;
  const returns = bytesOf(history.returns);
  const input = { problem: JSON.stringify(asked), recipe: JSON.stringify(recipe), assets, periods };
  return { ...of, ...input, returns, inputHash: inputHash({ ...input, returns }) };
}

/** SHA-256 over the returns' bytes, then the rest as JSON. */
export function inputHash({
  problem,
  recipe,
  assets,
  periods,
  returns,
}: Omit<PoolRequest, "portfolio" | "number" | "inputHash">): string {
  const text = JSON.stringify([problem, recipe, assets, periods]);
  const message = new Uint8Array(returns.length + utf8Length(text));
  message.set(returns);
  writeUtf8(text, message, returns.length);
  let hex = "";
  for (const byte of sha256(message)) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

/**
 * The work of a request, with the expected returns that its beliefs come to: by the covariance of its returns, drawn towards
 * constant correlation, times the bars that a scenario spans. Throws RangeError or SyntaxError where it is none.
 */
export function workOf(request: PoolRequest): RequestedWork {
  const { assets, periods, returns } = request;
  const { beliefs, ...problem } = JSON.parse(request.problem) as AskedProblem;
  const recipe = JSON.parse(request.recipe) as ScenarioRecipe;
  const history = { assets, count: periods, returns: returnsOf(returns) };
  const scenarios = { recipe, history };
  if (beliefs === undefined) return { problem, scenarios };
  const [reason] = checkReturnHistory(history);
  if (reason !== undefined) throw new RangeError(reason);
  const { covariance } = shrunkCovariance(history, "CONSTANT_CORRELATION");
  const bars = horizonOf(recipe);
  const posterior = viewedReturns(
    assets,
    covariance.map((value) => bars * value),
    beliefs,
  );
  if (posterior.status === "REFUSED") throw new RangeError(posterior.reasons.join("; "));
  return { problem: { ...problem, expectedReturns: [...posterior.mean] }, scenarios };
}

/** The problem with its scenarios made again. Throws as workOf does. */
export function problemOf(request: PoolRequest): Problem {
  const { problem, scenarios } = workOf(request);
  return { ...problem, scenarios: makeScenarios(scenarios.recipe, scenarios.history) };
}

/** The answer, with the latency that is declared. */
export function answerTo(
  request: PoolRequest,
  latencyUs: number,
  solve: Solve = optimise,
): PoolAnswer {
  try {
    const problem = problemOf(request);
    const { scenarios: set } = problem;
    const solution = solve(problem);
    const found = { solution, scenarioHash: scenarioHash(set), scenarios: set.count };
    return answerFrom(request, latencyUs, found);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    return { ...unanswered(request, latencyUs), status: "REFUSED", reasons: [error.message] };
  }
}

/** What a device found: the solution, and of which set. */
export interface Found {
  readonly solution: Solution;
  readonly scenarioHash: string;
  readonly scenarios: number;
}

/** The answer from what was found elsewhere. */
export function answerFrom(
  request: PoolRequest,
  latencyUs: number,
  { solution, ...set }: Found,
): PoolAnswer {
  const { seed = 0 } = JSON.parse(request.recipe) as { readonly seed?: number };
  return { ...unanswered(request, latencyUs), ...set, seed, ...answerOf(solution) };
}

/** The answer where whoever was asked gave none. */
export const failedAnswer = (
  request: PoolRequest,
  latencyUs: number,
  reasons: readonly string[],
): PoolAnswer => ({ ...unanswered(request, latencyUs), reasons });

const unanswered = (
  { portfolio, number, inputHash: hash, assets }: PoolRequest,
  latencyUs: number,
): PoolAnswer => ({
  portfolio,
  request: number,
  inputHash: hash,
  status: "FAILED",
  reasons: [],
  assets,
  weights: [],
  expectedReturn: 0,
  upper: 0,
  lower: 0,
  gap: 0,
  feasibility: 0,
  shadowPrices: [],
  marginalRisk: [],
  tailScenarios: [],
  tailMasses: [],
  rowPrices: [],
  cvarPrice: null,
  variancePrice: null,
  searched: null,
  scenarioHash: "",
  scenarios: 0,
  method: METHOD,
  device: "cpu",
  seed: 0,
  pivots: 0,
  latencyUs,
});

function answerOf(solution: Solution): Partial<PoolAnswer> & Pick<PoolAnswer, "status"> {
  if ("weights" in solution) return portfolioOf(solution);
  if ("conflict" in solution) return { status: solution.status, reasons: solution.conflict };
  return solution;
}

function portfolioOf(found: Portfolio): Partial<PoolAnswer> & Pick<PoolAnswer, "status"> {
  const { status, expectedReturn, upper, lower, gap, feasibility, pivots, proof } = found;
  return {
    status,
    weights: [...found.weights],
    expectedReturn,
    upper,
    lower,
    gap,
    feasibility,
    pivots,
    shadowPrices: found.shadowPrices,
    marginalRisk: [...found.marginalRisk],
    tailScenarios: [...(proof?.duals.scenarios ?? [])],
    tailMasses: [...(proof?.duals.masses ?? [])],
    rowPrices: [...(proof?.duals.rows ?? [])],
    cvarPrice: proof?.cvarPrice ?? null,
    variancePrice: proof?.variancePrice ?? null,
    searched: proof?.searched ?? null,
  };
}

export function bytesOf(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length * BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat64(i * BYTES, values[i] as number, true);
  return bytes;
}

export function returnsOf(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(Math.floor(bytes.byteLength / BYTES));
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat64(i * BYTES, true);
  return values;
}
