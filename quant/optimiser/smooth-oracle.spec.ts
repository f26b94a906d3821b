// The robust CVaR and the least variance of small problems by HiGHS, in ways that share nothing with our solver: cutting
// planes for the norm (J. Kelley, Journal of SIAM 8(4), 1960), HiGHS' own quadratic solver for the variance.

import { highs } from "./testing/highs-oracle.spec.ts";

/** As a number is written in CPLEX' LP format. */
const term = (value: number, name: string): string =>
  `${value < 0 ? "-" : "+"} ${Math.abs(value).toPrecision(17)} ${name}`;

interface Solved {
  readonly objective: number;
  readonly x: Float64Array;
}

function solve(text: string, assets: number): Solved {
  const solved = highs.solve(text, {
    primal_feasibility_tolerance: 1e-10,
    dual_feasibility_tolerance: 1e-10,
  });
  if (solved.Status !== "Optimal") throw new Error(`HiGHS: ${solved.Status}`);
  const columns: Record<string, { readonly Primal?: number }> = solved.Columns;
  const x = Float64Array.from({ length: assets }, (_, j) => columns[`x${j}`]?.Primal ?? 0);
  return { objective: solved.ObjectiveValue, x };
}

const budget = (assets: number): string =>
  Array.from({ length: assets }, (_, j) => `+ x${j}`).join(" ");

/** Least CVaR + radius · ‖x‖₂ of weights from 0 to 1 that sum to 1, equal probabilities. */
export function robustCvarBetween(
  returns: Float64Array,
  assets: number,
  count: number,
  mass: number,
  radius: number,
): { readonly lower: number; readonly upper: number } {
  const names = Array.from({ length: assets }, (_, j) => `x${j}`);
  const rows = [`sum: ${budget(assets)} = 1`];
  for (let s = 0; s < count; s++) {
    const loss = names.map((name, j) => term(returns[j * count + s] as number, name)).join(" ");
    rows.push(`s${s}: e${s} + t ${loss} >= 0`);
  }
  const excess = Array.from({ length: count }, (_, s) => term(1 / (mass * count), `e${s}`));
  const objective = `t + ${radius.toPrecision(17)} norm ${excess.join(" ")}`;
  let [lower, upper] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let cut = 0; cut < 300; cut++) {
    const text = `Minimize\n obj: ${objective}\nSubject To\n ${rows.join("\n ")}\nBounds\n t free\nEnd`;
    const { objective: found, x } = solve(text, assets);
    const size = Math.hypot(...x);
    lower = Math.max(lower, found);
    const tail = found - radius * Math.max(0, ...cutsOf(rows, x));
    upper = Math.min(upper, tail + radius * size);
    if (upper - lower <= 1e-9 * Math.abs(upper)) break;
    const slopes = names.map((name, j) => term(-(x[j] as number) / size, name)).join(" ");
    rows.push(`c${cut}: norm ${slopes} >= 0`);
  }
  return { lower, upper };
}

/** What the cuts so far make of the norm at x. */
function cutsOf(rows: readonly string[], x: Float64Array): number[] {
  return rows
    .filter((row) => row.startsWith("c"))
    .map((row) => {
      let sum = 0;
      for (const [, sign, value, j] of row.matchAll(/([+-]) (\S+) x(\d+)/g)) {
        sum -= (sign === "-" ? -1 : 1) * Number(value) * (x[Number(j)] as number);
      }
      return sum;
    });
}

/** Least x'Cx / 2 + cost·x of weights from 0 to `upper` that sum to 1. */
export function leastQuadratic(
  covariance: Float64Array,
  cost: Float64Array,
  upper: number,
): Solved {
  const assets = cost.length;
  const squares: string[] = [];
  for (let i = 0; i < assets; i++) {
    squares.push(term(covariance[i * assets + i] as number, `x${i} ^ 2`));
    for (let j = 0; j < i; j++) {
      squares.push(term(2 * (covariance[i * assets + j] as number), `x${i} * x${j}`));
    }
  }
  const linear = Array.from(cost, (value, j) => term(value, `x${j}`)).join(" ");
  const bounds = Array.from(cost, (_, j) => `0 <= x${j} <= ${upper}`).join("\n ");
  const text = `Minimize\n obj: ${linear} + [ ${squares.join(" ")} ] / 2\nSubject To\n sum: ${budget(assets)} = 1\nBounds\n ${bounds}\nEnd`;
  return solve(text, assets);
}
