// In which order the leaves of a tree of clusters stand in a row. Promises: as the merges give them, or, of
// all orders that turning the tree's branches allows, one whose neighbours are least far apart in sum.

import type { Merge } from "./linkage.ts";

/** Left branch first. */
export function leafOrder(merges: readonly Merge[], n: number): number[] {
  const leaves: number[] = [];
  const open = [n === 1 ? 0 : 2 * n - 2];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const merge = merges[at - n];
    if (merge === undefined) leaves.push(at);
    else open.push(merge.right, merge.left);
  }
  return leaves;
}

/**
 * As SciPy's `optimal_leaf_ordering`, which skfolio follows: where two clusters are joined, the row of each
 * is turned round or not, so that the ends of the shortest row of all their leaves lie outside, by Z. Bar-Joseph,
 * D. K. Gifford, T. S. Jaakkola, "Fast optimal leaf ordering for hierarchical clustering", Bioinformatics 17,
 * 2001. That settles each join by itself, so a shorter row of all leaves may exist. `distances` is symmetric,
 * n × n. Cost: O(n³) time, n² numbers.
 */
export function optimalLeafOrder(
  distances: Float64Array,
  merges: readonly Merge[],
  n: number,
): number[] {
  // Of leaves u and w whose lowest common cluster is v: the least length of v's leaves in a row from u to w.
  const best = new Float64Array(n * n);
  const leaves: number[][] = Array.from({ length: n }, (_, i) => [i]);
  const rows: number[][] = leaves.slice();
  for (const { left, right } of merges) {
    const lefts = sidesOf(left, leaves, merges, n);
    const rights = sidesOf(right, leaves, merges, n);
    lengthsAcross(distances, best, lefts, rights, n);
    const [first, last] = bestEnds(best, leaves[left] as number[], leaves[right] as number[], n);
    const row = (side: number, isTurned: boolean): number[] =>
      isTurned ? (rows[side] as number[]).toReversed() : (rows[side] as number[]);
    rows.push([...row(left, !lefts[0].includes(first)), ...row(right, !rights[1].includes(last))]);
    leaves.push([...(leaves[left] as number[]), ...(leaves[right] as number[])]);
  }
  return rows[rows.length - 1] as number[];
}

/** The first of the pairs that are the ends of a shortest row. */
function bestEnds(
  best: Float64Array,
  lefts: readonly number[],
  rights: readonly number[],
  n: number,
): readonly [number, number] {
  let ends: readonly [number, number] = [0, 0];
  let least = Number.POSITIVE_INFINITY;
  for (const u of lefts) {
    for (const w of rights) {
      const length = best[u * n + w] as number;
      if (length < least) {
        least = length;
        ends = [u, w];
      }
    }
  }
  return ends;
}

/** A cluster's leaves in its two branches: a row that begins in one ends in the other. */
type Sides = readonly [readonly number[], readonly number[]];

function sidesOf(
  cluster: number,
  leaves: readonly number[][],
  merges: readonly Merge[],
  n: number,
): Sides {
  const merge = merges[cluster - n];
  if (merge === undefined) return [[cluster], [cluster]];
  return [leaves[merge.left] as number[], leaves[merge.right] as number[]];
}

/** For u left and w right: least over m, k of row(u … m) + distance(m, k) + row(k … w). */
function lengthsAcross(
  distances: Float64Array,
  best: Float64Array,
  left: Sides,
  right: Sides,
  n: number,
): void {
  const isLeaf = (sides: Sides): boolean => sides[0] === sides[1] || sides[0][0] === sides[1][0];
  const ways = (sides: Sides): Sides[] => (isLeaf(sides) ? [sides] : [sides, [sides[1], sides[0]]]);
  const part = new Float64Array(n);
  for (const [starts, inner] of ways(left)) {
    for (const u of starts) {
      for (const [ends, other] of ways(right)) {
        for (const k of other) {
          let least = Number.POSITIVE_INFINITY;
          for (const m of inner) {
            const length = (best[u * n + m] as number) + (distances[m * n + k] as number);
            if (length < least) least = length;
          }
          part[k] = least;
        }
        for (const w of ends) {
          let least = Number.POSITIVE_INFINITY;
          for (const k of other) {
            const length = (part[k] as number) + (best[k * n + w] as number);
            if (length < least) least = length;
          }
          best[u * n + w] = least;
          best[w * n + u] = least;
        }
      }
    }
  }
}
