import { describe, expect, test } from "vitest";
import type { Features } from "../../schemas/generated/features.ts";
import { emaCross } from "./ema-cross.ts";

const signal = (emaFast: number, emaSlow: number, warm = true) =>
  emaCross.signal(null, { emaFast, emaSlow, warm } as Features);

describe("ema-cross", () => {
  test("is long above, short below, out when equal", () => {
    expect(signal(101, 100)).toBe(1);
    expect(signal(99, 100)).toBe(-1);
    expect(signal(100, 100)).toBe(0);
  });

  test("has no view until warm", () => {
    expect(signal(101, 100, false)).toBeNull();
  });
});
