import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { multiplyHigh, philox, philoxKey } from "./philox.ts";

const uint32 = fc.integer({ min: 0, max: 0xffffffff });

describe("Philox4x32-10", () => {
  // The known answers that its authors publish with Random123 (kat_vectors, philox4x32, 10 rounds).
  test.each([
    [[0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      "d16cfe09 94fdcceb 5001e420 24126ea1",
    ],
  ] as const)("gives the published words at %j under %j", (counter, key, published) => {
    const words = new Uint32Array(4);
    philox(words, counter, key);
    const hex = [...words].map((word) => word.toString(16).padStart(8, "0"));
    expect(hex.join(" ")).toBe(published);
  });

  test("multiplies to the upper half exactly", () => {
    fc.assert(
      fc.property(uint32, uint32, (a, b) => {
        expect(multiplyHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
      }),
    );
    expect(multiplyHigh(0xffffffff, 0xffffffff)).toBe(0xfffffffe);
  });

  test("has another key for another seed, negative or above 2^32", () => {
    const seeds = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, -(2 ** 32), 2 ** 53 - 1, 1 - 2 ** 53];
    expect(new Set(seeds.map((seed) => philoxKey(seed).join())).size).toBe(seeds.length);
    for (const seed of [0.5, 2 ** 53, Number.NaN]) {
      expect(() => philoxKey(seed)).toThrow(new RangeError(`seed ${seed} is not a safe integer`));
    }
  });
});
