// The best point along a direction, exactly: the objective's slope changes smoothly and jumps where a scenario
// crosses the value at risk, so the search passes as many scenarios as it pays to pass and stops at the one
// where the slope would rise above 0, at the root between two of them, or at the first bound or row.

import type { Line } from "./smooth-curve.ts";
import {
  ACTIVE_LOWER,
  ACTIVE_UPPER,
  BELOW,
  cross,
  type Face,
  FREE,
  isActive,
  TAIL,
  WITHIN,
} from "./smooth-face.ts";

export interface Stop {
  /** Infinity: the objective falls without end. */
  readonly step: number;
  readonly at: "MINIMUM" | "BOUND" | "ROW" | "SCENARIO";
  /** Coordinate, or element. */
  readonly index: number;
  /** 1: the upper bound or limit. */
  readonly side: number;
}

/** Rates of change smaller than this share of what they are made of are rounding. */
const NOISE = 1e-13;
/** Below this share of coordinates that move, the others are skipped. */
const SPARSE = 0.4;

/** Goes along `direction`; scenarios passed change sides. `rates` gets the change of elements' values per step. */
export function search(face: Face, direction: Float64Array, line: Line, rates: Float64Array): Stop {
  let linear = 0;
  let length = 0;
  let terms = 0;
  for (let j = 0; j < face.size; j++) {
    const d = direction[j] as number;
    linear += (face.linear[j] as number) * d;
    terms += Math.abs((face.linear[j] as number) * d);
    length += d * d;
  }
  length = Math.sqrt(length);
  elementRates(face, direction, rates);
  const wall = firstWall(face, direction, rates, length);
  const slope = (step: number): number => linear + line.slope(step);
  const reach = rootBefore(slope, linear + line.limit, 0, wall.step);
  const kinks = kinksBefore(face, rates, length, Math.min(reach, wall.step));
  let last = 0;
  for (let kink = popLeast(kinks); kink !== null; kink = popLeast(kinks)) {
    const { step, element } = kink;
    if (step > last && slope(step) >= 0) return minimum(rootBefore(slope, 1, last, step));
    const jump = (face.elements.jump[element] as number) * Math.abs(rates[element] as number);
    if (slope(step) + jump >= 0) return { step, at: "SCENARIO", index: element, side: 0 };
    linear += jump;
    cross(face, element);
    last = step;
  }
  const end = linear + line.limit;
  // A slope that is rounding is none: what is level for ever does not fall for ever.
  if (wall.step === Number.POSITIVE_INFINITY && end < 0 && end > -NOISE * (terms + line.size)) {
    return minimum(last);
  }
  const root = rootBefore(slope, end, last, wall.step);
  return root < wall.step ? minimum(root) : wall;
}

const minimum = (step: number): Stop => ({ step, at: "MINIMUM", index: -1, side: 0 });

function elementRates({ elements, size }: Face, direction: Float64Array, rates: Float64Array) {
  const { coefficients, count } = elements;
  const moving = nonZero(direction);
  if (moving.length < SPARSE * size) {
    for (let k = 0; k < count; k++) {
      const at = k * size;
      let sum = 0;
      for (let i = 0; i < moving.length; i++) {
        const j = moving[i] as number;
        sum += (coefficients[at + j] as number) * (direction[j] as number);
      }
      rates[k] = sum;
    }
    return;
  }
  const whole = size & ~3;
  for (let k = 0; k < count; k++) {
    const at = k * size;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let j = 0; j < whole; j += 4) {
      a += (coefficients[at + j] as number) * (direction[j] as number);
      b += (coefficients[at + j + 1] as number) * (direction[j + 1] as number);
      c += (coefficients[at + j + 2] as number) * (direction[j + 2] as number);
      d += (coefficients[at + j + 3] as number) * (direction[j + 3] as number);
    }
    for (let j = whole; j < size; j++) {
      a += (coefficients[at + j] as number) * (direction[j] as number);
    }
    rates[k] = a + b + (c + d);
  }
}

function nonZero(direction: Float64Array): Int32Array {
  const places = new Int32Array(direction.length);
  let count = 0;
  for (let j = 0; j < direction.length; j++) if (direction[j] !== 0) places[count++] = j;
  return places.subarray(0, count);
}

function firstWall(face: Face, direction: Float64Array, rates: Float64Array, length: number): Stop {
  const { elements, point, lower, upper } = face;
  let best: Stop = { step: Number.POSITIVE_INFINITY, at: "BOUND", index: -1, side: 0 };
  let steepest = 0;
  const meet = (room: number, rate: number, at: "BOUND" | "ROW", index: number, side: number) => {
    const step = Math.max(0, room) / rate;
    if (step > best.step || (step === best.step && rate <= steepest)) return;
    best = { step, at, index, side };
    steepest = rate;
  };
  for (let j = 0; j < face.size; j++) {
    const d = direction[j] as number;
    if (face.held[j] !== FREE || Math.abs(d) <= NOISE * length) continue;
    const limit = (d > 0 ? upper[j] : lower[j]) as number;
    if (Number.isFinite(limit)) {
      meet(Math.abs(limit - (point[j] as number)), Math.abs(d), "BOUND", j, d > 0 ? 1 : -1);
    }
  }
  for (let i = 0; i < face.rows; i++) {
    const state = elements.state[i] as number;
    const rate = rates[i] as number;
    if (isActive(state) || Math.abs(rate) <= NOISE * length * (elements.length[i] as number)) {
      continue;
    }
    const value = elements.value[i] as number;
    if (state === WITHIN) {
      const limit = (rate > 0 ? face.rowUpper[i] : face.rowLower[i]) as number;
      const room = rate > 0 ? limit - value : value - limit;
      if (Number.isFinite(limit)) {
        meet(room, Math.abs(rate), "ROW", i, rate > 0 ? ACTIVE_UPPER : ACTIVE_LOWER);
      }
    } else if (state === BELOW) {
      if (rate > 0) meet((face.rowLower[i] as number) - value, rate, "ROW", i, ACTIVE_LOWER);
    } else if (rate < 0) {
      meet(value - (face.rowUpper[i] as number), -rate, "ROW", i, ACTIVE_UPPER);
    }
  }
  return best;
}

/** The step in (from, to) where a rising slope, below 0 at `from`, reaches 0; `to` if there is none. */
function rootBefore(
  slope: (step: number) => number,
  atEnd: number,
  from: number,
  to: number,
): number {
  let low = from;
  let high = to;
  let high_ = 0;
  if (Number.isFinite(to)) {
    high_ = slope(to);
    if (high_ < 0) return to;
  } else {
    if (!(atEnd > 0)) return to;
    high = Math.max(1, 2 * from);
    for (high_ = slope(high); high_ < 0; high_ = slope(high)) {
      low = high;
      high *= 4;
      if (!(high < 1e200)) return to;
    }
  }
  let low_ = slope(low);
  if (low_ >= 0) return low;
  // Regula falsi; the end that stays is halved in weight (Illinois), and after some rounds plain halving.
  for (let round = 0; round < 200; round++) {
    const share = round < 60 ? -low_ / (high_ - low_) : 0.5;
    const middle = low + (high - low) * Math.min(1, Math.max(0, share));
    if (!(middle > low && middle < high)) break;
    const here = slope(middle);
    if (here === 0) return middle;
    if (here < 0) {
      low = middle;
      low_ = here;
      high_ /= 2;
    } else {
      high = middle;
      high_ = here;
      low_ /= 2;
    }
    if (high - low <= 1e-15 * high) break;
  }
  return high;
}

interface Kinks {
  readonly steps: Float64Array;
  readonly elements: Int32Array;
  count: number;
}

/** Scenarios that cross the value at risk within `reach`, as a heap. */
function kinksBefore(face: Face, rates: Float64Array, length: number, reach: number): Kinks {
  const { elements } = face;
  const kinks = {
    steps: new Float64Array(elements.count - face.rows),
    elements: new Int32Array(elements.count - face.rows),
    count: 0,
  };
  for (let k = face.rows; k < elements.count; k++) {
    const state = elements.state[k] as number;
    const rate = rates[k] as number;
    if (isActive(state) || (state === TAIL ? rate >= 0 : rate <= 0)) continue;
    if (Math.abs(rate) <= NOISE * length * (elements.length[k] as number)) continue;
    const value = elements.value[k] as number;
    const room = state === TAIL ? value : -value;
    const step = Math.max(0, room) / Math.abs(rate);
    if (step > reach) continue;
    kinks.steps[kinks.count] = step;
    kinks.elements[kinks.count++] = k;
  }
  for (let i = (kinks.count >>> 1) - 1; i >= 0; i--) sink(kinks, i);
  return kinks;
}

function popLeast(kinks: Kinks): { readonly step: number; readonly element: number } | null {
  if (kinks.count === 0) return null;
  const least = { step: kinks.steps[0] as number, element: kinks.elements[0] as number };
  kinks.count--;
  kinks.steps[0] = kinks.steps[kinks.count] as number;
  kinks.elements[0] = kinks.elements[kinks.count] as number;
  sink(kinks, 0);
  return least;
}

function sink({ steps, elements, count }: Kinks, from: number): void {
  let i = from;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= count) return;
    if (child + 1 < count && (steps[child + 1] as number) < (steps[child] as number)) child++;
    if ((steps[i] as number) <= (steps[child] as number)) return;
    const step = steps[i] as number;
    const element = elements[i] as number;
    steps[i] = steps[child] as number;
    elements[i] = elements[child] as number;
    steps[child] = step;
    elements[child] = element;
    i = child;
  }
}
