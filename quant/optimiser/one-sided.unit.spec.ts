import { expect, test } from "vitest";
import { oneSided } from "./one-sided.ts";
import type { Program } from "./program.ts";

/** One asset, long and short, and a row of both. */
function both(
  given: Partial<Program> & { readonly row?: readonly number[]; readonly least?: number },
): Program {
  const { row = [1, 1], least = Number.NEGATIVE_INFINITY, ...rest } = given;
  return {
    variables: 2,
    cost: new Float64Array(2),
    lower: new Float64Array(2),
    upper: Float64Array.of(9, 9),
    rows: {
      count: 1,
      coefficients: Float64Array.from(row),
      lower: Float64Array.of(least),
      upper: Float64Array.of(9),
    },
    holdings: { assets: 1, asset: Int32Array.of(0, 0), sign: Float64Array.of(1, -1) },
    ...rest,
  };
}

const slim = (program: Program, ...x: number[]): number[] => [
  ...oneSided(program, Float64Array.from(x)),
];

test("long and short of an asset come down to their difference", () => {
  expect(slim(both({}), 5, 3)).toEqual([2, 0]);
  expect(slim(both({}), 3, 5)).toEqual([0, 2]);
});

test("as far as a row's lower limit, or its upper one, allows", () => {
  expect(slim(both({ least: 4 }), 5, 3)).toEqual([3, 1]);
  expect(slim(both({ row: [-1, -1], least: -9 }), 5, 3)).toEqual([2, 0]);
});

test("as far as their own lower bounds allow", () => {
  expect(slim(both({ lower: Float64Array.of(1, 1) }), 5, 3)).toEqual([3, 1]);
});

test("not where holding both is paid for", () => {
  expect(slim(both({ cost: Float64Array.of(-2, 1) }), 5, 3)).toEqual([5, 3]);
  expect(slim(both({ cost: Float64Array.of(-1, 2) }), 5, 3)).toEqual([2, 0]);
});

test("one that is below 0 stays where it is", () => {
  expect(slim(both({ lower: Float64Array.of(-9, 0) }), -1, 3)).toEqual([-1, 3]);
});
