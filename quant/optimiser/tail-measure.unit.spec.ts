import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conditionalValueAtRisk } from "./tail-loss.ts";
import { measureTail } from "./tail-measure.ts";

const sample = fc
  .array(fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 5 })), {
    minLength: 1,
    maxLength: 60,
  })
  .filter((pairs) => pairs.some(([, weight]) => weight > 0))
  .map((pairs) => {
    const total = pairs.reduce((sum, [, weight]) => sum + weight, 0);
    return {
      losses: Float64Array.from(pairs, ([loss]) => loss / 7),
      probabilities: Float64Array.from(pairs, ([, weight]) => weight / total),
    };
  });
const masses = fc.constantFrom(1, 0.5, 0.25, 0.1, 0.05, 0.01, 1e-6);

describe("the tail of losses", () => {
  test("has a worked example", () => {
    // Worst 30 %: 10 % at 4, 10 % at 3, half of the 20 % at 2.
    const losses = Float64Array.of(2, -1, 4, 0, 3);
    const probabilities = Float64Array.of(0.2, 0.3, 0.1, 0.3, 0.1);
    const {
      valueAtRisk,
      conditionalValueAtRisk: cvar,
      worstLoss,
    } = measureTail(losses, probabilities, 0.3);
    expect([valueAtRisk, worstLoss]).toEqual([2, 4]);
    expect(cvar).toBeCloseTo(3, 14);
  });

  test("is the minimum over thresholds, as Rockafellar and Uryasev define it", () => {
    fc.assert(
      fc.property(sample, masses, ({ losses, probabilities }, mass) => {
        const at = (t: number): number =>
          t +
          losses.reduce(
            (sum, loss, s) => sum + (probabilities[s] ?? 0) * Math.max(0, loss - t),
            0,
          ) /
            mass;
        const least = Math.min(...[...losses].map(at));
        const measured = measureTail(losses, probabilities, mass);
        expect(measured.conditionalValueAtRisk).toBeCloseTo(least, 9);
        expect(conditionalValueAtRisk(losses, probabilities, mass)).toBeCloseTo(least, 9);
      }),
    );
  });

  test("has the same bits from the losses at and above the value at risk alone", () => {
    fc.assert(
      fc.property(sample, masses, fc.nat(3), ({ losses, probabilities }, mass, below) => {
        const whole = measureTail(losses, probabilities, mass);
        const kept = [...losses.keys()].filter(
          (s) => (losses[s] ?? 0) >= whole.valueAtRisk - below / 7,
        );
        const part = measureTail(
          Float64Array.from(kept, (s) => losses[s] ?? 0),
          Float64Array.from(kept, (s) => probabilities[s] ?? 0),
          mass,
        );
        expect(part).toEqual(whole);
      }),
    );
  });

  test("is refused where a loss is no number, or nothing is possible", () => {
    const one = Float64Array.of(1);
    expect(() => measureTail(Float64Array.of(Number.NaN), one, 0.1)).toThrow("loss 0 is NaN");
    expect(() => measureTail(one, Float64Array.of(0), 0.1)).toThrow("probability above 0");
    expect(() => measureTail(one, one, 0)).toThrow(RangeError);
  });
});
