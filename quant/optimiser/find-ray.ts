// The search for a way along which a program falls for ever: a program of the same kind over all ways. Promises: what is
// found is one (recession.ts); none is overlooked but by rounding.

import { REACH } from "./certificate.ts";
import type { Outcome, Program, SmoothTerm } from "./program.ts";
import { fallsForEver, ROUNDING, UNSEEN } from "./recession.ts";
import { solveSmooth } from "./smooth-core.ts";
import { solveTail } from "./tail-simplex.ts";

/** Where it takes more, ways nearly depend on each other. */
const WORK = { maxPivots: 2000 };

/** A way along which the program falls for ever; null where there is none. Cost: a program of the same size. */
export function findRay(program: Program): Float64Array | null {
  const cone = coneOf(program);
  if (cone === null) return null;
  const { smooth, ...flat } = cone;
  // A norm may take the search where ways nearly depend on each other: a vertex of those without one may do.
  const searches =
    smooth === undefined
      ? [() => solveTail(cone, WORK)]
      : [() => solveSmooth(cone, WORK), () => solveTail(flat, WORK)];
  for (const search of searches) {
    const ray = rayOf(program, search);
    if (ray !== null) return ray;
  }
  return null;
}

/** What a search came to, if the program falls along it for ever. */
function rayOf(program: Program, search: () => Outcome): Float64Array | null {
  let ray: Float64Array;
  try {
    const outcome = search();
    if (!("x" in outcome)) return null;
    ray = outcome.x;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  const far = ray.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!(far > 0)) return null;
  const clean = ray.map((value) => (Math.abs(value) > ROUNDING * far ? value / far : 0));
  return fallsForEver(program, clean) ? clean : null;
}

/** Ways of entries up to 1 that keep all limits and are seen by no variance or impact; null: none but 0. */
function coneOf(program: Program): Program | null {
  const { variables, lower, upper, rows, smooth = [] } = program;
  const least = lower.map((limit) => (Number.isFinite(limit) ? 0 : -1));
  const most = upper.map((limit) => (Number.isFinite(limit) ? 0 : 1));
  for (const term of smooth) {
    if (term.kind !== "IMPACT") continue;
    term.coefficients.forEach((coefficient, j) => {
      if (coefficient > 0) least[j] = most[j] = 0;
    });
  }
  if (least.every((limit, j) => limit === most[j])) return null;
  const unseen = smooth.flatMap((term) => (term.kind === "VARIANCE" ? seenBy(program, term) : []));
  const none = new Float64Array(unseen.length);
  const join = (limits: Float64Array): Float64Array =>
    Float64Array.from([...limits.map((limit) => (Number.isFinite(limit) ? 0 : limit)), ...none]);
  const norms = smooth.filter(({ kind }) => kind === "NORM");
  const { smooth: _, ...rest } = program;
  return {
    ...rest,
    variables,
    lower: least,
    upper: most,
    rows: {
      count: rows.count + unseen.length,
      coefficients: Float64Array.from([...rows.coefficients, ...unseen.flatMap((row) => [...row])]),
      lower: join(rows.lower),
      upper: join(rows.upper),
    },
    ...(norms.length > 0 ? { smooth: norms } : {}),
  };
}

/**
 * Rows whose products with a way are all 0 where its variance is: a Cholesky factor of the correlations, the largest rest
 * first, until rests are rounding (N. Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 10.3).
 */
function seenBy(
  { holdings, cost, tail }: Program,
  { covariance, weight }: Extract<SmoothTerm, { kind: "VARIANCE" }>,
): Float64Array[] {
  const { assets, asset, sign } = holdings;
  const gain = cost.reduce((sum, value) => sum + Math.abs(value), tail?.weight ?? 0);
  const deviation = Float64Array.from({ length: assets }, (_, a) => {
    const own = covariance[a * (assets + 1)] as number;
    return 2 * weight * own * REACH > ROUNDING * gain ? Math.sqrt(own) : 0;
  });
  const rest = new Float64Array(assets * assets);
  for (let a = 0; a < assets; a++) {
    for (let b = 0; b < assets; b++) {
      const unit = (deviation[a] as number) * (deviation[b] as number);
      if (unit > 0) rest[a * assets + b] = (covariance[a * assets + b] as number) / unit;
    }
  }
  const found: Float64Array[] = [];
  while (found.length < assets) {
    let pivot = 0;
    for (let a = 1; a < assets; a++) {
      if ((rest[a * (assets + 1)] as number) > (rest[pivot * (assets + 1)] as number)) pivot = a;
    }
    const largest = rest[pivot * (assets + 1)] as number;
    if (!(largest > assets * UNSEEN)) break;
    const column = Float64Array.from(
      { length: assets },
      (_, a) => (rest[a * assets + pivot] as number) / Math.sqrt(largest),
    );
    for (let a = 0; a < assets; a++) {
      for (let b = 0; b < assets; b++) {
        rest[a * assets + b] =
          (rest[a * assets + b] as number) - (column[a] as number) * (column[b] as number);
      }
    }
    found.push(
      Float64Array.from(asset, (a, j) =>
        a < 0 ? 0 : (sign[j] as number) * (column[a] as number) * (deviation[a] as number),
      ),
    );
  }
  return found;
}
