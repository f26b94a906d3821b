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

  /** into[column] = Σ_row inverse · values[row]. Four sums at a time: they do not wait for each other. */
  timesColumn(values: Float64Array, into: Float64Array): void {
    const { size, stride, entries } = this;
    let c = 0;
    for (; c + 4 <= size; c += 4) {
      const c0 = c * stride;
      const c1 = c0 + stride;
      const c2 = c1 + stride;
      const c3 = c2 + stride;
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let r = 0; r < size; r++) {
        const value = values[r] as number;
        s0 += (entries[c0 + r] as number) * value;
        s1 += (entries[c1 + r] as number) * value;
        s2 += (entries[c2 + r] as number) * value;
        s3 += (entries[c3 + r] as number) * value;
      }
      into[c] = s0;
      into[c + 1] = s1;
      into[c + 2] = s2;
      into[c + 3] = s3;
    }
    for (; c < size; c++) {
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
   * Inverts a matrix given row by row, by Gauss-Jordan elimination in place with row exchanges: size³ multiplications.
   * False, and of no use until the next inversion, if it is singular to working precision.
   */
  invert(size: number, fill: (row: number, into: Float64Array) => void): boolean {
    while (size > this.stride) this.grow();
    this.size = size;
    const work = Array.from({ length: size }, () => new Float64Array(size));
    const largest = new Float64Array(size);
    const taken = new Int32Array(size);
    work.forEach((row, r) => {
      fill(r, row);
      for (const value of row) largest[r] = Math.max(largest[r] as number, Math.abs(value));
      taken[r] = r;
    });
    for (let c = 0; c < size; c++) {
      const chosen = pivotRow(work, largest, c);
      if (chosen < 0) return false;
      exchange(work, chosen, c);
      exchange(largest, chosen, c);
      exchange(taken, chosen, c);
      eliminate(work, c);
    }
    for (let c = 0; c < size; c++) {
      const row = work[c] as Float64Array;
      // Row exchanges of the matrix are column exchanges of its inverse.
      for (let k = 0; k < size; k++) {
        this.entries[c * this.stride + (taken[k] as number)] = row[k] as number;
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
function pivotRow(work: readonly Float64Array[], largest: Float64Array, column: number): number {
  let best = 1e-14;
  let chosen = -1;
  for (let r = column; r < work.length; r++) {
    const ratio = Math.abs((work[r] as Float64Array)[column] as number) / (largest[r] as number);
    if (ratio > best) {
      best = ratio;
      chosen = r;
    }
  }
  return chosen;
}

function exchange<T>(list: { [place: number]: T }, a: number, b: number): void {
  const kept = list[a] as T;
  list[a] = list[b] as T;
  list[b] = kept;
}

/** Column `column` of the matrix gives way to that of the inverse. */
function eliminate(work: readonly Float64Array[], column: number): void {
  const own = work[column] as Float64Array;
  const pivot = own[column] as number;
  own[column] = 1;
  for (let c = 0; c < own.length; c++) own[c] = (own[c] as number) / pivot;
  for (let r = 0; r < work.length; r++) {
    if (r === column) continue;
    const row = work[r] as Float64Array;
    const factor = row[column] as number;
    if (factor === 0) continue;
    row[column] = 0;
    for (let c = 0; c < own.length; c++) {
      row[c] = (row[c] as number) - factor * (own[c] as number);
    }
  }
}
