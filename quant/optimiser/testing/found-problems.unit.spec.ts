// Drawn problems and programs whose answers were wrong, or not proven, once; each judged again. Promises: what was mended stays so;
// problem `index` of `seed` is the same for ever (random-problem.ts).

import { expect, test } from "vitest";
import { optimise } from "../optimise.ts";
import { solveProgram } from "../solve-program.ts";
import { fuzzProblem } from "./fuzzed-problems.spec.ts";
import { fuzzOne } from "./fuzzed-programs.spec.ts";
import type { ProblemKind } from "./random-problem.ts";

const RATIOS: readonly ProblemKind[] = ["MAXIMUM_RETURN_TO_CVAR", "MAXIMUM_SHARPE"];

interface Found {
  readonly what: string;
  readonly seed: number;
  readonly index: number;
  readonly kinds?: readonly ProblemKind[];
}

const FOUND: readonly Found[] = [
  {
    what: "a mass near 0 of a huge return, and a conflict that was not smallest",
    seed: 101,
    index: 1402,
  },
  { what: "a group of coefficients 0, and a conflict that was not smallest", seed: 1, index: 2808 },
  {
    what: "a limit of 0 on CVaR, kept to but for rounding of weights that are 0",
    seed: 101,
    index: 19461,
  },
  { what: "a limit of 0 on CVaR, kept to but for rounding of a sum", seed: 77, index: 188 },
  { what: "a limit of 0 on volatility", seed: 1, index: 2994 },
  { what: "a limit of 0 on volatility, with costs", seed: 1, index: 7424 },
  { what: "a weight whose digits a bound far from it took", seed: 101, index: 96 },
  { what: "a weight whose digits what is held took", seed: 101, index: 300 },
  { what: "a variance that hedges all but a millionth", seed: 101, index: 5925 },
  { what: "a variance of many flat sides", seed: 101, index: 1320 },
  { what: "a variance of 0 without the best duals", seed: 101, index: 493 },
  { what: "a ratio to CVaR that grows without end to its best", seed: 101, index: 9297 },
  { what: "a return without end up to a limit on CVaR", seed: 101, index: 16347 },
  { what: "a risk aversion without end up to a limit on CVaR", seed: 101, index: 4181 },
  { what: "a ratio of two figures that cancel", seed: 1, index: 2256 },
  { what: "a Sharpe ratio of nothing but rounding", seed: 1, index: 2126 },
  { what: "a riskless portfolio that loses", seed: 11, index: 576, kinds: RATIOS },
  { what: "a riskless portfolio that gains", seed: 11, index: 42, kinds: RATIOS },
  {
    what: "a Sharpe ratio that every share of the portfolio has",
    seed: 11,
    index: 1494,
    kinds: RATIOS,
  },
  { what: "a Sharpe ratio at a price that is not its own", seed: 11, index: 1408, kinds: RATIOS },
  { what: "one of several least variances that keeps to a limit on CVaR", seed: 101, index: 6201 },
  { what: "a CVaR that falls without end at no variance", seed: 202, index: 748 },
  { what: "a return that grows without end at no variance", seed: 202, index: 465 },
  { what: "the same below a limit on volatility", seed: 1, index: 6424 },
  { what: "a gain at no risk beside rounding of weights that are 0", seed: 303, index: 15706 },
  { what: "a search for a riskless way that came to no end", seed: 303, index: 21401 },
  { what: "a bound of 0 but for the rounding of its sums", seed: 101, index: 461 },
  { what: "weights that are nothing but rounding", seed: 101, index: 4351 },
  { what: "a norm, and a CVaR at its limit", seed: 202, index: 12272 },
  {
    what: "the ratio of a way without end, from a portfolio that earns and risks nothing",
    seed: 2026,
    index: 71358,
  },
  { what: "a mean return of nothing but rounding", seed: 5, index: 3465, kinds: RATIOS },
  {
    what: "a Sharpe ratio that ever smaller portfolios have as well",
    seed: 101,
    index: 24999,
  },
  {
    what: "a Sharpe ratio that hardly depends on the price up to a kink",
    seed: 5,
    index: 1069,
    kinds: ["MAXIMUM_SHARPE"],
  },
  { what: "a conflict with a member that only many limits hid", seed: 2026, index: 57336 },
  { what: "a limit on volatility beside a return of 20,000", seed: 2026, index: 64662 },
  { what: "a Sharpe ratio of a billionth of what hedges earn", seed: 2026, index: 76946 },
  { what: "a return of nothing but costs that rounding pays", seed: 4711, index: 18872 },
  { what: "limits that only 70,000 long and short keep", seed: 4711, index: 49072 },
  { what: "a target missed by less than it may be", seed: 4711, index: 51046 },
  { what: "assets that hedge each other in two scenarios", seed: 5001, index: 57200 },
  { what: "a Sharpe ratio that ever larger portfolios come nearer to", seed: 6007, index: 53178 },
  { what: "a Sharpe ratio between two faces a digit apart", seed: 2026, index: 93102 },
];

const FOUND_PROGRAMS: readonly Found[] = [
  { what: "impact, without the best duals", seed: 2026, index: 27003 },
  { what: "a best point that the tangent has, and no curve", seed: 2026, index: 42503 },
  { what: "a variance of nothing beside a return of ten million", seed: 2026, index: 42883 },
  { what: "a target that two nearly equal assets price at a billion", seed: 2026, index: 9047 },
  { what: "caps that sum to 1 but for a digit", seed: 5001, index: 85465 },
  { what: "parts both long and short by ten million", seed: 5001, index: 62545 },
  { what: "impact of many small trades that hedge each other", seed: 4711, index: 26643 },
  { what: "a target a billionth beyond what there is", seed: 4711, index: 43745 },
  { what: "impact beside a return of ten thousand", seed: 4711, index: 51509 },
  { what: "a way without end beside a norm", seed: 7013, index: 88737 },
  { what: "a bound that HiGHS misses by 4e-11", seed: 6007, index: 72583 },
  { what: "bounds by rows that cross by rounding", seed: 2026, index: 60455 },
  { what: "trades too small for their slope to be known", seed: 2026, index: 67385 },
];

for (const { what, seed, index, kinds } of FOUND) {
  test(what, () => {
    const wanted = kinds === undefined ? {} : { kinds };
    const { wrong, open } = fuzzProblem(optimise, { seed, index, wanted }, () => 0);
    expect([...wrong, ...open]).toEqual([]);
  });
}

for (const { what, seed, index } of FOUND_PROGRAMS) {
  test(`program: ${what}`, () => {
    const { wrong, open } = fuzzOne(solveProgram, { seed, index }, () => 0);
    expect([...wrong, ...open]).toEqual([]);
  });
}
