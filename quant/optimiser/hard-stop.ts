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
  const own = ownRange(vertex, edge);
  const stop: HardStop = { length: Number.POSITIVE_INFINITY, kind: "none", place: -1, side: 0 };
  // First how far it reaches, if every limit gives a little; then the fastest of those within that reach.
  let reach = own + GIVE;
  let fastest = 0;
  for (let pass = 0; pass < 2; pass++) {
    for (let c = 0; c < size; c++) {
      const rate = step[c] as number;
      const speed = Math.abs(rate);
      const j = free[c] as number;
      if (speed <= least || j === variables) continue;
      const value = x[j] as number;
      const room = rate < 0 ? value - (lower[j] as number) : (upper[j] as number) - value;
      if (pass === 0) reach = Math.min(reach, (room + GIVE) / speed);
      else if (speed > fastest && room < Number.POSITIVE_INFINITY && room / speed <= reach) {
        fastest = speed;
        put(stop, room / speed, "variable", c, rate);
      }
    }
    for (let i = 0; i < rows; i++) {
      const rate = rowRate[i] as number;
      const speed = Math.abs(rate);
      if (speed <= least || i === enteringRow) continue;
      const slope = rowSlope[i] as number;
      if (slope !== 0 && slope * rate < 0 && rowLower[i] === rowUpper[i]) continue;
      if (slope !== 0 && slope * rate > 0) continue;
      const value = activity[i] as number;
      const room = rate < 0 ? value - (rowLower[i] as number) : (rowUpper[i] as number) - value;
      if (pass === 0) reach = Math.min(reach, (room + GIVE) / speed);
      else if (speed > fastest && room < Number.POSITIVE_INFINITY && room / speed <= reach) {
        fastest = speed;
        put(stop, room / speed, "row", i, rate);
      }
    }
  }
  if (own <= reach && own < Number.POSITIVE_INFINITY && 1 > fastest) put(stop, own, "own", -1, 0);
  return stop;
}

function put(
  stop: HardStop,
  length: number,
  kind: HardStop["kind"],
  place: number,
  rate: number,
): void {
  stop.length = Math.max(0, length);
  stop.kind = kind;
  stop.place = place;
  stop.side = Math.sign(rate);
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
