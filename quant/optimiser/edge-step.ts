// One edge of a vertex, from one end to the other: something that was tight is let go or a resting variable moves; past
// kinks, to where the objective falls no more or a limit stops it; and that becomes tight. Promises: afterwards values,
// lists, inverse and band agree.
//
// The long step over scenarios is that of I. Barrodale and F. Roberts (SIAM Journal on Numerical Analysis 10, 1973)
// for L1 regression.

import type { EdgeLengths } from "./edge-lengths.ts";
import { type HardStop, hardStopOf } from "./hard-stop.ts";
import type { ScenarioBand } from "./scenario-band.ts";
import { StepSearch } from "./step-search.ts";
import { AT_LOWER, AT_UPPER, type Vertex } from "./vertex.ts";

/** Of an edge of length 1: what moves less does not move. At first; more after a basis was lost to rounding. */
const PIVOT = 1e-10;
const NO_KINK = -1;

/** What ends a step. */
export interface Stop {
  /** In units of the edge; Infinity: nothing does. */
  readonly far: number;
  /** So many kinks of the search are passed. */
  readonly flips: number;
  /** A place in the band, or a row of phase 1; NO_KINK: `hard` stops it. */
  readonly kink: number;
  readonly hard: HardStop;
}

export class EdgeStep {
  /** A variable; or `variables` + r: what is tight at place r is let go. */
  entering = 0;
  /** 1: up, or away into the tail; -1: the other way. */
  direction = 1;
  /** Per unit of the edge: of what is free, in the order of the basis. */
  readonly step: Float64Array;
  /** The same of every variable, and of t. */
  readonly full: Float64Array;
  tStep = 0;
  /** Of every asset. */
  readonly net: Float64Array;
  readonly rowRate: Float64Array;
  /** In phase 1: -1 or 1 for each row that is below or above its limits. */
  readonly rowSlope: Float64Array;
  /** Kept up to date, where the walk prices by them. */
  lengths: EdgeLengths | undefined;
  private readonly vertex: Vertex;
  private readonly search = new StepSearch();
  private least = PIVOT;
  private length = 1;

  constructor(vertex: Vertex) {
    const { variables, rows } = vertex;
    this.vertex = vertex;
    this.step = new Float64Array(variables + 1);
    this.full = new Float64Array(variables);
    this.net = new Float64Array(vertex.band?.tailReturns.length ?? 0);
    this.rowRate = new Float64Array(rows);
    this.rowSlope = new Float64Array(rows);
  }

  /** Divides by nothing as small as before. */
  demandMore(): void {
    this.least *= 10;
  }

  /** Chooses an edge: `step` is filled. Answers with its squared length. */
  lay(entering: number, direction: number): number {
    const { vertex, step } = this;
    const isPlace = entering >= vertex.variables;
    if (isPlace) vertex.inverse.edge(entering - vertex.variables, step);
    else vertex.answerTo(entering, step);
    const sign = isPlace ? direction : -direction;
    let square = isPlace ? 0 : 1;
    for (let c = 0; c < vertex.size; c++) {
      const value = sign * (step[c] as number);
      square += value * value;
      step[c] = value;
    }
    this.entering = entering;
    this.direction = direction;
    this.length = Math.sqrt(square);
    return square;
  }

  /** How far the objective does not rise along the edge, if at first it falls by so much per unit. */
  lookAhead(fall: number, first: boolean, band: ScenarioBand | undefined): Stop {
    const { search } = this;
    this.setRates(band);
    const least = this.least * this.length;
    const hard = hardStopOf(this.vertex, this, least);
    if (fall === 0 && band !== undefined) return this.firstKink(band, hard, least);
    search.clear();
    if (first) this.addRowKinks(hard.length, least);
    else if (band !== undefined) addKinks(band, search, hard.length, least);
    // The sum of violations ends where the last of them does: that it falls on is rounding of its slope.
    const isEndless = first && hard.length === Number.POSITIVE_INFINITY;
    const place = search.turn(isEndless ? Math.min(fall, search.total) : fall);
    if (place < 0) return { far: hard.length, flips: search.count, kink: NO_KINK, hard };
    return { far: Math.max(0, search.length(place)), flips: place, kink: search.id(place), hard };
  }

  /** Where the objective does not fall it stops at the first kink; of several at one place at the steepest. */
  private firstKink(band: ScenarioBand, hard: HardStop, least: number): Stop {
    const { z, rate, weight, inTail, isKink, count } = band;
    let far = hard.length;
    let kink = NO_KINK;
    let steepest = 0;
    // The nearest is the one that comes nearer fastest against its distance: most are told apart by that alone.
    let fastest = 1 / far;
    for (let b = 0; b < count; b++) {
      const speed = rate[b] as number;
      const distance = Math.abs(z[b] as number);
      const nearing = (speed * (1 - 2 * (inTail[b] as number))) / distance;
      if (!(nearing >= fastest) || isKink[b] === 1 || Math.abs(speed) <= least) continue;
      const length = distance / Math.abs(speed);
      const slope = (weight[b] as number) * Math.abs(speed);
      if (!(length < far || (length === far && slope > steepest && kink !== NO_KINK))) continue;
      far = length;
      kink = b;
      steepest = slope;
      fastest = nearing;
    }
    return { far, flips: 0, kink, hard };
  }

  /** To the stop that was found; what was met there becomes tight. */
  land({ far, flips, kink, hard }: Stop, band: ScenarioBand | undefined): void {
    const { search } = this;
    this.advance(far, band);
    if (band !== undefined) {
      for (let k = 0; k < flips; k++) {
        const b = search.id(k);
        band.setInTail(b, (band.rate[b] as number) > 0);
      }
    }
    this.exchange(kink, hard, band);
  }

  /** So far along the edge, where nothing is met. */
  advance(far: number, band: ScenarioBand | undefined): void {
    const { vertex, step, rowRate, entering } = this;
    const { size, free, variables, x, activity } = vertex;
    for (let c = 0; c < size; c++) {
      const j = free[c] as number;
      if (j === variables) vertex.t += far * (step[c] as number);
      else x[j] = (x[j] as number) + far * (step[c] as number);
    }
    if (entering < variables) x[entering] = (x[entering] as number) + far * this.direction;
    for (let i = 0; i < vertex.rows; i++) {
      activity[i] = (activity[i] as number) + far * (rowRate[i] as number);
    }
    band?.move(far);
  }

  /** A kink that is left counts in the tail or not, by the way it goes; a row is no longer tight. */
  letGo(band: ScenarioBand | undefined): void {
    const { vertex } = this;
    if (this.entering < vertex.variables) return;
    const what = vertex.tight[this.entering - vertex.variables] as number;
    if (what >= 0) {
      (band as ScenarioBand).isKink[what] = 0;
      (band as ScenarioBand).setInTail(what, this.direction > 0);
    } else vertex.rowSide[-1 - what] = 0;
  }

  /** The row that is let go, -1 where what enters is none. */
  get enteringRow(): number {
    const { variables, tight } = this.vertex;
    const { entering } = this;
    return entering < variables ? -1 : Math.max(-1, -1 - (tight[entering - variables] as number));
  }

  private setRates(band: ScenarioBand | undefined): void {
    const { vertex, step, full, entering, direction } = this;
    const { variables, free, size, rows, coefficients } = vertex;
    full.fill(0);
    this.tStep = 0;
    for (let c = 0; c < size; c++) {
      const j = free[c] as number;
      if (j < variables) full[j] = step[c] as number;
      else this.tStep = step[c] as number;
    }
    if (entering < variables) full[entering] = direction;
    if (band !== undefined) {
      this.net.fill(0);
      vertex.addNet(full, this.net);
      band.setRates(this.net, this.tStep);
    }
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < variables; j++) {
        sum += (coefficients[i * variables + j] as number) * (full[j] as number);
      }
      this.rowRate[i] = vertex.rowSide[i] === 0 ? sum : 0;
    }
    const { enteringRow } = this;
    if (enteringRow >= 0) this.rowRate[enteringRow] = direction;
  }

  /** Rows that are violated fall less steeply from their limit on. */
  private addRowKinks(most: number, least: number): void {
    const { vertex, search, rowRate, rowSlope } = this;
    for (let i = 0; i < vertex.rows; i++) {
      const rate = rowRate[i] as number;
      const slope = rowSlope[i] as number;
      if (slope === 0 || Math.abs(rate) <= least || slope * rate > 0) continue;
      const limit = (slope < 0 ? vertex.rowLower[i] : vertex.rowUpper[i]) as number;
      const far = (limit - (vertex.activity[i] as number)) / rate;
      const both = vertex.rowLower[i] === vertex.rowUpper[i] ? 2 : 1;
      if (far < most) search.add(far, both * Math.abs(rate), i);
    }
  }

  private exchange(kink: number, hard: HardStop, band: ScenarioBand | undefined): void {
    const { vertex, entering, direction, lengths, step } = this;
    const { variables } = vertex;
    const atKink = kink !== NO_KINK;
    const isPlace = entering >= variables;
    const place = entering - variables;
    this.letGo(band);
    if (!atKink && hard.kind === "own") {
      this.turnOver();
      return;
    }
    if (!atKink && hard.kind === "variable") {
      const leaving = vertex.free[hard.place] as number;
      vertex.x[leaving] = (hard.side < 0 ? vertex.lower[leaving] : vertex.upper[leaving]) as number;
      vertex.status[leaving] = hard.side < 0 ? AT_LOWER : AT_UPPER;
      const speed = direction * (step[hard.place] as number);
      vertex.lookAtColumn(hard.place);
      lengths?.update(entering, direction, step, speed, leaving);
      if (isPlace) vertex.shrinkBy(hard.place, place);
      else {
        vertex.answerTo(entering, step);
        vertex.exchangeFree(hard.place, entering, step);
      }
      return;
    }
    const speed = direction * this.speedOf(atKink, kink, hard, band);
    const tight = this.tighten(atKink, kink, hard, band);
    vertex.look(tight);
    lengths?.update(entering, direction, step, speed, -1);
    if (isPlace) vertex.exchangeTight(place, tight);
    else {
      vertex.answerTo(entering, step);
      vertex.growBy(entering, tight, step);
    }
  }

  private speedOf(
    atKink: boolean,
    kink: number,
    hard: HardStop,
    band: ScenarioBand | undefined,
  ): number {
    if (atKink && band !== undefined) return band.rate[kink] as number;
    return this.rowRate[atKink ? kink : hard.place] as number;
  }

  /** Marks what the step stops at as tight. */
  private tighten(
    atKink: boolean,
    kink: number,
    hard: HardStop,
    band: ScenarioBand | undefined,
  ): number {
    const { vertex, rowRate, rowSlope } = this;
    if (atKink && band !== undefined) {
      band.setInTail(kink, false);
      band.isKink[kink] = 1;
      band.z[kink] = 0;
      return kink;
    }
    const i = atKink ? kink : hard.place;
    const side = atKink ? (rowSlope[i] as number) : hard.side;
    vertex.rowSide[i] = side;
    vertex.activity[i] = (side < 0 ? vertex.rowLower[i] : vertex.rowUpper[i]) as number;
    rowRate[i] = 0;
    return -1 - i;
  }

  /** What enters goes to its own other side; nothing is exchanged. */
  private turnOver(): void {
    const { vertex, entering, direction } = this;
    if (entering < vertex.variables) {
      vertex.x[entering] = (
        direction > 0 ? vertex.upper[entering] : vertex.lower[entering]
      ) as number;
      vertex.status[entering] = direction > 0 ? AT_UPPER : AT_LOWER;
      return;
    }
    const i = -1 - (vertex.tight[entering - vertex.variables] as number);
    vertex.rowSide[i] = direction;
    vertex.activity[i] = (direction < 0 ? vertex.rowLower[i] : vertex.rowUpper[i]) as number;
  }
}

/** Scenarios of the band that change sides within `most`. */
function addKinks(band: ScenarioBand, search: StepSearch, most: number, least: number): void {
  const { z, rate, weight, inTail, isKink, count } = band;
  for (let b = 0; b < count; b++) {
    const speed = rate[b] as number;
    if (isKink[b] === 1 || Math.abs(speed) <= least) continue;
    if (inTail[b] === 1 ? speed > 0 : speed < 0) continue;
    const far = Math.max(0, -(z[b] as number) / speed);
    if (far < most) search.add(far, (weight[b] as number) * Math.abs(speed), b);
  }
}
