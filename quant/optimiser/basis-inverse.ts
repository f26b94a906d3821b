// The inverse of a small square matrix whose rows and columns come, go and are exchanged one at a time: the free
// variables of a vertex (columns) against what is tight there (rows). Promises: an exchange costs O(size²), an
// inversion from scratch O(size³); what an exchange divides by is told beforehand, so that a bad one can be refused.

export class BasisInverse {
  size = 0;
  private stride = 32;
  /** Of column c and row r of the matrix: entries[c * stride + r]. */
  private entries = new Float64Array(32 * 32);

  /** Element of the inverse for a column and a row of the matrix. */
  at(column: number, row: number): number {
    return this.entries[column * this.stride + row] as number;
  }

  /** into[column] = Σ_row inverse · values[row]. */
  timesColumn(values: Float64Array, into: Float64Array): void {
    const { size, stride, entries } = this;
    for (let c = 0; c < size; c++) {
      let sum = 0;
      const from = c * stride;
      for (let r = 0; r < size; r++) sum += (entries[from + r] as number) * (values[r] as number);
      into[c] = sum;
    }
  }

  /** into[row] = Σ_column values[column] · inverse. */
  timesRow(values: Float64Array, into: Float64Array): void {
    const { size, stride, entries } = this;
    into.fill(0, 0, size);
    for (let c = 0; c < size; c++) {
      const value = values[c] as number;
      if (value === 0) continue;
      const from = c * stride;
      for (let r = 0; r < size; r++)
        into[r] = (into[r] as number) + value * (entries[from + r] as number);
    }
  }

  /** into[row] = Σ_column inverse²: the squared length of the edge that leaves a row. */
  edgeLengths(into: Float64Array): void {
    const { size, stride, entries } = this;
    into.fill(0, 0, size);
    for (let c = 0; c < size; c++) {
      const from = c * stride;
      for (let r = 0; r < size; r++) {
        const entry = entries[from + r] as number;
        into[r] = (into[r] as number) + entry * entry;
      }
    }
  }

  /** The column of the inverse that belongs to a row. */
  edge(row: number, into: Float64Array): void {
    for (let c = 0; c < this.size; c++) into[c] = this.at(c, row);
  }

  /** Row `row` of the matrix becomes another, whose timesRow is `image`; divides by image[row]. */
  replaceRow(row: number, image: Float64Array): void {
    const { size, stride, entries } = this;
    const pivot = image[row] as number;
    for (let c = 0; c < size; c++) {
      const from = c * stride;
      const factor = (entries[from + row] as number) / pivot;
      if (factor !== 0) {
        for (let r = 0; r < size; r++) {
          entries[from + r] = (entries[from + r] as number) - factor * (image[r] as number);
        }
      }
      entries[from + row] = factor;
    }
  }

  /** Column `column` becomes another, whose timesColumn is `image`; divides by image[column]. */
  replaceColumn(column: number, image: Float64Array): void {
    const { size, stride, entries } = this;
    const pivot = image[column] as number;
    const own = column * stride;
    for (let r = 0; r < size; r++) entries[own + r] = (entries[own + r] as number) / pivot;
    for (let c = 0; c < size; c++) {
      const factor = image[c] as number;
      if (c === column || factor === 0) continue;
      const from = c * stride;
      for (let r = 0; r < size; r++) {
        entries[from + r] = (entries[from + r] as number) - factor * (entries[own + r] as number);
      }
    }
  }

  /**
   * One more row and column at the end: `columnImage` is timesColumn of the new column, `rowImage`
   * timesRow of the new row, `pivot` what the new row is along the edge of the new column.
   */
  append(columnImage: Float64Array, rowImage: Float64Array, pivot: number): void {
    if (this.size === this.stride) this.grow();
    const { size, stride, entries } = this;
    for (let c = 0; c < size; c++) {
      const from = c * stride;
      const factor = (columnImage[c] as number) / pivot;
      if (factor !== 0) {
        for (let r = 0; r < size; r++) {
          entries[from + r] = (entries[from + r] as number) + factor * (rowImage[r] as number);
        }
      }
      entries[from + size] = -factor;
    }
    const last = size * stride;
    for (let r = 0; r < size; r++) entries[last + r] = -(rowImage[r] as number) / pivot;
    entries[last + size] = 1 / pivot;
    this.size++;
  }

  /** A column and a row go; the last of each takes the place. Divides by at(column, row). */
  remove(column: number, row: number): void {
    const { size, stride, entries } = this;
    const own = column * stride;
    const pivot = entries[own + row] as number;
    for (let c = 0; c < size; c++) {
      if (c === column) continue;
      const from = c * stride;
      const factor = (entries[from + row] as number) / pivot;
      if (factor !== 0) {
        for (let r = 0; r < size; r++) {
          entries[from + r] = (entries[from + r] as number) - factor * (entries[own + r] as number);
        }
      }
    }
    const last = size - 1;
    if (column !== last) entries.copyWithin(own, last * stride, last * stride + size);
    if (row !== last) {
      for (let c = 0; c < last; c++)
        entries[c * stride + row] = entries[c * stride + last] as number;
    }
    this.size = last;
  }

  /**
   * Inverts a matrix given by its elements, by Gauss-Jordan elimination with row exchanges. False, and of no use
   * until the next inversion, if it is singular to working precision.
   */
  invert(size: number, element: (row: number, column: number) => number): boolean {
    while (size > this.stride) this.grow();
    this.size = size;
    const work = new Float64Array(size * size);
    const largest = new Float64Array(size);
    for (let r = 0; r < size; r++) {
      for (let c = 0; c < size; c++) {
        const value = element(r, c);
        work[r * size + c] = value;
        largest[r] = Math.max(largest[r] as number, Math.abs(value));
      }
    }
    const inverse = new Float64Array(size * size);
    for (let r = 0; r < size; r++) inverse[r * size + r] = 1;
    for (let c = 0; c < size; c++) {
      const chosen = pivotRow(work, largest, size, c);
      if (chosen < 0) return false;
      if (chosen !== c) {
        exchange(work, size, chosen, c);
        exchange(inverse, size, chosen, c);
        const kept = largest[c] as number;
        largest[c] = largest[chosen] as number;
        largest[chosen] = kept;
      }
      eliminate(work, inverse, size, c);
    }
    for (let c = 0; c < size; c++) {
      for (let r = 0; r < size; r++) {
        this.entries[c * this.stride + r] = inverse[c * size + r] as number;
      }
    }
    return true;
  }

  private grow(): void {
    const { size, stride, entries } = this;
    const wider = new Float64Array(4 * stride * stride);
    for (let c = 0; c < size; c++) {
      wider.set(entries.subarray(c * stride, c * stride + size), c * 2 * stride);
    }
    this.entries = wider;
    this.stride = 2 * stride;
  }
}

/** The largest element on or below the diagonal, each row measured by its own size; -1 if all are noise. */
function pivotRow(work: Float64Array, largest: Float64Array, size: number, column: number): number {
  let best = 1e-14;
  let chosen = -1;
  for (let r = column; r < size; r++) {
    const ratio = Math.abs(work[r * size + column] as number) / (largest[r] as number);
    if (ratio > best) {
      best = ratio;
      chosen = r;
    }
  }
  return chosen;
}

function exchange(matrix: Float64Array, size: number, a: number, b: number): void {
  for (let c = 0; c < size; c++) {
    const kept = matrix[a * size + c] as number;
    matrix[a * size + c] = matrix[b * size + c] as number;
    matrix[b * size + c] = kept;
  }
}

function eliminate(work: Float64Array, inverse: Float64Array, size: number, column: number): void {
  const own = column * size;
  const pivot = work[own + column] as number;
  for (let c = 0; c < size; c++) {
    work[own + c] = (work[own + c] as number) / pivot;
    inverse[own + c] = (inverse[own + c] as number) / pivot;
  }
  for (let r = 0; r < size; r++) {
    const factor = work[r * size + column] as number;
    if (r === column || factor === 0) continue;
    for (let c = column; c < size; c++) {
      work[r * size + c] = (work[r * size + c] as number) - factor * (work[own + c] as number);
    }
    for (let c = 0; c < size; c++) {
      inverse[r * size + c] =
        (inverse[r * size + c] as number) - factor * (inverse[own + c] as number);
    }
  }
}
