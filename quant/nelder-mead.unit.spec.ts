import { describe, expect, test } from "vitest";
import { nelderMead } from "./nelder-mead.ts";

const precise = { tolerance: 1e-14, maxEvaluations: 2000 };

describe("the simplex search", () => {
  test("finds the bottom of Rosenbrock's valley", () => {
    const { at } = nelderMead(([x = 0, y = 0]) => 1e-3 + 100 * (y - x * x) ** 2 + (1 - x) ** 2, {
      start: [-1.2, 1],
      steps: [0.5, 0.5],
      ...precise,
    });
    expect(at[0]).toBeCloseTo(1, 5);
    expect(at[1]).toBeCloseTo(1, 5);
  });

  test("stays where the function is finite, also when the least lies on the edge", () => {
    const { at, value } = nelderMead(
      ([x = 0, y = 0]) => (x < 0 || y < 0 ? Number.POSITIVE_INFINITY : 1 + x + (y - 2) ** 2),
      { start: [1, 1], steps: [0.3, 0.3], ...precise },
    );
    expect(at[0]).toBeCloseTo(0, 5);
    expect(at[1]).toBeCloseTo(2, 5);
    expect(value).toBeCloseTo(1, 5);
  });

  test("takes what is not a number for outside, and ends after so many evaluations", () => {
    let asked = 0;
    const { at } = nelderMead(
      ([x = 0]) => {
        asked++;
        return x > 3 ? Number.NaN : -x;
      },
      { start: [0], steps: [1], tolerance: 0, maxEvaluations: 100 },
    );
    expect(at[0]).toBeLessThanOrEqual(3);
    expect(at[0]).toBeGreaterThan(2.99);
    expect(asked).toBeLessThan(105);
  });
});
