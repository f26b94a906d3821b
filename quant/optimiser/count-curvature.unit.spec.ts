import { expect, test } from "vitest";
import { Random } from "../random.ts";
import { counted, ownVariances } from "./count-curvature.ts";
import { cholesky } from "./positive-definite.ts";
import type { Program } from "./program.ts";

const n = 6;

function minimumVariance(seed: number): {
  readonly program: Program;
  readonly covariance: Float64Array;
} {
  const random = new Random(seed);
  const factors = Array.from({ length: 2 * n }, () => random.normal());
  const own = Array.from({ length: n }, () => 0.2 + random.uniform());
  const covariance = Float64Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    const common =
      (factors[2 * i] as number) * (factors[2 * j] as number) +
      (factors[2 * i + 1] as number) * (factors[2 * j + 1] as number);
    return common + (i === j ? (own[i] as number) : 0);
  });
  const program: Program = {
    variables: n,
    cost: new Float64Array(n),
    lower: new Float64Array(n),
    upper: new Float64Array(n).fill(1),
    rows: {
      count: 1,
      coefficients: new Float64Array(n).fill(1),
      lower: Float64Array.of(1),
      upper: Float64Array.of(1),
    },
    holdings: {
      assets: n,
      asset: Int32Array.from({ length: n }, (_, j) => j),
      sign: new Float64Array(n).fill(1),
    },
    smooth: [{ kind: "VARIANCE", weight: 1, covariance }],
  };
  return { program, covariance };
}

const quadratic = (matrix: Float64Array, x: ArrayLike<number>): number =>
  Array.from({ length: n * n }, (_, k) => {
    return (x[Math.floor(k / n)] as number) * (matrix[k] as number) * (x[k % n] as number);
  }).reduce((a, b) => a + b, 0);

test("the counted variance is convex, and below the variance of every portfolio of so many names", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { program, covariance } = minimumVariance(seed);
    const random = new Random(seed);
    const own = ownVariances(program) as Float64Array;
    expect(Math.min(...own)).toBeGreaterThan(0);
    for (const left of [1, 2, 4]) {
      const states = Uint8Array.from({ length: n }, () => (random.uniform() < 0.2 ? 2 : 0));
      const [term] = counted(program, own, states, left).smooth ?? [];
      if (term?.kind !== "VARIANCE") throw new Error("no variance");
      const bent = term.covariance.map((c, k) => c + (k % (n + 1) === 0 ? 1e-9 : 0));
      expect(cholesky(bent, n)).not.toBeNull();
      const open = [...states.keys()].filter((a) => states[a] === 0);
      const few = new Float64Array(n);
      for (let k = 0; k < left && k < open.length; k++) {
        few[open[k] as number] = random.uniform();
      }
      for (const a of states.keys()) if (states[a] === 2) few[a] = random.uniform();
      expect(quadratic(term.covariance, few)).toBeLessThanOrEqual(
        quadratic(covariance, few) + 1e-12,
      );
    }
  }
});

test("it is above the variance of what spreads over more names", () => {
  const { program, covariance } = minimumVariance(3);
  const own = ownVariances(program) as Float64Array;
  const [term] = counted(program, own, new Uint8Array(n), 1).smooth ?? [];
  if (term?.kind !== "VARIANCE") throw new Error("no variance");
  const spread = new Float64Array(n).fill(1 / n);
  expect(quadratic(term.covariance, spread)).toBeGreaterThan(quadratic(covariance, spread));
});

test("weights that may be below 0, and programs without a variance, are not counted", () => {
  const { program } = minimumVariance(1);
  expect(ownVariances({ ...program, lower: new Float64Array(n).fill(-1) })).toBeNull();
  expect(ownVariances({ ...program, smooth: [] })).toBeNull();
});
