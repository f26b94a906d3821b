import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawPlaces, type PathDraw, pathDraw, pathScenarios } from "./path-bootstrap.ts";
import { philox, philoxKey } from "./philox.ts";
import { randomHistory } from "./random-sets.spec.ts";

const draw: PathDraw = { seed: 9, paths: 200, steps: 7, periods: 31, lastWord: 2 ** 30 };

/** In whole numbers of any size, from the words themselves. */
function slowPlaces({ seed, paths, steps, periods, lastWord }: PathDraw): number[] {
  const places: number[] = [];
  for (let block = 0; block < paths * steps; block++) {
    const words = new Uint32Array(4);
    philox(words, [block, 0, 0, 0], philoxKey(seed));
    const [first = 0, , high = 0, low = 0] = words;
    const begins = block % steps === 0 || first <= lastWord;
    const chosen = (((BigInt(high) << 32n) | BigInt(low)) * BigInt(periods)) >> 64n;
    places.push(begins ? Number(chosen) : ((places.at(-1) as number) + 1) % periods);
  }
  return places;
}

describe("places of paths", () => {
  test("are those that the words choose, in exact arithmetic", () => {
    const draws = fc.record({
      seed: fc.maxSafeInteger(),
      paths: fc.integer({ min: 1, max: 20 }),
      steps: fc.integer({ min: 1, max: 5 }),
      periods: fc.integer({ min: 1, max: 2 ** 31 }),
      lastWord: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    });
    fc.assert(
      fc.property(draws, (drawn) => {
        expect([...drawPlaces(drawn, 0, drawn.paths)]).toEqual(slowPlaces(drawn));
      }),
      { numRuns: 300 },
    );
  });

  test("are the same in whatever parts they are drawn", () => {
    const all = drawPlaces(draw, 0, draw.paths);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: draw.paths }), (cut) => {
        const parts = [drawPlaces(draw, 0, cut), drawPlaces(draw, cut, draw.paths)];
        expect(parts.flatMap((part) => [...part])).toEqual([...all]);
      }),
    );
  });

  test("come in runs of the mean length that was asked for", () => {
    const history = randomHistory(1, 1000, 1);
    const paths = pathDraw(history, { count: 10, seed: 2, horizon: 10_000, blockLength: 8 });
    const places = drawPlaces(paths, 0, 10);
    let begun = 0;
    for (let i = 1; i < places.length; i++) {
      if (places[i] !== ((places[i - 1] as number) + 1) % 1000) begun++;
    }
    // 12,500 runs: four standard deviations of their number, √(100,000 · 1/8 · 7/8).
    expect(Math.abs(begun - 100_000 / 8)).toBeLessThan(4 * 105);
  });

  test("favour no period", () => {
    const history = randomHistory(1, 50, 1);
    const places = drawPlaces(pathDraw(history, { count: 50_000, seed: 3 }), 0, 50_000);
    const counts = new Array<number>(50).fill(0);
    for (const place of places) counts[place] = (counts[place] as number) + 1;
    const statistic = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // Chi-squared with 49 degrees of freedom: 99.99 % lie below 97.
    expect(statistic).toBeLessThan(97);
  });
});

describe("scenarios of paths", () => {
  const history = randomHistory(3, 250, 7);

  test("compound the returns of their periods", () => {
    const settings = { count: 20, seed: 4, horizon: 6, blockLength: 3 };
    const set = pathScenarios(history, settings);
    const places = drawPlaces(pathDraw(history, settings), 0, 20);
    for (let j = 0; j < 3; j++) {
      for (let s = 0; s < 20; s++) {
        let worth = 1;
        for (const place of places.subarray(6 * s, 6 * s + 6)) {
          worth *= 1 + (history.returns[j * 250 + place] as number);
        }
        expect(set.returns[j * 20 + s]).toBeCloseTo(worth - 1, 13);
      }
    }
  });

  test("over one period are periods of the history, weighted by draws", () => {
    const set = pathScenarios(history, { count: 400, seed: 5 });
    expect(set.count).toBeLessThanOrEqual(250);
    let sum = 0;
    for (let s = 0; s < set.count; s++) {
      expect(history.returns.subarray(0, 250)).toContain(set.returns[s]);
      sum += set.probabilities[s] as number;
    }
    expect(sum).toBeCloseTo(1, 12);
  });
});
