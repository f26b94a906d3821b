// Eigenvalues and eigenvectors of a symmetric matrix. Promises: plain operations in one order, so the same
// bits on every engine; vectors orthonormal to rounding.

export interface Eigen {
  /** Largest first. */
  readonly values: Float64Array;
  /** Row by row: vector k at [k * n, (k + 1) * n). */
  readonly vectors: Float64Array;
}

/**
 * Householder's reduction to three diagonals, then rotations with shifts by Wilkinson (G. Golub, C. Van
 * Loan, Matrix Computations, algorithms 8.3.1 and 8.3.3 of the fourth edition). `matrix` is n × n and
 * only its lower half is read. RangeError where it is not finite. Cost: about 5 n³ operations.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const work = matrix.slice(0, n * n);
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  const beside = new Float64Array(n);
  for (let k = 0; k + 2 < n; k++) reflect(work, vectors, n, k);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    values[i] = work[i * n + i] as number;
    if (i + 1 < n) beside[i] = work[(i + 1) * n + i] as number;
  }
  rotateToDiagonal(values, beside, vectors, n);
  return largestFirst(values, vectors, n);
}

/** Makes 0 of column k below its subdiagonal, and the same of its row. */
function reflect(work: Float64Array, vectors: Float64Array, n: number, k: number): void {
  const v = new Float64Array(n);
  let square = 0;
  for (let i = k + 1; i < n; i++) {
    const value = work[i * n + k] as number;
    v[i] = value;
    square += value * value;
  }
  const first = v[k + 1] as number;
  const rest = square - first * first;
  if (!(rest > 0)) return;
  const length = Math.sqrt(square);
  v[k + 1] = first > 0 ? first + length : first - length;
  const edge = v[k + 1] as number;
  const scale = 2 / (rest + edge * edge);
  // work ← H work H with H = I − scale v vᵀ, by w = p − (scale/2)(pᵀv) v, p = scale · work v.
  const p = new Float64Array(n);
  let along = 0;
  for (let i = k; i < n; i++) {
    let sum = 0;
    for (let j = k + 1; j < n; j++) {
      const entry = i >= j ? (work[i * n + j] as number) : (work[j * n + i] as number);
      sum += entry * (v[j] as number);
    }
    p[i] = scale * sum;
    along += (p[i] as number) * (v[i] as number);
  }
  for (let i = k; i < n; i++) p[i] = (p[i] as number) - (scale / 2) * along * (v[i] as number);
  for (let i = k; i < n; i++) {
    for (let j = k; j <= i; j++) {
      const change = (v[i] as number) * (p[j] as number) + (p[i] as number) * (v[j] as number);
      work[i * n + j] = (work[i * n + j] as number) - change;
    }
  }
  reflectRows(vectors, v, scale, n, k);
}

/** vectors ← H vectors. */
function reflectRows(
  vectors: Float64Array,
  v: Float64Array,
  scale: number,
  n: number,
  k: number,
): void {
  const sums = new Float64Array(n);
  for (let i = k + 1; i < n; i++) {
    const factor = v[i] as number;
    for (let j = 0; j < n; j++) {
      sums[j] = (sums[j] as number) + factor * (vectors[i * n + j] as number);
    }
  }
  for (let i = k + 1; i < n; i++) {
    const factor = scale * (v[i] as number);
    for (let j = 0; j < n; j++) {
      vectors[i * n + j] = (vectors[i * n + j] as number) - factor * (sums[j] as number);
    }
  }
}

function rotateToDiagonal(
  values: Float64Array,
  beside: Float64Array,
  vectors: Float64Array,
  n: number,
): void {
  let end = n - 1;
  let sweeps = 0;
  while (end > 0) {
    for (let i = 0; i < end; i++) {
      const size = Math.abs(values[i] as number) + Math.abs(values[i + 1] as number);
      if (Math.abs(beside[i] as number) <= 2 ** -53 * size) beside[i] = 0;
    }
    if (beside[end - 1] === 0) {
      end--;
      continue;
    }
    let start = end - 1;
    while (start > 0 && beside[start - 1] !== 0) start--;
    if (++sweeps > 50 * n) throw new RangeError("the matrix has no eigenvalues: is it finite?");
    sweep(values, beside, vectors, n, start, end);
  }
}

/** One step of the implicit QR iteration on rows `start` to `end`, which are coupled. */
function sweep(
  values: Float64Array,
  beside: Float64Array,
  vectors: Float64Array,
  n: number,
  start: number,
  end: number,
): void {
  const half = ((values[end - 1] as number) - (values[end] as number)) / 2;
  const edge = beside[end - 1] as number;
  const root = Math.sqrt(half * half + edge * edge);
  const shift = (values[end] as number) - (edge * edge) / (half < 0 ? half - root : half + root);
  let x = (values[start] as number) - shift;
  let z = beside[start] as number;
  for (let k = start; k < end; k++) {
    const length = Math.sqrt(x * x + z * z);
    const c = length === 0 ? 1 : x / length;
    const s = length === 0 ? 0 : z / length;
    if (k > start) beside[k - 1] = length;
    const a = values[k] as number;
    const b = beside[k] as number;
    const d = values[k + 1] as number;
    values[k] = c * c * a + 2 * c * s * b + s * s * d;
    values[k + 1] = s * s * a - 2 * c * s * b + c * c * d;
    beside[k] = c * s * (d - a) + (c * c - s * s) * b;
    if (k + 1 < end) {
      x = beside[k] as number;
      z = s * (beside[k + 1] as number);
      beside[k + 1] = c * (beside[k + 1] as number);
    }
    rotateRows(vectors, n, k, c, s);
  }
}

function rotateRows(vectors: Float64Array, n: number, k: number, c: number, s: number): void {
  const upper = k * n;
  const lower = upper + n;
  for (let j = 0; j < n; j++) {
    const a = vectors[upper + j] as number;
    const b = vectors[lower + j] as number;
    vectors[upper + j] = c * a + s * b;
    vectors[lower + j] = c * b - s * a;
  }
}

function largestFirst(values: Float64Array, vectors: Float64Array, n: number): Eigen {
  const order = Array.from(values.keys()).sort(
    (i, j) => (values[j] as number) - (values[i] as number),
  );
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => {
    sorted.set(vectors.subarray(from * n, (from + 1) * n), to * n);
  });
  return { values: Float64Array.from(order, (i) => values[i] as number), vectors: sorted };
}
