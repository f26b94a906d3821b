// What a program is asked again where the first solver left a gap. Promises: the best answer of all that were found, or the
// ray along which it falls for ever; OPTIMAL only where its certificate closes the gap.
//
// First the answer itself is sharpened. Then variables without end are given one, which most of what goes wrong needs, and
// both solvers are asked anew; bounds of one's own prove nothing, so it is the program itself that certifies.

import { certify, isClosed } from "./certificate.ts";
import { findRay } from "./find-ray.ts";
import type { Outcome, Program, Work } from "./program.ts";
import { solveNothingNet } from "./nothing-net.ts";
import { sharpen } from "./sharpen.ts";
import { nearZero } from "./smooth-apex.ts";
import { solveSmooth } from "./smooth-core.ts";
import { solveInside } from "./solve-inside.ts";

type Answer = Extract<Outcome, { status: "OPTIMAL" | "FEASIBLE" }>;

const SHARPENINGS = 6;
/** Violations up to here do not make an answer worse. */
const KEPT = 1e-12;
/** Where variables without end are taken to end, in units of the largest limit or 1. */
const ENDS = [2 ** 6, 2 ** 16, 2 ** 26];

/** Cost: some times that of a solver. */
export function closeGap(program: Program, first: Answer, work: Work): Outcome {
  let best = sharpened(program, first);
  if (best.status === "OPTIMAL") return best;
  if (nearZero(program)) {
    const none = solveNothingNet(program);
    if (none !== null) best = better(best, judged(program, none));
    if (best.status === "OPTIMAL") return best;
  }
  const ray = findRay(program);
  if (ray !== null) return { status: "UNBOUNDED", ray, pivots: first.pivots };
  for (const ended of endings(program)) {
    for (const solve of [solveInside, solveSmooth]) {
      if (work.expired?.() === true) return best;
      const found = answerOf(solve, ended, work);
      if (found === null) continue;
      const own = { ...found, certificate: certify(program, found.x, found.duals) };
      best = better(best, sharpened(program, own));
      if (best.status === "OPTIMAL") return best;
    }
  }
  return best;
}

function answerOf(
  solve: (program: Program, work: Work) => Outcome,
  program: Program,
  work: Work,
): Answer | null {
  const outcome = solve(program, work);
  return "x" in outcome ? outcome : null;
}

/** The program with ever larger bounds where it has none; itself where it has. */
function endings(program: Program): readonly Program[] {
  const { lower, upper, rows } = program;
  const limits = [...lower, ...upper, ...rows.lower, ...rows.upper];
  if (lower.every(Number.isFinite) && upper.every(Number.isFinite)) return [program];
  const unit = limits.reduce(
    (most, limit) => (Number.isFinite(limit) ? Math.max(most, Math.abs(limit)) : most),
    1,
  );
  return ENDS.map((end) => ({
    ...program,
    lower: lower.map((limit) => Math.max(limit, -end * unit)),
    upper: upper.map((limit) => Math.min(limit, end * unit)),
  }));
}

function sharpened(program: Program, answer: Answer): Answer {
  let best = judged(program, answer);
  let last = best;
  for (let round = 0; round < SHARPENINGS && best.status !== "OPTIMAL"; round++) {
    const { x, duals } = sharpen(program, last);
    last = judged(program, { ...last, x, duals, certificate: certify(program, x, duals) });
    best = better(best, last);
  }
  return best;
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
  return gapOf(b) < gapOf(a) ? other : one;
}

const gapOf = ({ upper, lower }: Answer["certificate"]): number => Math.max(0, upper - lower);
