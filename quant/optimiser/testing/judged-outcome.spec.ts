// Is an outcome of a solver true? Judged by arithmetic of its own (objective, weak duality, Farkas, rays) and by
// HiGHS. Promises: null only where both agree with the outcome; else what is wrong, in one line.

import type { Duals, Outcome, Program } from "../program.ts";
import { scenariosThatHappen } from "./elastic-program.ts";
import { dot, evaluate, rowOf, violation } from "./evaluated-objective.ts";
import { solveByHighs, type Verdict } from "./highs-oracle.spec.ts";
import { impactOf, isFarkasProof, isRay, lowerBound, supportingSlopes } from "./weak-duality.ts";

/** Share of the size of the objective. */
export const GAP = 1e-8;
const FEASIBLE = 1e-9;

export interface Judgement {
  /** Null: nothing is. */
  readonly wrong: string | null;
  /** Of the answer, relative to its objective; 0 where there is none. */
  readonly gap: number;
  /** Of its objective and that of HiGHS, relative; 0 where they cannot be compared. */
  readonly disagreement: number;
  /** HiGHS had no clear answer of its own: the arithmetic alone judged. */
  readonly isOracleSilent: boolean;
}

/** Smooth terms by their tangent at x: what is left is for HiGHS. */
export function linearised(
  program: Program,
  x: Float64Array,
  duals: Duals,
): { program: Program; offset: number } {
  const { smooth: _, ...rest } = program;
  if (program.smooth === undefined) return { program, offset: 0 };
  const gradient = supportingSlopes(program, x, duals);
  const sum = Float64Array.from(program.cost, (value, j) => value + (gradient[j] as number));
  const largest = sum.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // What is rounding beside the rest would make HiGHS' units absurd.
  const cost = sum.map((value) => (Math.abs(value) > 1e-16 * largest ? value : 0));
  return { program: { ...rest, cost }, offset: evaluate(program, x).smooth - dot(gradient, x) };
}

export function verdictDuals(
  program: Program,
  verdict: Extract<Verdict, { status: "OPTIMAL" }>,
): Duals {
  const happens = program.tail ? scenariosThatHappen(program.tail.scenarios.probabilities) : [];
  return { rows: verdict.rows, scenarios: Int32Array.from(happens), masses: verdict.masses };
}

/** What HiGHS proves by our own arithmetic, in whichever of its forms gives the closest bounds. */
export function askHighs(program: Program): {
  readonly verdict: Verdict;
  readonly lower: number;
  readonly upper: number;
} {
  let best: ReturnType<typeof askHighs> | null = null;
  for (const form of ["DUAL", "PRIMAL", "COMPACT_DUAL"] as const) {
    for (const presolve of ["on", "off"] as const) {
      const verdict = solveByHighs(program, { form, presolve, solver: "simplex", seconds: 3 });
      if (verdict.status === "INFEASIBLE" || verdict.status === "UNBOUNDED") {
        if (best?.verdict.status !== "OPTIMAL") {
          return { verdict, lower: Number.NaN, upper: Number.NaN };
        }
        continue;
      }
      if (verdict.status !== "OPTIMAL") {
        best ??= { verdict, lower: Number.NaN, upper: Number.NaN };
        continue;
      }
      const { objective: upper, size } = evaluate(program, verdict.x);
      const lower = lowerBound(program, verdict.x, verdictDuals(program, verdict));
      const isFeasible = violation(program, verdict.x).size <= FEASIBLE;
      const found = { verdict, lower, upper: isFeasible ? upper : Number.POSITIVE_INFINITY };
      if (isFeasible && upper - lower <= 0.1 * GAP * reference(program, upper, size)) return found;
      const width = found.upper - lower;
      if (best?.verdict.status !== "OPTIMAL" || width < best.upper - best.lower) best = found;
    }
  }
  return best as NonNullable<typeof best>;
}

/** What a gap is measured against: the objective; or a small part of what cancels in it, or of a usual weight's. */
export function reference(program: Program, objective: number, size: number): number {
  const mean = (values: Float64Array): number =>
    values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
  const { tail, holdings } = program;
  let usual = mean(program.cost) + (tail ? tail.weight * mean(tail.scenarios.returns) : 0);
  for (const term of program.smooth ?? []) {
    if (term.kind === "NORM") usual += term.weight;
    else if (term.kind === "IMPACT") usual += mean(term.coefficients);
    else
      usual +=
        term.weight * mean(term.covariance.filter((_, at) => at % (holdings.assets + 1) === 0));
  }
  return Math.max(Math.abs(objective), 1e-4 * size, 1e-2 * usual, 1e-40);
}

const fine = { gap: 0, disagreement: 0, isOracleSilent: false } as const;

function judgeAnswer(
  program: Program,
  { x, duals, certificate, status }: Extract<Outcome, { status: "OPTIMAL" | "FEASIBLE" }>,
): Judgement {
  const wrong = (what: string, gap = 0, disagreement = 0): Judgement => ({
    wrong: what,
    gap,
    disagreement,
    isOracleSilent: false,
  });
  if (x.length !== program.variables) return wrong(`${x.length} values of ${program.variables}`);
  const off = violation(program, x);
  if (!(off.size <= FEASIBLE)) return wrong(`infeasible by ${off.size}: ${off.where}`);
  const { objective, size, rounding } = evaluate(program, x);
  const against = reference(program, objective, size);
  const gap = (certificate.upper - certificate.lower) / against;
  if (!(Math.abs(certificate.upper - objective) <= rounding + 1e-11 * against)) {
    return wrong(`upper ${certificate.upper} is not the objective ${objective}`, gap);
  }
  const bound = lowerBound(program, x, duals);
  // A bound that is far off claims little: its last digits are the rounding of slopes that were followed far.
  const allowed = Math.max(GAP * against + rounding, 1e-3 * (objective - bound));
  if (!(certificate.lower <= bound + allowed)) {
    return wrong(`lower ${certificate.lower} is above what the duals prove, ${bound}`, gap);
  }
  if (status === "OPTIMAL" && !(gap <= GAP)) return wrong(`OPTIMAL with a gap of ${gap}`, gap);
  const flat = linearised(program, x, duals);
  const asked = askHighs(flat.program);
  if (asked.verdict.status === "INFEASIBLE" || asked.verdict.status === "UNBOUNDED") {
    const silent = { ...fine, gap, isOracleSilent: true };
    // The answer is feasible and its bound holds, both by arithmetic: HiGHS' tolerance is at work.
    return { wrong: null, ...silent };
  }
  if (asked.verdict.status !== "OPTIMAL")
    return { wrong: null, ...fine, gap, isOracleSilent: true };
  const best = asked.verdict.objective + flat.offset;
  // HiGHS may miss a limit by its tolerance, and gains its price for that; far out, its sums are rounded.
  const unsure =
    asked.upper -
    asked.lower +
    missed(program, asked.verdict.x, duals) +
    evaluate(flat.program, asked.verdict.x).rounding;
  const disagreement = (objective - best) / against;
  if (!(unsure <= GAP * against)) return { wrong: null, ...fine, gap, isOracleSilent: true };
  // The tangent's own rounding: of its value once, and of the slope along x, which is twice the value of a variance.
  const known = 4 * rounding;
  const left = (certificate.upper - certificate.lower) * 1.01;
  const isBetter = objective - best > known + Math.max(2 * GAP * against, left);
  // The tangent of impact lies far below it away from x, and how steep it is at a tiny trade is rounding: what HiGHS finds by
  // it counts if it is better by the program itself, somewhere on the way there.
  const isTangent = impactOf(program).some((own) => own > 0);
  if (isBetter && isTangent && !isBetterOnTheWay(program, x, asked.verdict.x, GAP * against)) {
    return { wrong: null, ...fine, gap, isOracleSilent: true };
  }
  if (isBetter) return wrong(`HiGHS has ${best}, better than ${objective}`, gap, disagreement);
  if (certificate.lower > best + GAP * against + known) {
    // What is exact about impact may be above its tangent; that it holds was judged by arithmetic.
    if (isTangent) return { wrong: null, ...fine, gap, isOracleSilent: true };
    return wrong(
      `lower ${certificate.lower} is above the optimum of HiGHS ${best}`,
      gap,
      disagreement,
    );
  }
  return { wrong: null, gap, disagreement: Math.abs(disagreement), isOracleSilent: false };
}

function isBetterOnTheWay(
  program: Program,
  from: Float64Array,
  to: Float64Array,
  enough: number,
): boolean {
  const { objective: least } = evaluate(program, from);
  for (let share = 1; share > 2 ** -40; share /= 2) {
    const between = from.map((own, j) => own + share * ((to[j] as number) - own));
    if (evaluate(program, between).objective < least - enough) return true;
  }
  return false;
}

/** What a point gains by the rows and bounds that it misses at these prices, or may miss by the rounding of their sums. */
function missed(program: Program, x: Float64Array, duals: Duals): number {
  const { lower, upper } = program;
  const steep = program.cost.map(Math.abs);
  const byRows = duals.rows.reduce((sum, price, i) => {
    const row = rowOf(program, i);
    row.forEach((coefficient, j) => {
      steep[j] = (steep[j] as number) + Math.abs(price * coefficient);
    });
    const value = dot(row, x);
    const known = row.length * 2 ** -53 * dot(row.map(Math.abs), x.map(Math.abs));
    const [least, most] = [program.rows.lower[i] as number, program.rows.upper[i] as number];
    return sum + Math.abs(price) * (known + Math.max(0, least - value, value - most));
  }, 0);
  return x.reduce((sum, value, j) => {
    const off = Math.max(0, (lower[j] as number) - value, value - (upper[j] as number));
    return sum + off * (steep[j] as number);
  }, byRows);
}

/** Whether the rows and bounds leave anything, as HiGHS has it. */
export function isFeasible(program: Program): boolean {
  const { lower, upper, rows: limits } = program;
  if (lower.some((least, j) => least > (upper[j] as number))) return false;
  if (limits.lower.some((least, i) => least > (limits.upper[i] as number))) return false;
  const { tail: _, smooth: __, ...rest } = program;
  const bare = { ...rest, cost: new Float64Array(program.variables) };
  return solveByHighs(bare, { form: "PRIMAL" }).status === "OPTIMAL";
}

/** Whether it is one once its limits are moved apart by what an answer may miss them by: then either word is right. */
export function isFeasibleInside(program: Program): boolean {
  const { rows, variables } = program;
  const moved = (limits: Float64Array, by: number): Float64Array =>
    limits.map((limit, i) => {
      if (rows.lower[i] === rows.upper[i] || !Number.isFinite(limit)) return limit;
      const own = rows.coefficients.subarray(i * variables, (i + 1) * variables);
      return limit + by * own.reduce((most, c) => Math.max(most, Math.abs(c)), Math.abs(limit));
    });
  const lower = moved(rows.lower, FEASIBLE);
  const upper = moved(rows.upper, -FEASIBLE);
  return isFeasible({ ...program, rows: { ...rows, lower, upper } });
}

/** Cost: up to six solves by HiGHS. */
export function judge(program: Program, outcome: Outcome): Judgement {
  if (outcome.status === "INFEASIBLE") {
    if (isFeasible(program)) {
      // At the edge, HiGHS' tolerance lets through what exact arithmetic proves to be empty.
      const isProved =
        isFarkasProof(program, outcome.rows, 0) ||
        (isFarkasProof(program, outcome.rows) && !isFeasibleInside(program));
      return {
        ...fine,
        wrong: isProved ? null : "INFEASIBLE, but HiGHS has a point",
        isOracleSilent: true,
      };
    }
    const isProved = isFarkasProof(program, outcome.rows);
    const wrong = isProved ? null : "INFEASIBLE is right, but its Farkas proof is not one";
    return { ...fine, wrong };
  }
  if (outcome.status === "UNBOUNDED") {
    const wrong = isRay(program, outcome.ray);
    if (wrong !== null) return { ...fine, wrong: `UNBOUNDED: ${wrong}` };
    return { ...fine, wrong: isFeasible(program) ? null : "UNBOUNDED, but HiGHS says infeasible" };
  }
  return judgeAnswer(program, outcome);
}
