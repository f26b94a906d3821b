import fc from "fast-check";
import { expect, test } from "vitest";
import { budgetProgram } from "./budget-program.spec.ts";
import { linearCost } from "./certificate.ts";
import { inPieces } from "./impact-pieces.ts";
import type { Program } from "./program.ts";
import { solveSmooth } from "./smooth-core.ts";
import { evaluateSmooth } from "./smooth-terms.ts";
import { solveTail } from "./tail-simplex.ts";

const program: Program = budgetProgram({
  assets: 3,
  lower: -1,
  cost: Float64Array.of(-0.01, 0.02, 0),
  smooth: [{ kind: "IMPACT", coefficients: Float64Array.of(0.01, 0.03, 0) }],
});
const worth = (x: Float64Array): number =>
  linearCost(program, x) + evaluateSmooth(program, x).value;
const weight = fc.double({ min: -1, max: 1, noNaN: true });
const step = fc.double({ min: 1e-9, max: 0.5, noNaN: true });

test("the best point of the pieces is one of the program, which costs no more there", () => {
  fc.assert(
    fc.property(fc.array(weight, { minLength: 3, maxLength: 3 }), step, (at, length) => {
      const pieces = inPieces(program, Float64Array.from(at), new Float64Array(3).fill(length));
      const found = solveTail(pieces.program);
      if (found.status !== "OPTIMAL") throw new Error(found.status);
      const x = pieces.whole(found.x);
      expect(x.reduce((sum, own) => sum + own, 0)).toBeCloseTo(1, 12);
      // Beyond the last piece the tangent is below: within them all chords are above.
      const isWithin = x.every((own, j) => Math.abs(own - (at[j] as number)) <= 192 * length);
      if (isWithin) expect(worth(x)).toBeLessThanOrEqual(found.certificate.upper + 1e-15);
    }),
  );
});

test("ever shorter pieces about their best point come to the optimum", () => {
  const best = solveSmooth(program);
  if (best.status !== "OPTIMAL") throw new Error(best.status);
  let at: Float64Array = Float64Array.of(1, 0, 0);
  let steps = new Float64Array(3).fill(0.1);
  for (let round = 0; round < 24; round++) {
    const pieces = inPieces(program, at, steps);
    const found = solveTail(pieces.program);
    if (found.status !== "OPTIMAL") throw new Error(found.status);
    const next = pieces.whole(found.x);
    // Never shorter than what was gone: beyond the last piece there is no curve.
    steps = steps.map((step, j) =>
      Math.max(step / 8, Math.abs((next[j] as number) - (at[j] as number))),
    );
    at = next;
  }
  expect(worth(at)).toBeCloseTo(best.certificate.upper, 12);
});
