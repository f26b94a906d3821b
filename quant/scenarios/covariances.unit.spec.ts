import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { cholesky, correlatedNormals } from "./cholesky.ts";
import { assetNames, randomHistory } from "./random-sets.spec.ts";
import type { ReturnHistory } from "./return-history.ts";
import { sampleCovariance, shrunkCovariance } from "./shrunk-covariance.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

const seeds = fc.integer({ min: 1, max: 1e6 });
const small = fc.integer({ min: 1, max: 9 });

/** B Bᵀ of a random n × rank B. */
function semidefinite(n: number, rank: number, seed: number): Float64Array {
  const random = new Random(seed);
  const b = Array.from({ length: n }, () => Array.from({ length: rank }, () => random.normal()));
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [row = [], column = []] = [b[Math.floor(at / n)], b[at % n]];
    return row.reduce((sum, x, k) => sum + x * (column[k] ?? 0), 0);
  });
}

describe("the Cholesky factor", () => {
  test("times its mirror is the matrix, of full rank or not", () => {
    fc.assert(
      fc.property(small, small, seeds, (n, rank, seed) => {
        const matrix = semidefinite(n, rank, seed);
        const factor = cholesky(matrix, n);
        const largest = Math.max(...matrix);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let k = 0; k <= Math.min(i, j); k++) {
              sum += (factor[i * n + k] ?? 0) * (factor[j * n + k] ?? 0);
            }
            expect(Math.abs(sum - (matrix[i * n + j] ?? 0))).toBeLessThan(1e-6 * largest);
            if (j > i) expect(factor[i * n + j]).toBe(0);
          }
        }
      }),
    );
  });

  test("of assets that never move is 0", () => {
    expect([...cholesky(Float64Array.of(0, 0, 0, 4), 2)]).toEqual([0, 0, 0, 2]);
  });

  test("correlates normals: covariances within four standard errors, whatever the chunks", () => {
    const n = 7;
    const count = 50_003;
    const matrix = semidefinite(n, n, 5);
    const draws = correlatedNormals(cholesky(matrix, n), n, count, new Random(8));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let s = 0; s < count; s++) {
          sum += (draws[i * count + s] ?? 0) * (draws[j * count + s] ?? 0);
        }
        const [ii = 0, jj = 0, ij = 0] = [matrix[i * n + i], matrix[j * n + j], matrix[i * n + j]];
        const error = Math.sqrt((ii * jj + ij * ij) / count);
        expect(Math.abs(sum / count - ij)).toBeLessThan(4 * error);
      }
    }
  });
});

describe("eigenvectors", () => {
  test("are orthonormal, and with their values make up the matrix", () => {
    fc.assert(
      fc.property(small, small, seeds, (n, rank, seed) => {
        const matrix = semidefinite(n, rank, seed);
        const { values, vectors } = symmetricEigen(matrix, n);
        for (let i = 0; i < n; i++) {
          if (i > 0) expect(values[i - 1]).toBeGreaterThanOrEqual(values[i] ?? 0);
          for (let j = 0; j < n; j++) {
            let dot = 0;
            let entry = 0;
            for (let k = 0; k < n; k++) {
              dot += (vectors[i * n + k] ?? 0) * (vectors[j * n + k] ?? 0);
              entry += (values[k] ?? 0) * (vectors[k * n + i] ?? 0) * (vectors[k * n + j] ?? 0);
            }
            expect(dot).toBeCloseTo(i === j ? 1 : 0, 11);
            expect(entry).toBeCloseTo(matrix[i * n + j] ?? 0, 10);
          }
        }
      }),
    );
  });

  test("of textbook matrices are the textbook's", () => {
    expect(
      [...symmetricEigen(Float64Array.of(2, 1, 1, 2), 2).values].map((x) => +x.toFixed(12)),
    ).toEqual([3, 1]);
    // Second differences: 2 − 2 cos(kπ / (n + 1)).
    const n = 12;
    const chain = Float64Array.from({ length: n * n }, (_, at) => {
      const distance = Math.abs(Math.floor(at / n) - (at % n));
      return distance === 0 ? 2 : distance === 1 ? -1 : 0;
    });
    symmetricEigen(chain, n).values.forEach((value, k) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((n - k) * Math.PI) / (n + 1)), 12);
    });
    expect([...symmetricEigen(new Float64Array(9), 3).values]).toEqual([0, 0, 0]);
  });
});

/** 12 periods of 4 assets from whole numbers, so that any program can make them. */
const whole: ReturnHistory = {
  assets: assetNames(4),
  count: 12,
  returns: Float64Array.from({ length: 48 }, (_, at) => {
    const [t, j] = [at % 12, Math.floor(at / 12)];
    return ((t * t * 7 + t * j * 13 + j * j * 5) % 17) / 100;
  }),
};

/** The papers' sums as they are printed, over every pair and period. */
function slowIntensity(
  history: ReturnHistory,
  target: "CONSTANT_CORRELATION" | "IDENTITY",
): number {
  const n = history.assets.length;
  const T = history.count;
  const { deviations, covariance } = sampleCovariance(history);
  const x = (t: number, i: number): number => deviations[i * T + t] ?? 0;
  const s = (i: number, j: number): number => covariance[i * n + j] ?? 0;
  const each = Array.from({ length: n }, (_, i) => i);
  const periods = Array.from({ length: T }, (_, t) => t);
  const total = (f: (i: number, j: number) => number): number =>
    each.reduce((sum, i) => sum + each.reduce((part, j) => part + f(i, j), 0), 0);
  const mean = (f: (t: number) => number): number => periods.reduce((sum, t) => sum + f(t), 0) / T;
  const pi = (i: number, j: number): number => mean((t) => (x(t, i) * x(t, j) - s(i, j)) ** 2);
  if (target === "IDENTITY") {
    const mu = each.reduce((sum, i) => sum + s(i, i), 0) / n;
    const d2 = total((i, j) => (s(i, j) - (i === j ? mu : 0)) ** 2) / n;
    return Math.min(total(pi) / n / T, d2) / d2;
  }
  const corr = (i: number, j: number): number => s(i, j) / Math.sqrt(s(i, i) * s(j, j));
  const r = total((i, j) => (i < j ? corr(i, j) : 0)) * (2 / (n * (n - 1)));
  const f = (i: number, j: number): number =>
    i === j ? s(i, i) : r * Math.sqrt(s(i, i) * s(j, j));
  const theta = (k: number, i: number, j: number): number =>
    mean((t) => (x(t, k) ** 2 - s(k, k)) * (x(t, i) * x(t, j) - s(i, j)));
  const rho = total((i, j) =>
    i === j
      ? pi(i, i)
      : (r / 2) *
        (Math.sqrt(s(j, j) / s(i, i)) * theta(i, i, j) +
          Math.sqrt(s(i, i) / s(j, j)) * theta(j, i, j)),
  );
  const gamma = total((i, j) => (f(i, j) - s(i, j)) ** 2);
  return Math.max(0, Math.min(1, (total(pi) - rho) / gamma / T));
}

describe("the shrunk covariance", () => {
  test("towards the identity is scikit-learn's ledoit_wolf", () => {
    // scikit-learn 1.9.1.
    const { covariance, intensity } = shrunkCovariance(whole, "IDENTITY");
    expect(intensity).toBeCloseTo(0.9000091099222838, 13);
    expect(covariance[0]).toBeCloseTo(1.96211844e-3, 11);
    expect(covariance[1]).toBeCloseTo(4.49959005e-5, 12);
    expect(covariance[11]).toBeCloseTo(3.41635541e-5, 12);
  });

  test("has the intensity of the papers' sums, for both targets", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 7 }),
        fc.integer({ min: 4, max: 60 }),
        seeds,
        (n, T, seed) => {
          const history = randomHistory(n, T, seed);
          for (const target of ["IDENTITY", "CONSTANT_CORRELATION"] as const) {
            const { intensity } = shrunkCovariance(history, target);
            expect(intensity).toBeCloseTo(slowIntensity(history, target), 9);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("is target and sample in the proportion that it says", () => {
    const history = randomHistory(5, 40, 2);
    const sample = shrunkCovariance(history, "NONE").covariance;
    const { covariance, intensity } = shrunkCovariance(history, "CONSTANT_CORRELATION");
    const correlations: number[] = [];
    const size = (i: number): number => Math.sqrt(sample[i * 5 + i] ?? 0);
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < i; j++) correlations.push((sample[i * 5 + j] ?? 0) / size(i) / size(j));
    }
    const mean = correlations.reduce((sum, value) => sum + value, 0) / correlations.length;
    for (let i = 0; i < 5; i++) {
      expect(covariance[i * 6]).toBeCloseTo(sample[i * 6] ?? 0, 15);
      for (let j = 0; j < i; j++) {
        const wanted =
          intensity * mean * size(i) * size(j) + (1 - intensity) * (sample[i * 5 + j] ?? 0);
        expect(covariance[i * 5 + j]).toBeCloseTo(wanted, 15);
      }
    }
  });

  test("is finite for one asset, one period, equal and constant assets", () => {
    const odd: readonly ReturnHistory[] = [
      randomHistory(1, 30, 1),
      randomHistory(4, 1, 1),
      { assets: ["A", "B", "C"], count: 3, returns: Float64Array.of(1, 2, 4, 1, 2, 4, 0, 0, 0) },
      { assets: ["A", "B"], count: 2, returns: new Float64Array(4) },
    ];
    for (const history of odd) {
      for (const target of ["IDENTITY", "CONSTANT_CORRELATION", "NONE"] as const) {
        const { covariance, intensity } = shrunkCovariance(history, target);
        expect([...covariance, intensity].every(Number.isFinite)).toBe(true);
      }
    }
  });

  test("knows no size: scaled returns, the same intensity", () => {
    const history = randomHistory(6, 50, 4);
    for (const factor of [1e-9, 1e-6, 1e6]) {
      const returns = history.returns.map((r) => r * factor);
      for (const target of ["IDENTITY", "CONSTANT_CORRELATION"] as const) {
        expect(shrunkCovariance({ ...history, returns }, target).intensity).toBeCloseTo(
          shrunkCovariance(history, target).intensity,
          9,
        );
      }
    }
  });
});
