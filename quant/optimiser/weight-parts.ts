// Weights cut into parts, so that sizes and trades are linear in them. Promises: a weight is the sum of its parts with
// their signs; of parts on one side, the earlier ones are those nearer to what is held.

import type { Limit } from "./limits.ts";
import type { Problem } from "./problem.ts";

export interface WeightRange {
  lower: number;
  upper: number;
  /** Which limits say so, as places in a list; -1: none. */
  lowerLimit: number;
  upperLimit: number;
}

export interface Part extends Readonly<WeightRange> {
  readonly asset: number;
  readonly sign: 1 | -1;
  /** 1: a unit of it is a unit of trade. */
  readonly traded: 0 | 1;
  /** What a unit of it adds to |weight|. */
  readonly gross: 1 | -1;
  /** Market impact is measured of it. */
  readonly impact: boolean;
  /** It is no part of a weight but the sum of these: impact is not linear, so not a sum over parts. */
  readonly totalOf?: readonly Part[];
}

/** Parts of all weights, asset by asset. `ranges`: of each weight; lower may not be above upper. */
export function partsOf(
  problem: Problem,
  limits: readonly Limit[],
  ranges: readonly WeightRange[],
): readonly Part[] {
  const measures = (kind: string): boolean => limits.some(({ measured }) => measured.kind === kind);
  const trades = measures("TURNOVER") || problem.costs !== undefined;
  const gross = measures("GROSS");
  const parts: Part[] = [];
  for (const [asset, range] of ranges.entries()) {
    const whole = !trades && Number.isFinite(range.lower) && !(gross && range.lower < 0);
    if (whole) parts.push(simple(asset, range));
    else {
      const held = trades ? (problem.current?.[asset] ?? 0) : 0;
      parts.push(...split(asset, range, held, { trades, gross, impact: impact(problem, asset) }));
    }
  }
  return parts;
}

const simple = (asset: number, range: WeightRange): Part => ({
  ...range,
  asset,
  sign: 1,
  traded: 0,
  gross: 1,
  impact: false,
});

/** Cost of trading d of equity in this asset is the answer times |d|^1.5. */
export function impact({ costs }: Problem, asset: number): number {
  const given = costs?.impact ?? 0;
  return typeof given === "number" ? given : (given[asset] as number);
}

function split(
  asset: number,
  range: WeightRange,
  held: number,
  measured: { readonly trades: boolean; readonly gross: boolean; readonly impact: number },
): readonly Part[] {
  const { lower, upper, lowerLimit, upperLimit } = range;
  const traded = measured.trades ? 1 : 0;
  const up = side(measured.gross ? -held : 0, upper - held, lower - held).map((part) => ({
    ...part,
    lowerLimit: part.lower > 0 ? lowerLimit : -1,
    upperLimit: part.last ? upperLimit : -1,
    sign: 1 as const,
  }));
  const down = side(measured.gross ? held : 0, held - lower, held - upper).map((part) => ({
    ...part,
    lowerLimit: part.lower > 0 ? upperLimit : -1,
    upperLimit: part.last ? lowerLimit : -1,
    sign: -1 as const,
  }));
  const parts: Part[] = [];
  for (const cut of [up, down]) {
    const single = cut.length === 1 && measured.impact > 0;
    const own = cut.map(({ last: _, ...part }) => ({ ...part, asset, traded, impact: single }));
    parts.push(...(own as readonly Part[]));
    if (cut.length > 1 && measured.impact > 0) parts.push(totalOf(own as readonly Part[]));
  }
  if (held === 0 && parts.length > 0) return parts;
  const fixed = { ...simple(asset, range), lower: Math.abs(held), upper: Math.abs(held) };
  if (held < 0) return [{ ...fixed, sign: -1 }, ...parts];
  return [parts.length === 0 ? fixed : { ...fixed, lowerLimit: -1, upperLimit: -1 }, ...parts];
}

const totalOf = (parts: readonly Part[]): Part => ({
  ...(parts[0] as Part),
  lower: 0,
  upper: Number.POSITIVE_INFINITY,
  lowerLimit: -1,
  upperLimit: -1,
  impact: true,
  traded: 0,
  totalOf: parts,
});

/** Moves away from what is held: `room` at most, `least` at least, cut where the weight becomes 0, after `to0`. */
function side(
  to0: number,
  room: number,
  least: number,
): readonly { lower: number; upper: number; gross: 1 | -1; last: boolean }[] {
  if (!(room > 0)) return [];
  const forced = Math.max(0, least);
  if (!(to0 > 0)) return [{ lower: forced, upper: room, gross: 1, last: true }];
  if (room <= to0) return [{ lower: forced, upper: room, gross: -1, last: true }];
  const rest = Math.max(0, forced - to0);
  return [
    { lower: Math.min(forced, to0), upper: to0, gross: -1, last: false },
    { lower: rest, upper: room - to0, gross: 1, last: true },
  ];
}
