// Linear equations of which some may follow from others, up to rounding. Promises: a solution of those that do not; what they
// leave open is 0. By elimination with complete pivoting (N. Higham, Accuracy and Stability of Numerical Algorithms, 2002,
// section 9.1), rows and columns scaled to entries of at most 1.

/** Of the largest entry at first: what is left smaller is rounding. */
const DEPENDENT = 1e-12;

/** `matrix` (square, row by row) and `right` are overwritten. Cost: size³ / 3, and as much to search for pivots. */
export function solveAnyhow(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  scaleRows(matrix, right);
  const units = scaleColumns(matrix, size);
  const columns = Int32Array.from(right.keys());
  let rank = 0;
  for (; rank < size; rank++) {
    const [row, column, largest] = largestEntry(matrix, size, rank);
    if (!(largest > DEPENDENT)) break;
    swapRows(matrix, right, size, rank, row);
    swapColumns(matrix, columns, size, rank, column);
    const pivot = matrix[rank * size + rank] as number;
    for (let i = rank + 1; i < size; i++) {
      const share = (matrix[i * size + rank] as number) / pivot;
      if (share === 0) continue;
      for (let k = rank; k < size; k++) {
        matrix[i * size + k] =
          (matrix[i * size + k] as number) - share * (matrix[rank * size + k] as number);
      }
      right[i] = (right[i] as number) - share * (right[rank] as number);
    }
  }
  const solution = new Float64Array(size);
  for (let i = rank - 1; i >= 0; i--) {
    let sum = right[i] as number;
    for (let k = i + 1; k < rank; k++) {
      sum -= (matrix[i * size + k] as number) * (solution[columns[k] as number] as number);
    }
    solution[columns[i] as number] = sum / (matrix[i * size + i] as number);
  }
  return solution.map((value, k) => value / (units[k] as number));
}

function scaleRows(matrix: Float64Array, right: Float64Array): void {
  const size = right.length;
  for (let i = 0; i < size; i++) {
    let largest = 0;
    for (let k = 0; k < size; k++) {
      largest = Math.max(largest, Math.abs(matrix[i * size + k] as number));
    }
    if (!(largest > 0)) continue;
    for (let k = 0; k < size; k++) {
      matrix[i * size + k] = (matrix[i * size + k] as number) / largest;
    }
    right[i] = (right[i] as number) / largest;
  }
}

/** What each column was divided by. */
function scaleColumns(matrix: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, k) => {
    let largest = 0;
    for (let i = 0; i < size; i++) {
      largest = Math.max(largest, Math.abs(matrix[i * size + k] as number));
    }
    if (!(largest > 0)) return 1;
    for (let i = 0; i < size; i++) {
      matrix[i * size + k] = (matrix[i * size + k] as number) / largest;
    }
    return largest;
  });
}

function largestEntry(
  matrix: Float64Array,
  size: number,
  from: number,
): readonly [number, number, number] {
  let [row, column, largest] = [from, from, 0];
  for (let i = from; i < size; i++) {
    for (let k = from; k < size; k++) {
      const entry = Math.abs(matrix[i * size + k] as number);
      if (entry > largest) [row, column, largest] = [i, k, entry];
    }
  }
  return [row, column, largest];
}

function swapRows(
  matrix: Float64Array,
  right: Float64Array,
  size: number,
  a: number,
  b: number,
): void {
  if (a === b) return;
  for (let k = 0; k < size; k++) {
    const entry = matrix[a * size + k] as number;
    matrix[a * size + k] = matrix[b * size + k] as number;
    matrix[b * size + k] = entry;
  }
  const value = right[a] as number;
  right[a] = right[b] as number;
  right[b] = value;
}

function swapColumns(
  matrix: Float64Array,
  columns: Int32Array,
  size: number,
  a: number,
  b: number,
): void {
  if (a === b) return;
  for (let i = 0; i < size; i++) {
    const entry = matrix[i * size + a] as number;
    matrix[i * size + a] = matrix[i * size + b] as number;
    matrix[i * size + b] = entry;
  }
  const name = columns[a] as number;
  columns[a] = columns[b] as number;
  columns[b] = name;
}
