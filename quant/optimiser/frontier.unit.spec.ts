import { describe, expect, test } from "vitest";
import { drawnFrontier, walked } from "./drawn-frontier.spec.ts";
import type { FrontierVertex } from "./frontier.ts";
import { certifyVertices } from "./frontier-proof.ts";
import type { Program } from "./program.ts";
import { solveTail } from "./tail-simplex.ts";

/** The least risk with a gain of at least `target`, solved for itself. */
function leastRisk(program: Program, gains: Float64Array, target: number): number {
  const rows = {
    count: 2,
    coefficients: Float64Array.from([...program.rows.coefficients, ...gains]),
    lower: Float64Array.of(1, target),
    upper: Float64Array.of(1, Number.POSITIVE_INFINITY),
  };
  const outcome = solveTail({ ...program, rows });
  return outcome.status === "OPTIMAL" ? outcome.certificate.upper : Number.NaN;
}

describe("the CVaR frontier", () => {
  test.each([
    [2, 40],
    [6, 300],
    [15, 2500],
  ])("of %i assets and %i scenarios is proved at every vertex", (assets, count) => {
    const { program, gains } = drawnFrontier(assets, count, 7);
    const vertices = walked(program, gains);
    expect(vertices.length).toBeGreaterThan(1);
    for (const { upper, lower, feasibility } of certifyVertices(program, gains, vertices)) {
      expect((upper - lower) / Math.abs(upper)).toBeLessThan(1e-9);
      expect(feasibility).toBeLessThan(1e-12);
    }
  });

  test("rises: more gain for more risk, at a price that is the slope between vertices", () => {
    const { program, gains } = drawnFrontier(8, 800, 3);
    const vertices = walked(program, gains);
    for (let i = 1; i < vertices.length; i++) {
      const before = vertices[i - 1] as FrontierVertex;
      const here = vertices[i] as FrontierVertex;
      expect(here.gain).toBeGreaterThan(before.gain);
      const slope = (here.risk - before.risk) / (here.gain - before.gain);
      expect(slope / before.price).toBeCloseTo(1, 4);
      expect(here.priceBefore / before.price).toBeCloseTo(1, 9);
    }
    expect(vertices.at(-1)?.gain).toBeCloseTo(Math.max(...gains), 15);
    expect(vertices.at(-1)?.price).toBe(Number.POSITIVE_INFINITY);
  });

  test("between two vertices is the straight line that a problem of its own finds there", () => {
    const { program, gains } = drawnFrontier(7, 500, 11);
    const vertices = walked(program, gains);
    for (let i = 1; i < vertices.length; i += 3) {
      const a = vertices[i - 1] as FrontierVertex;
      const b = vertices[i] as FrontierVertex;
      const gain = a.gain + 0.3 * (b.gain - a.gain);
      const risk = a.risk + 0.3 * (b.risk - a.risk);
      expect(leastRisk(program, gains, gain)).toBeCloseTo(risk, 12);
    }
  });

  test("begins where nothing is held, and every scenario is at the value at risk", () => {
    const { program: invested, gains } = drawnFrontier(5, 3000, 13);
    const program = { ...invested, rows: { ...invested.rows, lower: Float64Array.of(0) } };
    const vertices = walked(program, gains);
    expect(vertices[0]?.x).toEqual(new Float64Array(5));
    expect(vertices.at(-1)?.gain).toBeCloseTo(Math.max(...gains), 15);
    for (const { upper, lower } of certifyVertices(program, gains, vertices)) {
      expect(upper - lower).toBeLessThan(1e-11);
    }
  });
});
