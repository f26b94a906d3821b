// The constraints that are active, as an orthonormal basis of their span over the free coordinates. Promises: every
// change costs length × count, and the basis stays orthonormal whatever is added or taken out, so a direction
// within the active set is exact also where constraints are nearly dependent.
//
// A thin QR factorisation with updates: J. Daniel, W. Gragg, L. Kaufman, G. Stewart, "Reorthogonalization and stable
// algorithms for updating the Gram-Schmidt QR factorization", Mathematics of Computation 30, 1976.

export interface Span {
  /** Coordinates of a vector; those that are not free are 0 in every basis vector. */
  readonly length: number;
  /** Constraints in it. */
  count: number;
  /** Names of the constraints, in the order of the columns. */
  readonly members: Int32Array;
  /** Orthonormal vectors, one after the other. */
  readonly basis: Float64Array;
  /** Upper triangle, column by column: constraint k is Σ_i triangle[k * (length + 1) + i] · basis i. */
  readonly triangle: Float64Array;
}

/** A vector whose part outside the span is smaller than this share of it is in the span. */
const DEPENDENT = 1e-12;

export const emptySpan = (length: number): Span => ({
  length,
  count: 0,
  members: new Int32Array(length + 1),
  basis: new Float64Array((length + 1) * length),
  triangle: new Float64Array((length + 1) * (length + 1)),
});

/**
 * Takes the part of `vector` within the span out of it. `parts` gets (added to it) its coordinates in the basis.
 */
export function takeOut(span: Span, vector: Float64Array, parts: Float64Array): void {
  const { length, count, basis } = span;
  for (let k = 0; k < count; k++) {
    const at = k * length;
    let dot = 0;
    for (let j = 0; j < length; j++) dot += (basis[at + j] as number) * (vector[j] as number);
    parts[k] = (parts[k] as number) + dot;
    if (dot === 0) continue;
    for (let j = 0; j < length; j++) {
      vector[j] = (vector[j] as number) - dot * (basis[at + j] as number);
    }
  }
}

/** Adds a constraint; `vector` (0 where not free) is overwritten. False: it depends on those in the span. */
export function append(span: Span, member: number, vector: Float64Array): boolean {
  const { length, count, basis, triangle, members } = span;
  if (count >= length) return false;
  const stride = length + 1;
  const column = triangle.subarray(count * stride, (count + 1) * stride);
  column.fill(0);
  const before = norm(vector);
  takeOut(span, vector, column);
  takeOut(span, vector, column);
  const rest = norm(vector);
  if (!(rest > DEPENDENT * before)) return false;
  takeOut(span, vector, column);
  const size = norm(vector);
  for (let j = 0; j < length; j++) basis[count * length + j] = (vector[j] as number) / size;
  column[count] = size;
  members[count] = member;
  span.count++;
  return true;
}

/** Takes out the constraint at `place`. */
export function remove(span: Span, place: number): void {
  const { length, triangle, members } = span;
  const stride = length + 1;
  triangle.copyWithin(place * stride, (place + 1) * stride, span.count * stride);
  members.copyWithin(place, place + 1, span.count);
  span.count--;
  for (let k = place; k < span.count; k++) {
    rotateAway(span, k, k + 1, k);
  }
}

/** Makes coordinate j free; `coefficient(member)` is its entry in a constraint. */
export function release(span: Span, j: number, coefficient: (member: number) => number): void {
  const { length, count, basis, triangle, members } = span;
  const stride = length + 1;
  basis.fill(0, count * length, (count + 1) * length);
  basis[count * length + j] = 1;
  for (let k = 0; k < count; k++) {
    triangle[k * stride + count] = coefficient(members[k] as number);
  }
  for (let k = 0; k < count; k++) rotateAway(span, k, count, k);
}

/** Fixes coordinate j, which must not be determined by the constraints. */
export function seize(span: Span, j: number): void {
  const { length, count, basis, triangle } = span;
  const stride = length + 1;
  const unit = new Float64Array(length);
  unit[j] = 1;
  const parts = new Float64Array(count);
  takeOut(span, unit, parts);
  takeOut(span, unit, parts);
  const size = norm(unit) || 1;
  for (let i = 0; i < length; i++) basis[count * length + i] = (unit[i] as number) / size;
  for (let k = 0; k < count; k++) triangle[k * stride + count] = 0;
  for (let k = count - 1; k >= 0; k--) {
    // Turns the part of basis vector k along j into the vector after the last, which ends as the unit vector.
    const a = basis[count * length + j] as number;
    const b = basis[k * length + j] as number;
    if (b === 0) continue;
    const size = Math.sqrt(a * a + b * b);
    turn(span, count, k, k, a / size, b / size);
    basis[k * length + j] = 0;
  }
}

/** Prices of constraints from coordinates in the basis: the solution of triangle · prices = parts. */
export function pricesOf(span: Span, parts: Float64Array, prices: Float64Array): void {
  const stride = span.length + 1;
  for (let k = 0; k < span.count; k++) prices[k] = parts[k] as number;
  for (let k = span.count - 1; k >= 0; k--) {
    const price = (prices[k] as number) / (span.triangle[k * stride + k] as number);
    prices[k] = price;
    for (let i = 0; i < k; i++) {
      prices[i] = (prices[i] as number) - price * (span.triangle[k * stride + i] as number);
    }
  }
}

/** The shortest vector whose products with the constraints are `values`, added to `vector`. */
export function addShortest(span: Span, values: Float64Array, vector: Float64Array): void {
  const { length, count, basis, triangle } = span;
  const stride = length + 1;
  const parts = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    let rest = values[k] as number;
    for (let i = 0; i < k; i++) {
      rest -= (triangle[k * stride + i] as number) * (parts[i] as number);
    }
    parts[k] = rest / (triangle[k * stride + k] as number);
    for (let j = 0; j < length; j++) {
      vector[j] = (vector[j] as number) + (parts[k] as number) * (basis[k * length + j] as number);
    }
  }
}

/** Rotates rows `first` and `second` of the triangle so that the entry of column `column` in `second` is 0. */
function rotateAway(span: Span, first: number, second: number, column: number): void {
  const at = column * (span.length + 1);
  const a = span.triangle[at + first] as number;
  const b = span.triangle[at + second] as number;
  if (b === 0) return;
  const size = Math.sqrt(a * a + b * b);
  turn(span, first, second, column, a / size, b / size);
  span.triangle[at + second] = 0;
}

function turn(
  { length, count, basis, triangle }: Span,
  first: number,
  second: number,
  fromColumn: number,
  c: number,
  s: number,
): void {
  const stride = length + 1;
  for (let k = fromColumn; k < count; k++) {
    const a = triangle[k * stride + first] as number;
    const b = triangle[k * stride + second] as number;
    triangle[k * stride + first] = c * a + s * b;
    triangle[k * stride + second] = c * b - s * a;
  }
  const one = first * length;
  const other = second * length;
  for (let j = 0; j < length; j++) {
    const a = basis[one + j] as number;
    const b = basis[other + j] as number;
    basis[one + j] = c * a + s * b;
    basis[other + j] = c * b - s * a;
  }
}

function norm(vector: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < vector.length; j++) sum += (vector[j] as number) * (vector[j] as number);
  return Math.sqrt(sum);
}
