// All vertices in order against each for itself: of walks, of vertices out of order, and of vertices that lie.

import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { drawnFrontier, walked } from "./drawn-frontier.spec.ts";
import type { FrontierVertex } from "./frontier.ts";
import { certifyVertex, certifyVertices } from "./frontier-proof.ts";
import type { Certificate, Program } from "./program.ts";

/** Both ways to the same bounds, of every vertex; answers with those of all in order. */
function provedBothWays(
  program: Program,
  gains: Float64Array,
  vertices: readonly FrontierVertex[],
): Certificate[] {
  const together = certifyVertices(program, gains, vertices);
  expect(together.length).toBe(vertices.length);
  vertices.forEach((vertex, k) => {
    const alone = certifyVertex(program, gains, vertex);
    const { upper, lower, feasibility } = together[k] as Certificate;
    const size = 1e-12 * Math.max(vertex.risk, Math.abs(alone.upper), 0.01);
    expect(feasibility).toBe(alone.feasibility);
    expect(Math.abs(upper - alone.upper)).toBeLessThanOrEqual(size);
    if (alone.lower === Number.NEGATIVE_INFINITY) expect(lower).toBe(alone.lower);
    else expect(Math.abs(lower - alone.lower)).toBeLessThanOrEqual(size);
  });
  return together;
}

const gapOf = ({ upper, lower }: Certificate): number => (upper - lower) / Math.abs(upper);

function shuffled<T>(values: readonly T[], random: Random): T[] {
  return values
    .map((value) => ({ value, key: random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

const LIES: readonly (readonly [string, (vertex: FrontierVertex) => FrontierVertex])[] = [
  ["weights that were moved", (v) => ({ ...v, x: moved(v.x, 0.01) })],
  ["weights far away", (v) => ({ ...v, x: moved(v.x, 0.9) })],
  ["masses of nothing", (v) => ({ ...v, masses: v.masses.map(() => 0) })],
  ["masses that are too large", (v) => ({ ...v, masses: v.masses.map(() => 7) })],
  ["masses that are no number", (v) => ({ ...v, masses: v.masses.map(() => Number.NaN) })],
  ["a price of the rows that was made up", (v) => ({ ...v, rows: v.rows.map((p) => p * 1.5) })],
  ["a scenario twice", (v) => ({ ...v, atRisk: v.atRisk.map(() => v.atRisk[0] as number) })],
  ["scenarios that are not at risk", (v) => ({ ...v, atRisk: v.atRisk.map((s) => 5000 - s) })],
];

/** A share of every weight goes to the first asset. */
const moved = (x: Float64Array, share: number): Float64Array =>
  x.map((weight, j) => weight * (1 - share) + (j === 0 ? share : 0));

describe("the proofs of all vertices in order", () => {
  test.each([
    [3, 60],
    [8, 900],
    [12, 6000],
  ])("are those of each for itself (%i assets, %i scenarios)", (assets, count) => {
    const { program, gains } = drawnFrontier(assets, count, 7);
    const vertices = walked(program, gains);
    for (const proof of provedBothWays(program, gains, vertices)) {
      expect(gapOf(proof)).toBeLessThan(1e-9);
    }
    provedBothWays(program, gains, shuffled(vertices, new Random(1)).slice(0, 200));
  });

  test("take scenarios of unequal probability, and of none", () => {
    const random = new Random(5);
    const chances = Float64Array.from({ length: 5000 }, () => Math.max(0, random.uniform() - 0.2));
    const { program, gains } = drawnFrontier(9, 5000, 3, chances);
    for (const proof of provedBothWays(program, gains, walked(program, gains))) {
      expect(gapOf(proof)).toBeLessThan(1e-9);
    }
  });

  test.each(LIES)("show %s, and spoil no other", (_, lie) => {
    const { program, gains } = drawnFrontier(10, 5001, 11);
    const vertices = walked(program, gains).slice(0, 120);
    const told = vertices.map((vertex, k) => (k % 10 === 5 ? lie(vertex) : vertex));
    provedBothWays(program, gains, told).forEach((proof, k) => {
      if (k % 10 === 5) expect(gapOf(proof)).not.toBeLessThan(1e-7);
      else expect(gapOf(proof)).toBeLessThan(1e-9);
    });
  });
});
