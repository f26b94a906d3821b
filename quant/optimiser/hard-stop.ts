// The first bound or limit on an edge: of those at about one place, the one that moves fastest (P. Harris, Mathematical
// Programming 5, 1973), so that nothing small is divided by.

import type { Vertex } from "./vertex.ts";

/** A limit may be passed by so much where that avoids dividing by a small number. */
export const GIVE = 1e-13;

export interface HardStop {
  length: number;
  /** A free variable at its bound, a row at its limit, or what enters at its own other side. */
  kind: "none" | "variable" | "row" | "own";
  /** Column of the variable, or the row. */
  place: number;
  side: number;
}

interface Edge {
  readonly entering: number;
  readonly direction: number;
  readonly enteringRow: number;
  readonly step: Float64Array;
  readonly rowRate: Float64Array;
  readonly rowSlope: Float64Array;
}

/** `least`: what moves less does not move. */
export function hardStopOf(vertex: Vertex, edge: Edge, least: number): HardStop {
  const { size, free, variables, x, lower, upper, rows, activity, rowLower, rowUpper } = vertex;
  const { step, rowRate, rowSlope, enteringRow } = edge;
  let reach = Number.POSITIVE_INFINITY;
  const stop: HardStop = { length: Number.POSITIVE_INFINITY, kind: "none", place: -1, side: 0 };
  let fastest = 0;
  const own = ownRange(vertex, edge);
  for (let pass = 0; pass < 2; pass++) {
    const meet = (
      room: number,
      speed: number,
      kind: HardStop["kind"],
      place: number,
      side: number,
    ): void => {
      if (pass === 0) reach = Math.min(reach, (room + GIVE) / speed);
      else if (room / speed <= reach && speed > fastest) {
        fastest = speed;
        stop.length = Math.max(0, room / speed);
        stop.kind = kind;
        stop.place = place;
        stop.side = side;
      }
    };
    for (let c = 0; c < size; c++) {
      const j = free[c] as number;
      const rate = step[c] as number;
      if (j === variables || Math.abs(rate) <= least) continue;
      const room =
        rate < 0
          ? (x[j] as number) - (lower[j] as number)
          : (upper[j] as number) - (x[j] as number);
      if (room !== Number.POSITIVE_INFINITY)
        meet(room, Math.abs(rate), "variable", c, rate < 0 ? -1 : 1);
    }
    for (let i = 0; i < rows; i++) {
      const rate = rowRate[i] as number;
      if (Math.abs(rate) <= least || i === enteringRow) continue;
      const slope = rowSlope[i] as number;
      if (slope !== 0 && slope * rate < 0 && rowLower[i] === rowUpper[i]) continue;
      if (slope !== 0 && slope * rate > 0) continue;
      const room =
        rate < 0
          ? (activity[i] as number) - (rowLower[i] as number)
          : (rowUpper[i] as number) - (activity[i] as number);
      if (room !== Number.POSITIVE_INFINITY)
        meet(room, Math.abs(rate), "row", i, rate < 0 ? -1 : 1);
    }
    if (own !== Number.POSITIVE_INFINITY) meet(own, 1, "own", -1, 0);
  }
  return stop;
}

/** How far what enters can go before its own other side. */
function ownRange(vertex: Vertex, { entering, direction }: Edge): number {
  const { variables, lower, upper, rowLower, rowUpper, tight } = vertex;
  if (entering < variables) {
    const { x } = vertex;
    return direction > 0
      ? (upper[entering] as number) - (x[entering] as number)
      : (x[entering] as number) - (lower[entering] as number);
  }
  const what = tight[entering - variables] as number;
  if (what >= 0) return Number.POSITIVE_INFINITY;
  return (rowUpper[-1 - what] as number) - (rowLower[-1 - what] as number);
}
