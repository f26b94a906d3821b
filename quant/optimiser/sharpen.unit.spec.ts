import { describe, expect, test } from "vitest";
import { budgetProgram } from "./budget-program.spec.ts";
import { certify } from "./certificate.ts";
import { toNearestLimits } from "./nearest-limits.ts";
import type { Outcome } from "./program.ts";
import { sharpen } from "./sharpen.ts";
import { solveProgram } from "./solve-program.ts";
import { randomProgram } from "./testing/random-program.ts";

type Answer = Extract<Outcome, { x: Float64Array }>;

const KINDS = ["VARIANCE", "MEAN_VARIANCE", "VARIANCE_CVAR", "NORM_CVAR", "CVAR"] as const;

/** Answers with something between its bounds. */
const solved = Array.from({ length: 60 }, (_, index) => randomProgram(7, index, { kinds: KINDS }))
  .map(({ program }) => ({ program, answer: solveProgram(program) }))
  .filter((each): each is typeof each & { answer: Answer } => each.answer.status === "OPTIMAL");

const gapOf = ({ upper, lower }: Answer["certificate"]): number => Math.max(0, upper - lower);

describe("an answer that is nearly right", () => {
  test("is brought to its last digits", () => {
    let [before, after, count] = [0, 0, 0];
    for (const { program, answer } of solved) {
      const { x, duals } = answer;
      const rows = duals.rows.map((price) => price * (1 + 1e-6));
      const off = { x, duals: { ...duals, rows } };
      const wide = certify(program, x, off.duals);
      const sharp = sharpen(program, off);
      const close = certify(program, sharp.x, sharp.duals);
      const size = Math.max(Math.abs(answer.certificate.upper), 1e-12);
      if (!(gapOf(wide) > 1e-9 * size) || !Number.isFinite(gapOf(wide))) continue;
      count++;
      before += Math.log10(gapOf(wide) / size);
      after += Math.log10(Math.max(gapOf(close) / size, 1e-17));
    }
    expect(count).toBeGreaterThan(10);
    expect(after / count).toBeLessThan(before / count - 4);
  });

  test("from the inside goes to the limits that it is near, and to no others", () => {
    const program = budgetProgram({ assets: 4, cost: Float64Array.of(1, 2, 3, 1), upper: 0.6 });
    const none = { scenarios: new Int32Array(0), masses: new Float64Array(0) };
    const near = toNearestLimits(program, {
      x: Float64Array.of(0.5, 1e-9, 2e-9, 0.5 - 3e-9),
      duals: { ...none, rows: Float64Array.of(1) },
    });
    expect([...near.x]).toEqual([0.5, 0, 0, 0.5 - 3e-9]);
    const { x } = sharpen(program, near);
    expect(x.reduce((sum, value) => sum + value, 0)).toBe(1);
  });
});
