// A vertex of a program's linear part, and the walk from one to the next. As many things are tight as variables are
// free (t, the value at risk, is one of them): rows at a limit and scenarios at the value at risk. The basis is
// sized by what is held, not by scenarios. Promises: after each exchange inverse, values and lists agree.
//
// Units: as ScenarioBand has them; rows are scaled so that their largest coefficient is about 1.

import { BasisInverse } from "./basis-inverse.ts";
import { HALF_DIGIT } from "./exact-sums.ts";
import type { Basis, Program } from "./program.ts";
import { powerOfTwo } from "./return-scale.ts";
import type { ScenarioBand } from "./scenario-band.ts";
import { addProducts } from "./tail-loss.ts";

export const AT_LOWER = -1;
export const FREE = 0;
export const AT_UPPER = 1;
/** Between its bounds, and not free: it stays where it is until it is worth moving, either way. */
export const BETWEEN = 2;

/** Violations that count as none. */
const FEASIBLE = 1e-10;

export class Vertex {
  readonly variables: number;
  readonly x: Float64Array;
  t = 0;
  readonly status: Int8Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly rows: number;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  readonly rowScale: Float64Array;
  readonly coefficients: Float64Array;
  readonly activity: Float64Array;
  /** Of each row: -1 tight at its lower limit, 1 at its upper, 0 not tight. */
  readonly rowSide: Int8Array;
  /** How many are free and tight. */
  size = 0;
  /** Free variables; `variables` stands for t. */
  readonly free: Int32Array;
  /** What is tight: the place in the band of a scenario, or -1 - i for row i. */
  readonly tight: Int32Array;
  readonly inverse = new BasisInverse();
  /** Coefficients of what is tight, t's last: of place r in [r * (variables + 1) + j]. */
  private gradients: Float64Array;
  private readonly image: Float64Array;
  /** 0, 1, 2 …, and what each row of `gradients` counts. */
  private readonly places: Int32Array;
  private readonly factors: Float64Array;
  /** Of what `look` was given: its coefficients (t's last), and its row times the inverse. */
  readonly candidate: Float64Array;
  readonly candidateImage: Float64Array;
  readonly band: ScenarioBand | undefined;
  private readonly program: Program;

  constructor(program: Program, band: ScenarioBand | undefined) {
    const { variables, rows } = program;
    this.program = program;
    this.band = band;
    this.variables = variables;
    this.x = new Float64Array(variables);
    this.status = new Int8Array(variables);
    this.lower = program.lower;
    this.upper = program.upper;
    this.rows = rows.count;
    this.coefficients = Float64Array.from(rows.coefficients);
    this.rowLower = Float64Array.from(rows.lower);
    this.rowUpper = Float64Array.from(rows.upper);
    this.rowScale = new Float64Array(rows.count);
    this.activity = new Float64Array(rows.count);
    this.rowSide = new Int8Array(rows.count);
    this.free = new Int32Array(variables + 1);
    this.tight = new Int32Array(variables + 1);
    this.image = new Float64Array(variables + 1);
    this.places = this.tight.map((_, r) => r);
    this.factors = new Float64Array(variables + 1);
    this.candidate = new Float64Array(variables + 1);
    this.candidateImage = new Float64Array(variables + 1);
    this.gradients = new Float64Array(16 * (variables + 1));
    for (let i = 0; i < rows.count; i++) this.scaleRow(i);
  }

  private scaleRow(i: number): void {
    const own = this.coefficients.subarray(i * this.variables, (i + 1) * this.variables);
    let largest = 0;
    for (const value of own) largest = Math.max(largest, Math.abs(value));
    const scale = largest > 0 ? powerOfTwo(1 / largest) : 1;
    this.rowScale[i] = scale;
    for (let j = 0; j < own.length; j++) own[j] = (own[j] as number) * scale;
    this.rowLower[i] = (this.rowLower[i] as number) * scale;
    this.rowUpper[i] = (this.rowUpper[i] as number) * scale;
  }

  /** Every variable at a point, or at its bound next to it; nothing tight. */
  begin(from?: Float64Array): void {
    this.size = 0;
    this.inverse.size = 0;
    this.rowSide.fill(0);
    for (let j = 0; j < this.variables; j++) this.rest(j, from?.[j] ?? 0);
    this.updateActivities();
  }

  private rest(j: number, value: number): void {
    const low = this.lower[j] as number;
    const high = this.upper[j] as number;
    const inside = Math.min(Math.max(value, low), high);
    this.x[j] = inside;
    this.status[j] = inside === low ? AT_LOWER : inside === high ? AT_UPPER : BETWEEN;
  }

  updateActivities(): void {
    for (let i = 0; i < this.rows; i++) {
      let sum = 0;
      const from = i * this.variables;
      for (let j = 0; j < this.variables; j++) {
        sum += (this.coefficients[from + j] as number) * (this.x[j] as number);
      }
      this.activity[i] = sum;
    }
  }

  /** Coefficient of variable j (or t) in what is tight at place r. */
  gradient(r: number, j: number): number {
    return this.gradients[r * (this.variables + 1) + j] as number;
  }

  /** into[j] -= Σ_r prices[r] · coefficient, over all variables. */
  subtractPrices(prices: Float64Array, into: Float64Array): void {
    const { size, variables, factors } = this;
    for (let r = 0; r < size; r++) factors[r] = -(prices[r] as number);
    addProducts(into, variables, this.gradients, variables + 1, this.places, factors, size);
  }

  /** The row of the inverse that belongs to a column, into the image of `look`. */
  lookAtColumn(c: number): void {
    for (let r = 0; r < this.size; r++) this.candidateImage[r] = this.inverse.at(c, r);
  }

  /** into[j] += slope of the tail that is counted, in each variable. */
  addTailReturns(into: Float64Array): void {
    const { band, variables } = this;
    if (band === undefined) return;
    const { asset, sign } = this.program.holdings;
    for (let j = 0; j < variables; j++) {
      const a = asset[j] as number;
      if (a < 0) continue;
      const slope = (sign[j] as number) * band.scale * (band.tailReturns[a] as number);
      into[j] = (into[j] as number) - slope;
    }
  }

  /** How the free variables answer a unit of variable j, with the sign turned: into = inverse · column j. */
  answerTo(j: number, into: Float64Array): void {
    for (let r = 0; r < this.size; r++) this.image[r] = this.gradient(r, j);
    this.inverse.timesColumn(this.image, into);
  }

  /** Looks at something that is to become tight: its coefficients, and how they follow from what is. */
  look(tight: number): void {
    this.coefficientsOf(tight, this.candidate);
    for (let c = 0; c < this.size; c++) {
      this.image[c] = this.candidate[this.free[c] as number] as number;
    }
    this.inverse.timesRow(this.image, this.candidateImage);
  }

  private coefficientsOf(tight: number, into: Float64Array): void {
    if (tight >= 0) this.band?.row(tight, into);
    else {
      const from = (-1 - tight) * this.variables;
      for (let j = 0; j < this.variables; j++) into[j] = this.coefficients[from + j] as number;
      into[this.variables] = 0;
    }
  }

  private write(r: number, tight: number, coefficients: Float64Array): void {
    const stride = this.variables + 1;
    if ((r + 1) * stride > this.gradients.length) {
      const wider = new Float64Array(Math.min(2 * this.gradients.length, stride * stride));
      wider.set(this.gradients);
      this.gradients = wider;
    }
    this.gradients.set(coefficients, r * stride);
    this.tight[r] = tight;
  }

  /** What was tight at place r is let go, what was looked at last becomes tight. */
  exchangeTight(r: number, tight: number): void {
    this.inverse.replaceRow(r, this.candidateImage);
    this.write(r, tight, this.candidate);
  }

  /** Variable j becomes free, what was looked at last becomes tight. `answer` is answerTo(j). */
  growBy(j: number, tight: number, answer: Float64Array): void {
    const last = this.size;
    let pivot = this.candidate[j] as number;
    for (let c = 0; c < last; c++) {
      pivot -= (this.candidate[this.free[c] as number] as number) * (answer[c] as number);
    }
    this.inverse.append(answer, this.candidateImage, pivot);
    this.write(last, tight, this.candidate);
    this.free[last] = j;
    if (j < this.variables) this.status[j] = FREE;
    this.size++;
  }

  /** Variable j becomes free in the place of the one at column c, which rests at a bound. `answer` is answerTo(j). */
  exchangeFree(c: number, j: number, answer: Float64Array): void {
    this.inverse.replaceColumn(c, answer);
    this.free[c] = j;
    this.status[j] = FREE;
  }

  /** What is tight at place r is let go, the variable at column c rests at a bound. */
  shrinkBy(c: number, r: number): void {
    this.inverse.remove(c, r);
    const last = --this.size;
    this.free[c] = this.free[last] as number;
    if (r !== last) {
      const stride = this.variables + 1;
      this.tight[r] = this.tight[last] as number;
      this.gradients.copyWithin(r * stride, last * stride, (last + 1) * stride);
    }
  }

  /** Inverse and values anew from the lists. False if the basis is singular. */
  refactor(): boolean {
    const { size } = this;
    for (let r = 0; r < size; r++) {
      this.coefficientsOf(this.tight[r] as number, this.candidate);
      this.write(r, this.tight[r] as number, this.candidate);
    }
    const isRegular = this.inverse.invert(size, (r, into) => {
      const from = r * (this.variables + 1);
      for (let c = 0; c < size; c++)
        into[c] = this.gradients[from + (this.free[c] as number)] as number;
    });
    if (!isRegular) return false;
    const target = new Float64Array(size);
    const isFree = new Uint8Array(this.variables + 1);
    for (let c = 0; c < size; c++) isFree[this.free[c] as number] = 1;
    for (let r = 0; r < size; r++) {
      let rest = this.limitOf(this.tight[r] as number);
      for (let j = 0; j < this.variables; j++) {
        if (isFree[j] === 0) rest -= this.gradient(r, j) * (this.x[j] as number);
      }
      target[r] = rest;
    }
    const values = new Float64Array(size);
    this.inverse.timesColumn(target, values);
    this.refine(target, values);
    for (let c = 0; c < size; c++) {
      const j = this.free[c] as number;
      if (j === this.variables) this.t = values[c] as number;
      else this.x[j] = values[c] as number;
    }
    this.updateActivities();
    return true;
  }

  /** One step of iterative refinement: the residual is what an inverse in floats leaves. */
  private refine(target: Float64Array, values: Float64Array): void {
    const residual = new Float64Array(this.size);
    for (let r = 0; r < this.size; r++) {
      let rest = target[r] as number;
      for (let c = 0; c < this.size; c++) {
        rest -= this.gradient(r, this.free[c] as number) * (values[c] as number);
      }
      residual[r] = rest;
    }
    const correction = new Float64Array(this.size);
    this.inverse.timesColumn(residual, correction);
    for (let c = 0; c < this.size; c++)
      values[c] = (values[c] as number) + (correction[c] as number);
  }

  private limitOf(tight: number): number {
    if (tight >= 0) return -(this.band?.offset[tight] as number);
    const i = -1 - tight;
    return ((this.rowSide[i] as number) < 0 ? this.rowLower[i] : this.rowUpper[i]) as number;
  }

  /** Whether bounds and rows hold, to rounding. */
  isFeasible(): boolean {
    const { x, lower, upper, variables } = this;
    for (let j = 0; j < variables; j++) {
      const value = x[j] as number;
      if (!(value >= (lower[j] as number) - FEASIBLE && value <= (upper[j] as number) + FEASIBLE))
        return false;
    }
    return this.violation() <= FEASIBLE;
  }

  /** Of rows, relative to their limits, beyond what the rounding of their sums may be: weights of 1e5 do not sum to 1 to 1e-12. */
  violation(): number {
    const { rows, activity, rowLower, rowUpper } = this;
    let worst = 0;
    for (let i = 0; i < rows; i++) {
      const value = activity[i] as number;
      const low = rowLower[i] as number;
      const high = rowUpper[i] as number;
      const limit = value < low ? low : high;
      const off = Math.max(low - value, value - high);
      if (!(off > 0)) continue;
      worst = Math.max(worst, (off - this.roundingOf(i)) / Math.max(1, Math.abs(limit)));
    }
    return worst;
  }

  private roundingOf(i: number): number {
    let terms = 0;
    for (let j = 0; j < this.variables; j++) {
      const coefficient = this.coefficients[i * this.variables + j] as number;
      terms += Math.abs(coefficient * (this.x[j] as number));
    }
    return this.variables * HALF_DIGIT * terms;
  }

  netOf(values: Float64Array): Float64Array {
    const net = new Float64Array(this.program.holdings.assets);
    this.addNet(values, net);
    return net;
  }

  /** into += the net weights of values. */
  addNet(values: Float64Array, into: Float64Array): void {
    const { asset, sign } = this.program.holdings;
    for (let j = 0; j < this.variables; j++) {
      const a = asset[j] as number;
      if (a >= 0) into[a] = (into[a] as number) + (sign[j] as number) * (values[j] as number);
    }
  }

  basis(): Basis {
    const scenarios: number[] = [];
    for (let r = 0; r < this.size; r++) {
      const tight = this.tight[r] as number;
      if (tight >= 0) scenarios.push(this.band?.ids[tight] as number);
    }
    return {
      variables: Int8Array.from(this.status),
      rows: Int8Array.from(this.rowSide),
      scenarios: Int32Array.from(scenarios),
    };
  }
}
