// The optimiser as a library calls it: a problem in, a solution out, with its proof. Promises: pure and deterministic (but
// for `work.expired`); what cannot be computed with is refused in words, what cannot be kept to is a conflict in words.

import { optimiseWith } from "./optimise-with.ts";
import type { Problem, Solution } from "./problem.ts";
import { solveProgram } from "./solve-program.ts";

/**
 * The best portfolio for a problem (problem.ts): weights, the bounds between which the best objective lies, shadow prices
 * and marginal risk. Never throws for a problem of the right types.
 */
export const optimise = (problem: Problem): Solution => optimiseWith(problem, solveProgram);
