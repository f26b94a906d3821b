// Optimal portfolios of the 20 stocks, 1990 to 2022, as two exact methods agreed on them; the figures to ten digits. The
// data is in the folder named by TAPEDECK_DATA; without it these are skipped.

import { describe, expect, test } from "vitest";
import { optimise } from "../optimise.ts";
import type { Objective, Portfolio, Problem } from "../problem.ts";
import { twentyStocks } from "../twenty-stocks.spec.ts";
import { judgeSolution } from "./judged-solution.spec.ts";

const CVAR_WEIGHTS: Readonly<Record<string, number>> = {
  AAPL: 0.0253323951,
  BBY: 0.0132713833,
  CVX: 0.0869626476,
  JNJ: 0.2192354461,
  KO: 0.0733748886,
  LLY: 0.0286341827,
  PEP: 0.1518658306,
  PG: 0.1753232841,
  RRC: 0.0122093811,
  UNH: 0.0142006616,
  WMT: 0.1219272003,
  XOM: 0.0776626988,
};
const VARIANCE_WEIGHTS: Readonly<Record<string, number>> = {
  AAPL: 0.026038084,
  BBY: 0.0068892151,
  CVX: 0.0715894825,
  JNJ: 0.1978543968,
  KO: 0.1208366444,
  LLY: 0.0300522752,
  MRK: 0.021055097,
  MSFT: 0.0100047879,
  PEP: 0.1136671784,
  PFE: 0.0117465187,
  PG: 0.1657878989,
  RRC: 0.0098618184,
  UNH: 0.0096883065,
  WMT: 0.1156950394,
  XOM: 0.0892332568,
};

describe.skipIf(twentyStocks === null)("portfolios of the 20 stocks (needs TAPEDECK_DATA)", () => {
  const stocks = twentyStocks as NonNullable<typeof twentyStocks>;

  function solved(objective: Objective): Portfolio {
    const problem: Problem = { scenarios: stocks.set, covariance: stocks.covariance, objective };
    const solution = optimise(problem);
    if (solution.status !== "OPTIMAL") throw new Error(JSON.stringify(solution));
    expect(judgeSolution(problem, solution).wrong).toBeNull();
    return solution;
  }

  function expectWeights(found: Float64Array, known: Readonly<Record<string, number>>): void {
    stocks.set.assets.forEach((asset, j) => {
      expect([asset, found[j]]).toEqual([asset, expect.closeTo(known[asset] ?? 0, 9)]);
    });
  }

  test("least CVaR at 95 %", () => {
    const { upper, lower, weights } = solved({ kind: "MINIMUM_CVAR", tailMass: 0.05 });
    expect(Math.abs(upper / 0.022534325849553175 - 1)).toBeLessThan(1e-9);
    expect(Math.abs(lower / 0.022534325849553175 - 1)).toBeLessThan(1e-9);
    expectWeights(weights, CVAR_WEIGHTS);
  });

  test("least variance", () => {
    const { upper, weights } = solved({ kind: "MINIMUM_VARIANCE" });
    expect(Math.abs(upper / 0.00010133834887858346 - 1)).toBeLessThan(1e-9);
    expectWeights(weights, VARIANCE_WEIGHTS);
  });
});
