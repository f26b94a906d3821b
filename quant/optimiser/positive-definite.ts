// Linear equations with a symmetric positive definite matrix. Promises: sums in one stated order; a matrix that
// is not positive definite is found out, not divided by.

/**
 * L of A = L Lᵀ, in the lower triangle, row by row; null where a pivot is not above `noise` times its own
 * diagonal, so that A is not positive definite to working accuracy. Cost: n³ / 6 multiplications.
 * G. Golub, C. Van Loan, "Matrix Computations", 4th edition, section 4.2.
 */
export function cholesky(matrix: Float64Array, n: number, noise = 1e-15): Float64Array | null {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) factor[i * n + j] = matrix[i * n + j] as number;
    if (!eliminateRow(factor, n, i, noise)) return null;
  }
  return factor;
}

/** Row i of a matrix that stands behind i rows of its factor, `stride` apart, becomes the next of these. False: as above. */
export function eliminateRow(
  factor: Float64Array,
  stride: number,
  i: number,
  noise: number,
): boolean {
  const own = i * stride;
  const least = noise * (factor[own + i] as number);
  let j = 0;
  for (; j + 4 <= i; j += 4) eliminateFour(factor, stride, own, j);
  for (; j < i; j++) {
    const rest = (factor[own + j] as number) - rowDot(factor, own, j * stride, j);
    factor[own + j] = rest / (factor[j * stride + j] as number);
  }
  const rest = (factor[own + i] as number) - rowDot(factor, own, own, i);
  if (!(rest > least)) return false;
  factor[own + i] = Math.sqrt(rest);
  return true;
}

/** Columns j to j + 3 of the row at `own`. Four at a time: one load of its own for four products. */
function eliminateFour(factor: Float64Array, stride: number, own: number, j: number): void {
  const a = j * stride;
  const b = a + stride;
  const c = b + stride;
  const d = c + stride;
  let p = factor[own + j] as number;
  let q = factor[own + j + 1] as number;
  let r = factor[own + j + 2] as number;
  let s = factor[own + j + 3] as number;
  for (let k = 0; k < j; k++) {
    const value = factor[own + k] as number;
    p -= value * (factor[a + k] as number);
    q -= value * (factor[b + k] as number);
    r -= value * (factor[c + k] as number);
    s -= value * (factor[d + k] as number);
  }
  p /= factor[a + j] as number;
  q = (q - p * (factor[b + j] as number)) / (factor[b + j + 1] as number);
  r -= p * (factor[c + j] as number) + q * (factor[c + j + 1] as number);
  r /= factor[c + j + 2] as number;
  s -= p * (factor[d + j] as number) + q * (factor[d + j + 1] as number);
  s = (s - r * (factor[d + j + 2] as number)) / (factor[d + j + 3] as number);
  factor[own + j] = p;
  factor[own + j + 1] = q;
  factor[own + j + 2] = r;
  factor[own + j + 3] = s;
}

/** Σ_{k < count} values[a + k] values[b + k], in four sums. */
function rowDot(values: Float64Array, a: number, b: number, count: number): number {
  const fours = count - (count % 4);
  let p = 0;
  let q = 0;
  let r = 0;
  let s = 0;
  for (let k = 0; k < fours; k += 4) {
    p += (values[a + k] as number) * (values[b + k] as number);
    q += (values[a + k + 1] as number) * (values[b + k + 1] as number);
    r += (values[a + k + 2] as number) * (values[b + k + 2] as number);
    s += (values[a + k + 3] as number) * (values[b + k + 3] as number);
  }
  for (let k = fours; k < count; k++) p += (values[a + k] as number) * (values[b + k] as number);
  return p + q + (r + s);
}

/** x of L Lᵀ x = right, whose first `from` are 0; rows of L are `stride` apart. Cost: n² multiplications. */
export function solveCholesky(
  factor: Float64Array,
  right: Float64Array,
  stride = right.length,
  from = 0,
): Float64Array {
  const n = right.length;
  const x = right.slice();
  for (let i = from; i < n; i++) {
    const row = i * stride;
    let sum = x[i] as number;
    for (let k = from; k < i; k++) sum -= (factor[row + k] as number) * (x[k] as number);
    x[i] = sum / (factor[row + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = i * stride;
    const value = (x[i] as number) / (factor[row + i] as number);
    x[i] = value;
    for (let k = 0; k < i; k++) x[k] = (x[k] as number) - (factor[row + k] as number) * value;
  }
  return x;
}
