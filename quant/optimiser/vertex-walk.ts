// The simplex on vertices: from a vertex along the edge on which the objective falls fastest per length of the
// edge (steepest edge), past as many kinks as it still falls, to the next. Promises: the objective never rises; where
// it stays for long, kinks are moved apart by a billionth part and edges are drawn by lot (seeded), so no cycle lasts.
//
// The long step over scenarios is that of I. Barrodale and F. Roberts (SIAM Journal on Numerical Analysis 10, 1973)
// for L1 regression; steepest edge: D. Goldfarb and J. Reid (Mathematical Programming 12, 1977).

import { Random } from "../random.ts";
import type { BandReach } from "./band-reach.ts";
import type { ScenarioBand } from "./scenario-band.ts";
import { StepSearch } from "./step-search.ts";
import { AT_LOWER, AT_UPPER, BETWEEN, FREE, type Vertex } from "./vertex.ts";

/** What a step must gain per unit of its length, against the largest cost. */
const GAIN = 1e-11;
/** Of an edge of length 1: what moves less does not move. At first; more after a basis was lost to rounding. */
const PIVOT = 1e-10;
/** A limit may be passed by so much where that avoids dividing by a small number. */
const GIVE = 1e-13;
const REFACTOR_AFTER = 60;
const PHASE_ONE_PIVOTS = 100_000;

export type Ended = "optimal" | "unbounded" | "exhausted" | "lost";

interface Budget {
  pivots: number;
  readonly maxPivots: number;
  readonly expired: (() => boolean) | undefined;
}

export class VertexWalk {
  readonly vertex: Vertex;
  /** Costs of variables, in the units of the band. */
  readonly cost: Float64Array;
  readonly budget: Budget;
  /** Price of what is tight at each place, after `run`. */
  readonly prices: Float64Array;
  perturbed = false;
  private readonly scale: number;
  private readonly search = new StepSearch();
  private readonly random = new Random(1);
  private readonly reduced: Float64Array;
  private readonly lengths: Float64Array;
  private readonly edgeSquares: Float64Array;
  private readonly step: Float64Array;
  private readonly rowRate: Float64Array;
  private readonly rowSlope: Float64Array;
  /** Of the edge: of all variables, and of t. */
  private readonly full: Float64Array;
  private tStep = 0;
  private readonly product: Float64Array;
  private readonly image: Float64Array;
  private readonly speeds: Float64Array;
  private readonly overlaps: Float64Array;
  private least = PIVOT;
  private gain = GAIN;
  private sinceFactor = 0;
  private standing = 0;
  private shift = 1e-11;
  private keepsLengths = true;

  constructor(vertex: Vertex, cost: Float64Array, budget: Budget) {
    const { variables, rows } = vertex;
    this.vertex = vertex;
    this.cost = cost;
    this.budget = budget;
    this.prices = new Float64Array(variables + 1);
    this.reduced = new Float64Array(variables);
    this.lengths = new Float64Array(variables).fill(1);
    this.edgeSquares = new Float64Array(variables + 1);
    this.step = new Float64Array(variables + 1);
    this.rowRate = new Float64Array(rows);
    this.rowSlope = new Float64Array(rows);
    this.full = new Float64Array(variables);
    this.product = new Float64Array(variables + 1);
    this.image = new Float64Array(variables + 1);
    this.speeds = new Float64Array(variables);
    this.overlaps = new Float64Array(variables);
    let largest = 1;
    for (const value of cost) largest = Math.max(largest, Math.abs(value));
    this.scale = largest;
  }

  /** Phase 1: to a vertex within all rows. Rows that are violated then say which cannot be kept. */
  makeFeasible(): Ended {
    return this.loop(true);
  }

  /** Phase 2: to the best vertex of what the band shows. */
  run(): Ended {
    this.rowSlope.fill(0);
    this.measureLengths();
    const ended = this.walkOn();
    return ended === "optimal" && this.pushRest() ? this.walkOn() : ended;
  }

  /** Variables that still rest between their bounds are moved until they do not: it costs nothing. True if any was. */
  private pushRest(): boolean {
    const { vertex } = this;
    let any = false;
    for (let j = 0; j < vertex.variables; j++) {
      if (vertex.status[j] !== BETWEEN) continue;
      const down = (vertex.x[j] as number) - (vertex.lower[j] as number);
      const up = (vertex.upper[j] as number) - (vertex.x[j] as number);
      const entering = { rate: 0, entering: j, direction: down <= up ? -1 : 1 };
      vertex.inverse.edgeLengths(this.edgeSquares);
      const ended = this.follow(entering);
      if (ended === "lost") return true;
      any ||= ended === undefined;
    }
    return any;
  }

  private walkOn(): Ended {
    return this.loop(false);
  }

  /** Squared lengths of all edges anew. */
  private measureLengths(): void {
    const { vertex, lengths, step } = this;
    this.keepsLengths = true;
    for (let j = 0; j < vertex.variables; j++) {
      if (vertex.status[j] === FREE) continue;
      vertex.answerTo(j, step);
      let square = 1;
      for (let c = 0; c < vertex.size; c++) square += (step[c] as number) * (step[c] as number);
      lengths[j] = square;
    }
  }

  private loop(first: boolean): Ended {
    this.standing = 0;
    const { budget } = this;
    // Phase 1 is short, and without it there is no answer at all: it has bounds of its own.
    const most = first ? budget.pivots + PHASE_ONE_PIVOTS : budget.maxPivots;
    while (budget.pivots < most) {
      if (first && !this.findViolations()) return "optimal";
      if (!first && (budget.pivots & 63) === 63 && budget.expired?.() === true) return "exhausted";
      if (this.standing > 40 && !first) this.moveApart();
      const ended = this.pivot(first);
      if (ended !== undefined) return ended;
      if (this.count() === "lost") return "lost";
    }
    return "exhausted";
  }

  /** Divides by nothing as small as before. */
  demandMore(): void {
    this.least *= 10;
    this.gain *= 10;
    this.standing = 0;
  }

  refactor(): boolean {
    this.sinceFactor = 0;
    const { vertex } = this;
    if (!vertex.refactor()) return false;
    vertex.band?.refresh(vertex.netOf(vertex.x), vertex.t);
    vertex.band?.recount();
    return true;
  }

  /** Sets the slope of each row that is violated; false if none is. */
  private findViolations(): boolean {
    const { rows, rowSide, activity, rowLower, rowUpper } = this.vertex;
    let any = false;
    for (let i = 0; i < rows; i++) {
      const low = rowLower[i] as number;
      const high = rowUpper[i] as number;
      const value = activity[i] as number;
      let slope = 0;
      if (rowSide[i] === 0 && value < low - GIVE * Math.max(1, Math.abs(low))) slope = -1;
      else if (rowSide[i] === 0 && value > high + GIVE * Math.max(1, Math.abs(high))) slope = 1;
      this.rowSlope[i] = slope;
      any ||= slope !== 0;
    }
    return any;
  }

  /** -1 or 1 for each row that phase 1 left below or above its limits. */
  get violations(): Float64Array {
    return this.rowSlope;
  }

  private fillGradient(first: boolean): void {
    const { vertex, reduced, cost } = this;
    const { variables, coefficients, band } = vertex;
    if (first) {
      reduced.fill(0);
      for (let i = 0; i < vertex.rows; i++) {
        const slope = this.rowSlope[i] as number;
        if (slope === 0) continue;
        for (let j = 0; j < variables; j++) {
          reduced[j] = (reduced[j] as number) + slope * (coefficients[i * variables + j] as number);
        }
      }
      return;
    }
    reduced.set(cost);
    if (band !== undefined) vertex.addTailReturns(reduced);
  }

  private pivot(first: boolean): Ended | undefined {
    const { vertex, reduced, prices } = this;
    this.price(first);
    const entering = this.chooseEntering(first);
    if (entering === NONE) return "optimal";
    const isPlace = entering >= vertex.variables;
    const place = entering - vertex.variables;
    const slope = (isPlace ? prices[place] : reduced[entering]) as number;
    const direction = slope > 0 ? -1 : 1;
    const fall = isPlace ? this.gainOf(place) : Math.abs(slope);
    const length = this.layEdge(entering, direction);
    return this.travel(entering, direction, fall, length, first, first ? undefined : vertex.band);
  }

  /** Fills `step` with the edge of what enters, in a direction; its length. */
  private layEdge(entering: number, direction: number): number {
    const { vertex, step } = this;
    if (entering >= vertex.variables) {
      const place = entering - vertex.variables;
      vertex.inverse.edge(place, step);
      for (let c = 0; c < vertex.size; c++) step[c] = direction * (step[c] as number);
      return Math.sqrt(this.edgeSquares[place] as number);
    }
    vertex.answerTo(entering, step);
    let square = 1;
    for (let c = 0; c < vertex.size; c++) {
      square += (step[c] as number) * (step[c] as number);
      step[c] = -direction * (step[c] as number);
    }
    this.lengths[entering] = square;
    return Math.sqrt(square);
  }

  /** Prices of what is tight, then the reduced cost of each variable. */
  private price(first: boolean): void {
    const { vertex, reduced, step, prices } = this;
    this.fillGradient(first);
    for (let c = 0; c < vertex.size; c++) {
      const j = vertex.free[c] as number;
      step[c] =
        j < vertex.variables
          ? (reduced[j] as number)
          : 1 - (vertex.band as ScenarioBand).tailWeight;
    }
    vertex.inverse.timesRow(step, prices);
    vertex.subtractPrices(prices, reduced);
  }

  /** Prices once more, with the rest that rounding left: for the proof. */
  refinePrices(first = false): void {
    const { vertex, step, prices, product } = this;
    this.price(first);
    for (let c = 0; c < vertex.size; c++) {
      const j = vertex.free[c] as number;
      if (j < vertex.variables) step[c] = this.reduced[j] as number;
      else
        for (let r = 0; r < vertex.size; r++)
          step[c] = (step[c] as number) - vertex.gradient(r, j) * (prices[r] as number);
    }
    vertex.inverse.timesRow(step, product);
    for (let r = 0; r < vertex.size; r++)
      prices[r] = (prices[r] as number) + (product[r] as number);
  }

  /**
   * Where costs are cost − rate · gains: the smallest rate from `from` on at which this vertex is no longer the
   * best, and the edge that is then as good. None: it stays the best for ever.
   */
  nextTurn(gains: Float64Array, from: number): Turn | undefined {
    const { vertex, step, product, speeds, reduced } = this;
    this.price(false);
    speeds.set(gains);
    for (let j = 0; j < speeds.length; j++) speeds[j] = -(speeds[j] as number);
    for (let c = 0; c < vertex.size; c++) {
      const j = vertex.free[c] as number;
      step[c] = j < vertex.variables ? (speeds[j] as number) : 0;
    }
    vertex.inverse.timesRow(step, product);
    vertex.subtractPrices(product, speeds);
    vertex.inverse.edgeLengths(this.edgeSquares);
    const turn = { rate: Number.POSITIVE_INFINITY, entering: NONE, direction: 0, slope: 0 };
    const meet = (room: number, slope: number, entering: number): void => {
      const at = Math.max(room / Math.abs(slope), from);
      if (at > turn.rate * (1 + 1e-13)) return;
      // Of several at about one rate the one with the steepest edge: it divides by the most.
      const isTie = at >= turn.rate * (1 - 1e-13);
      if (isTie && this.steepness(entering, slope) <= this.steepness(turn.entering, turn.slope))
        return;
      turn.rate = Math.min(at, turn.rate);
      turn.entering = entering;
      turn.direction = slope > 0 ? -1 : 1;
      turn.slope = slope;
    };
    const noise = 1e-12 * largestOf(gains);
    for (let r = 0; r < vertex.size; r++) {
      const slope = product[r] as number;
      const size = Math.abs(slope);
      if (size <= noise || size * size <= noise * noise * (this.edgeSquares[r] as number)) continue;
      const room = this.roomOf(r, slope);
      if (room < Number.POSITIVE_INFINITY) meet(room, slope, vertex.variables + r);
    }
    for (let j = 0; j < vertex.variables; j++) {
      const slope = speeds[j] as number;
      const side = vertex.status[j] as number;
      if (side === FREE || vertex.lower[j] === vertex.upper[j] || Math.abs(slope) <= noise)
        continue;
      if ((side === AT_LOWER && slope > 0) || (side === AT_UPPER && slope < 0)) continue;
      meet(Math.max(0, Math.abs(reduced[j] as number)), slope, j);
    }
    return turn.entering === NONE ? undefined : turn;
  }

  /** Of the edge of what enters, by a slope along it. */
  private steepness(entering: number, slope: number): number {
    const { vertex, step } = this;
    if (entering >= vertex.variables) {
      const square = this.edgeSquares[entering - vertex.variables] as number;
      return Math.abs(slope) / Math.sqrt(square);
    }
    vertex.answerTo(entering, step);
    let square = 1;
    for (let c = 0; c < vertex.size; c++) square += (step[c] as number) * (step[c] as number);
    return Math.abs(slope) / Math.sqrt(square);
  }

  /** How far the price of what is tight at place r may move in a direction. */
  private roomOf(r: number, slope: number): number {
    const { vertex } = this;
    const tight = vertex.tight[r] as number;
    const price = this.prices[r] as number;
    if (tight >= 0) {
      const weight = vertex.band?.weight[tight] as number;
      return Math.max(0, slope > 0 ? -price : price + weight);
    }
    const i = -1 - tight;
    if (vertex.rowLower[i] === vertex.rowUpper[i]) return Number.POSITIVE_INFINITY;
    const side = vertex.rowSide[i] as number;
    if (side < 0) return slope < 0 ? Math.max(0, price) : Number.POSITIVE_INFINITY;
    return slope > 0 ? Math.max(0, -price) : Number.POSITIVE_INFINITY;
  }

  /** Along the edge of what enters, to its other end. */
  private follow({ entering, direction }: Pick<Turn, "entering" | "direction">): Ended | undefined {
    const { vertex } = this;
    const length = this.layEdge(entering, direction);
    const ended = this.travel(entering, direction, 0, length, false, vertex.band);
    return ended ?? this.count();
  }

  private count(): "lost" | undefined {
    this.budget.pivots++;
    const isDue = ++this.sinceFactor >= Math.max(REFACTOR_AFTER, this.vertex.size);
    return isDue && !this.refactor() ? "lost" : undefined;
  }

  /**
   * Along the edge of a turn, to its other end; the band is chosen anew wherever a scenario outside it might
   * cross. Steepest edges are not kept: `run` measures them anew.
   */
  followTurn({ entering, direction }: Turn, reach: BandReach): Ended | undefined {
    const { vertex } = this;
    const { band } = vertex;
    this.keepsLengths = false;
    const length = this.layEdge(entering, direction);
    if (entering >= vertex.variables) this.letGo(entering - vertex.variables, direction, band);
    reach.begin();
    let ahead = this.lookAhead(entering, direction, 0, length, false, band);
    while (!reach.covers(this.full, this.tStep, ahead.far)) {
      const part = reach.partOf(this.full, this.tStep);
      if (part > 0) this.advance(entering, direction, part, band);
      reach.recentre(this.full);
      ahead = this.lookAhead(entering, direction, 0, length, false, band);
    }
    if (ahead.far === Number.POSITIVE_INFINITY) return "unbounded";
    this.land(entering, direction, ahead, band);
    return this.count();
  }

  /** What letting go of the tight thing at place r gains per unit of its own; 0 or less: nothing. */
  private gainOf(r: number): number {
    const { vertex, prices } = this;
    const tight = vertex.tight[r] as number;
    const price = prices[r] as number;
    if (tight >= 0) {
      const weight = vertex.band?.weight[tight] as number;
      return price > 0 ? price : -price - weight;
    }
    const i = -1 - tight;
    const side = vertex.rowSide[i] as number;
    if (vertex.rowLower[i] === vertex.rowUpper[i]) return 0;
    return side < 0 ? -price : price;
  }

  private chooseEntering(first: boolean): number {
    const { vertex, reduced, edgeSquares, lengths } = this;
    const { size, variables, status, lower, upper } = vertex;
    const least = first ? GAIN / 100 : this.gain * this.scale;
    const byLot = this.standing > 20 && (this.standing & 1) === 1;
    vertex.inverse.edgeLengths(edgeSquares);
    let best = 0;
    let chosen = NONE;
    for (let r = 0; r < size; r++) {
      const gain = this.gainOf(r);
      const square = edgeSquares[r] as number;
      if (!(gain > 0) || gain * gain <= least * least * square) continue;
      let score = (gain * gain) / square;
      if (byLot) score = this.random.uniform();
      if (score > best) {
        best = score;
        chosen = variables + r;
      }
    }
    for (let j = 0; j < variables; j++) {
      const side = status[j];
      const slope = reduced[j] as number;
      if (side === FREE || (side === AT_LOWER && slope >= 0) || (side === AT_UPPER && slope <= 0)) {
        continue;
      }
      if (Math.abs(slope) <= least || lower[j] === upper[j]) continue;
      const score = byLot ? this.random.uniform() : (slope * slope) / (lengths[j] as number);
      if (score > best) {
        best = score;
        chosen = j;
      }
    }
    return chosen;
  }

  private travel(
    entering: number,
    direction: number,
    fall: number,
    length: number,
    first: boolean,
    band: ScenarioBand | undefined,
  ): Ended | undefined {
    const ahead = this.lookAhead(entering, direction, fall, length, first, band);
    if (ahead.far === Number.POSITIVE_INFINITY) return "unbounded";
    if (ahead.far * fall > 1e-14 * this.scale) this.standing = 0;
    else this.standing++;
    this.land(entering, direction, ahead, band);
    return undefined;
  }

  /** How far the objective does not rise along the edge that was laid, and what it stops at. */
  private lookAhead(
    entering: number,
    direction: number,
    fall: number,
    length: number,
    first: boolean,
    band: ScenarioBand | undefined,
  ): Stop {
    const { search } = this;
    this.setRates(entering, direction, band);
    const hard = this.hardStop(entering, direction, length);
    search.clear();
    if (first) this.addRowKinks(hard.length, length);
    else if (band !== undefined) addKinks(band, search, hard.length, this.least * length);
    const place = search.turn(fall);
    if (place < 0) return { far: hard.length, flips: search.count, kink: NO_KINK, hard };
    const far = Math.max(0, search.length(place));
    return { far, flips: place, kink: search.id(place), hard };
  }

  /** To the stop that was found, and what was met there becomes tight. */
  private land(
    entering: number,
    direction: number,
    { far, flips, kink, hard }: Stop,
    band: ScenarioBand | undefined,
  ): void {
    const { search } = this;
    this.advance(entering, direction, far, band);
    if (band !== undefined) {
      for (let k = 0; k < flips; k++) {
        const b = search.id(k);
        band.setInTail(b, (band.rate[b] as number) > 0);
      }
    }
    this.exchange(entering, direction, kink, hard, band);
  }

  private setRates(entering: number, direction: number, band: ScenarioBand | undefined): void {
    const { vertex, step, full } = this;
    const { variables, free, size, rows, coefficients } = vertex;
    full.fill(0);
    this.tStep = 0;
    for (let c = 0; c < size; c++) {
      const j = free[c] as number;
      if (j < variables) full[j] = step[c] as number;
      else this.tStep = step[c] as number;
    }
    if (entering < variables) full[entering] = direction;
    band?.setRates(vertex.netOf(full), this.tStep);
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < variables; j++) {
        sum += (coefficients[i * variables + j] as number) * (full[j] as number);
      }
      this.rowRate[i] = vertex.rowSide[i] === 0 ? sum : 0;
    }
    const enteringRow = this.enteringRow(entering);
    if (enteringRow >= 0) this.rowRate[enteringRow] = direction;
  }

  /** The row that is let go, -1 where what enters is none. */
  private enteringRow(entering: number): number {
    const { variables, tight } = this.vertex;
    return entering < variables ? -1 : Math.max(-1, -1 - (tight[entering - variables] as number));
  }

  /** The first bound or limit on the way; of several at about one place, the one that moves fastest. */
  private hardStop(entering: number, direction: number, length: number): HardStop {
    const { vertex, step, rowRate, rowSlope } = this;
    const { size, free, variables, x, lower, upper, rows, activity, rowLower, rowUpper } = vertex;
    const least = this.least * length;
    let reach = Number.POSITIVE_INFINITY;
    const stop: HardStop = { length: Number.POSITIVE_INFINITY, kind: "none", place: -1, side: 0 };
    let fastest = 0;
    const own = this.ownRange(entering, direction);
    const enteringRow = this.enteringRow(entering);
    for (let pass = 0; pass < 2; pass++) {
      const meet = (
        room: number,
        speed: number,
        kind: HardStop["kind"],
        place: number,
        side: number,
      ): void => {
        if (pass === 0) reach = Math.min(reach, (room + GIVE) / speed);
        else if (room / speed <= reach && speed > fastest) {
          fastest = speed;
          stop.length = Math.max(0, room / speed);
          stop.kind = kind;
          stop.place = place;
          stop.side = side;
        }
      };
      for (let c = 0; c < size; c++) {
        const j = free[c] as number;
        const rate = step[c] as number;
        if (j === variables || Math.abs(rate) <= least) continue;
        const room =
          rate < 0
            ? (x[j] as number) - (lower[j] as number)
            : (upper[j] as number) - (x[j] as number);
        if (room !== Number.POSITIVE_INFINITY)
          meet(room, Math.abs(rate), "variable", c, rate < 0 ? -1 : 1);
      }
      for (let i = 0; i < rows; i++) {
        const rate = rowRate[i] as number;
        if (Math.abs(rate) <= least || i === enteringRow) continue;
        const slope = rowSlope[i] as number;
        if (slope !== 0 && slope * rate < 0 && rowLower[i] === rowUpper[i]) continue;
        if (slope !== 0 && slope * rate > 0) continue;
        const room =
          rate < 0
            ? (activity[i] as number) - (rowLower[i] as number)
            : (rowUpper[i] as number) - (activity[i] as number);
        if (room !== Number.POSITIVE_INFINITY)
          meet(room, Math.abs(rate), "row", i, rate < 0 ? -1 : 1);
      }
      if (own !== Number.POSITIVE_INFINITY) meet(own, 1, "own", -1, 0);
    }
    return stop;
  }

  /** How far what enters can go before its own other side. */
  private ownRange(entering: number, direction: number): number {
    const { vertex } = this;
    const { variables, lower, upper, rowLower, rowUpper, tight } = vertex;
    if (entering < variables) {
      const { x } = vertex;
      return direction > 0
        ? (upper[entering] as number) - (x[entering] as number)
        : (x[entering] as number) - (lower[entering] as number);
    }
    const what = tight[entering - variables] as number;
    if (what >= 0) return Number.POSITIVE_INFINITY;
    return (rowUpper[-1 - what] as number) - (rowLower[-1 - what] as number);
  }

  /** Rows that are violated fall less steeply from their limit on. */
  private addRowKinks(most: number, length: number): void {
    const { vertex, search, rowRate, rowSlope } = this;
    for (let i = 0; i < vertex.rows; i++) {
      const rate = rowRate[i] as number;
      const slope = rowSlope[i] as number;
      if (slope === 0 || Math.abs(rate) <= this.least * length || slope * rate > 0) continue;
      const limit = (slope < 0 ? vertex.rowLower[i] : vertex.rowUpper[i]) as number;
      const far = (limit - (vertex.activity[i] as number)) / rate;
      const both = vertex.rowLower[i] === vertex.rowUpper[i] ? 2 : 1;
      if (far < most) search.add(far, both * Math.abs(rate), i);
    }
  }

  private advance(
    entering: number,
    direction: number,
    far: number,
    band: ScenarioBand | undefined,
  ): void {
    const { vertex, step, rowRate } = this;
    const { size, free, variables, x, activity } = vertex;
    for (let c = 0; c < size; c++) {
      const j = free[c] as number;
      if (j === variables) vertex.t += far * (step[c] as number);
      else x[j] = (x[j] as number) + far * (step[c] as number);
    }
    if (entering < variables) x[entering] = (x[entering] as number) + far * direction;
    for (let i = 0; i < vertex.rows; i++) {
      activity[i] = (activity[i] as number) + far * (rowRate[i] as number);
    }
    band?.move(far);
  }

  private exchange(
    entering: number,
    direction: number,
    kink: number,
    hard: HardStop,
    band: ScenarioBand | undefined,
  ): void {
    const { vertex } = this;
    const { variables } = vertex;
    const atKink = kink !== NO_KINK;
    const isPlace = entering >= variables;
    const place = entering - variables;
    if (isPlace) this.letGo(place, direction, band);
    if (!atKink && hard.kind === "own") {
      this.turnOver(entering, direction);
      return;
    }
    if (!atKink && hard.kind === "variable") {
      const leaving = vertex.free[hard.place] as number;
      vertex.x[leaving] = (hard.side < 0 ? vertex.lower[leaving] : vertex.upper[leaving]) as number;
      vertex.status[leaving] = hard.side < 0 ? AT_LOWER : AT_UPPER;
      const speed = direction * (this.step[hard.place] as number);
      vertex.lookAtColumn(hard.place);
      this.updateLengths(entering, direction, speed, leaving);
      if (isPlace) vertex.shrinkBy(hard.place, place);
      else {
        vertex.answerTo(entering, this.step);
        vertex.exchangeFree(hard.place, entering, this.step);
      }
      return;
    }
    const speed = direction * this.speedOf(atKink, kink, hard, band);
    const tight = this.tighten(atKink, kink, hard, band);
    vertex.look(tight);
    this.updateLengths(entering, direction, speed, -1);
    if (isPlace) vertex.exchangeTight(place, tight);
    else {
      vertex.answerTo(entering, this.step);
      vertex.growBy(entering, tight, this.step);
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

  /**
   * Squared lengths of the edges of resting variables, before the exchange. With q the edge that was travelled and
   * `speed` that of what stopped it, an edge j loses speed_j / speed times q. `leaving`: a variable that
   * stopped it at its bound, or -1: what `look` was given did.
   */
  private updateLengths(entering: number, direction: number, speed: number, leaving: number): void {
    if (!this.keepsLengths) return;
    const { vertex, lengths, step, product, image, speeds } = this;
    const { size, variables, candidate, candidateImage } = vertex;
    const own = entering < variables ? 1 : 0;
    let square = own;
    for (let c = 0; c < size; c++) {
      const value = direction * (step[c] as number);
      square += value * value;
      image[c] = value;
    }
    vertex.inverse.timesRow(image, product);
    if (leaving < 0) speeds.set(candidate.subarray(0, variables));
    else speeds.fill(0);
    vertex.subtractPrices(candidateImage, speeds);
    const { overlaps } = this;
    overlaps.fill(0);
    vertex.subtractPrices(product, overlaps);
    for (let j = 0; j < variables; j++) {
      const share = (speeds[j] as number) / speed;
      if (share === 0) continue;
      const shorter =
        (lengths[j] as number) - share * (2 * (overlaps[j] as number) - share * square);
      lengths[j] = Math.max(shorter, 1 + own * share * share);
    }
    if (leaving >= 0) lengths[leaving] = Math.max(1, square / (speed * speed));
  }

  /** A kink that is left counts in the tail or not, by the way it goes; a row is no longer tight. */
  private letGo(place: number, direction: number, band: ScenarioBand | undefined): void {
    const { vertex } = this;
    const what = vertex.tight[place] as number;
    if (what >= 0) {
      (band as ScenarioBand).isKink[what] = 0;
      (band as ScenarioBand).setInTail(what, direction > 0);
    } else vertex.rowSide[-1 - what] = 0;
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
  private turnOver(entering: number, direction: number): void {
    const { vertex } = this;
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

  /** Of the variables, after `unbounded`. */
  get ray(): Float64Array {
    return Float64Array.from(this.full);
  }

  /** Kinks that lie on each other are parted: each by its own small offset. What is tight stays. */
  private moveApart(): void {
    const { band } = this.vertex;
    this.standing = 0;
    if (band === undefined) return;
    this.perturbed = true;
    this.shift = Math.min(this.shift * 8, 1e-8);
    for (let b = 0; b < band.count; b++) {
      if (band.isKink[b] === 1) continue;
      const offset = this.shift * (0.5 + this.random.uniform());
      band.z[b] = (band.z[b] as number) + offset - (band.offset[b] as number);
      band.offset[b] = offset;
      band.setInTail(b, (band.z[b] as number) > 0);
    }
  }
}

export interface Turn {
  readonly rate: number;
  readonly entering: number;
  readonly direction: number;
}

const largestOf = (values: Float64Array): number => {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
};

const NONE = -1;
const NO_KINK = -1;

interface Stop {
  readonly far: number;
  /** So many kinks of the search are passed. */
  readonly flips: number;
  /** A place in the band, or a row of phase 1; NO_KINK: `hard` stops it. */
  readonly kink: number;
  readonly hard: HardStop;
}

interface HardStop {
  length: number;
  kind: "none" | "variable" | "row" | "own";
  place: number;
  side: number;
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
