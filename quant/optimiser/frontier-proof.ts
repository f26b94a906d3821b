// Proofs of the vertices of a frontier: one for itself, or all of them in order. Promises: a vertex gets the same bounds
// either way, but for the order of their sums; nothing is taken from the walk but the vertices, so a lie shows.
//
// Why all cost less: from a vertex to the next hardly a scenario crosses the value at risk. The tail is kept as sums
// (tail-sums.ts); what crosses is put in or taken out, and who may have crossed is known (scenario-reach.ts).

import {
  largestViolation,
  linearCost,
  lowerOf,
  provenLower,
  spaceFor,
  type WorstCase,
} from "./certificate.ts";
import type { FrontierVertex } from "./frontier.ts";
import { impliedBounds } from "./implied-bounds.ts";
import type { Certificate, Duals, Program, Tail } from "./program.ts";
import { scaleOf } from "./scenario-band.ts";
import { ScenarioReach } from "./scenario-reach.ts";
import { evaluateSmooth, type SmoothValue } from "./smooth-terms.ts";
import { netWeights, scenarioLosses } from "./tail-loss.ts";
import { TailSums } from "./tail-sums.ts";

/** Scenarios that are near, about: of which a part is looked at for each vertex. */
const NEAR = 256;

/**
 * Of each vertex what `certifyVertex` says of it. Cost: of 50 assets and 10,000 scenarios about 0.01 ms a vertex where
 * they are neighbours (docs/performance.md).
 */
export function certifyVertices(
  program: Program,
  gains: Float64Array,
  vertices: readonly FrontierVertex[],
): Certificate[] {
  const proofs = new FrontierProofs(program, gains);
  return vertices.map((vertex) => proofs.of(vertex));
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

/** The state that goes from a vertex to the next: which scenarios are in the tail, and its sums. */
class FrontierProofs {
  private readonly program: Program;
  private readonly gains: Float64Array;
  private readonly tail: Tail;
  /** The program at a vertex's price of gain. */
  private readonly priced: Program;
  private readonly bounds: ReturnType<typeof impliedBounds>;
  private readonly smooth: SmoothValue;
  private readonly scale: number;
  private readonly reach: ScenarioReach;
  private readonly sums: TailSums;
  /** Number of the vertex at which a scenario was last at risk. */
  private readonly atRiskAt: Int32Array;
  private atRiskBefore: Int32Array = new Int32Array(0);
  private number = 0;
  private readonly net: Float64Array;
  /** Names that are held, and room for them. */
  private held: Int32Array;
  private readonly names: Int32Array;
  /** Of what is at risk: its losses, and its masses made valid. */
  private losses = new Float64Array(64);
  private valid = new Float64Array(64);
  private readonly space: ReturnType<typeof spaceFor>;
  /** Sizes are left at 0: they matter where there is no bound. */
  private readonly worst: WorstCase;

  constructor(program: Program, gains: Float64Array) {
    const { variables, holdings } = program;
    const tail = program.tail as Tail;
    this.program = program;
    this.gains = gains;
    this.tail = tail;
    this.priced = { ...program, cost: new Float64Array(variables) };
    this.bounds = impliedBounds(program);
    this.smooth = evaluateSmooth(program, new Float64Array(variables));
    this.scale = scaleOf(tail.scenarios.returns);
    this.reach = new ScenarioReach(tail.scenarios, this.scale, NEAR);
    this.sums = new TailSums(tail.scenarios);
    this.atRiskAt = new Int32Array(tail.scenarios.count);
    this.net = new Float64Array(holdings.assets);
    this.names = new Int32Array(holdings.assets);
    this.held = this.names.subarray(0, 0);
    this.space = spaceFor(program);
    this.worst = {
      mean: new Float64Array(holdings.assets),
      size: new Float64Array(holdings.assets),
    };
  }

  of(vertex: FrontierVertex): Certificate {
    const { priced, program, gains, tail, sums, net } = this;
    const { x, atRisk, priceBefore, rows } = vertex;
    const { probabilities } = tail.scenarios;
    if (!this.begin(vertex)) return certifyVertex(program, gains, vertex);
    for (let j = 0; j < priced.cost.length; j++) {
      priced.cost[j] = (program.cost[j] as number) - priceBefore * (gains[j] as number);
    }
    let threshold = Number.POSITIVE_INFINITY;
    for (let k = 0; k < atRisk.length; k++) {
      const loss = sums.lossOf(atRisk[k] as number, net, this.held);
      this.losses[k] = loss;
      threshold = Math.min(threshold, loss);
    }
    this.moveTo(threshold, atRisk);
    let excess = -sums.probability * threshold;
    for (let a = 0; a < net.length; a++) excess -= (net[a] as number) * (sums.returns[a] as number);
    for (let k = 0; k < atRisk.length; k++) {
      const over = (this.losses[k] as number) - threshold;
      excess += (probabilities[atRisk[k] as number] as number) * over;
    }
    const upper = linearCost(priced, x) + tail.weight * (threshold + excess / tail.mass);
    this.fillWorst(vertex);
    const lower = lowerOf(priced, this.bounds, x, rows, this.worst, this.smooth, this.space);
    // Of a variable without end it may be rounding that leaves no bound: the sums keep no sizes to tell.
    if (!Number.isFinite(lower)) return certifyVertex(program, gains, vertex);
    return { upper, lower, feasibility: largestViolation(program, x) };
  }

  /** Net weights, and who is at risk. False if it is not scenarios that exist, each once, and numbers. */
  private begin({ x, atRisk, masses }: FrontierVertex): boolean {
    const { net, program, atRiskAt } = this;
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
    this.number++;
    for (let k = 0; k < size; k++) {
      const s = atRisk[k] as number;
      if (!(s >= 0 && s < atRiskAt.length) || atRiskAt[s] === this.number) return false;
      if (Number.isNaN(masses[k])) return false;
      atRiskAt[s] = this.number;
    }
    return true;
  }

  /** Puts every scenario above a threshold into the sums, but for those at risk. */
  private moveTo(threshold: number, atRisk: Int32Array): void {
    const { net, held, reach, sums, number, atRiskAt, atRiskBefore } = this;
    for (let k = 0; k < atRiskBefore.length; k++) {
      const s = atRiskBefore[k] as number;
      if (atRiskAt[s] !== number) sums.put(s, sums.lossOf(s, net, held) > threshold);
    }
    for (let k = 0; k < atRisk.length; k++) sums.put(atRisk[k] as number, false);
    this.atRiskBefore = atRisk;
    const t = this.scale * threshold;
    const { ids, count, losses } = reach.look(net, t);
    for (let k = 0; k < count; k++) {
      const s = ids[k] as number;
      if (atRiskAt[s] !== number) sums.put(s, (losses[k] as number) > t);
    }
    sums.settle();
  }

  /** Mean returns under the masses, made valid as `validMasses` does; NaN if they cannot be. */
  private fillWorst({ atRisk, masses }: FrontierVertex): void {
    const { sums, worst, tail, valid } = this;
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
    for (let a = 0; a < worst.mean.length; a++)
      worst.mean[a] = (factor / tail.mass) * (sums.returns[a] as number);
    for (let k = 0; k < size; k++) {
      const s = atRisk[k] as number;
      const given = valid[k] as number;
      const most = (probabilities[s] as number) / tail.mass;
      const extra = lack > 0 && room > 0 ? ((most - given) * lack) / room : 0;
      sums.addReturns(s, factor * Math.min(most, given + extra), worst.mean);
    }
  }
}
