// The generator against its authors' reference outputs; the distributions against their moments.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random, splitMix64 } from "./random.ts";

const take = <T>(count: number, next: () => T): T[] => Array.from({ length: count }, next);

describe("the integers", () => {
  test("SplitMix64 gives its reference outputs", () => {
    expect(splitMix64(1234567n, 5)).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
  });

  test("xoshiro128** gives its reference outputs", () => {
    const random = Random.fromState([1, 2, 3, 4]);
    expect(take(10, () => random.nextUint32())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597,
      4258142804,
    ]);
  });

  test("xoshiro128** equals a 64-bit BigInt reading of the published C, from any state", () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(word, word, word, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (a, b, c, d) => {
        const s = [a, b, c, d].map(BigInt) as [bigint, bigint, bigint, bigint];
        const trim = (value: bigint) => BigInt.asUintN(32, value);
        const turn = (value: bigint, by: bigint) => trim((value << by) | (value >> (32n - by)));
        const reference = take(100, () => {
          const result = trim(turn(trim(s[1] * 5n), 7n) * 9n);
          const t = trim(s[1] << 9n);
          s[2] ^= s[0];
          s[3] ^= s[1];
          s[1] ^= s[2];
          s[0] ^= s[3];
          s[2] ^= t;
          s[3] = turn(s[3], 11n);
          return Number(result);
        });
        const random = Random.fromState([a, b, c, d]);
        expect(take(100, () => random.nextUint32())).toEqual(reference);
      }),
      { numRuns: 50 },
    );
  });

  test("the same seed gives the same numbers, other seeds others, negative seeds too", () => {
    const first = (seed: number) => {
      const random = new Random(seed);
      return take(4, () => random.nextUint32()).join();
    };
    const seeds = [0, 1, 2, -1, 7, 2 ** 32, Number.MAX_SAFE_INTEGER];
    expect(new Set(seeds.map(first)).size).toBe(seeds.length);
    for (const seed of seeds) expect(first(seed)).toBe(first(seed));
  });

  test("integer(bound) is fair: chi-square of 10 cells below the 0.1 % point", () => {
    const random = new Random(3);
    const cells = new Array<number>(10).fill(0);
    const draws = 200_000;
    for (let i = 0; i < draws; i++) (cells[random.integer(10)] as number)++;
    const expected = draws / 10;
    const chiSquare = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(27.88);
  });

  test("integer(bound) throws away what would be unfair", () => {
    // With this bound one draw in two is refused: a plain remainder would favour the low half.
    const random = new Random(4);
    const bound = 2 ** 31 + 1;
    const low = take(20_000, () => random.integer(bound)).filter((v) => v < bound / 2).length;
    expect(Math.abs(low - 10_000)).toBeLessThan(300);
  });

  test.each([0, -1, 1.5, 2 ** 33, Number.NaN])("integer(%d) is refused", (bound) => {
    expect(() => new Random(1).integer(bound)).toThrow(RangeError);
  });
});

describe("the floats", () => {
  test("uniform() lies in [0, 1), fills 53 bits and has the moments of its kind", () => {
    const random = new Random(11);
    const values = take(200_000, () => random.uniform());
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + (value - 0.5) ** 2, 0) / values.length;
    // Five standard errors: sqrt(1/12/n), sqrt(1/180/n).
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / values.length));
    expect(Math.abs(square - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / values.length));
    expect(values.some((value) => (value * 2 ** 53) % 2 === 1)).toBe(true);
  });

  test("normal() has the moments and the tails of a standard normal", () => {
    const random = new Random(12);
    const count = 400_000;
    const values = take(count, () => random.normal());
    const moment = (power: number) => values.reduce((sum, v) => sum + v ** power, 0) / count;
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / count));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / count));
    for (const [bound, share] of [
      [1, 0.3173105],
      [2, 0.0455003],
      [3, 0.0026998],
    ] as const) {
      const outside = values.filter((value) => Math.abs(value) > bound).length / count;
      expect(Math.abs(outside - share)).toBeLessThan(5 * Math.sqrt(share / count));
    }
  });

  test("exponential() has mean and variance 1 and the tail of its kind", () => {
    const random = new Random(14);
    const count = 200_000;
    const values = take(count, () => random.exponential());
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - 1) ** 2, 0) / count;
    expect(Math.abs(mean - 1)).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(8 / count));
    const beyond = values.filter((value) => value > 3).length / count;
    expect(Math.abs(beyond - 0.049787)).toBeLessThan(5 * Math.sqrt(0.049787 / count));
    expect(Math.min(...values.slice(0, 10_000))).toBeGreaterThanOrEqual(0);
  });

  test("normals of a pair are not correlated", () => {
    const random = new Random(13);
    const count = 200_000;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += random.normal() * random.normal();
    expect(Math.abs(sum / count)).toBeLessThan(5 / Math.sqrt(count));
  });
});
