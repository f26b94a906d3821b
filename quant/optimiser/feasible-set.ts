// The portfolios that keep to linear limits, as bounds and rows over parts of weights. Promises: the net weights of its
// points are exactly the portfolios that keep to the limits; what each bound and row states is known by its limit.
//
// A weight is one variable until something is measured of its size or of its change: then it is what is held (fixed)
// plus what is bought less what is sold, and a part that crosses 0 is cut there. Each of these functions is convex, so
// a point that uses a later part before an earlier one is only worse: no row has to tie parts together.

import type { Limit } from "./limits.ts";
import type { Problem } from "./problem.ts";
import type { Holdings, Rows } from "./program.ts";
import { type Part, partsOf, type WeightRange } from "./weight-parts.ts";

export interface FeasibleSet {
  readonly parts: readonly Part[];
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly holdings: Holdings;
  readonly rows: Rows;
  /** By row: the limits that its lower and upper limit state (places in the list given), -1 for none. */
  readonly rowLimits: { readonly lower: Int32Array; readonly upper: Int32Array };
  /** By row, a power of two: the row holds its limit's figures times this, so that they are about 1. */
  readonly rowScales: Float64Array;
}

/** Two limits that contradict each other by themselves, as places in the list. */
export interface Contradiction {
  readonly contradiction: readonly [number, number];
}

/** Of those `limits` that are linear. `means`: expected return of each asset. Cost: rows × variables. */
export function feasibleSet(
  problem: Problem,
  limits: readonly Limit[],
  means: Float64Array,
): FeasibleSet | Contradiction {
  const ranges = weightRanges(problem.scenarios.assets.length, limits);
  for (const { lower, upper, lowerLimit, upperLimit } of ranges) {
    if (lower > upper) return { contradiction: [lowerLimit, upperLimit] };
  }
  const parts = partsOf(problem, limits, ranges);
  const lines = linesOf(limits, parts);
  for (const line of lines) {
    if (line.lower > line.upper) return { contradiction: [line.lowerLimit, line.upperLimit] };
  }
  return assembled(problem, parts, lines, means);
}

function weightRanges(assets: number, limits: readonly Limit[]): readonly WeightRange[] {
  const ranges: WeightRange[] = Array.from({ length: assets }, () => ({
    lower: Number.NEGATIVE_INFINITY,
    upper: Number.POSITIVE_INFINITY,
    lowerLimit: -1,
    upperLimit: -1,
  }));
  for (const [place, { measured, side, value }] of limits.entries()) {
    if (measured.kind !== "WEIGHTS") continue;
    for (const asset of measured.assets) {
      const range = ranges[asset] as WeightRange;
      if (side !== "AT_MOST" && value > range.lower) {
        range.lower = value;
        range.lowerLimit = place;
      }
      if (side !== "AT_LEAST" && value < range.upper) {
        range.upper = value;
        range.upperLimit = place;
      }
    }
  }
  return ranges;
}

interface Line extends WeightRange {
  /** What the line measures; a total of parts of one asset if this is absent. */
  readonly limit?: Limit;
  readonly total?: Part;
}

/** One line for all limits of the same figure; then one for each total of trades that was cut in two. */
function linesOf(limits: readonly Limit[], parts: readonly Part[]): readonly Line[] {
  const lines = new Map<Limit["measured"], Line>();
  for (const [place, limit] of limits.entries()) {
    const { measured, side, value } = limit;
    if (!["SUM", "GROSS", "TURNOVER", "RETURN"].includes(measured.kind)) continue;
    const line = lines.get(measured) ?? {
      limit,
      lower: Number.NEGATIVE_INFINITY,
      upper: Number.POSITIVE_INFINITY,
      lowerLimit: -1,
      upperLimit: -1,
    };
    lines.set(measured, line);
    if (side !== "AT_MOST" && value > line.lower) {
      line.lower = value;
      line.lowerLimit = place;
    }
    if (side !== "AT_LEAST" && value < line.upper) {
      line.upper = value;
      line.upperLimit = place;
    }
  }
  const totals = parts.filter((part) => part.totalOf !== undefined);
  const none = { lower: 0, upper: 0, lowerLimit: -1, upperLimit: -1 };
  return [...lines.values(), ...totals.map((total) => ({ ...none, total }))];
}

function assembled(
  problem: Problem,
  parts: readonly Part[],
  lines: readonly Line[],
  means: Float64Array,
): FeasibleSet {
  const variables = parts.length;
  const coefficients = new Float64Array(lines.length * variables);
  const rowScales = new Float64Array(lines.length);
  for (const [i, line] of lines.entries()) {
    let largest = 0;
    for (const [j, part] of parts.entries()) {
      const coefficient = coefficientOf(line, part, problem, means);
      coefficients[i * variables + j] = coefficient;
      largest = Math.max(largest, Math.abs(coefficient));
    }
    const scale = scaleTo1(largest);
    rowScales[i] = scale;
    for (let k = i * variables; k < (i + 1) * variables; k++) {
      coefficients[k] = (coefficients[k] as number) * scale;
    }
  }
  const scaled = (pick: (line: Line) => number): Float64Array =>
    Float64Array.from(lines, (line, i) => pick(line) * (rowScales[i] as number));
  return {
    parts,
    lower: Float64Array.from(parts, (part) => part.lower),
    upper: Float64Array.from(parts, (part) => part.upper),
    holdings: {
      assets: problem.scenarios.assets.length,
      asset: Int32Array.from(parts, (part) => (part.totalOf === undefined ? part.asset : -1)),
      sign: Float64Array.from(parts, (part) => part.sign),
    },
    rows: {
      count: lines.length,
      coefficients,
      lower: scaled((line) => line.lower),
      upper: scaled((line) => line.upper),
    },
    rowLimits: {
      lower: Int32Array.from(lines, (line) => line.lowerLimit),
      upper: Int32Array.from(lines, (line) => line.upperLimit),
    },
    rowScales,
  };
}

function coefficientOf(line: Line, part: Part, problem: Problem, means: Float64Array): number {
  if (line.limit === undefined) {
    if (part === line.total) return -1;
    return line.total?.totalOf?.includes(part) === true ? 1 : 0;
  }
  if (part.totalOf !== undefined) return 0;
  const { measured } = line.limit;
  switch (measured.kind) {
    case "SUM":
      return part.sign * (measured.coefficients[part.asset] as number);
    case "GROSS":
      return part.gross;
    case "TURNOVER":
      return part.traded;
    default:
      return part.sign * (means[part.asset] as number) - part.traded * linearCost(problem, part);
  }
}

/** Share of what is traded of a part's asset. */
export function linearCost({ costs }: Problem, { asset }: Part): number {
  const linear = costs?.linear ?? 0;
  return typeof linear === "number" ? linear : (linear[asset] as number);
}

/** The power of two that brings a size to [1, 2), where it is far from 1; else 1. Exact. */
export function scaleTo1(size: number): number {
  if (!(size > 0 && Number.isFinite(size)) || (size >= 0.125 && size < 8)) return 1;
  let scale = 1;
  while (size * scale >= 2) scale /= 2;
  while (size * scale < 1) scale *= 2;
  return scale;
}
