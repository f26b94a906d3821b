import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { correlationDistances, hierarchicalRiskParity } from "./hierarchical-risk-parity.ts";
import { leafOrder, optimalLeafOrder } from "./leaf-order.ts";
import { linkage } from "./linkage.ts";
import { twentyStocks } from "./twenty-stocks.spec.ts";

/** B Bᵀ + d I of small whole numbers, so that distances tie now and then. */
const covariances = fc
  .integer({ min: 1, max: 9 })
  .chain((n) =>
    fc.tuple(
      fc.array(fc.integer({ min: -2, max: 2 }), { minLength: n * 3, maxLength: n * 3 }),
      fc.constant(n),
    ),
  )
  .map(([b, n]) => {
    const covariance = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = i === j ? 1 : 0;
        for (let k = 0; k < 3; k++) sum += (b[i * 3 + k] as number) * (b[j * 3 + k] as number);
        covariance[i * n + j] = sum;
      }
    }
    return { covariance, n };
  });

const methods = ["SINGLE", "COMPLETE", "AVERAGE", "WARD"] as const;

describe.skipIf(twentyStocks === null)("hierarchical risk parity of 20 stocks", () => {
  test.each([
    ["SINGLE", false, "single_linkage"],
    ["WARD", true, "ward_linkage_optimal_leaf_order"],
  ] as const)("has the order and weights known of %s linkage", (method, optimal, key) => {
    if (twentyStocks === null) return;
    const { set, covariance, golden } = twentyStocks;
    const known = golden.hrp[key];
    const answer = hierarchicalRiskParity(
      { covariance, linkage: method, optimalLeafOrder: optimal },
      set.assets.length,
    );
    if (answer.status !== "OPTIMAL") throw new Error(answer.status);
    expect(answer.order.map((i) => set.assets[i])).toEqual(known.order);
    set.assets.forEach((asset, i) => {
      expect(
        Math.abs((answer.weights[i] as number) - (known.weights[asset] as number)),
      ).toBeLessThan(1e-10);
    });
  });
});

describe("clusters", () => {
  /** Places 0, 1, 3, 7 on a line. */
  const line = Float64Array.from(
    [0, 1, 3, 7].flatMap((a) => [0, 1, 3, 7].map((b) => Math.abs(a - b))),
  );

  test.each([
    ["SINGLE", [1, 2, 4]],
    ["COMPLETE", [1, 3, 7]],
    ["AVERAGE", [1, 2.5, 17 / 3]],
    ["WARD", [1, Math.sqrt((4 / 3) * 6.25), Math.sqrt(1.5 * (7 - 4 / 3) ** 2)]],
  ] as const)("on a line are joined at the heights of %s linkage", (method, heights) => {
    const merges = linkage(line, 4, method);
    expect(merges.map(({ left, right }) => [left, right])).toEqual([
      [0, 1],
      [2, 4],
      [3, 5],
    ]);
    merges.forEach(({ height }, i) => {
      expect(height).toBeCloseTo(heights[i] as number, 12);
    });
  });

  test("that tie are joined from the least index", () => {
    const same = new Float64Array(16).fill(1);
    expect(linkage(same, 4, "SINGLE").map(({ left, right }) => [left, right])).toEqual([
      [0, 1],
      [2, 4],
      [3, 5],
    ]);
  });
});

describe("the order of leaves", () => {
  test("holds every asset once, and every cluster in one piece", () => {
    fc.assert(
      fc.property(covariances, fc.constantFrom(...methods), ({ covariance, n }, method) => {
        const distances = correlationDistances(covariance, n);
        const merges = linkage(distances, n, method);
        for (const order of [leafOrder(merges, n), optimalLeafOrder(distances, merges, n)]) {
          const clusters: number[][] = Array.from({ length: n }, (_, i) => [i]);
          expect(order.toSorted((a, b) => a - b)).toEqual(clusters.flat());
          for (const { left, right } of merges) {
            const cluster = [...(clusters[left] as number[]), ...(clusters[right] as number[])];
            const places = cluster.map((leaf) => order.indexOf(leaf));
            expect(Math.max(...places) - Math.min(...places)).toBe(cluster.length - 1);
            clusters.push(cluster);
          }
        }
      }),
    );
  });

  test("puts the ends of two clusters together that are nearest", () => {
    // On a line: the pairs (0, 1) and (5, 6), each turned to the other.
    const places = [1, 0, 5, 6];
    const distances = Float64Array.from(places.flatMap((a) => places.map((b) => Math.abs(a - b))));
    const merges = linkage(distances, 4, "COMPLETE");
    const order = optimalLeafOrder(distances, merges, 4);
    expect(order.map((i) => places[i])).toEqual([0, 1, 5, 6]);
  });
});

describe("hierarchical risk parity", () => {
  test("gives positive weights that sum to 1", () => {
    fc.assert(
      fc.property(covariances, fc.constantFrom(...methods), ({ covariance, n }, method) => {
        const answer = hierarchicalRiskParity({ covariance, linkage: method }, n);
        if (answer.status !== "OPTIMAL") throw new Error(answer.status);
        expect(answer.weights.every((w) => w > 0)).toBe(true);
        expect(answer.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 14);
      }),
    );
  });

  test("of assets that do not correlate, two and two, is in inverse proportion to variance", () => {
    const covariance = Float64Array.from([1, 0, 0, 4]);
    const answer = hierarchicalRiskParity({ covariance, linkage: "SINGLE" }, 2);
    expect(answer.status === "OPTIMAL" && [...answer.weights]).toEqual([0.8, 0.19999999999999996]);
  });

  test("stays within bounds, and sums to 1 at them", () => {
    const bound = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        covariances,
        fc.array(bound, { minLength: 9, maxLength: 9 }),
        bound,
        (given, draws, f) => {
          const { covariance, n } = given;
          const upper = Array.from({ length: n }, (_, i) => (draws[i] as number) + 1 / n);
          const lower = upper.map((_, i) => ((draws[n - 1 - i] as number) * f) / n);
          for (let i = 0; i < n; i++) upper[i] = Math.max(upper[i] as number, lower[i] as number);
          const answer = hierarchicalRiskParity({ covariance, linkage: "WARD", lower, upper }, n);
          if (answer.status !== "OPTIMAL") throw new Error(answer.status);
          answer.weights.forEach((w, i) => {
            expect(w).toBeGreaterThanOrEqual((lower[i] as number) - 1e-12);
            expect(w).toBeLessThanOrEqual((upper[i] as number) + 1e-12);
          });
          expect(answer.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
        },
      ),
    );
  });

  test("says of bounds that cannot sum to 1 that nothing fits", () => {
    const covariance = Float64Array.from([1, 0, 0, 1]);
    const status = (bounds: { lower?: number[]; upper?: number[] }): string =>
      hierarchicalRiskParity({ covariance, linkage: "SINGLE", ...bounds }, 2).status;
    expect(status({ upper: [0.4, 0.5] })).toBe("INFEASIBLE");
    expect(status({ lower: [0.6, 0.5] })).toBe("INFEASIBLE");
    expect(status({ lower: [0.6, 0], upper: [0.5, 1] })).toBe("INFEASIBLE");
  });

  test("refuses an asset without variance and what is not a number, and says where", () => {
    const refuse = (covariance: number[]): readonly string[] => {
      const answer = hierarchicalRiskParity(
        { covariance: Float64Array.from(covariance), linkage: "SINGLE" },
        2,
      );
      return answer.status === "REFUSED" ? answer.reasons : [];
    };
    expect(refuse([1, 0, 0, 0])).toEqual(["covariance[1, 1] is 0, not a variance above 0"]);
    expect(refuse([1, Number.NaN, 0, 1])).toEqual(["covariance[0, 1] is NaN"]);
    expect(refuse([1, 0, 1])).toEqual(["covariance has 3 numbers for 2 assets"]);
  });
});
