import { describe, expect, test } from "vitest";
import { budgetProgram } from "./budget-program.spec.ts";
import { independentRows, pushOnto } from "./crash-basis.ts";
import { ScenarioBand } from "./scenario-band.ts";
import { FREE, Vertex } from "./vertex.ts";

describe("independent rows", () => {
  test("are the first that do not follow from those before, each with a column of its own", () => {
    const rows = [
      [1, 2, 0],
      [2, 4, 0],
      [0, 1, 1],
      [1, 3, 1],
      [0, 0, 5],
    ];
    const found = independentRows(rows.length, 3, (r, into) => into.set(rows[r] as number[]));
    expect(found.map(({ row }) => row)).toEqual([0, 2, 4]);
    expect([...found.map(({ column }) => column)].sort()).toEqual([0, 1, 2]);
  });

  test("may be fewer than the columns", () => {
    const found = independentRows(4, 3, (_r, into) => into.fill(2));
    expect(found).toHaveLength(1);
  });
});

/** Three names, sum 1, at most `cap` each; scenarios whose loss is the value at risk at the vertex looked for. */
function atPoint(cap: number, point: readonly number[]) {
  const returns = Float64Array.of(0.01, -0.02, 0.005, -0.03, 0.02, 0.01, 0.01, 0.01, -0.04);
  const scenarios = {
    assets: ["A", "B", "C"],
    count: 3,
    returns,
    probabilities: new Float64Array(3).fill(1 / 3),
  };
  const program = budgetProgram({ assets: 3, upper: cap, scenarios });
  if (program.tail === undefined) throw new Error("no tail");
  const band = new ScenarioBand(program.tail, program.holdings);
  const vertex = new Vertex(program, band);
  vertex.begin(Float64Array.from(point));
  const net = vertex.netOf(vertex.x);
  band.chooseAround(band.allLosses(net), 0, { from: 1, to: 1, distance: 0 });
  // A, B, C and t free; the sum and all three scenarios tight.
  vertex.size = 4;
  for (let k = 0; k < 4; k++) {
    vertex.free[k] = k;
    if (k < 3) vertex.status[k] = FREE;
    vertex.tight[k] = k < 3 ? k : -1;
  }
  vertex.rowSide[0] = -1;
  if (!vertex.refactor()) throw new Error("no basis");
  return { vertex, band, exact: vertex.x.slice() };
}

describe("the push onto a vertex", () => {
  test("ends where all kinks are, if no bound is in the way", () => {
    const { vertex, band, exact } = atPoint(10, [0.5, 0.3, 0.2]);
    expect(exact.every((x) => x > 0)).toBe(true);
    expect(pushOnto(vertex, band, Float64Array.of(0.5, 0.3, 0.2), 0)).toBe(true);
    vertex.x.forEach((x, j) => {
      expect(x).toBeCloseTo(exact[j] as number, 12);
    });
    expect(vertex.size).toBe(4);
  });

  test("rests at a bound that is in the way, gives up a kink for it, and keeps to the rows", () => {
    const { vertex, band, exact } = atPoint(0.45, [0.4, 0.3, 0.3]);
    expect(Math.max(...exact)).toBeGreaterThan(0.45);
    expect(pushOnto(vertex, band, Float64Array.of(0.4, 0.3, 0.3), 0)).toBe(true);
    expect(vertex.size).toBe(3);
    expect(Math.max(...vertex.x)).toBe(0.45);
    expect(vertex.x.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 14);
    expect(vertex.refactor()).toBe(true);
    expect(vertex.isFeasible()).toBe(true);
  });
});
