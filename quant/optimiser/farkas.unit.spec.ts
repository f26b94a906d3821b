import fc from "fast-check";
import { expect, test } from "vitest";
import { budgetProgram } from "./budget-program.spec.ts";
import { provesEmpty } from "./farkas.ts";
import type { Program } from "./program.ts";

const priced = Float64Array.of(1);

test("caps that sum to less than the budget leave nothing", () => {
  expect(provesEmpty(budgetProgram({ assets: 4, upper: 0.2 }), priced)).toBe(true);
  expect(provesEmpty(budgetProgram({ assets: 4, upper: 0.3 }), priced)).toBe(false);
});

test("caps that sum to the budget but for their last digit are no proof", () => {
  for (let assets = 1; assets <= 60; assets++) {
    expect(provesEmpty(budgetProgram({ assets, upper: 1 / assets }), priced)).toBe(false);
  }
});

test("a weight without a bound takes whatever is asked for: a price that moves it is no proof", () => {
  const capped = budgetProgram({ assets: 4, upper: 0.2 });
  const upper = capped.upper.slice();
  upper[3] = Number.POSITIVE_INFINITY;
  expect(provesEmpty({ ...capped, upper }, priced)).toBe(false);
});

test("what some point keeps to is never proven to be empty, whatever the prices", () => {
  const number = fc.double({ min: -5, max: 5, noNaN: true });
  const four = fc.array(number, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(
      four,
      four,
      four,
      fc.array(number, { minLength: 2, maxLength: 2 }),
      (x, a, b, prices) => {
        const sum = (row: number[]): number =>
          row.reduce((all, own, j) => all + own * (x[j] as number), 0);
        const sums = Float64Array.of(sum(a), sum(b));
        const program: Program = {
          ...budgetProgram({ assets: 4, lower: -5, upper: 5 }),
          rows: { count: 2, coefficients: Float64Array.of(...a, ...b), lower: sums, upper: sums },
        };
        expect(provesEmpty(program, Float64Array.from(prices))).toBe(false);
      },
    ),
  );
});
