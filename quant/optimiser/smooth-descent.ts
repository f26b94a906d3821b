// Minimises over what is active, drops what is active without need, and ends where neither gains. Promises: every round
// either lowers the objective or changes the active set, and rounds are counted, so it ends.

import { dot } from "./smooth-curve.ts";
import { newtonDirection, resume } from "./smooth-direction.ts";
import {
  ACTIVE,
  ACTIVE_UPPER,
  AT_LOWER,
  AT_UPPER,
  activate,
  addJump,
  BELOW,
  deactivate,
  type Face,
  FREE,
  free,
  hold,
  isActive,
  refresh,
  TAIL,
  WITHIN,
} from "./smooth-face.ts";
import { type Stop, search } from "./smooth-line.ts";
import { refinePrices, type Slopes, type Wrong, worstPrice } from "./smooth-prices.ts";
import { addShortest, pricesOf, takeOut } from "./smooth-span.ts";

export interface Limits {
  readonly maxPivots: number;
  readonly expired: () => boolean;
  /** Ends with PAUSE at this number of pivots, to go on from there. */
  readonly pauseAt?: number;
}

export interface Descent {
  readonly end: "OPTIMAL" | "WORK" | "UNBOUNDED" | "PAUSE";
  /** Active constraints, and their prices. */
  readonly members: Int32Array;
  readonly prices: Float64Array;
  readonly direction: Float64Array;
}

/** Slopes smaller than this share of what they are made of are rounding. */
const SETTLED = 1e-15;
/** Prices below this share of the gradient are rounding, and would be all there is of some reduced cost. */
const NOTHING = 4e-16;
/** Rounds without a step before the choice of what to drop is drawn. */
const PATIENCE = 12;
const ROUNDS_PER_REFRESH = 150;
/** Ties are broken so often by moving scenarios a little; then by drawing what to drop. */
const MOST_SHAKES = 6;
const SHAKE = 1e-9;
const DRIFT = 1e-6;
/** Bounds met along one direction before another is made, where that is dear. */
const MOST_RESUMES = 24;

export function descend(face: Face, limits: Limits): Descent {
  const { size, span } = face;
  const { pauseAt = Number.POSITIVE_INFINITY } = limits;
  const slopes = noSlopes(size);
  const { gradient, rest, prices } = slopes;
  const direction = new Float64Array(size);
  let rates = new Float64Array(face.elements.value.length);
  const draw = drawing(face.pivots + 1);
  let still = 0;
  let settle = false;
  let failures = 0;
  let resumes = 0;
  let shaken = 0;
  let isShaken = false;
  const finish = (end: Descent["end"]): Descent => ({
    end,
    members: span.members.slice(0, span.count),
    prices,
    direction,
  });
  for (;;) {
    if (rates.length < face.elements.value.length) {
      rates = new Float64Array(face.elements.value.length);
    }
    const { whole, left, worth } = measure(face, slopes);
    const settled = left <= SETTLED * whole || failures >= 3;
    const wrong = worstPrice(face, slopes, whole, still > PATIENCE ? draw : null);
    if (wrong !== null && (settled || (!settle && wrong.score > 2 * left))) {
      drop(face, wrong);
      settle = true;
      failures = 0;
      resumes = 0;
      still++;
      if (++face.pivots >= limits.maxPivots) return finish("WORK");
      continue;
    }
    if (settled && isShaken) {
      restore(face);
      isShaken = false;
      [still, failures] = [0, 0];
      continue;
    }
    if (settled) {
      refinePrices(face, gradient, prices, rest);
      for (let p = 0; p < span.count; p++) {
        if (Math.abs(prices[p] as number) <= NOTHING * whole) prices[p] = 0;
      }
      return finish("OPTIMAL");
    }
    const isResumed = resumes > 0 && resume(face, rest, direction);
    if (!isResumed) newtonDirection(face, rest, direction);
    const line = face.curve.alongLine(direction);
    const stop = search(face, direction, line, rates);
    if (stop.step === Number.POSITIVE_INFINITY) return finish("UNBOUNDED");
    const moved = advance(face, direction, stop, rates);
    const isCut = stop.at === "BOUND" && moved && face.curve.shape === "GENERAL";
    resumes = isCut ? (isResumed ? resumes - 1 : MOST_RESUMES) : 0;
    failures = moved || stop.at !== "MINIMUM" ? 0 : failures + 1;
    // A whole Newton step whose promise is below rounding has nothing left to give.
    const promise = -stop.step * dot(rest, direction);
    if (stop.at === "MINIMUM" && promise <= 1e-17 * worth) failures++;
    still = moved ? 0 : still + 1;
    settle = stop.at !== "MINIMUM" && !moved;
    if (still > PATIENCE && shaken < MOST_SHAKES) {
      shake(face, draw);
      isShaken = true;
      shaken++;
      still = 0;
    }
    if (++face.pivots >= limits.maxPivots) return finish("WORK");
    if (face.pivots >= pauseAt && !isShaken) return finish("PAUSE");
    if (face.pivots % 64 === 0 && limits.expired()) return finish("WORK");
    if (face.pivots % ROUNDS_PER_REFRESH === 0 && !isShaken) restore(face);
  }
}

const noSlopes = (size: number): Slopes => ({
  gradient: new Float64Array(size),
  sizes: new Float64Array(size),
  rest: new Float64Array(size),
  parts: new Float64Array(size + 1),
  prices: new Float64Array(size + 1),
});

/**
 * The gradient, its part within what is active, and prices of the rest. `whole`: size of all that the gradient is made of;
 * `left`: of its part within; `worth`: size of the objective's parts.
 */
function measure(
  face: Face,
  { gradient, sizes, rest, parts, prices }: Slopes,
): { readonly whole: number; readonly left: number; readonly worth: number } {
  face.curve.moveTo(face.point);
  gradient.set(face.linear);
  for (let j = 0; j < face.size; j++) sizes[j] = Math.abs(gradient[j] as number);
  face.curve.addGradient(gradient, sizes);
  let worth = 0;
  for (let j = 0; j < face.size; j++) {
    rest[j] = face.held[j] === FREE ? (gradient[j] as number) : 0;
    worth += Math.abs((sizes[j] as number) * (face.point[j] as number));
  }
  parts.fill(0);
  takeOut(face.span, rest, parts);
  takeOut(face.span, rest, parts);
  pricesOf(face.span, parts, prices);
  return { whole: Math.sqrt(dot(sizes, sizes)) || 1, left: Math.sqrt(dot(rest, rest)), worth };
}

/**
 * Moves scenarios that tie at the value at risk away from it, each by another bit, on the side where they are counted: at
 * a point where many meet no step is possible otherwise. What is best then has the right prices; restore() undoes it.
 */
function shake({ elements, rows, point }: Face, draw: () => number): void {
  const size = Math.max(...point.map(Math.abs)) || 1;
  for (let k = rows; k < elements.count; k++) {
    const state = elements.state[k] as number;
    const near = SHAKE * size * (elements.length[k] as number);
    const value = elements.value[k] as number;
    if (state === ACTIVE || Math.abs(value) > near) continue;
    elements.value[k] = (state === TAIL ? 1 : -1) * near * (0.5 + 0.5 * draw());
  }
}

function drop(face: Face, wrong: Wrong): void {
  if (wrong.coordinate >= 0) free(face, wrong.coordinate);
  else deactivate(face, wrong.place, wrong.state);
}

/** Takes the step and makes active what stopped it. Whether the point moved. */
function advance(face: Face, direction: Float64Array, stop: Stop, rates: Float64Array): boolean {
  const { point, elements, lower, upper } = face;
  let moved = false;
  for (let j = 0; j < face.size; j++) {
    if (face.held[j] !== FREE) continue;
    const before = point[j] as number;
    const after = before + stop.step * (direction[j] as number);
    point[j] = Math.min(Math.max(after, lower[j] as number), upper[j] as number);
    if (Math.abs((point[j] as number) - before) > 1e-15 * (1 + Math.abs(before))) moved = true;
  }
  for (let k = 0; k < elements.count; k++) {
    elements.value[k] = isActive(elements.state[k] as number)
      ? (elements.value[k] as number)
      : (elements.value[k] as number) + stop.step * (rates[k] as number);
  }
  if (stop.at === "BOUND") {
    const j = stop.index;
    point[j] = (stop.side > 0 ? upper[j] : lower[j]) as number;
    hold(face, j, stop.side > 0 ? AT_UPPER : AT_LOWER);
  } else if (stop.at === "ROW") {
    const before = elements.state[stop.index] as number;
    if (activate(face, stop.index, stop.side) && before !== WITHIN) {
      addJump(face, stop.index, before === BELOW ? 1 : -1);
    }
    elements.value[stop.index] = (
      stop.side === ACTIVE_UPPER ? face.rowUpper[stop.index] : face.rowLower[stop.index]
    ) as number;
  } else if (stop.at === "SCENARIO") {
    const before = elements.state[stop.index] as number;
    if (activate(face, stop.index, ACTIVE)) {
      if (before === TAIL) addJump(face, stop.index, -1);
      elements.value[stop.index] = 0;
    }
  }
  return moved;
}

/** Values and active constraints computed anew from the point; what drifted is moved back. */
export function restore(face: Face): void {
  const { span, elements, size, point, lower, upper } = face;
  refresh(face);
  const lack = new Float64Array(span.count);
  const shift = new Float64Array(size);
  for (let p = 0; p < span.count; p++) {
    const k = span.members[p] as number;
    lack[p] = (elements.value[k] as number) - elementValue(face, k);
  }
  addShortest(span, lack, shift);
  // What is far off was not drift: constraints nearly depend on each other, and the point is better left.
  const isDrift = dot(shift, shift) <= DRIFT * DRIFT * (1 + dot(point, point));
  if (!isDrift) shift.fill(0);
  for (let j = 0; j < size; j++) {
    if (face.held[j] !== FREE) continue;
    const moved = (point[j] as number) + (shift[j] as number);
    point[j] = Math.min(Math.max(moved, lower[j] as number), upper[j] as number);
  }
  for (let k = 0; k < elements.count; k++) {
    if (!isActive(elements.state[k] as number)) elements.value[k] = elementValue(face, k);
  }
}

export function elementValue({ elements, size, point }: Face, k: number): number {
  let sum = 0;
  for (let j = 0; j < size; j++) {
    sum += (elements.coefficients[k * size + j] as number) * (point[j] as number);
  }
  return sum;
}

/** A fixed sequence of numbers in (0, 1): what breaks a tie must not depend on anything but the program. */
function drawing(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 4294967297;
  };
}
