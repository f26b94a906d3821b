import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { BasisInverse } from "./basis-inverse.ts";

/** A matrix kept beside its inverse, as rows. */
class Kept {
  readonly rows: number[][] = [];
  readonly inverse = new BasisInverse();
  private readonly random: Random;

  constructor(random: Random, size: number) {
    this.random = random;
    for (let r = 0; r < size; r++) this.rows.push(this.draw(size));
    expect(this.inverse.invert(size, (r, into) => into.set(this.rows[r] as number[]))).toBe(true);
  }

  draw(size: number): number[] {
    return Array.from({ length: size }, () => this.random.normal());
  }

  /** The largest element of matrix × inverse less the identity. */
  error(): number {
    const size = this.rows.length;
    let worst = 0;
    for (let i = 0; i < size; i++) {
      for (let r = 0; r < size; r++) {
        let sum = i === r ? -1 : 0;
        for (let c = 0; c < size; c++) sum += (this.rows[i]?.[c] as number) * this.inverse.at(c, r);
        worst = Math.max(worst, Math.abs(sum));
      }
    }
    return worst;
  }

  imageOfRow(row: readonly number[]): Float64Array {
    const image = new Float64Array(this.rows.length);
    this.inverse.timesRow(Float64Array.from(row), image);
    return image;
  }

  imageOfColumn(column: readonly number[]): Float64Array {
    const image = new Float64Array(this.rows.length);
    this.inverse.timesColumn(Float64Array.from(column), image);
    return image;
  }
}

describe("the inverse of a basis", () => {
  test("follows rows and columns that are exchanged, added and removed", () => {
    const random = new Random(4);
    const kept = new Kept(random, 5);
    for (let k = 0; k < 400; k++) {
      const size = kept.rows.length;
      const what = random.integer(4);
      const [r, c] = [random.integer(size), random.integer(size)];
      if (what === 0) {
        const row = kept.draw(size);
        const image = kept.imageOfRow(row);
        if (Math.abs(image[r] as number) < 0.1) continue;
        kept.inverse.replaceRow(r, image);
        kept.rows[r] = row;
      } else if (what === 1) {
        const column = kept.draw(size);
        const image = kept.imageOfColumn(column);
        if (Math.abs(image[c] as number) < 0.1) continue;
        kept.inverse.replaceColumn(c, image);
        for (let i = 0; i < size; i++) (kept.rows[i] as number[])[c] = column[i] as number;
      } else if (what === 2 && size < 45) {
        const [column, row, corner] = [kept.draw(size), kept.draw(size), random.normal()];
        const answer = kept.imageOfColumn(column);
        let pivot = corner;
        for (let i = 0; i < size; i++) pivot -= (row[i] as number) * (answer[i] as number);
        if (Math.abs(pivot) < 0.1) continue;
        kept.inverse.append(answer, kept.imageOfRow(row), pivot);
        for (let i = 0; i < size; i++) kept.rows[i]?.push(column[i] as number);
        kept.rows.push([...row, corner]);
      } else if (what === 3 && size > 1) {
        if (Math.abs(kept.inverse.at(c, r)) < 0.1) continue;
        kept.inverse.remove(c, r);
        // The last of each takes the place of the one that goes.
        const last = kept.rows.pop() as number[];
        if (r < kept.rows.length) kept.rows[r] = last;
        for (const row of kept.rows) {
          const end = row.pop() as number;
          if (c < row.length) row[c] = end;
        }
      }
      expect(kept.error()).toBeLessThan(1e-7);
    }
    expect(kept.rows.length).toBeGreaterThan(1);
  });

  test("says of a singular matrix that it is", () => {
    const inverse = new BasisInverse();
    expect(inverse.invert(2, (r, into) => into.set([r + 1, 2 * (r + 1)]))).toBe(false);
    expect(inverse.invert(2, (r, into) => into.set([1 - r, r]))).toBe(true);
  });

  test("measures edges by the columns of the inverse", () => {
    const kept = new Kept(new Random(9), 6);
    const squares = new Float64Array(6);
    kept.inverse.edgeLengths(squares);
    const edge = new Float64Array(6);
    kept.inverse.edge(3, edge);
    expect(squares[3]).toBeCloseTo(
      edge.reduce((sum, value) => sum + value * value, 0),
      12,
    );
  });
});
