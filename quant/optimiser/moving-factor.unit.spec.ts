import { expect, test } from "vitest";
import { Random } from "../random.ts";
import { LossPlaces } from "./loss-places.ts";
import { MovingFactor } from "./moving-factor.ts";
import { NewtonModel } from "./newton-model.ts";
import { ScenarioRows } from "./scenario-rows.ts";
import { TailCurvature } from "./tail-curvature.ts";

const SIZE = 30;

/** A symmetric matrix of full rank. */
function drawn(random: Random): Float64Array {
  const roots = Float64Array.from({ length: 2 * SIZE * SIZE }, () => random.normal());
  const matrix = new Float64Array(SIZE * SIZE);
  for (let i = 0; i < SIZE; i++) {
    for (let j = 0; j < SIZE; j++) {
      let sum = 0;
      for (let k = 0; k < 2 * SIZE; k++)
        sum += (roots[2 * SIZE * i + k] as number) * (roots[2 * SIZE * j + k] as number);
      matrix[i * SIZE + j] = sum;
    }
  }
  return matrix;
}

test("solves for what moves and for the few beside it that no longer do, whoever came and went before", () => {
  const random = new Random(3);
  const matrix = drawn(random);
  const factor = new MovingFactor(matrix, SIZE);
  const resting = [
    new Set<number>(),
    new Set([4, 9]),
    new Set([9, 17]),
    new Set([1, 2, 3, 5, 8, 9]),
  ];
  for (const rests of resting) {
    expect(factor.cover((i) => !rests.has(i))).toBe(true);
    const { order, held } = factor;
    expect(new Set(held.map((place) => order[place]))).toEqual(
      new Set(order.filter((i) => rests.has(i))),
    );
    expect(order.filter((i) => !rests.has(i)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: SIZE }, (_, i) => i).filter((i) => !rests.has(i)),
    );
    const right = Float64Array.from(order, () => random.normal());
    const found = factor.solve(right);
    const unit = factor.solveUnit(order.length - 1);
    order.forEach((i, p) => {
      let [sum, ofUnit] = [0, 0];
      order.forEach((k, q) => {
        sum += (matrix[i * SIZE + k] as number) * (found[q] as number);
        ofUnit += (matrix[i * SIZE + k] as number) * (unit[q] as number);
      });
      expect(sum).toBeCloseTo(right[p] as number, 10);
      expect(ofUnit).toBeCloseTo(p === order.length - 1 ? 1 : 0, 10);
    });
  }
});

test("tells of a matrix that is not positive definite", () => {
  const matrix = drawn(new Random(5));
  matrix[12 * SIZE + 12] = -1;
  expect(new MovingFactor(matrix, SIZE).cover(() => true)).toBe(false);
});

test("a model that was asked before finds the minimum that a new one finds", () => {
  const random = new Random(7);
  const count = 200;
  const returns = Float64Array.from({ length: SIZE * count }, () => random.normal());
  const scenarios = {
    assets: Array.from({ length: SIZE }, (_, a) => `A${a}`),
    count,
    returns,
    probabilities: new Float64Array(count).fill(1 / count),
  };
  const free = Array.from({ length: SIZE }, (_, j) => j);
  const holdings = {
    assets: SIZE,
    asset: Int32Array.from(free),
    sign: new Float64Array(SIZE).fill(1),
  };
  const tail = { weight: 1, mass: 1, scenarios };
  const places = new LossPlaces(tail, holdings, 1, 1, new ScenarioRows(scenarios));
  const curvature = new TailCurvature(places);
  curvature.update(
    Int32Array.from({ length: count }, (_, s) => s),
    count,
    free,
  );
  const gradient = Float64Array.from(free, () => random.normal());
  const fresh = (): NewtonModel => new NewtonModel(free, holdings, curvature, 1, gradient, 0.1);
  const kept = fresh();
  const rows = [new Float64Array(SIZE).fill(1)];
  for (const rests of [[], [3, 20], [20, 25], [20], [0, 1, 2, 3, 4, 5, 6], [2]]) {
    const fixed = new Float64Array(SIZE).fill(Number.NaN);
    for (const i of rests) fixed[i] = 0.1 * i;
    const found = kept.minimum(fixed, rows, [0.3]);
    const other = fresh().minimum(fixed, rows, [0.3]);
    if (found === null || other === null) throw new Error("there is a minimum");
    for (const i of free) {
      expect(found.step[i]).toBeCloseTo(other.step[i] as number, 10);
      expect(found.slopes[i]).toBeCloseTo(other.slopes[i] as number, 9);
    }
    expect(found.prices[0]).toBeCloseTo(other.prices[0] as number, 9);
  }
});
