import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scenarioLosses } from "../../../quant/optimiser/tail-loss.ts";
import type { ScenarioSet } from "../../../quant/scenarios/scenario-set.ts";
import {
  exponentOf,
  largestReturn,
  powerOfTwo,
  scaleWeights,
  scalingOf,
} from "./single-precision.ts";

describe("powers of two", () => {
  test.each([-1022, -300, -1, 0, 1, 52, 300, 1023])("2^%i is exact", (exponent) => {
    expect(powerOfTwo(exponent)).toBe(2 ** exponent);
  });

  test("bound a number from above by less than twice", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (value) => {
        const bound = powerOfTwo(exponentOf(value));
        expect(bound).toBeGreaterThanOrEqual(value);
        expect(bound / 2).toBeLessThan(value);
      }),
    );
  });
});

const setOf = (assets: number, returns: readonly number[]): ScenarioSet => ({
  assets: Array.from({ length: assets }, (_, a) => `A${a}`),
  count: returns.length / assets,
  returns: Float64Array.from(returns),
  probabilities: new Float64Array(returns.length / assets).fill(assets / returns.length),
});

const scalingFor = (set: ScenarioSet) =>
  scalingOf(Float64Array.from(set.assets, (_, asset) => largestReturn(set, asset)));

/** As a GPU may: rounded to the one neighbour or the other after each product and sum. */
function singleLosses(
  set: ScenarioSet,
  weights: Float64Array,
  round: (exact: number) => number,
): { readonly losses: Float64Array; readonly bound: number; readonly unit: number } | null {
  const scaling = scalingFor(set);
  const scaled = scaling && scaleWeights(weights, scaling);
  if (!scaled) return null;
  const losses = new Float64Array(set.count);
  for (const [asset, weight] of scaled.weights.entries()) {
    const factor = powerOfTwo(-(scaling.exponents[asset] as number));
    for (let s = 0; s < set.count; s++) {
      const value = Math.fround((set.returns[asset * set.count + s] as number) * factor);
      losses[s] = round((losses[s] as number) - round(weight * value));
    }
  }
  return { losses, bound: scaled.bound, unit: scaled.unit };
}

/** Away from nearest: the next float on the side that `up` says. */
function directed(exact: number, up: boolean): number {
  const near = Math.fround(exact);
  if (near === exact || near > exact === up) return near;
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, near);
  if (near === 0) return up ? 2 ** -149 : -(2 ** -149);
  bits.setInt32(0, bits.getInt32(0) + (near > 0 === up ? 1 : -1));
  return bits.getFloat32(0);
}

describe("the bound", () => {
  const value = fc.oneof(
    fc.double({ min: -0.2, max: 0.2, noNaN: true }),
    fc.constantFrom(0, 0.01, -0.01, 1e-12),
  );
  const cases = fc.record({
    assets: fc.integer({ min: 1, max: 30 }),
    values: fc.array(value, { minLength: 30, maxLength: 300 }),
    weights: fc.array(value, { minLength: 30, maxLength: 30 }),
    scales: fc.array(fc.constantFrom(1e-9, 1e-6, 1, 1e6), { minLength: 30, maxLength: 30 }),
  });

  test.each([
    ["nearest", Math.fround],
    ["up", (exact: number) => directed(exact, true)],
    ["down", (exact: number) => directed(exact, false)],
    [
      "towards 0, nothing subnormal",
      (exact: number) => {
        const rounded = directed(exact, exact < 0);
        return Math.abs(rounded) < 2 ** -126 ? 0 : rounded;
      },
    ],
  ] as const)("holds where every operation rounds %s", (_name, round) => {
    fc.assert(
      fc.property(cases, ({ assets, values, weights, scales }) => {
        const count = Math.floor(values.length / assets);
        const returns = values
          .slice(0, assets * count)
          .map((drawn, i) => drawn * (scales[Math.floor(i / count)] as number));
        const set = setOf(assets, returns);
        const held = Float64Array.from(weights.slice(0, assets));
        const single = singleLosses(set, held, round);
        if (single === null) return;
        for (const [s, loss] of scenarioLosses(set, held).entries()) {
          const off = Math.abs(loss / single.unit - (single.losses[s] as number));
          expect(off).toBeLessThanOrEqual(single.bound);
        }
      }),
    );
  });

  test("is small: 1e-6 of what 50 equal weights can lose", () => {
    const set = setOf(50, new Array(50).fill(0.01));
    const scaling = scalingFor(set);
    const scaled = scaling && scaleWeights(new Float64Array(50).fill(0.02), scaling);
    if (!scaled) throw new Error("these are plain numbers");
    expect((scaled.bound * scaled.unit) / 0.01).toBeLessThan(1e-5);
  });
});

describe("refused, for double precision alone", () => {
  test.each([
    ["a return that is not a number", [0.1, Number.NaN, 0.2], [1]],
    ["an infinite return", [0.1, Number.POSITIVE_INFINITY], [1]],
    ["returns of no normal size", [1e-310, 1e-312], [1]],
    ["a weight that is not a number", [0.1, 0.2], [Number.NaN]],
    ["no weight at all", [0.1, 0.2], [0]],
    ["weights of no normal size", [0.1, 0.2], [1e-320]],
  ])("%s", (_name, returns, weights) => {
    const scaling = scalingFor(setOf(1, returns));
    expect(scaling && scaleWeights(Float64Array.from(weights), scaling)).toBeNull();
  });
});
