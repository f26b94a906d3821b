// Impact near a point as pieces of straight lines: a part of its variable each, the cheapest first because impact is convex.
// Promises: a program without impact whose points are points of the first, at no less than their cost near the point; its
// best point is as near to the best of the first as the pieces are narrow.

import type { Program } from "./program.ts";
import { impactCoefficients } from "./smooth-terms.ts";

/** Lengths of the pieces on either side of the point, in units of the first. */
const LENGTHS = [1, 3, 12, 48, 192];

export interface InPieces {
  readonly program: Program;
  /** The point of the first program that a point of this one stands for. */
  readonly whole: (parts: Float64Array) => Float64Array;
}

/** `steps`: length of the first piece of each variable that has impact. */
export function inPieces(program: Program, at: Float64Array, steps: Float64Array): InPieces {
  const { holdings, rows, smooth = [], variables } = program;
  const impact = impactCoefficients(program);
  const parts: Part[] = [];
  for (let j = 0; j < variables; j++) {
    const own = impact?.[j] ?? 0;
    const [least, most] = [program.lower[j] as number, program.upper[j] as number];
    const cost = program.cost[j] as number;
    if (own === 0) parts.push({ j, cost, lower: least, upper: most });
    else parts.push(...piecesOf(j, cost, own, [least, most], at[j] as number, steps[j] as number));
  }
  const places = Int32Array.from(parts, ({ j }) => j);
  const spread = (values: Float64Array): Float64Array =>
    Float64Array.from(places, (j) => values[j] as number);
  const rest = smooth.filter(({ kind }) => kind !== "IMPACT");
  const { tail } = program;
  return {
    program: {
      variables: parts.length,
      cost: Float64Array.from(parts, ({ cost }) => cost),
      lower: Float64Array.from(parts, ({ lower }) => lower),
      upper: Float64Array.from(parts, ({ upper }) => upper),
      rows: {
        ...rows,
        coefficients: Float64Array.from(
          Array.from({ length: rows.count }, (_, i) =>
            Array.from(spread(rows.coefficients.subarray(i * variables, (i + 1) * variables))),
          ).flat(),
        ),
      },
      holdings: {
        assets: holdings.assets,
        asset: Int32Array.from(places, (j) => holdings.asset[j] as number),
        sign: spread(holdings.sign),
      },
      ...(tail === undefined ? {} : { tail }),
      ...(rest.length === 0 ? {} : { smooth: rest }),
    },
    whole: (values) => {
      const x = new Float64Array(variables);
      for (const [k, j] of places.entries()) x[j] = (x[j] as number) + (values[k] as number);
      return x.map((value, j) =>
        Math.min(Math.max(value, program.lower[j] as number), program.upper[j] as number),
      );
    },
  };
}

interface Part {
  readonly j: number;
  readonly cost: number;
  readonly lower: number;
  readonly upper: number;
}

/** Chords of impact between the ends of the pieces; beyond the last of them as steep as it is there. */
function piecesOf(
  j: number,
  cost: number,
  impact: number,
  [least, most]: readonly [number, number],
  at: number,
  step: number,
): readonly Part[] {
  const within = (value: number): number => Math.min(Math.max(value, least), most);
  const ends = [0];
  for (const length of LENGTHS) ends.push(length * step, -length * step);
  const inside = [...new Set([...ends.map((end) => within(at + end)), within(0)])].sort(
    (a, b) => a - b,
  );
  const worth = (x: number): number => impact * Math.abs(x) * Math.sqrt(Math.abs(x));
  const slope = (x: number): number => 1.5 * impact * Math.sign(x) * Math.sqrt(Math.abs(x));
  const [first, last] = [inside[0] as number, inside[inside.length - 1] as number];
  // The first of them holds what is left of all others, below 0 where it may be.
  const parts: Part[] = [{ j, cost: cost + slope(first), lower: least, upper: first }];
  for (const [k, from] of inside.slice(0, -1).entries()) {
    const to = inside[k + 1] as number;
    const chord = (worth(to) - worth(from)) / (to - from);
    parts.push({ j, cost: cost + chord, lower: 0, upper: to - from });
  }
  if (most > last) parts.push({ j, cost: cost + slope(last), lower: 0, upper: most - last });
  return parts;
}
