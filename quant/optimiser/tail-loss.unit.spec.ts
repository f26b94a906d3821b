import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conditionalValueAtRisk, valueAtRisk } from "./tail-loss.ts";

const equal = (count: number): Float64Array => new Float64Array(count).fill(1 / count);

describe("value at risk", () => {
  test.each([20, 100, 1000, 10_000, 60_000])(
    "of %i equally likely losses at 5 % is the last of the worst twentieth, in any order",
    (count) => {
      const losses = Float64Array.from({ length: count }, (_, s) => (s * 7919) % count);
      expect(valueAtRisk(losses, equal(count), 0.05)).toBe(count - count / 20);
    },
  );

  test("and the CVaR follow bit for bit from any part that holds the tail", () => {
    const sample = fc.array(
      fc.record({
        // Few values: ties at the edge of the tail.
        loss: fc.oneof(
          fc.integer({ min: -5, max: 5 }),
          fc.double({ noNaN: true, min: -1, max: 1 }),
        ),
        weight: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(sample, fc.integer({ min: 1, max: 50 }), (drawn, share) => {
        const total = drawn.reduce((sum, { weight }) => sum + weight, 0);
        fc.pre(total > 0);
        // Often exactly the probability of some scenarios: what rounding would decide.
        const mass = Math.min(share, total) / total;
        const losses = Float64Array.from(drawn, ({ loss }) => loss);
        const probabilities = Float64Array.from(drawn, ({ weight }) => weight / total);
        const edge = valueAtRisk(losses, probabilities, mass);
        const kept = [...losses.keys()].filter((s) => (losses[s] as number) >= edge);
        const part = (of: Float64Array) => Float64Array.from(kept, (s) => of[s] as number);
        expect(valueAtRisk(part(losses), part(probabilities), mass)).toBe(edge);
        expect(conditionalValueAtRisk(part(losses), part(probabilities), mass)).toBe(
          conditionalValueAtRisk(losses, probabilities, mass),
        );
      }),
      { numRuns: 2000 },
    );
  });
});
