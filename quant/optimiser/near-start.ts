// Where a walk begins if there are many scenarios: at a vertex near the optimum. A part of the scenarios first tells
// which names are worth holding, then all of them tell how much, then those near the value at risk which scenarios are
// at it. Promises: what is found is within all limits; the same program, the same start.

import { independentRows, pushOnto } from "./crash-basis.ts";
import { LossPlaces } from "./loss-places.ts";
import type { Program, Tail } from "./program.ts";
import { RoundedTail } from "./rounded-tail.ts";
import type { ScenarioBand } from "./scenario-band.ts";
import { Approach, type Nearby } from "./tail-approach.ts";
import { roughValueAtRisk } from "./tail-loss.ts";
import { FREE, type Vertex } from "./vertex.ts";

/** With fewer a walk from anywhere is short. */
const MANY_SCENARIOS = 500;
const MANY_VARIABLES = 8;
/** Scenarios of the part that is looked at first, and for each asset. */
const SAMPLE = 1250;
const SAMPLE_PER_ASSET = 4;
/** As many returns, and of each asset at least so many, tell what begins. */
const RANKED_RETURNS = 100_000;
const RANKED = 300;
/** Of what may be held so many begin. */
const HELD_FIRST = 16;
const HELD_FIRST_SHARE = 1 / 12;
/** Scenarios within the width, for each that a vertex would have at it: at first, and at the end of each part. */
const AT_FIRST = 8;
const OF_SAMPLE = 2.5;
const OF_ALL = 20;
const OF_BAND = 1.1;
/** The band for the last part: shares of the tail's mass, and widths around the value at risk. */
const BAND_FROM = 0.7;
const BAND_TO = 1.5;
const BAND_WIDTHS = 1.5;
const WALK_WIDTHS = 10;
/** Times that it is chosen, at most; and from which share of the first width on it begins again. */
const ROUNDS = 6;
const BACK = 0.3;
/** With so many free an exchange is dear, and a pass over all scenarios is nothing beside those that it may save. */
const DEAR = 64;

export interface NearStart {
  readonly program: Program;
  readonly tail: Tail;
  readonly vertex: Vertex;
  readonly band: ScenarioBand;
  /** As of the walk. */
  readonly cost: Float64Array;
  /** Moves the vertex within its rows; false if that cannot be done. */
  readonly makeFeasible: () => boolean;
}

/**
 * "vertex": it is at one. "point": `vertex.x` is near the optimum, and no more. Undefined: there is too little to
 * make it worth it, or no point within the limits was found.
 */
export function startNear(start: NearStart): "vertex" | "point" | undefined {
  const { program, tail, vertex, band, cost, makeFeasible } = start;
  const { count } = tail.scenarios;
  if (count < MANY_SCENARIOS || program.variables < MANY_VARIABLES) return undefined;
  vertex.begin(evenly(program));
  if (!makeFeasible()) return undefined;
  const { assets } = program.holdings;
  const everyFor = (wanted: number): number => Math.max(1, Math.floor(count / wanted));
  const every = everyFor(Math.max(SAMPLE, SAMPLE_PER_ASSET * assets));
  const ranked = everyFor(Math.max(RANKED, RANKED_RETURNS / assets));
  const placesOf = (step: number): LossPlaces =>
    new LossPlaces(tail, program.holdings, band.scale, step, band.byScenario);
  const sample = placesOf(every);
  vertex.begin(promising(start, every > 1 && ranked > every ? placesOf(ranked) : sample));
  if (!makeFeasible()) return undefined;
  standOn(start, sample);
  const first = { perFree: AT_FIRST };
  let { width } = new Approach(program, vertex, sample, cost).run({ first, last: OF_SAMPLE });
  if (every > 1) {
    const all = placesOf(1);
    standOn(start, all);
    width = new Approach(program, vertex, all, cost).run({ first: width, last: OF_ALL }).width;
  }
  const near = narrowed(start, approachInBand(start, width));
  return toVertex(start, near) ? "vertex" : "point";
}

/** With a band for the walk: it asks at each exchange for a pass over it for each name held. */
function narrowed({ vertex, band }: NearStart, near: Nearby): Nearby {
  if (near.free.length < DEAR) return near;
  const scenarios = near.places.map((b) => band.ids[b] as number);
  const losses = band.allLosses(vertex.netOf(vertex.x));
  const span = { from: BAND_FROM, to: BAND_TO, distance: WALK_WIDTHS * near.width };
  band.chooseAround(losses, vertex.t, span, Int32Array.from(scenarios));
  return { ...near, places: scenarios.map((s) => band.placeOf(s)) };
}

/**
 * Over those scenarios only that are near the value at risk, and those that came across it from afar meanwhile, for whose
 * sake it begins again: what a walk takes in only afterwards it has to exchange all the rest for, one by one.
 */
function approachInBand({ program, vertex, band, cost }: NearStart, first: number): Nearby {
  const crossed: number[] = [];
  const hasCrossed = (): boolean => {
    const found = band.misplaced(vertex.netOf(vertex.x), vertex.t, 0);
    crossed.push(...found);
    return found.length > 0;
  };
  let width = first;
  for (let rounds = 1; ; rounds++) {
    const losses = band.allLosses(vertex.netOf(vertex.x));
    const span = { from: BAND_FROM, to: BAND_TO, distance: BAND_WIDTHS * width };
    band.chooseAround(losses, vertex.t, span, Int32Array.from(crossed));
    const approach = new Approach(program, vertex, band, cost);
    const near = approach.run({ first: width, last: OF_ALL });
    const isLast = near.free.length < DEAR || rounds === ROUNDS;
    if (!isLast && hasCrossed()) continue;
    const end = approach.run({ first: near.width, last: OF_BAND });
    if (isLast || !hasCrossed()) return end;
    width = Math.max(end.width, BACK * first);
  }
}

/** As much long in each asset. */
const evenly = ({ variables, holdings }: Program): Float64Array =>
  new Float64Array(variables).map((_, j) => {
    const isLong = (holdings.asset[j] as number) >= 0 && (holdings.sign[j] as number) > 0;
    return isLong ? 1 / holdings.assets : 0;
  });

/** Values at risk and z at the point at hand. */
function standOn({ vertex, tail }: NearStart, places: LossPlaces): void {
  places.stand(vertex.netOf(vertex.x), 0);
  const chances = places.weight.map((weight) => weight * tail.mass);
  vertex.t = roughValueAtRisk(places.z, chances, tail.mass);
  for (let b = 0; b < places.count; b++) places.z[b] = (places.z[b] as number) - vertex.t;
}

/** As much as the point at hand holds, in those variables of it that worsen the objective least. */
function promising(start: NearStart, places: LossPlaces): Float64Array {
  const { program, vertex, cost } = start;
  const { asset, sign } = program.holdings;
  standOn(start, places);
  const rounded = new RoundedTail(places);
  rounded.differentiate(1);
  const slopes = cost.map((own, j) => {
    const a = asset[j] as number;
    return a < 0 ? own : own - (sign[j] as number) * places.scale * (rounded.means[a] as number);
  });
  const held: number[] = [];
  let left = 0;
  for (let j = 0; j < vertex.variables; j++) {
    if (!((vertex.x[j] as number) > 0)) continue;
    held.push(j);
    left += vertex.x[j] as number;
  }
  held.sort((a, b) => (slopes[a] as number) - (slopes[b] as number) || a - b);
  const most = left / Math.max(HELD_FIRST, held.length * HELD_FIRST_SHARE);
  const point = new Float64Array(vertex.variables);
  for (const j of held) {
    point[j] = Math.max(0, Math.min(most, vertex.upper[j] as number, left));
    left -= point[j] as number;
  }
  return point;
}

/** To a vertex of what is free and nearly tight. False, and at the point, if there is none within the limits. */
function toVertex({ vertex, band }: NearStart, near: Nearby): boolean {
  const point = vertex.x.slice();
  const { t } = vertex;
  if (chooseBasis(vertex, band, near) && pushOnto(vertex, band, point, t) && vertex.refactor()) {
    const kinks = vertex.tight.subarray(0, vertex.size).filter((tight) => tight >= 0);
    if (kinks.length > 0 && vertex.isFeasible()) {
      band.refresh(vertex.netOf(vertex.x), vertex.t);
      band.countBeside(kinks);
      return true;
    }
  }
  vertex.begin(point);
  vertex.t = t;
  return false;
}

/** Makes free what is, and tight as much of what is nearly so. False if that is no basis. */
function chooseBasis(vertex: Vertex, band: ScenarioBand, near: Nearby): boolean {
  const { variables, coefficients } = vertex;
  const columns = [...near.free, variables];
  const row = new Float64Array(variables + 1);
  const fixedRows = near.rows.length;
  const found = independentRows(fixedRows + near.places.length, columns.length, (r, into) => {
    const held = near.rows[r];
    if (held === undefined) band.row(near.places[r - fixedRows] as number, row);
    else {
      row.set(coefficients.subarray(held.row * variables, (held.row + 1) * variables));
      row[variables] = 0;
    }
    for (let c = 0; c < columns.length; c++) into[c] = row[columns[c] as number] as number;
  });
  vertex.begin(vertex.x.slice());
  let hasT = false;
  found.forEach(({ row: r, column }, k) => {
    const j = columns[column] as number;
    vertex.free[k] = j;
    if (j < variables) vertex.status[j] = FREE;
    else hasT = true;
    const held = near.rows[r];
    if (held === undefined) vertex.tight[k] = near.places[r - fixedRows] as number;
    else {
      vertex.tight[k] = -1 - held.row;
      vertex.rowSide[held.row] = held.side;
    }
  });
  vertex.size = found.length;
  return hasT && vertex.refactor();
}
