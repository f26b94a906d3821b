// Why no portfolio keeps to all limits: a smallest set of limits that cannot hold together. Promises: the set is a
// conflict, and without any one of its members it is none (a deletion filter: J. Chinneck, E. Dravnieks, ORSA Journal on
// Computing 3(2), 1991), as far as the solver tells feasible from infeasible.

import { solveNames } from "./cardinality.ts";
import type { Limit } from "./limits.ts";
import {
  type Lowering,
  lowerProblem,
  NOTHING,
  objectiveScale,
  programOf,
  type Terms,
} from "./lower.ts";
import { nameChoice } from "./name-limits.ts";
import type { Problem } from "./problem.ts";
import type { Duals, Outcome, Program, Work } from "./program.ts";
import { reducedCosts } from "./reduced-costs.ts";

export type Solve = (program: Program, work?: Work) => Outcome;

/**
 * A smallest conflict among `limits`, in their order; none if they have a solution. Cost: a feasibility problem for each
 * limit that the first proof of infeasibility uses, and for each that is left once more.
 */
export function conflictOf(
  problem: Problem,
  limits: readonly Limit[],
  solve: Solve,
): readonly Limit[] {
  const used = (among: readonly Limit[]): readonly Limit[] | null => {
    const found = refuted(problem, among, solve);
    if (found === null || found.length === among.length) return found;
    // A proof by rounded figures may name too few.
    return refuted(problem, found, solve) === null ? among : found;
  };
  let rest = used(limits);
  if (rest === null) return [];
  // What could not be refuted among many may be among few: until nothing more can be left out.
  for (let before = rest.length + 1; rest.length < before; ) {
    before = rest.length;
    for (const limit of rest) {
      if (rest.length === 1 || !rest.includes(limit)) continue;
      const fewer: readonly Limit[] | null = used(rest.filter((other) => other !== limit));
      if (fewer !== null) rest = fewer;
    }
  }
  return rest;
}

/** Those limits that a proof of their conflict uses; null if they have a solution. */
function refuted(
  problem: Problem,
  limits: readonly Limit[],
  solve: Solve,
): readonly Limit[] | null {
  const lowering = lowerProblem(problem, limits);
  if ("contradiction" in lowering) {
    return limits.filter((_, place) => lowering.contradiction.includes(place));
  }
  const outcome = solve(programOf(lowering, NOTHING));
  if (outcome.status === "INFEASIBLE") return ofProof(lowering, outcome.rows);
  const choice = nameChoice(limits);
  if (choice !== null) {
    const named = solveNames(programOf(lowering, NOTHING), choice, solve);
    if (named.status === "INFEASIBLE") return limits;
  }
  for (const limit of limits) {
    const found = refutedRisk(lowering, limit, solve);
    if (found !== null) return found;
  }
  return null;
}

/** Whether the least risk that the other limits leave is above a limit on it. */
function refutedRisk(lowering: Lowering, limit: Limit, solve: Solve): readonly Limit[] | null {
  const { measured, value } = limit;
  if (measured.kind !== "CVAR" && measured.kind !== "VOLATILITY") return null;
  const terms: Terms =
    measured.kind === "CVAR"
      ? { ...NOTHING, cvar: 1, tailMass: measured.tailMass }
      : { ...NOTHING, variance: 1 };
  const program = programOf(lowering, terms);
  const outcome = solve(program);
  if (outcome.status === "INFEASIBLE" || outcome.status === "UNBOUNDED") return null;
  const least = outcome.certificate.lower / objectiveScale(lowering, terms);
  if (!(least > (measured.kind === "CVAR" ? value : value * value))) return null;
  return [...ofDuals(lowering, program, outcome.x, outcome.duals), limit];
}

/** Rows with a price, and the bounds that hold what the priced rows together ask for. */
function ofProof(lowering: Lowering, prices: Float64Array): readonly Limit[] {
  const { set, limits } = lowering;
  const { rows, parts } = set;
  const places = new Set<number>();
  const demand = new Float64Array(parts.length);
  for (let i = 0; i < rows.count; i++) {
    const price = prices[i] as number;
    if (price === 0) continue;
    places.add((price > 0 ? set.rowLimits.lower[i] : set.rowLimits.upper[i]) as number);
    for (let j = 0; j < parts.length; j++) {
      const term = price * (rows.coefficients[i * parts.length + j] as number);
      demand[j] = (demand[j] as number) + term;
    }
  }
  for (const [j, part] of parts.entries()) {
    const asked = demand[j] as number;
    if (asked > 0) places.add(part.upperLimit);
    if (asked < 0) places.add(part.lowerLimit);
  }
  return limits.filter((_, place) => places.has(place));
}

function ofDuals(
  lowering: Lowering,
  program: Program,
  x: Float64Array,
  duals: Duals,
): readonly Limit[] {
  const { set, limits } = lowering;
  const places = new Set<number>();
  for (let i = 0; i < set.rows.count; i++) {
    const price = duals.rows[i] as number;
    if (price !== 0)
      places.add((price > 0 ? set.rowLimits.lower[i] : set.rowLimits.upper[i]) as number);
  }
  const { slope, size } = reducedCosts(program, x, duals);
  for (const [j, part] of set.parts.entries()) {
    if (Math.abs(slope[j] as number) <= 1e-12 * (size[j] as number)) continue;
    places.add((slope[j] as number) > 0 ? part.lowerLimit : part.upperLimit);
  }
  return limits.filter((_, place) => places.has(place));
}
