// Proofs of the vertices of a frontier: one for itself, or all of them in order. Promises: a vertex gets the same bounds
// either way, but for the order of their sums; nothing is taken from the walk but the vertices, so a lie shows.
//
// Why all cost less: from a vertex to the next hardly a scenario crosses the value at risk (tail-follower.ts).

import { largestViolation, linearCost, lowerOf, provenLower } from "./certificate.ts";
import { ExactSums } from "./exact-sums.ts";
import type { FrontierVertex } from "./frontier.ts";
import { impliedBounds } from "./implied-bounds.ts";
import type { Certificate, Duals, Program, Tail } from "./program.ts";
import { evaluateSmooth, type SmoothValue } from "./smooth-terms.ts";
import { TailFollower } from "./tail-follower.ts";
import { type MeanReturns, netWeights, scenarioLosses } from "./tail-loss.ts";

/**
 * Of each vertex what `certifyVertex` says of it. Cost: of 50 assets and 10,000 scenarios about 0.01 ms a vertex where
 * they are neighbours (docs/performance.md).
 */
export function certifyVertices(
  program: Program,
  gains: Float64Array,
  vertices: readonly FrontierVertex[],
): Certificate[] {
  const proofs = new FrontierProofs(program, gains, vertices);
  return vertices.map((_, place) => proofs.of(place));
}

/**
 * Proves a vertex the best of risk − priceBefore · gain. Its CVaR is measured from the loss at risk: the mean excess over
 * any threshold bounds CVaR from above, and over this one is it. Cost: a pass over the scenarios.
 */
export function certifyVertex(
  program: Program,
  gains: Float64Array,
  vertex: FrontierVertex,
): Certificate {
  const { x, atRisk } = vertex;
  const { scenarios, mass, weight } = program.tail as Tail;
  const cost = program.cost.map((value, j) => value - vertex.priceBefore * (gains[j] as number));
  const priced = { ...program, cost };
  const losses = scenarioLosses(scenarios, netWeights(program.holdings, x));
  let threshold = Number.POSITIVE_INFINITY;
  for (const s of atRisk) threshold = Math.min(threshold, losses[s] as number);
  let excess = 0;
  for (let s = 0; s < losses.length; s++) {
    const over = (losses[s] as number) - threshold;
    if (over > 0) excess += (scenarios.probabilities[s] as number) * over;
  }
  return {
    upper: linearCost(priced, x) + weight * (threshold + excess / mass),
    lower: provenLower(priced, x, dualsOf(program.tail as Tail, vertex, losses, threshold)),
    feasibility: largestViolation(program, x),
  };
}

/** Scenarios beyond those at the value at risk have all their mass. */
function dualsOf(
  { scenarios, mass }: Tail,
  { atRisk, masses, rows }: FrontierVertex,
  losses: Float64Array,
  threshold: number,
): Duals {
  const { probabilities, count } = scenarios;
  const isKnown = new Uint8Array(count);
  for (const s of atRisk) isKnown[s] = 1;
  const chosen = new Int32Array(count);
  const given = new Float64Array(count);
  chosen.set(atRisk);
  given.set(masses);
  let found = atRisk.length;
  for (let s = 0; s < count; s++) {
    const chance = probabilities[s] as number;
    if (!((losses[s] as number) > threshold) || isKnown[s] === 1 || !(chance > 0)) continue;
    chosen[found] = s;
    given[found++] = chance / mass;
  }
  return { scenarios: chosen.subarray(0, found), masses: given.subarray(0, found), rows };
}

/** How far ahead of a vertex a middle lies, of the radius around it; it is looked for in steps of such a part. */
const LEAD_SHARE = 0.8;
const LEAD_STEPS = 8;
/** Of the objective: where bounds are further apart, the vertex is proved for itself. */
const NEAR = 1e-9;

/** The state that goes from a vertex to the next. */
class FrontierProofs {
  private readonly program: Program;
  private readonly gains: Float64Array;
  private readonly vertices: readonly FrontierVertex[];
  private readonly tail: Tail;
  private readonly follower: TailFollower;
  /** The program at a vertex's price of gain. */
  private readonly priced: Program;
  private readonly bounds: ReturnType<typeof impliedBounds>;
  private readonly smooth: SmoothValue;
  private surroundedAt = 0;
  private ringAt = 0;
  private readonly net: Float64Array;
  private readonly later: Float64Array;
  private there = 0;
  /** Names that are held, and room for them. */
  private held: Int32Array;
  private readonly names: Int32Array;
  private readonly all: Int32Array;
  /** Of what is at risk: losses, and masses made valid. */
  private losses = new Float64Array(64);
  private valid = new Float64Array(64);
  private readonly slopes: ExactSums;
  /** Sizes are left at 0: they matter where there is no bound. */
  private readonly worst: MeanReturns;

  constructor(program: Program, gains: Float64Array, vertices: readonly FrontierVertex[]) {
    const { variables, holdings } = program;
    this.program = program;
    this.gains = gains;
    this.vertices = vertices;
    this.tail = program.tail as Tail;
    this.follower = new TailFollower(this.tail.scenarios);
    this.priced = { ...program, cost: new Float64Array(variables) };
    this.bounds = impliedBounds(program);
    this.smooth = evaluateSmooth(program, new Float64Array(variables));
    this.net = new Float64Array(holdings.assets);
    this.later = new Float64Array(holdings.assets);
    this.names = new Int32Array(holdings.assets);
    this.held = this.names.subarray(0, 0);
    this.all = this.names.map((_, a) => a);
    this.slopes = new ExactSums(variables);
    this.worst = {
      mean: new Float64Array(holdings.assets),
      size: new Float64Array(holdings.assets),
    };
  }

  of(place: number): Certificate {
    const { priced, program, gains, tail, follower, net } = this;
    const vertex = this.vertices[place] as FrontierVertex;
    const { x, atRisk, priceBefore, rows } = vertex;
    const { probabilities } = tail.scenarios;
    if (!this.begin(vertex)) return certifyVertex(program, gains, vertex);
    for (let j = 0; j < priced.cost.length; j++) {
      priced.cost[j] = (program.cost[j] as number) - priceBefore * (gains[j] as number);
    }
    const { sums } = follower;
    let threshold = Number.POSITIVE_INFINITY;
    for (let k = 0; k < atRisk.length; k++) {
      const loss = sums.lossOf(atRisk[k] as number, net, this.held);
      this.losses[k] = loss;
      threshold = Math.min(threshold, loss);
    }
    if (!follower.covers(net, threshold)) this.surround(place, threshold);
    follower.moveTo(net, this.held, threshold, atRisk);
    let excess = -sums.probability * threshold;
    for (let a = 0; a < net.length; a++) excess -= (net[a] as number) * (sums.returns[a] as number);
    for (let k = 0; k < atRisk.length; k++) {
      const over = (this.losses[k] as number) - threshold;
      excess += (probabilities[atRisk[k] as number] as number) * over;
    }
    const upper = linearCost(priced, x) + tail.weight * (threshold + excess / tail.mass);
    this.fillWorst(vertex);
    const at = { x, net };
    const lower = lowerOf(priced, this.bounds, at, rows, this.worst, this.smooth, this.slopes);
    // Of a variable without end it may be rounding that leaves no bound: the sums keep no sizes to tell.
    if (!(upper - lower <= NEAR * Math.abs(upper))) return certifyVertex(program, gains, vertex);
    return { upper, lower, feasibility: largestViolation(program, x) };
  }

  /** Net weights, and who is at risk. False if it is not scenarios that exist, each once, and numbers. */
  private begin({ x, atRisk, masses }: FrontierVertex): boolean {
    const { net, program } = this;
    const { asset, sign } = program.holdings;
    const size = atRisk.length;
    if (size === 0 || masses.length !== size) return false;
    if (size > this.losses.length) {
      this.losses = new Float64Array(2 * size);
      this.valid = new Float64Array(2 * size);
    }
    net.fill(0);
    for (let j = 0; j < x.length; j++) {
      const value = x[j] as number;
      if (!Number.isFinite(value)) return false;
      const a = asset[j] as number;
      if (a >= 0) net[a] = (net[a] as number) + (sign[j] as number) * value;
    }
    let found = 0;
    for (let a = 0; a < net.length; a++) if (net[a] !== 0) this.names[found++] = a;
    if (found !== this.held.length) this.held = this.names.subarray(0, found);
    for (let k = 0; k < size; k++) if (Number.isNaN(masses[k])) return false;
    return this.follower.setAtRisk(atRisk);
  }

  /** The middle of what is near lies as far ahead as what is near now reaches; that of the ring likewise. */
  private surround(place: number, threshold: number): void {
    const { follower, net, later } = this;
    const lead = place - this.surroundedAt;
    this.surroundedAt = place;
    this.lookAhead(place, threshold, lead, follower.radius);
    if (!follower.ringReaches(later, this.there)) {
      this.lookAhead(place, threshold, place - this.ringAt, follower.ringRadius);
      this.ringAt = place;
      follower.chooseRing(net, later, this.there);
      this.lookAhead(place, threshold, lead, follower.radius);
    }
    follower.surround(net, threshold, later, this.there);
  }

  /** So many vertices ahead, or fewer, if it is too far otherwise: `later` and `there` are net weights and threshold there. */
  private lookAhead(place: number, threshold: number, most: number, radius: number): void {
    const { vertices, follower, net, later } = this;
    let lead = Math.min(most, vertices.length - 1 - place);
    while (lead > 0) {
      this.moveLater(vertices[place + lead] as FrontierVertex);
      const far = follower.distance(net, threshold, later, this.there);
      if (far <= LEAD_SHARE * radius) return;
      lead -= Math.ceil(lead / LEAD_STEPS);
    }
    later.set(net);
    this.there = threshold;
  }

  private moveLater({ x, atRisk }: FrontierVertex): void {
    const { follower, later, program, all } = this;
    later.set(netWeights(program.holdings, x));
    this.there = follower.sums.lossOf(atRisk[0] as number, later, all);
  }

  /** Mean returns under the masses, made valid as `validMasses` does; NaN if they cannot be. */
  private fillWorst({ atRisk, masses }: FrontierVertex): void {
    const { worst, tail, valid } = this;
    const { sums } = this.follower;
    const { probabilities } = tail.scenarios;
    const size = atRisk.length;
    let sum = sums.probability / tail.mass;
    let room = 0;
    for (let k = 0; k < size; k++) {
      const most = (probabilities[atRisk[k] as number] as number) / tail.mass;
      const given = Math.min(Math.max(masses[k] as number, 0), most);
      valid[k] = given;
      sum += given;
      room += most - given;
    }
    const lack = 1 - sum;
    const possible = lack <= room * (1 + 1e-9) + 1e-12;
    const factor = possible ? (lack < 0 ? 1 / sum : 1) : Number.NaN;
    for (let k = 0; k < size; k++) {
      const given = valid[k] as number;
      const most = (probabilities[atRisk[k] as number] as number) / tail.mass;
      const extra = lack > 0 && room > 0 ? ((most - given) * lack) / room : 0;
      valid[k] = factor * Math.min(most, given + extra);
    }
    for (let a = 0; a < worst.mean.length; a++)
      worst.mean[a] = (factor / tail.mass) * (sums.returns[a] as number);
    sums.addAll(atRisk, valid, worst.mean);
  }
}
