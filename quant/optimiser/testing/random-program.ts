// Random programs of every kind that the solvers take, most of them degenerate somewhere. Promises: program
// `index` of `seed` is the same for ever; halving the sizes keeps the kinds.

import { Random } from "../../random.ts";
import type { Program, SmoothTerm } from "../program.ts";
import { pick, type ReturnKind, randomSet } from "./random-scenarios.ts";

export const PROGRAM_KINDS = [
  "LINEAR",
  "CVAR",
  "MEAN_CVAR",
  "NORM_CVAR",
  "VARIANCE",
  "MEAN_VARIANCE",
  "VARIANCE_CVAR",
  "IMPACT_CVAR",
  "IMPACT_VARIANCE",
] as const;
export type ProgramKind = (typeof PROGRAM_KINDS)[number];

export interface RandomProgram {
  readonly returnKind: ReturnKind;
  readonly kind: ProgramKind;
  /** In a few words: sizes, how scenarios and constraints were drawn. */
  readonly about: string;
  readonly program: Program;
}

export interface Wanted {
  readonly kinds?: readonly ProgramKind[];
  /** 60 and 3,000 if left out. */
  readonly mostAssets?: number;
  readonly mostScenarios?: number;
}

/** Variables as they are drawn, one column at a time. */
class Columns {
  readonly asset: number[] = [];
  readonly sign: number[] = [];
  readonly lower: number[] = [];
  readonly upper: number[] = [];
  /** Bought, sold, long or short: counts for turnover or leverage. */
  readonly isPart: boolean[] = [];

  add(asset: number, sign: number, lower: number, upper: number, isPart: boolean): void {
    this.asset.push(asset);
    this.sign.push(sign);
    this.lower.push(lower);
    this.upper.push(upper);
    this.isPart.push(isPart);
  }
}

const LAYOUTS = ["LONG", "LONG", "CAPPED", "CAPPED", "SPLIT", "TRADED", "BOXED", "FREE"] as const;

function drawColumns(random: Random, assets: number): { columns: Columns; layout: string } {
  const layout = pick(random, LAYOUTS);
  const columns = new Columns();
  const cap = pick(random, [1, 1 / assets, 1 / assets + 1e-12, 2 / assets, 0.3, 0.9 / assets]);
  for (let j = 0; j < assets; j++) {
    const own = random.uniform();
    if (layout === "LONG") columns.add(j, 1, 0, Number.POSITIVE_INFINITY, false);
    else if (layout === "CAPPED") {
      columns.add(j, 1, own < 0.1 ? cap / 2 : 0, own > 0.95 ? cap / 2 : cap, false);
    } else if (layout === "BOXED") {
      columns.add(j, 1, -cap * random.integer(3), cap * random.integer(3), false);
    } else if (layout === "FREE") {
      const least = own < 0.5 ? Number.NEGATIVE_INFINITY : -1;
      columns.add(j, 1, least, own < 0.7 ? Number.POSITIVE_INFINITY : 1, false);
    } else if (layout === "SPLIT") {
      const most = own < 0.5 ? Number.POSITIVE_INFINITY : cap;
      columns.add(j, 1, 0, most, true);
      columns.add(j, -1, 0, most / pick(random, [1, 2]), true);
    } else {
      const held = own < 0.3 ? 0 : own / assets;
      columns.add(j, 1, held, held, false);
      columns.add(j, 1, 0, pick(random, [cap, Number.POSITIVE_INFINITY, 0]), true);
      columns.add(j, -1, 0, held, true);
    }
  }
  if (random.uniform() < 0.3) {
    columns.add(-1, 1, 0, pick(random, [Number.POSITIVE_INFINITY, 0.2]), false);
  }
  return { columns, layout };
}

/** A point within the bounds whose money adds up to about `budget`: rows are drawn through it. */
function drawPoint(random: Random, columns: Columns, budget: number): Float64Array {
  const point = Float64Array.from(columns.lower, (lower, j) => {
    const most = columns.upper[j] as number;
    const low = Number.isFinite(lower) ? lower : -0.1;
    const high = Math.min(most, Math.max(low, 0) + 0.2);
    return random.uniform() < 0.4 ? low : low + (high - low) * random.uniform();
  });
  for (let round = 0; round < 3; round++) {
    let sum = 0;
    point.forEach((value, j) => {
      sum += value * moneyOf(columns, j);
    });
    let left = budget - sum;
    for (let j = 0; j < point.length && left !== 0; j++) {
      const sign = moneyOf(columns, j);
      const before = point[j] as number;
      const wanted = before + sign * left;
      const after = Math.min(
        columns.upper[j] as number,
        Math.max(columns.lower[j] as number, wanted),
      );
      left -= sign * (after - before);
      point[j] = after;
    }
  }
  return point;
}

const moneyOf = (columns: Columns, j: number): number => columns.sign[j] as number;

interface Row {
  readonly coefficients: readonly number[];
  readonly lower: number;
  readonly upper: number;
}

const dot = (coefficients: readonly number[], point: Float64Array): number =>
  coefficients.reduce((sum, value, j) => sum + value * (point[j] as number), 0);

/** Below, at, and past what the point has; the last may leave nothing feasible. */
function around(random: Random, value: number): number {
  const size = Math.max(Math.abs(value), 1e-9);
  return value + size * pick(random, [0, 0, 0, 0, 1e-12, 1e-9, 0.01, 0.1, 0.5, -0.2]);
}

function drawRows(random: Random, columns: Columns, mean: readonly number[]) {
  const rows: Row[] = [];
  const names: string[] = [];
  const width = columns.asset.length;
  const budget = pick(random, [1, 1, 1, 1, 0, 0.5]);
  const point = drawPoint(random, columns, budget);
  const money = Array.from({ length: width }, (_, j) => moneyOf(columns, j));
  const infinity = Number.POSITIVE_INFINITY;
  const draw = random.uniform();
  if (draw < 0.75) rows.push({ coefficients: money, lower: budget, upper: budget });
  else if (draw < 0.85) rows.push({ coefficients: money, lower: 0, upper: Math.max(budget, 0) });
  else if (draw < 0.95) rows.push({ coefficients: money, lower: -infinity, upper: 1 });
  names.push(draw < 0.75 ? `budget ${budget}` : draw < 0.95 ? "budget range" : "no budget");
  const parts = columns.isPart.map((isPart) => (isPart ? 1 : 0));
  if (columns.isPart.includes(true) && random.uniform() < 0.7) {
    rows.push({ coefficients: parts, lower: -infinity, upper: around(random, dot(parts, point)) });
    names.push("parts");
  }
  const exposures = random.uniform() < 0.5 ? 0 : random.integer(5);
  for (let k = 0; k < exposures; k++) {
    const some = money.map((value, j) =>
      random.uniform() < 0.4 ? value * pick(random, [1, 1, 1, 0.5, -1, (j % 7) / 3]) : 0,
    );
    if (some.every((value) => value === 0)) continue;
    const value = dot(some, point);
    const side = random.integer(4);
    const most = around(random, value);
    const least = value - Math.abs(around(random, value) - value);
    rows.push({
      coefficients: some,
      lower: side === 0 ? -infinity : Math.min(least, most),
      upper: side === 1 ? infinity : side === 3 ? Math.min(least, most) : most,
    });
  }
  if (exposures > 0) names.push(`${exposures} exposures`);
  if (random.uniform() < 0.3) {
    const target = columns.asset.map((asset, j) =>
      asset < 0 ? 0 : (mean[asset] as number) * (columns.sign[j] as number),
    );
    const edge = random.uniform() < 0.3 ? Math.max(...mean) : dot(target, point);
    const size = Math.abs(edge);
    const off = pick(random, [0, 0, 0, -1e-9 * size, size, 1e-6 * size]);
    if (target.some((value) => value !== 0)) {
      rows.push({ coefficients: target, lower: edge + off, upper: infinity });
      names.push("target");
    }
  }
  return { rows, names };
}

function covarianceOf(returns: Float64Array, assets: number, count: number): Float64Array {
  const covariance = new Float64Array(assets * assets);
  const centred = new Float64Array(returns);
  for (let j = 0; j < assets; j++) {
    // From the first on, so that what is constant varies by 0 and not by the rounding of its mean.
    const first = returns[j * count] as number;
    let sum = 0;
    for (let s = 0; s < count; s++) sum += (returns[j * count + s] as number) - first;
    for (let s = 0; s < count; s++) {
      centred[j * count + s] = (returns[j * count + s] as number) - first - sum / count;
    }
  }
  for (let i = 0; i < assets; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let s = 0; s < count; s++) {
        sum += (centred[i * count + s] as number) * (centred[j * count + s] as number);
      }
      covariance[i * assets + j] = covariance[j * assets + i] = sum / Math.max(1, count - 1);
    }
  }
  return covariance;
}

/** `halvings` shrinks the largest sizes, for a smaller instance of what fails. Cost: that of its scenarios. */
export function randomProgram(
  seed: number,
  index: number,
  wanted: Wanted = {},
  halvings = 0,
): RandomProgram {
  const random = new Random(seed * 1_000_000_007 + index);
  const kind = pick(random, wanted.kinds ?? PROGRAM_KINDS);
  const shrunk = (most: number): number => Math.max(1, Math.floor(most / 2 ** halvings));
  const drawn = randomSet(
    random,
    shrunk(wanted.mostAssets ?? 60),
    shrunk(wanted.mostScenarios ?? 3000),
  );
  const { scenarios, scale, returnKind } = drawn;
  const { count, returns, probabilities } = scenarios;
  const assets = scenarios.assets.length;
  const mean = Array.from({ length: assets }, (_, j) => {
    let sum = 0;
    for (let s = 0; s < count; s++) {
      sum += (probabilities[s] as number) * (returns[j * count + s] as number);
    }
    return sum;
  });
  const { columns, layout } = drawColumns(random, assets);
  const { rows, names } = drawRows(random, columns, mean);
  const variables = columns.asset.length;
  const isMean = kind.startsWith("MEAN") || kind === "LINEAR" || random.uniform() < 0.3;
  const aversion = pick(random, [0.01, 0.1, 1, 1, 10, 1000]);
  const trade = random.uniform() < 0.5 ? 0 : 0.001 * scale * random.uniform();
  const cost = Float64Array.from(columns.asset, (asset, j) => {
    const gain = isMean && asset >= 0 ? (mean[asset] as number) * (columns.sign[j] as number) : 0;
    return (columns.isPart[j] ? trade : 0) - gain;
  });
  const mass = pick(random, [
    0.05,
    0.05,
    0.01,
    0.1,
    0.5,
    0.001,
    1,
    1 / count,
    random.uniform() + 1e-4,
  ]);
  const hasTail = kind.includes("CVAR");
  const weight = kind.startsWith("MEAN") || kind === "VARIANCE_CVAR" ? aversion : 1;
  const smooth = drawSmooth(random, kind, { columns, scale, aversion, returns, assets, count });
  const program: Program = {
    variables,
    cost,
    lower: Float64Array.from(columns.lower),
    upper: Float64Array.from(columns.upper),
    rows: {
      count: rows.length,
      coefficients: Float64Array.from(rows.flatMap((row) => row.coefficients)),
      lower: Float64Array.from(rows, (row) => row.lower),
      upper: Float64Array.from(rows, (row) => row.upper),
    },
    holdings: {
      assets,
      asset: Int32Array.from(columns.asset),
      sign: Float64Array.from(columns.sign),
    },
    ...(hasTail ? { tail: { weight, mass: Math.min(1, mass), scenarios } } : {}),
    ...(smooth.length > 0 ? { smooth } : {}),
  };
  const sizes = `${assets} assets × ${count} scenarios, ${variables} variables, ${rows.length} rows`;
  const tail = hasTail ? `, mass ${Math.min(1, mass)}, weight ${weight}` : "";
  const how = `${returnKind} × ${scale}, ${drawn.probabilityKind} probabilities, ${layout}`;
  return {
    kind,
    returnKind,
    about: `${kind}: ${sizes}, ${how}, ${names.join(", ")}${tail}`,
    program,
  };
}

interface SmoothFacts {
  readonly columns: Columns;
  readonly scale: number;
  readonly aversion: number;
  readonly returns: Float64Array;
  readonly assets: number;
  readonly count: number;
}

function drawSmooth(random: Random, kind: ProgramKind, facts: SmoothFacts): readonly SmoothTerm[] {
  const { columns, scale, aversion, returns, assets, count } = facts;
  const terms: SmoothTerm[] = [];
  if (kind === "NORM_CVAR") {
    const weight = scale * pick(random, [1e-8, 1e-4, 1e-3, 0.01, 1, 100]);
    terms.push({ kind: "NORM", weight });
  }
  if (kind.includes("VARIANCE")) {
    const covariance = covarianceOf(returns, assets, count);
    const weight = pick(random, [1, aversion]) / scale;
    terms.push({ kind: "VARIANCE", weight, covariance });
  }
  if (kind.startsWith("IMPACT")) {
    const coefficients = Float64Array.from(columns.asset, (asset) =>
      asset >= 0 && random.uniform() < 0.8 ? scale * 0.01 * random.uniform() : 0,
    );
    terms.push({ kind: "IMPACT", coefficients });
  }
  return terms;
}
