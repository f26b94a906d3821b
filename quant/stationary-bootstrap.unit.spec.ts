import { describe, expect, test } from "vitest";
import { beta } from "./benchmark-relative.ts";
import { mean, standardDeviation } from "./moments.ts";
import { sharpeRatio } from "./performance.ts";
import { Random } from "./random.ts";
import { confidenceIntervals, resamplePlaces } from "./stationary-bootstrap.ts";

const settings = { seed: 11, samples: 1000, level: 0.95 };

function normals(seed: number, count: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.normal());
}

describe("resampling", () => {
  test("takes runs of successive places, round the end, of the mean length asked for", () => {
    const places = new Int32Array(200_000);
    resamplePlaces(places, 50, 8, new Random(1));
    let runs = 1;
    for (let i = 1; i < places.length; i++) {
      if (places[i] !== ((places[i - 1] ?? 0) + 1) % 50) runs++;
    }
    // A new run starts where the old one would have gone on once in 50.
    expect(places.length / runs).toBeCloseTo(8 / (1 - 1 / 50), 0);
    expect(new Set(places).size).toBe(50);
  });

  test("takes every place as often", () => {
    const places = new Int32Array(400_000);
    resamplePlaces(places, 20, 5, new Random(2));
    const counts = new Array<number>(20).fill(0);
    for (const place of places) counts[place] = (counts[place] ?? 0) + 1;
    for (const count of counts) expect(Math.abs(count / 20_000 - 1)).toBeLessThan(0.06);
  });

  test("with blocks of one is the independent bootstrap", () => {
    const places = new Int32Array(100_000);
    resamplePlaces(places, 10, 1, new Random(3));
    const follows = places.filter((place, i) => i > 0 && place === ((places[i - 1] ?? 0) + 1) % 10);
    expect(follows.length / places.length).toBeCloseTo(0.1, 2);
  });
});

describe("the interval", () => {
  test("of a mean of independent values is the textbook's, and covers as often as it says", () => {
    let covered = 0;
    for (let run = 0; run < 300; run++) {
      const values = normals(run, 100);
      const { average } = confidenceIntervals(
        values,
        { average: mean },
        { ...settings, seed: run, samples: 400, blockLength: 1 },
      );
      const error = (standardDeviation(values) ?? 0) / 10;
      expect(average?.standardError).toBeGreaterThan(0.8 * error);
      expect(average?.standardError).toBeLessThan(1.2 * error);
      if (average !== null && average.lower <= 0 && average.upper >= 0) covered++;
    }
    // 95 % of 300 is 285; three standard errors are 11.
    expect(covered).toBeGreaterThan(285 - 15);
    expect(covered).toBeLessThan(285 + 12);
  });

  test("holds the share of the samples that was asked for, the same on either side", () => {
    const values = normals(8, 400);
    for (const [level, deviations] of [
      [0.95, 1.96],
      [0.8, 1.2816],
      [0.5, 0.6745],
    ] as const) {
      const { average } = confidenceIntervals(
        values,
        { average: mean },
        { ...settings, level, samples: 4000, blockLength: 1 },
      );
      const width = deviations * (average?.standardError ?? 0);
      expect(((average?.upper ?? 0) - (average?.estimate ?? 0)) / width).toBeCloseTo(1, 0.5);
      expect(((average?.estimate ?? 0) - (average?.lower ?? 0)) / width).toBeCloseTo(1, 0.5);
    }
  });

  test("knows that dependent values say less: blocks see it, single values do not", () => {
    let before = 0;
    const values = normals(4, 4000).map((shock) => {
      before = 0.7 * before + shock;
      return before;
    });
    // The mean of this process has standard deviation 1 / (1 - 0.7) / √n.
    const theory = 1 / 0.3 / Math.sqrt(4000);
    const blocks = confidenceIntervals(values, { average: mean }, settings).average;
    const single = confidenceIntervals(values, { average: mean }, { ...settings, blockLength: 1 });
    expect((blocks?.standardError ?? 0) / theory).toBeGreaterThan(0.8);
    expect((blocks?.standardError ?? 0) / theory).toBeLessThan(1.2);
    expect((single.average?.standardError ?? 0) / theory).toBeLessThan(0.5);
  });

  test("resamples a benchmark at the same places", () => {
    const benchmark = normals(5, 200);
    const values = benchmark.map((value) => 1.5 * value);
    const { slope } = confidenceIntervals(values, { slope: beta }, { ...settings, benchmark });
    expect(slope?.lower).toBeCloseTo(1.5, 12);
    expect(slope?.upper).toBeCloseTo(1.5, 12);
  });

  test("holds the estimate's own measure, for any measures on the same samples", () => {
    const values = normals(6, 250).map((value) => value / 100 + 0.001);
    const annual = (sample: readonly number[]) => sharpeRatio(sample, 252);
    const both = confidenceIntervals(values, { average: mean, annual }, settings);
    const alone = confidenceIntervals(values, { annual }, settings);
    expect(both.annual).toEqual(alone.annual);
    expect(both.annual?.estimate).toBe(sharpeRatio(values, 252));
    expect(both.annual?.lower).toBeLessThan(both.annual?.estimate ?? 0);
    expect(both.annual?.upper).toBeGreaterThan(both.annual?.estimate ?? 0);
  });

  test("is the same for the same seed, and another for another", () => {
    const values = normals(7, 60);
    const [first, again, other] = [11, 11, 12].map((seed) =>
      confidenceIntervals(values, { average: mean }, { ...settings, seed }),
    );
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test("counts the samples that do not define the measure; null where the data does not", () => {
    const loss = (sample: readonly number[]) => (sample.includes(-1) ? sample.length : null);
    const never = () => null;
    const values = [-1, 1, 1, 1];
    const found = confidenceIntervals(
      values,
      { loss, never },
      { ...settings, blockLength: 1, samples: 4000 },
    );
    expect((found.loss?.undefinedSamples ?? 0) / 4000).toBeCloseTo((3 / 4) ** 4, 1);
    expect(found.never).toBeNull();
    expect(confidenceIntervals([], { average: mean }, settings).average).toBeNull();
    expect(values).toEqual([-1, 1, 1, 1]);
  });
});
