// Near an optimum in few steps: CVaR with its kinks rounded off is smooth, and Newton's method walks over hundreds
// of scenarios at once where a simplex exchanges one. Promises: the point stays within bounds and rows, and
// nothing else: how good it is, only the walk from there on tells. Same program, same bytes.
//
// The width h of the rounding shrinks step by step. As long as the same scenarios lie within it, the optimum for h
// moves on a straight line, which one Newton step follows exactly (K. Madsen, H. Nielsen, "A finite smoothing algorithm
// for linear l1 estimation", SIAM Journal on Optimization 3, 1993): few steps of correction are left at each width.

import type { Places } from "./loss-places.ts";
import { type ModelMinimum, NewtonModel } from "./newton-model.ts";
import { NewtonSets } from "./newton-sets.ts";
import type { Program } from "./program.ts";
import { RoundedTail } from "./rounded-tail.ts";
import { TailCurvature } from "./tail-curvature.ts";
import type { Vertex } from "./vertex.ts";

const STEPS = 60;
/** Steps at one width. */
const PATIENCE = 14;
/** A width is done with when a whole step changes at most this share of what lies within it, or gains next to nothing. */
const SETTLED = 0.1;
const NOTHING = 1e-5;
const WHOLE = 0.3;
/** Of what lies within: so much may change for the next width to follow at once. */
const STRAIGHT_ON = 0.2;
const SHRINK = 0.5;
const SHRINK_LEAST = 0.9;
/** Times as many as a smaller width leaves out, and so many more: a step that changes more has gone astray. */
const ASTRAY = 2;
const FEW = 8;
/** Scenarios within the first width, at least. */
const FEWEST = 40;
/** Times that a step is found again after some of it met a limit. */
const RETRIES = 10;
/** Slopes along a step that are a minimum, as a share of the first. */
const FLAT = 0.2;
const LINE_TRIES = 6;

export interface Widths {
  /** The first; or the one at which this many scenarios for each thing that is free lie within it. */
  readonly first: number | { readonly perFree: number };
  /** Ends where at most so many lie within it for each one that a vertex would have. */
  readonly last: number;
}

/** What a vertex near the point could be made of. */
export interface Nearby {
  readonly width: number;
  readonly free: readonly number[];
  /** Rows at a limit: -1 lower, 1 upper. */
  readonly rows: readonly { readonly row: number; readonly side: number }[];
  /** Places within the width, nearest to the value at risk first. */
  readonly places: readonly number[];
}

/**
 * Moves `vertex.x`, which is within bounds and rows, and `vertex.t` near to the optimum over `places`, whose z are of
 * there; `cost` as of the walk. Cost: some ten steps, each a pass over the places for each asset held, and
 * a third power of what is free.
 */
export class Approach {
  private readonly program: Program;
  private readonly vertex: Vertex;
  private readonly places: Places;
  private readonly cost: Float64Array;
  private readonly rounded: RoundedTail;
  private readonly curvature: TailCurvature;
  private readonly sets: NewtonSets;
  private readonly gradient: Float64Array;
  /** Of the objective's linear part along the step that is laid out; at its start; and how far it went. */
  private linearSlope = 0;
  private firstSlope = 0;
  private length = 0;
  /** The width that was done with last. */
  private settled = 0;
  /** Scenarios that came within the width or left it by the last step. */
  private changes = 0;

  constructor(program: Program, vertex: Vertex, places: Places, cost: Float64Array) {
    this.program = program;
    this.vertex = vertex;
    this.places = places;
    this.cost = cost;
    this.rounded = new RoundedTail(places);
    this.curvature = new TailCurvature(places);
    this.sets = new NewtonSets(vertex);
    this.gradient = new Float64Array(vertex.variables);
  }

  /** Goes on from where it last ended. */
  run({ first, last }: Widths): Nearby {
    const width =
      typeof first === "number"
        ? first
        : this.rounded.widthOf(Math.max(FEWEST, first.perFree * this.sets.freeCount()));
    return this.nearbyAt(width > 0 ? this.narrow(width, last) : 0);
  }

  private narrow(first: number, last: number): number {
    const { rounded, vertex } = this;
    let h = first;
    let tries = 0;
    rounded.look(h);
    for (let steps = 0; steps < STEPS; steps++) {
      // Where it ended before there is nothing left to gain at this width.
      if (h !== this.settled) {
        const gain = this.improve(h);
        const isWhole = this.length > WHOLE && this.changes <= SETTLED * rounded.count;
        if (!isWhole && gain >= NOTHING * Math.abs(vertex.t)) {
          if (++tries === PATIENCE) return h;
          continue;
        }
        if (this.length === 0) return h;
      }
      tries = 0;
      this.settled = h;
      do {
        if (rounded.count <= last * this.sets.tightAtVertex()) return h;
        const next = this.follow(h);
        if (next === h) return h;
        h = next;
      } while (this.changes <= STRAIGHT_ON * rounded.count);
    }
    return h;
  }

  /** One Newton step at a width; about what it gains. */
  private improve(h: number): number {
    this.differentiate(h);
    this.sets.release(this.gradient);
    this.length = 0;
    const whole = this.layOut(h);
    if (whole > 0) this.move(this.search(h, whole));
    this.changes = this.rounded.look(h);
    return (-this.firstSlope * this.length) / 2;
  }

  /**
   * To the optimum for a smaller width, as if the same scenarios lay within it; the same width, and nothing moved, if
   * then too few for a vertex do, or far more have changed than lay between the widths.
   */
  private follow(h: number): number {
    const { vertex, rounded, sets, places } = this;
    const x = vertex.x.slice();
    const { t } = vertex;
    const kept = sets.copy();
    const before = rounded.count;
    for (let share = SHRINK; share < SHRINK_LEAST; share = Math.sqrt(share)) {
      this.differentiate(h * share);
      this.move(this.layOut(h * share));
      this.changes = rounded.look(h * share);
      const isStraight = this.changes <= ASTRAY * (1 - share) * before + FEW;
      if (isStraight && rounded.count >= sets.tightAtVertex()) return h * share;
      places.move(-this.length);
      vertex.x.set(x);
      vertex.t = t;
      vertex.updateActivities();
      sets.restore(kept);
      rounded.look(h);
    }
    return h;
  }

  private differentiate(h: number): void {
    const { gradient, program, places, rounded } = this;
    const { asset, sign } = program.holdings;
    rounded.differentiate(h);
    for (let j = 0; j < gradient.length; j++) {
      const a = asset[j] as number;
      const slope = a < 0 ? 0 : (sign[j] as number) * places.scale * (rounded.means[a] as number);
      gradient[j] = (this.cost[j] as number) - slope;
    }
  }

  private step = new Float64Array(0);
  private tStep = 0;
  private stopped: readonly number[] = [];

  /** Finds the Newton step from the slopes at hand; how much of it stays within all limits, at most 1. */
  private layOut(h: number): number {
    const { vertex, rounded, sets, places, program } = this;
    const free = sets.freeList();
    const { asset } = program.holdings;
    this.curvature.update(
      rounded.within,
      rounded.count,
      free.map((j) => asset[j] as number),
    );
    const tSlope = 1 - rounded.total;
    const model = new NewtonModel(free, program.holdings, this.curvature, h, this.gradient, tSlope);
    const fixed = new Float64Array(free.length).fill(Number.NaN);
    const found = this.minimise(model, fixed);
    this.step = new Float64Array(vertex.variables);
    this.tStep = 0;
    if (found === null) return 0;
    free.forEach((j, i) => {
      this.step[j] = found.step[i] as number;
    });
    this.tStep = model.lastStep(found.step);
    this.stopped = free.filter((_, i) => !Number.isNaN(fixed[i] as number));
    const net = vertex.netOf(this.step);
    places.setRates(net, this.tStep);
    this.linearSlope = this.tStep + rounded.farSlope(net, this.tStep);
    for (let j = 0; j < this.step.length; j++) {
      this.linearSlope += (this.cost[j] as number) * (this.step[j] as number);
    }
    return sets.room(this.step);
  }

  /** The model's minimum within all limits, or about that. */
  private minimise(model: NewtonModel, fixed: Float64Array): ModelMinimum | null {
    const { sets } = this;
    let found: ModelMinimum | null = null;
    for (let retry = 0; retry < RETRIES; retry++) {
      const { rows, coefficients, targets } = sets.rowsOver(model.free);
      const next = model.minimum(fixed, coefficients, targets);
      if (next === null) return found;
      found = next;
      sets.setPrices(rows, next.prices);
      if (sets.meetLimits(model.free, next, fixed, rows) === 0) return found;
    }
    return found;
  }

  /** Share of the step at which the rounded objective falls no more. */
  private search(h: number, most: number): number {
    const slopeAt = (length: number): number => this.linearSlope + this.rounded.slopeAt(length, h);
    const first = slopeAt(0);
    this.firstSlope = first;
    if (!(first < 0)) return 0;
    let low = 0;
    let high = most;
    let lowSlope = first;
    let highSlope = slopeAt(high);
    for (let k = 0; k < LINE_TRIES && highSlope > -FLAT * first; k++) {
      const at = low + ((high - low) * lowSlope) / (lowSlope - highSlope);
      const slope = slopeAt(at);
      if (Math.abs(slope) <= -FLAT * first) return at;
      if (slope < 0) {
        low = at;
        lowSlope = slope;
      } else {
        high = at;
        highSlope = slope;
      }
    }
    return highSlope > -FLAT * first ? low : high;
  }

  private move(length: number): void {
    const { vertex } = this;
    this.length = length;
    for (let j = 0; j < this.step.length; j++) {
      const moved = (vertex.x[j] as number) + length * (this.step[j] as number);
      vertex.x[j] = Math.min(Math.max(moved, vertex.lower[j] as number), vertex.upper[j] as number);
    }
    vertex.t += length * this.tStep;
    this.places.move(length);
    vertex.updateActivities();
    if (length === 1) this.sets.rest(this.stopped);
  }

  private nearbyAt(width: number): Nearby {
    const { rounded, places, sets } = this;
    const count = width > 0 ? rounded.count : 0;
    const far = (b: number): number => Math.abs(places.z[b] as number);
    return {
      width,
      free: sets.strictlyInside(),
      rows: sets.heldRows(),
      places: [...rounded.within.subarray(0, count)].sort((a, b) => far(a) - far(b) || a - b),
    };
  }
}
