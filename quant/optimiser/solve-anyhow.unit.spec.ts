import { expect, test } from "vitest";
import { Random } from "../random.ts";
import { solveAnyhow } from "./solve-anyhow.ts";

function residual(matrix: Float64Array, right: Float64Array, x: Float64Array): number {
  return right.reduce((worst, value, i) => {
    const sum = x.reduce((all, own, k) => all + own * (matrix[i * x.length + k] as number), 0);
    return Math.max(worst, Math.abs(value - sum));
  }, 0);
}

test("equations of very different sizes are solved to their last digits", () => {
  const random = new Random(1);
  const matrix = new Float64Array(64).map((_, at) => random.normal() * 10 ** ((at % 8) - 4));
  const right = new Float64Array(8).map(() => random.normal());
  const x = solveAnyhow(matrix.slice(), right.slice());
  expect(residual(matrix, right, x)).toBeLessThan(1e-12);
});

test("an equation that follows from others leaves a variable at 0", () => {
  const matrix = Float64Array.of(1, 1, 2, 2, 2, 4, 1, -1, 0);
  const right = Float64Array.of(3, 6, 1);
  const x = solveAnyhow(matrix.slice(), right.slice());
  expect(residual(matrix, right, x)).toBeLessThan(1e-14);
  expect(x.filter((value) => value === 0)).toHaveLength(1);
});

test("no equation at all: nothing moves", () => {
  expect([...solveAnyhow(new Float64Array(4), Float64Array.of(1, 2))]).toEqual([0, 0]);
});
