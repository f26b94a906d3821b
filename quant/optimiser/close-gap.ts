// What a program is asked again where the first solver left a gap. Promises: the best answer of all that were found, or the
// ray along which it falls for ever; OPTIMAL only where its certificate closes the gap.
//
// First the answer itself is sharpened, and its tangents are asked. Then variables without end are given one, which most of what
// goes wrong needs, and both solvers are asked anew; bounds of one's own prove nothing, so it is the program itself that
// certifies. Last, impact is cut into pieces.

import { certify } from "./certificate.ts";
import { findRay } from "./find-ray.ts";
import { inPieces } from "./impact-pieces.ts";
import { impliedBounds } from "./implied-bounds.ts";
import { isClosed } from "./is-closed.ts";
import { toNearestLimits } from "./nearest-limits.ts";
import { solveNothingNet } from "./nothing-net.ts";
import { oneSided } from "./one-sided.ts";
import type { Certificate, Outcome, Program, Work } from "./program.ts";
import { refined } from "./refined.ts";
import { sharpen } from "./sharpen.ts";
import { nearZero } from "./smooth-apex.ts";
import { solveSmooth } from "./smooth-core.ts";
import { solveInside } from "./solve-inside.ts";
import { netWeights } from "./tail-loss.ts";
import { solveTail } from "./tail-simplex.ts";

type Answer = Extract<Outcome, { status: "OPTIMAL" | "FEASIBLE" }>;

const SOLVERS: readonly ((program: Program, work: Work) => Outcome)[] = [
  solveInside,
  (program, work) => solveInside(program, work, 1e-3),
  (program, work) => solveInside(program, work, 1e-6),
  solveSmooth,
];
/** Multiplications of a round through the inside: above, it is taken only where impact asks for it, and once. */
const LARGE = 2 ** 28;
const SHARPENINGS = 40;
/** So often are pieces made shorter, each time at most by so much. */
const PIECINGS = 6;
const SHORTER = 16;
/** So many in a row that gain nothing are enough. */
const IDLE = 3;
/** What a gap must shrink to, or an objective fall by as a share of it, to count as a gain. */
const GAINED = 0.9;
const FALLEN = 1e-4;
/** Rounds or pivots of a solver that is asked again: where it needs more it is lost. */
const AGAIN = 2000;
/** Violations up to here do not make an answer worse. */
const KEPT = 1e-12;
/** Where variables without end are taken to end, in units of the largest bound or 1. */
const ENDS = [2 ** 6, 2 ** 16, 2 ** 26];

/** Cost: some times that of a solver. */
export function closeGap(program: Program, first: Answer, work: Work): Outcome {
  let [best, cheapest, surest] = [first, first, first];
  const take = (found: Answer): boolean => {
    best = better(best, found);
    if (isCheaper(found, cheapest)) cheapest = found;
    if (found.certificate.lower > surest.certificate.lower) surest = found;
    // A point and a proof that were not found together may belong together.
    best = better(best, withDuals(program, cheapest, surest.duals));
    return best.status === "OPTIMAL";
  };
  const consider = (found: Answer): boolean =>
    take(sharpened(program, found)) ||
    ofTangent(program, found, work).some(take) ||
    take(sharpened(program, { ...found, ...toNearestLimits(program, found) })) ||
    take(sharpened(program, found, { leaves: true })) ||
    take(sharpened(program, found, { settles: true }));
  if (consider(first)) return best;
  const within = endings(program);
  const none = nearZero(program) ? solveNothingNet(program, within[0] as Program) : null;
  if (none !== null && consider(none)) return best;
  const ray = findRay(program);
  if (ray !== null) return { status: "UNBOUNDED", ray, pivots: first.pivots };
  for (const ended of within) {
    for (const solve of solversFor(program)) {
      if (work.expired?.() === true) return best;
      const found = answerOf(solve, ended, work);
      if (found === null) continue;
      if (consider(found)) return best;
    }
  }
  for (const found of byPieces(program, best, work)) if (take(found)) break;
  return best;
}

function solversFor(program: Program): typeof SOLVERS {
  const scenarios = program.tail?.scenarios.count ?? 0;
  if (program.variables ** 2 * (scenarios + program.variables) <= LARGE) return SOLVERS;
  const isTraded = program.smooth?.some(({ kind }) => kind === "IMPACT") === true;
  return isTraded ? SOLVERS.slice(0, 1) : [];
}

function answerOf(
  solve: (program: Program, work: Work) => Outcome,
  program: Program,
  work: Work,
): Answer | null {
  const outcome = solve(program, { ...work, maxPivots: AGAIN });
  return "x" in outcome ? outcome : null;
}

/** The program within what its rows imply, and within ever larger bounds until these are as wide. */
function endings(program: Program): readonly Program[] {
  const { lower, upper } = impliedBounds(program);
  const own = [...program.lower, ...program.upper].filter(Number.isFinite);
  const unit = own.reduce((most, limit) => Math.max(most, Math.abs(limit)), 1);
  const widest = [...lower, ...upper].reduce((most, limit) => Math.max(most, Math.abs(limit)), 0);
  const ends = ENDS.map((end) => end * unit);
  const enough = ends.findIndex((end) => end >= widest);
  return ends.slice(0, enough < 0 ? ends.length : enough + 1).map((end) => ({
    ...program,
    lower: lower.map((limit) => Math.max(limit, -end)),
    upper: upper.map((limit) => Math.min(limit, end)),
  }));
}

/** `settles`: what is near a limit goes there before each step. */
function sharpened(
  program: Program,
  answer: Answer,
  { leaves = false, settles = false }: { leaves?: boolean; settles?: boolean } = {},
): Answer {
  let best = withDuals(program, answer, answer.duals);
  let last = best;
  let idle = 0;
  for (let round = 0; round < SHARPENINGS && idle < IDLE; round++) {
    if (best.status === "OPTIMAL") return best;
    const from = settles ? toNearestLimits(program, last) : last;
    const { x, duals } = sharpen(program, from, leaves);
    const next = withDuals(program, { ...last, x }, duals);
    idle = isGain(last.certificate, next.certificate) ? 0 : idle + 1;
    last = next;
    best = better(best, last);
  }
  return best;
}

/** The point to its last digits, and the best point by its tangents: the optimum where all that is held cancels. */
function ofTangent(program: Program, { x, ...answer }: Answer, work: Work): readonly Answer[] {
  if (program.smooth === undefined) return [];
  const net = netWeights(program.holdings, x);
  const fine = refined(program, { x, net, duals: answer.duals }, solveTail, work);
  const found = [fine, ...(fine.flat === null ? [] : [fine.flat])];
  return found.map((own) => withDuals(program, { ...answer, x: own.x }, own.duals));
}

/**
 * Points of ever shorter pieces of impact about the best one so far, each with its duals. A search that came to an end among
 * ties has none of these points; a linear program has no ends but vertices. Cost: a program of ten parts a variable, each.
 */
function* byPieces(program: Program, { x, ...answer }: Answer, work: Work): Iterable<Answer> {
  if (program.smooth?.some(({ kind }) => kind === "IMPACT") !== true) return;
  let at = x;
  let steps = at.map((value) => Math.max(Math.abs(value) / 8, KEPT));
  for (let round = 0; round < PIECINGS && work.expired?.() !== true; round++) {
    const pieces = inPieces(program, at, steps);
    const solve = pieces.program.smooth === undefined ? solveTail : solveSmooth;
    const found = solve(pieces.program, work);
    if (!("x" in found)) return;
    const next = pieces.whole(found.x);
    yield withDuals(program, { ...answer, x: next }, found.duals);
    steps = steps.map((step, j) =>
      Math.min(step, Math.max(Math.abs((next[j] as number) - (at[j] as number)), step / SHORTER)),
    );
    at = next;
  }
}

const isGain = (before: Certificate, after: Certificate): boolean =>
  gapOf(after) < GAINED * gapOf(before) || before.upper - after.upper > FALLEN * gapOf(before);

function withDuals(program: Program, answer: Answer, duals: Answer["duals"]): Answer {
  const x = oneSided(program, answer.x);
  return judged(program, { ...answer, x, duals, certificate: certify(program, x, duals) });
}

const judged = (program: Program, answer: Answer): Answer => ({
  ...answer,
  status: isClosed(program, answer.x, answer.certificate) ? "OPTIMAL" : "FEASIBLE",
});

function better(one: Answer, other: Answer): Answer {
  const [a, b] = [one.certificate, other.certificate];
  const violation = Math.max(KEPT, a.feasibility);
  if (b.feasibility > violation) return one;
  if (a.feasibility > Math.max(KEPT, b.feasibility)) return other;
  if (other.status !== one.status) return other.status === "OPTIMAL" ? other : one;
  return gapOf(b) < gapOf(a) ? other : one;
}

/** Of a smaller objective, and no further outside its limits. */
const isCheaper = ({ certificate: a }: Answer, { certificate: b }: Answer): boolean =>
  a.feasibility <= Math.max(KEPT, b.feasibility) && a.upper < b.upper;

const gapOf = ({ upper, lower }: Certificate): number => Math.max(0, upper - lower);
