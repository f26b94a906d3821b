import { describe, expect, test } from "vitest";
import type { Features } from "../../schemas/generated/features.ts";
import { meanReversion } from "./mean-reversion.ts";

/** The model's views while the close stands this many ranges above its average. */
function views(stretches: readonly number[], changes: Partial<Features> = {}) {
  let state = meanReversion.initial();
  return stretches.map((stretch) => {
    const features = { price: 100 + stretch, emaSlow: 100, atr: 1, warm: true, ...changes };
    state = meanReversion.evolve(state, features as Features);
    return meanReversion.signal(state, features as Features);
  });
}

describe("mean-reversion", () => {
  test("fades a stretch of two ranges, and leaves within half a range", () => {
    expect(views([1.9, 2, 1, 0.6, 0.5, 1.9])).toEqual([0, -1, -1, -1, 0, 0]);
    expect(views([-1.9, -2, -1, -0.6, -0.5, -1.9])).toEqual([0, 1, 1, 1, 0, 0]);
  });

  test("turns at once when the stretch jumps to the other side", () => {
    expect(views([2.5, -2.5, 2.5])).toEqual([-1, 1, -1]);
  });

  test("leaves when the close jumps past its average", () => {
    expect(views([2, -1])).toEqual([-1, 0]);
  });

  test("is out where there is no range, and has no view until warm", () => {
    expect(views([5], { atr: 0 })).toEqual([0]);
    expect(views([5], { warm: false })).toEqual([null]);
  });
});
