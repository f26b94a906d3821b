// The tail of a smooth program: which scenarios are worth looking at on every step (a band around the value at risk), and
// what all the others add up to. Promises: nothing is left out for good; a band's optimum counts only after
// every scenario has been checked at it.

import type { Program, Tail } from "./program.ts";
import {
  ACTIVE,
  activate,
  addJump,
  type Elements,
  type Face,
  free,
  reserve,
  SAFE,
  TAIL,
} from "./smooth-face.ts";
import { netWeights, scenarioLosses, valueAtRisk } from "./tail-loss.ts";

const OUT_SAFE = 0;
const OUT_TAIL = 1;
const IN_BAND = 2;
const NEVER = 3;

/** What comes in beside those that crossed: scenarios nearer than this share of the farthest of them. */
const NEAR = 0.25;

export interface Band {
  readonly tail: Tail;
  /** Typical size of a return; a power of 2. */
  readonly returns: number;
  /** Of the coordinate of the value at risk, in `returns`. */
  readonly unit: number;
  /** What 1 `returns` of CVaR costs in the scaled objective. */
  readonly worth: number;
  /** Of each scenario. */
  readonly where: Uint8Array;
  /** The linear part of the objective without any scenario. */
  readonly base: Float64Array;
}

/** Mean absolute return of the asset that moves most: what weights are worth in losses. Cost: one pass. */
export function typicalReturn({ scenarios }: Tail): number {
  const { count, returns, probabilities, assets } = scenarios;
  let largest = 0;
  for (let a = 0; a < assets.length; a++) {
    let sum = 0;
    for (let s = 0; s < count; s++) {
      sum += (probabilities[s] as number) * Math.abs(returns[a * count + s] as number);
    }
    if (!Number.isFinite(sum)) throw new RangeError(`returns of asset ${a} are not finite`);
    largest = Math.max(largest, sum);
  }
  return largest;
}

/** Puts the value at risk and the scenarios near it into a face that has none. */
export function enterTail(face: Face, program: Program, band: Band): void {
  free(face, face.variables);
  placeBand(face, program, band, lossesAt(face, program, band));
}

/** A band about the value at risk of these losses, of which one scenario is active and all that was before is forgotten. */
export function placeBand(face: Face, program: Program, band: Band, losses: Float64Array): void {
  const { tail, unit, where } = band;
  const { count, probabilities } = tail.scenarios;
  const threshold = valueAtRisk(losses, probabilities, tail.mass);
  face.elements.count = face.rows;
  face.point[face.variables] = threshold / unit;
  let first = -1;
  for (let s = 0; s < count; s++) {
    const above = (losses[s] as number) - threshold;
    where[s] = (probabilities[s] as number) === 0 ? NEVER : above > 0 ? OUT_TAIL : OUT_SAFE;
    if (above === 0 && where[s] !== NEVER && first < 0) first = s;
  }
  face.linear.set(band.base);
  addTailGradient(face, program, band);
  admit(face, program, band, nearest(face, band, losses, threshold), losses, threshold);
  for (let k = face.rows; k < face.elements.count; k++) {
    if (face.elements.scenario[k] === first) {
      activate(face, k, ACTIVE);
      face.elements.value[k] = 0;
    }
  }
}

/** Scenarios out of the band nearest to the value at risk: as many as a band is wide. */
function nearest(
  face: Face,
  { where, tail }: Band,
  losses: Float64Array,
  threshold: number,
  times = 1,
): number[] {
  const { count } = tail.scenarios;
  const wanted = times * Math.max(160 + face.size, Math.ceil(count / 40));
  const distance = (s: number): number => Math.abs((losses[s] as number) - threshold);
  let cut = Number.POSITIVE_INFINITY;
  if (wanted < count) {
    // The distance of a sample's share of scenarios: the exact width of a band does not matter.
    const step = Math.max(1, count >>> 10);
    const sample = new Float64Array(Math.ceil(count / step));
    for (let i = 0; i < sample.length; i++) sample[i] = distance(i * step);
    cut = sample.sort()[Math.min(sample.length - 1, Math.ceil(wanted / step))] as number;
  }
  const list: number[] = [];
  for (let s = 0; s < count; s++) {
    const side = where[s] as number;
    if ((side === OUT_SAFE || side === OUT_TAIL) && distance(s) <= cut) list.push(s);
  }
  return list;
}

/**
 * Moves the band to where the value at risk now is: those far from it leave, those near come in, and all the
 * others are counted anew. False, and nothing is changed, while no scenario out of the band has crossed.
 */
export function recentre(face: Face, program: Program, band: Band, losses: Float64Array): boolean {
  const threshold = (face.point[face.variables] as number) * band.unit;
  if (farthestCrossed(band, losses, threshold) < 0) return false;
  countAnew(face, program, band, losses, threshold);
  const list = nearest(face, band, losses, threshold);
  admit(face, program, band, list, losses, threshold);
  return true;
}

/** Leaves in the band only what is active, and counts every other scenario on the side where it is. */
function countAnew(
  face: Face,
  program: Program,
  band: Band,
  losses: Float64Array,
  threshold: number,
): void {
  const { where } = band;
  keepActive(face, band);
  for (let s = 0; s < losses.length; s++) {
    if (where[s] === NEVER || where[s] === IN_BAND) continue;
    where[s] = (losses[s] as number) > threshold ? OUT_TAIL : OUT_SAFE;
  }
  face.linear.set(band.base);
  addTailGradient(face, program, band);
}

/** Leaves of the band only what is active, and marks the rest as out of it. */
function keepActive({ elements, size, span, rows }: Face, { where }: Band): void {
  const places = new Int32Array(elements.count).fill(-1);
  let count = rows;
  for (let k = rows; k < elements.count; k++) {
    if (elements.state[k] !== ACTIVE) {
      where[elements.scenario[k] as number] = OUT_SAFE;
      continue;
    }
    places[k] = count;
    elements.coefficients.copyWithin(count * size, k * size, (k + 1) * size);
    for (const field of [elements.value, elements.length, elements.jump]) {
      field[count] = field[k] as number;
    }
    elements.state[count] = ACTIVE;
    elements.scenario[count++] = elements.scenario[k] as number;
  }
  elements.count = count;
  for (let p = 0; p < span.count; p++) {
    const k = span.members[p] as number;
    if (k >= rows) span.members[p] = places[k] as number;
  }
}

/** How far the scenario is across that crossed the value at risk out of the band; -1: none did. */
function farthestCrossed({ where }: Band, losses: Float64Array, threshold: number): number {
  const noise = 1e-14 * Math.max(1, Math.abs(threshold));
  let farthest = -1;
  for (let s = 0; s < losses.length; s++) {
    const above = (losses[s] as number) - threshold;
    const side = where[s];
    if (side === OUT_SAFE ? above > noise : side === OUT_TAIL && above < -noise) {
      farthest = Math.max(farthest, Math.abs(above));
    }
  }
  return farthest;
}

/** Losses of all scenarios, in `returns`. */
export function lossesAt(face: Face, program: Program, { tail, returns }: Band): Float64Array {
  const x = face.point.subarray(0, face.variables);
  const net = netWeights(program.holdings, x);
  for (let a = 0; a < net.length; a++) net[a] = (net[a] as number) / returns;
  return scenarioLosses(tail.scenarios, net);
}

/** Adds to the linear part what scenarios beyond the value at risk cost. */
function addTailGradient(face: Face, program: Program, band: Band): void {
  const { tail, returns, unit, worth, where } = band;
  const { count, probabilities, returns: r } = tail.scenarios;
  const { assets, asset, sign } = program.holdings;
  const inTail: number[] = [];
  let mass = 0;
  for (let s = 0; s < count; s++) {
    if (where[s] !== OUT_TAIL) continue;
    inTail.push(s);
    mass += probabilities[s] as number;
  }
  const mean = new Float64Array(assets);
  for (let a = 0; a < assets; a++) {
    let sum = 0;
    for (const s of inTail) sum += (probabilities[s] as number) * (r[a * count + s] as number);
    mean[a] = (sum * worth) / (tail.mass * returns);
  }
  for (let j = 0; j < face.variables; j++) {
    const a = asset[j] as number;
    if (a < 0) continue;
    face.linear[j] = (face.linear[j] as number) - (sign[j] as number) * (mean[a] as number);
  }
  const t = face.variables;
  face.linear[t] = (face.linear[t] as number) - (unit * worth * mass) / tail.mass;
}

function admit(
  face: Face,
  program: Program,
  band: Band,
  list: readonly number[],
  losses: Float64Array,
  threshold: number,
): void {
  const { elements, size } = face;
  const { tail, worth, where } = band;
  reserve(elements, size, list.length);
  for (const s of list) {
    const k = elements.count++;
    const above = (losses[s] as number) - threshold;
    writeScenario(elements, size, k, s, program, band);
    elements.jump[k] = (worth * (tail.scenarios.probabilities[s] as number)) / tail.mass;
    elements.value[k] = above;
    const counted = where[s] === OUT_TAIL;
    const inTail = above > 0 || (above === 0 && counted);
    elements.state[k] = inTail ? TAIL : SAFE;
    if (inTail !== counted) addJump(face, k, inTail ? 1 : -1);
    where[s] = IN_BAND;
  }
}

function writeScenario(
  elements: Elements,
  size: number,
  k: number,
  s: number,
  program: Program,
  { tail, returns, unit }: Band,
): void {
  const { asset, sign } = program.holdings;
  const { count, returns: r } = tail.scenarios;
  const at = k * size;
  let square = unit * unit;
  for (let j = 0; j < size - 1; j++) {
    const a = asset[j] as number;
    const value = a < 0 ? 0 : (-(sign[j] as number) * (r[a * count + s] as number)) / returns;
    elements.coefficients[at + j] = value;
    square += value * value;
  }
  elements.coefficients[at + size - 1] = -unit;
  elements.length[k] = Math.sqrt(square);
  elements.scenario[k] = s;
}

/** Takes scenarios into the band that crossed the value at risk outside it, and those as near. False: none did. */
export function admitCrossed(face: Face, program: Program, band: Band): boolean {
  const { where } = band;
  const losses = lossesAt(face, program, band);
  const threshold = (face.point[face.variables] as number) * band.unit;
  const farthest = farthestCrossed(band, losses, threshold);
  if (farthest < 0) return false;
  const list: number[] = [];
  for (let s = 0; s < losses.length; s++) {
    const above = (losses[s] as number) - threshold;
    const side = where[s] as number;
    if (side !== OUT_SAFE && side !== OUT_TAIL) continue;
    const crossed = side === OUT_SAFE ? above > 0 : above < 0;
    if (crossed || Math.abs(above) <= NEAR * farthest) list.push(s);
  }
  admit(face, program, band, list, losses, threshold);
  return true;
}

/**
 * A band about twice as wide, every scenario on the side where it is: a search that found no end has counted those it
 * would have passed as passed. False: all scenarios were in the band.
 */
export function widen(face: Face, program: Program, band: Band): boolean {
  const { where, unit } = band;
  if (!where.some((side) => side === OUT_SAFE || side === OUT_TAIL)) return false;
  const losses = lossesAt(face, program, band);
  const threshold = (face.point[face.variables] as number) * unit;
  const before = face.elements.count - face.rows;
  countAnew(face, program, band, losses, threshold);
  for (let times = 2; ; times *= 2) {
    const list = nearest(face, band, losses, threshold, times);
    if (list.length < 2 * before && times < where.length) continue;
    admit(face, program, band, list, losses, threshold);
    return true;
  }
}

/** Mass of the worst case on every scenario of the tail, and on those at the value at risk what they are priced at. */
export function tailMasses(
  face: Face,
  { tail, worth, where }: Band,
  members: Int32Array,
  prices: Float64Array,
): { readonly scenarios: Int32Array; readonly masses: Float64Array } {
  const { elements } = face;
  const { probabilities, count } = tail.scenarios;
  const mass = new Float64Array(count);
  for (let s = 0; s < count; s++) {
    if (where[s] === OUT_TAIL) mass[s] = (probabilities[s] as number) / tail.mass;
  }
  for (let k = face.rows; k < elements.count; k++) {
    const s = elements.scenario[k] as number;
    if (elements.state[k] === TAIL) mass[s] = (probabilities[s] as number) / tail.mass;
  }
  for (let p = 0; p < members.length; p++) {
    const k = members[p] as number;
    if (k < face.rows) continue;
    const s = elements.scenario[k] as number;
    const most = (probabilities[s] as number) / tail.mass;
    mass[s] = Math.min(most, Math.max(0, -(prices[p] as number) / worth));
  }
  const scenarios: number[] = [];
  for (let s = 0; s < count; s++) if ((mass[s] as number) > 0) scenarios.push(s);
  return {
    scenarios: Int32Array.from(scenarios),
    masses: Float64Array.from(scenarios, (s) => mass[s] as number),
  };
}
