// Some points of a frontier instead of all of its vertices. Promises: evenly spaced by gain, from the first vertex to the
// last; each is a vertex, or lies between two and is proved like one (frontier-proof.ts).

import type { FrontierVertex } from "./frontier.ts";

/** `count` of them, at least 2; or the one that there is. Cost: a pass over the vertices. */
export function evenlySpaced(
  vertices: readonly FrontierVertex[],
  count: number,
): readonly FrontierVertex[] {
  const first = vertices[0];
  const last = vertices.at(-1);
  if (first === undefined || last === undefined || vertices.length === 1) return vertices;
  const points: FrontierVertex[] = [first];
  let next = 1;
  for (let k = 1; k < count - 1; k++) {
    const gain = first.gain + ((last.gain - first.gain) * k) / (count - 1);
    while ((vertices[next] as FrontierVertex).gain < gain && next < vertices.length - 1) next++;
    points.push(
      between(vertices[next - 1] as FrontierVertex, vertices[next] as FrontierVertex, gain),
    );
  }
  points.push(last);
  return points;
}

/**
 * On the edge from one vertex to the next, all of which is best at the price between them. At the value at risk are there
 * the scenarios that are at both ends, with the masses of that price; what only one end has there is in the tail or not.
 */
function between(a: FrontierVertex, b: FrontierVertex, gain: number): FrontierVertex {
  const share = Math.min(1, Math.max(0, (gain - a.gain) / (b.gain - a.gain)));
  const along = (from: number, to: number): number => from + share * (to - from);
  const price = b.priceBefore;
  const isAtBoth = (s: number): boolean => a.atRisk.includes(s);
  return {
    x: a.x.map((value, j) => along(value, b.x[j] as number)),
    gain: along(a.gain, b.gain),
    risk: along(a.risk, b.risk),
    priceBefore: price,
    price,
    atRisk: b.atRisk.filter(isAtBoth),
    masses: b.masses.filter((_, k) => isAtBoth(b.atRisk[k] as number)),
    rows: b.rows,
  };
}
