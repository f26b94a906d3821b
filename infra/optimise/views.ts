// Views on returns, from a file or a part of one: expected returns after Black and Litterman, for a problem on a plain file of
// returns. Promises: every name is an asset of the file, or it is refused.

import type { Problem } from "../../quant/optimiser/problem.ts";
import { type NamedView, viewedReturns } from "../../quant/optimiser/viewed-returns.ts";
import type { ReturnHistory } from "../../quant/scenarios/return-history.ts";
import { shrunkCovariance } from "../../quant/scenarios/shrunk-covariance.ts";
import { TapedeckError } from "../../schemas/errors.ts";

/** As quant/optimiser/viewed-returns.ts has them, with the prior's weights by name. */
export interface Beliefs {
  /** Of a market, in proportion; equal weights if left out. */
  readonly prior?: Readonly<Record<string, number>>;
  readonly riskAversion?: number;
  readonly tau?: number;
  readonly views: readonly NamedView[];
}

const RISK_AVERSION = 2.5;
const TAU = 0.05;

/**
 * The problem with the expected returns that views come to, by its covariance, or else that of the history drawn towards
 * constant correlation. Throws OPTIMISE_OPTION_INVALID.
 */
export function withViews(
  problem: Problem,
  beliefs: Beliefs | undefined,
  history: ReturnHistory,
): Problem {
  if (beliefs === undefined) return problem;
  const { assets } = history;
  const { prior, riskAversion = RISK_AVERSION, tau = TAU, views } = beliefs;
  const weights = prior === undefined ? assets.map(() => 1 / assets.length) : inFull(prior, assets);
  const covariance =
    problem.covariance ?? shrunkCovariance(history, "CONSTANT_CORRELATION").covariance;
  const posterior = viewedReturns(assets, covariance, { weights, riskAversion, tau, views });
  if (posterior.status === "REFUSED") throw invalid(posterior.reasons.join("; "));
  return { ...problem, expectedReturns: [...posterior.mean] };
}

/** In the order of the assets, with sum 1. */
function inFull(
  prior: Readonly<Record<string, number>>,
  assets: readonly string[],
): readonly number[] {
  const stranger = Object.keys(prior).find((name) => !assets.includes(name));
  if (stranger !== undefined) throw invalid(`prior names ${stranger}, no asset here`);
  const weights = assets.map((asset) =>
    Object.hasOwn(prior, asset) ? (prior[asset] as number) : 0,
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(sum > 0))
    throw invalid(`the weights of prior sum to ${sum}; they must be above 0 together`);
  return weights.map((weight) => weight / sum);
}

const invalid = (what: string): TapedeckError =>
  new TapedeckError("OPTIMISE_OPTION_INVALID", `views: ${what}`);
