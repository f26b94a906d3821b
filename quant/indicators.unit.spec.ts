import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  nextEma,
  nextWilder,
  pushDeviation,
  rollingDeviation,
  rollingMean,
  trueRange,
} from "./indicators.ts";

const mean = (xs: readonly number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;

/** Two passes over the window: the definition. */
function slowDeviation(xs: readonly number[]): number {
  if (xs.length < 2) return 0;
  const centre = mean(xs);
  return Math.sqrt(xs.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (xs.length - 1));
}

function emas(xs: readonly number[], length: number): number[] {
  let value = 0;
  return xs.map((x, i) => {
    value = nextEma(value, x, i + 1, length);
    return value;
  });
}

describe("exponential moving average", () => {
  // StockCharts ChartSchool, "Moving Averages - Simple and Exponential", the 10-day table.
  const closes = [
    22.27, 22.19, 22.08, 22.17, 22.18, 22.13, 22.23, 22.43, 22.24, 22.29, 22.15, 22.39, 22.38,
    22.61, 23.36, 24.05, 23.75, 23.83, 23.95, 23.63, 23.82, 23.87, 23.65, 23.19, 23.1, 23.33, 22.68,
    23.1, 22.4, 22.17,
  ];
  const published = [
    22.22, 22.21, 22.24, 22.27, 22.33, 22.52, 22.8, 22.97, 23.13, 23.28, 23.34, 23.43, 23.51, 23.53,
    23.47, 23.4, 23.39, 23.26, 23.23, 23.08, 22.92,
  ];

  test("is the published table's", () => {
    // The table's own inputs are rounded to a cent, so its last digit may be one off.
    emas(closes, 10)
      .slice(9)
      .forEach((value, i) => {
        expect(Math.abs(value - (published[i] as number))).toBeLessThan(0.0055);
      });
  });

  test("is the mean until its window has filled", () => {
    expect(emas([4, 8, 3], 5)).toEqual([4, 6, 5]);
  });

  test("of one constant is that constant, exactly", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.nat(50), (x, length) => {
        expect(emas(new Array<number>(60).fill(x), length + 1).every((y) => y === x)).toBe(true);
      }),
    );
  });
});

describe("average true range", () => {
  // StockCharts ChartSchool, "Average True Range", QQQQ, April and May 2010, 14 days.
  const days: [number, number, number][] = [
    [48.7, 47.79, 48.16],
    [48.72, 48.14, 48.61],
    [48.9, 48.39, 48.75],
    [48.87, 48.37, 48.63],
    [48.82, 48.24, 48.74],
    [49.05, 48.64, 49.03],
    [49.2, 48.94, 49.07],
    [49.35, 48.86, 49.32],
    [49.92, 49.5, 49.91],
    [50.19, 49.87, 50.13],
    [50.12, 49.2, 49.53],
    [49.66, 48.9, 49.5],
    [49.88, 49.43, 49.75],
    [50.19, 49.73, 50.03],
    [50.36, 49.26, 50.31],
    [50.57, 50.09, 50.52],
    [50.65, 50.3, 50.41],
    [50.43, 49.21, 49.34],
    [49.63, 48.98, 49.37],
    [50.33, 49.61, 50.23],
    [50.29, 49.2, 49.24],
    [50.17, 49.43, 49.93],
    [49.32, 48.08, 48.43],
    [48.5, 47.64, 48.18],
    [48.32, 41.55, 46.57],
    [46.8, 44.28, 45.41],
    [47.8, 47.31, 47.77],
    [48.39, 47.2, 47.72],
    [48.66, 47.9, 48.62],
    [48.79, 47.73, 47.85],
  ];
  const published = [
    0.56, 0.59, 0.59, 0.57, 0.62, 0.62, 0.64, 0.67, 0.69, 0.78, 0.78, 1.21, 1.3, 1.38, 1.37, 1.34,
    1.32,
  ];

  test("is the published table's", () => {
    let atr = 0;
    let previous: number | null = null;
    const values = days.map(([high, low, close], i) => {
      const range: number = previous === null ? high - low : trueRange(high, low, previous);
      previous = close;
      atr = nextWilder(atr, range, i + 1, 14);
      return atr;
    });
    values.slice(13).forEach((value, i) => {
      expect(Math.abs(value - (published[i] as number))).toBeLessThan(0.0075);
    });
  });

  test("takes a gap as part of the range", () => {
    expect(trueRange(12, 10, 8)).toBe(4);
    expect(trueRange(12, 10, 15)).toBe(5);
    expect(trueRange(12, 10, 11)).toBe(2);
  });
});

describe("rolling standard deviation", () => {
  test("is the window's, at each step, and so is the mean", () => {
    const series = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), series, (length, xs) => {
        const state = rollingDeviation(length);
        xs.forEach((x, i) => {
          pushDeviation(state, x);
          const slow = slowDeviation(xs.slice(Math.max(0, i + 1 - length), i + 1));
          expect(Math.abs(state.value - slow)).toBeLessThanOrEqual(1e-9 * (1 + slow));
          const window = xs.slice(Math.max(0, i + 1 - length), i + 1);
          expect(Math.abs(rollingMean(state) - mean(window))).toBeLessThanOrEqual(1e-9);
        });
      }),
    );
  });

  test("forgets a giant as soon as it has left the window", () => {
    const state = rollingDeviation(20);
    const small = (i: number) => 1e-9 * ((i * 7919) % 101);
    for (let i = 0; i < 13; i++) pushDeviation(state, small(i));
    pushDeviation(state, 1e12);
    for (let i = 14; i < 34; i++) pushDeviation(state, small(i));
    const slow = slowDeviation(Array.from({ length: 20 }, (_, i) => small(i + 14)));
    expect(Math.abs(state.value / slow - 1)).toBeLessThan(1e-12);
  });

  test("is as exact after 20 million steps as after 20", () => {
    const state = rollingDeviation(20);
    const x = (i: number) => 1e6 + ((i * 7919) % 1009) * 1e-4;
    const steps = 20_000_003;
    for (let i = 0; i < steps; i++) pushDeviation(state, x(i));
    const window = Array.from({ length: 20 }, (_, i) => x(steps - 20 + i) - 1e6);
    expect(Math.abs(state.value / slowDeviation(window) - 1)).toBeLessThan(1e-8);
  });

  test("of a constant is 0, and of fewer than two observations too", () => {
    const state = rollingDeviation(3);
    for (let i = 0; i < 10; i++) {
      pushDeviation(state, 0.1);
      expect(state.value).toBe(0);
    }
  });
});
