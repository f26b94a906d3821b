// Which things are alike: agglomerative clustering of a table of distances. Promises: the merges of SciPy's
// `linkage`, ties included: single linkage walks a minimum spanning tree from thing 0, the others follow
// chains of nearest neighbours from the least index; equal heights keep the order in which they were found.

export type Linkage = "SINGLE" | "COMPLETE" | "AVERAGE" | "WARD";

/** Clusters 0 to n - 1 are the things; merge i makes cluster n + i of two, the one of lesser number first. */
export interface Merge {
  readonly left: number;
  readonly right: number;
  readonly height: number;
}

/**
 * The n - 1 merges, lowest first. `distances` is symmetric, n × n, row by row. Cost: O(n²).
 * F. Murtagh, "A survey of recent advances in hierarchical clustering algorithms", Computer Journal 26, 1983
 * (chains of nearest neighbours). Ward's distances are taken as Euclidean.
 */
export function linkage(distances: Float64Array, n: number, method: Linkage): Merge[] {
  const found =
    method === "SINGLE" ? spanningTree(distances, n) : neighbourChains(distances, n, method);
  found.sort((a, b) => a.height - b.height);
  return numbered(found, n);
}

function spanningTree(distances: Float64Array, n: number): Merge[] {
  const merges: Merge[] = [];
  const done = new Uint8Array(n);
  const nearest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  let from = 0;
  for (let i = 0; i < n - 1; i++) {
    done[from] = 1;
    let height = Number.POSITIVE_INFINITY;
    let next = from;
    for (let j = 0; j < n; j++) {
      if (done[j] === 1) continue;
      const distance = distances[from * n + j] as number;
      if (distance < (nearest[j] as number)) nearest[j] = distance;
      if ((nearest[j] as number) < height) {
        height = nearest[j] as number;
        next = j;
      }
    }
    merges.push({ left: from, right: next, height });
    from = next;
  }
  return merges;
}

function neighbourChains(given: Float64Array, n: number, method: Linkage): Merge[] {
  const distances = given.slice();
  const sizes = new Float64Array(n).fill(1);
  const merges: Merge[] = [];
  const chain: number[] = [];
  while (merges.length < n - 1) {
    if (chain.length === 0) chain.push(sizes.findIndex((size) => size > 0));
    for (;;) {
      const tip = chain[chain.length - 1] as number;
      const before = chain[chain.length - 2] ?? -1;
      const next = nearestTo(distances, sizes, tip, before);
      if (next === before) break;
      chain.push(next);
    }
    const one = chain.pop() as number;
    const other = chain.pop() as number;
    const left = Math.min(one, other);
    const right = Math.max(one, other);
    merges.push({ left, right, height: distances[left * n + right] as number });
    join(distances, sizes, left, right, method);
  }
  return merges;
}

/** The one before wins a tie, so that a chain ends; else the least index does. */
function nearestTo(
  distances: Float64Array,
  sizes: Float64Array,
  tip: number,
  before: number,
): number {
  const n = sizes.length;
  let nearest = before;
  let least = before < 0 ? Number.POSITIVE_INFINITY : (distances[tip * n + before] as number);
  for (let i = 0; i < n; i++) {
    if (sizes[i] === 0 || i === tip) continue;
    const distance = distances[tip * n + i] as number;
    if (distance < least) {
      least = distance;
      nearest = i;
    }
  }
  return nearest;
}

/** The merged cluster stands where `right` stood. */
function join(
  distances: Float64Array,
  sizes: Float64Array,
  left: number,
  right: number,
  method: Linkage,
): void {
  const n = sizes.length;
  const a = sizes[left] as number;
  const b = sizes[right] as number;
  const between = distances[left * n + right] as number;
  sizes[left] = 0;
  sizes[right] = a + b;
  for (let i = 0; i < n; i++) {
    const c = sizes[i] as number;
    if (c === 0 || i === right) continue;
    const da = distances[i * n + left] as number;
    const db = distances[i * n + right] as number;
    const joined = distanceTo(method, da, db, between, a, b, c);
    distances[i * n + right] = joined;
    distances[right * n + i] = joined;
  }
}

function distanceTo(
  method: Linkage,
  da: number,
  db: number,
  between: number,
  a: number,
  b: number,
  c: number,
): number {
  if (method === "COMPLETE") return Math.max(da, db);
  if (method === "AVERAGE") return (a * da + b * db) / (a + b);
  const t = 1 / (a + b + c);
  return Math.sqrt((c + a) * t * da * da + (c + b) * t * db * db - c * t * between * between);
}

/** From places in the table to numbers of clusters. */
function numbered(found: readonly Merge[], n: number): Merge[] {
  const parent = Int32Array.from({ length: 2 * n - 1 }, (_, i) => i);
  const root = (of: number): number => {
    let at = of;
    while (parent[at] !== at) at = parent[at] as number;
    let walk = of;
    while (walk !== at) {
      const next = parent[walk] as number;
      parent[walk] = at;
      walk = next;
    }
    return at;
  };
  return found.map(({ left, right, height }, i) => {
    const a = root(left);
    const b = root(right);
    parent[a] = n + i;
    parent[b] = n + i;
    return { left: Math.min(a, b), right: Math.max(a, b), height };
  });
}
