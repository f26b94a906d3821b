// Minimises a program with smooth terms (a norm, a variance, impact), with or without a tail. Promises: an answer
// always has a status and, if it is a portfolio, a certificate computed apart from the search (certificate.ts);
// the same program gives the same bytes; what returns are multiplied by does not move the weights.
//
// An active set over variables at bounds, rows at limits and scenarios at the value at risk; Newton steps within
// it; line searches that pass many scenarios at once. Scenarios far from the value at risk are counted as tail or
// not at all; all are checked at the end, and the search goes on from there with those that crossed.

import { certify } from "./certificate.ts";
import { isClosed } from "./is-closed.ts";
import type { Duals, Outcome, Program, Tail, Work } from "./program.ts";
import { fallsForEver, ROUNDING } from "./recession.ts";
import { nearZero, withoutHoldings } from "./smooth-apex.ts";
import { curveOf } from "./smooth-curve.ts";
import { type Descent, descend, type Limits, restore } from "./smooth-descent.ts";
import { ACTIVE, ACTIVE_LOWER, type Face, HELD, isActive } from "./smooth-face.ts";
import { type Mark, markOf, retreat } from "./smooth-retreat.ts";
import { reachRows, startingFace } from "./smooth-start.ts";
import {
  admitCrossed,
  type Band,
  enterTail,
  recentre,
  tailMasses,
  typicalReturn,
  widen,
} from "./smooth-tail.ts";
import { euclideanNorm } from "./smooth-terms.ts";
import { netWeights } from "./tail-loss.ts";

const PIVOTS = 5000;
const PIVOTS_PER_SIZE = 50;
/** How often, and after how many pivots, all scenarios are looked at on the way. */
const LOOKS = 60;
const SHORTEST = 4;
const LONGEST = 24;
/** A tail of more probability than this is all there is. */
const WHOLE = 1 - 1e-12;

interface Search {
  readonly program: Program;
  readonly face: Face;
  readonly band: Band | null;
  /** What the objective was divided by. */
  readonly scale: number;
  /** The norm is softened: an optimum need not be one of the program. */
  isSoft: boolean;
}

/**
 * Takes up every program: without smooth terms it is exact too, only slower than a simplex.
 * Throws RangeError where coefficients or returns are not finite.
 */
export function solveSmooth(program: Program, work: Work = {}): Outcome {
  const { tail } = program;
  return tail !== undefined && (tail.mass > WHOLE || typicalReturn(tail) === 0)
    ? solveMean(program, tail, work)
    : solveTailed(program, work);
}

/** The mean of all losses is linear: of a tail that is everything, and of losses that are all 0. */
function solveMean(program: Program, tail: Tail, work: Work): Outcome {
  const { tail: _, ...rest } = program;
  const { asset, sign } = program.holdings;
  const { count, returns, probabilities } = tail.scenarios;
  const cost = program.cost.map((value, j) => {
    const a = asset[j] as number;
    let mean = 0;
    for (let s = 0; a >= 0 && s < count; s++) {
      mean += (probabilities[s] as number) * (returns[a * count + s] as number);
    }
    return value - tail.weight * (sign[j] as number) * mean;
  });
  const outcome = solveTailed({ ...rest, cost }, work);
  if (!("x" in outcome)) return outcome;
  const scenarios = Int32Array.from(probabilities.keys()).filter((s) => probabilities[s] !== 0);
  const masses = Float64Array.from(scenarios, (s) => probabilities[s] as number);
  const duals = { ...outcome.duals, scenarios, masses };
  return { ...outcome, duals, certificate: certify(program, outcome.x, duals) };
}

function solveTailed(program: Program, work: Work): Outcome {
  const returns = program.tail === undefined ? 0 : powerOfTwo(typicalReturn(program.tail));
  const scale = objectiveScale(program, returns);
  const band = program.tail === undefined ? null : bandOf(program, program.tail, returns, scale);
  const face = startingFace(program, band?.unit ?? 0);
  const limits: Limits = {
    maxPivots: work.maxPivots ?? PIVOTS + PIVOTS_PER_SIZE * (face.size + face.rows),
    expired: work.expired ?? (() => false),
  };
  const reached = reachRows(face, limits);
  if (reached.end === "INFEASIBLE") {
    return { status: "INFEASIBLE", rows: reached.rows, pivots: face.pivots };
  }
  const searching: Search = { program, face, band, scale, isSoft: false };
  face.linear.fill(0);
  for (let j = 0; j < program.variables; j++) {
    face.linear[j] = (program.cost[j] as number) / scale;
  }
  face.curve = curveOf(program, scale);
  if (band !== null) enterTail(face, program, band);
  if (!nearZero(program)) return search(searching, limits);
  return fromSoftNorm(searching, limits);
}

/** The norm is bent at 0: from a softer one to it, unless what is best on the way proves that 0 is. */
function fromSoftNorm(searching: Search, limits: Limits): Outcome {
  const { program, face } = searching;
  searching.isSoft = true;
  for (let radius = 1e-2; radius > 1e-10; radius /= 32) {
    face.curve.soften(radius);
    const outcome = search(searching, limits);
    if (!("x" in outcome) || outcome.status === "FEASIBLE") break;
    const net = euclideanNorm(netWeights(program.holdings, outcome.x));
    if (net > 64 * radius) break;
    const x = withoutHoldings(program, outcome.x);
    const certificate = certify(program, x, outcome.duals);
    if (certificate.feasibility <= 1e-12 && isClosed(program, x, certificate)) {
      return { ...outcome, status: "OPTIMAL", x, certificate };
    }
  }
  face.curve.soften(0);
  searching.isSoft = false;
  return search(searching, limits);
}

function bandOf(program: Program, tail: Tail, returns: number, scale: number): Band {
  const unit = 32 * Math.sqrt(program.variables);
  const worth = (tail.weight * returns) / scale;
  return {
    tail,
    returns,
    unit,
    worth,
    where: new Uint8Array(tail.scenarios.count),
    base: Float64Array.from([...program.cost.map((c) => c / scale), unit * worth]),
  };
}

function search(searching: Search, limits: Limits): Outcome {
  const { program, face, band } = searching;
  let looks = band === null || band.where.length <= 2 * face.size ? 0 : LOOKS;
  let pause = SHORTEST;
  let mark: Mark | null = null;
  let confirmed = -1;
  for (;;) {
    const pauseAt = looks > 0 ? face.pivots + pause : Number.POSITIVE_INFINITY;
    const descent = descend(face, { ...limits, pauseAt });
    if (descent.end === "PAUSE" && band !== null) {
      looks--;
      const reached = markOf(face, program, band);
      if (mark !== null && !(reached.objective <= mark.objective)) {
        mark = retreat(face, program, band, mark, reached);
        pause = Math.max(SHORTEST, pause >> 1);
        continue;
      }
      mark = reached;
      recentre(face, program, band, reached.losses);
      pause = Math.min(LONGEST, pause + (pause >> 1));
      continue;
    }
    restore(face);
    if (descent.end === "UNBOUNDED") {
      if (band !== null && widen(face, program, band)) continue;
      const ray = rayOf(face, descent);
      // What falls by rounding alone has an end, and its certificate says how near it is.
      if (!fallsForEver(program, ray)) return answer(searching, descent);
      return { status: "UNBOUNDED", ray, pivots: face.pivots };
    }
    const crossed = band !== null && admitCrossed(face, program, band);
    if (crossed && descent.end !== "WORK") continue;
    // Once more where rounding had moved the point off what is active.
    if (descent.end === "OPTIMAL" && face.pivots > confirmed) {
      confirmed = face.pivots + 2;
      continue;
    }
    return answer(searching, descent);
  }
}

/** Its largest entry is 1; what rounding put into the others is taken out. */
function rayOf({ variables }: Face, { direction }: Descent): Float64Array {
  const ray = direction.slice(0, variables);
  const largest = ray.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest > 0
    ? ray.map((value) => (Math.abs(value) > ROUNDING * largest ? value / largest : 0))
    : ray;
}

function answer(searching: Search, descent: Descent): Outcome {
  const { program, face } = searching;
  const x = face.point.slice(0, program.variables);
  const duals = dualsOf(searching, descent);
  const certificate = certify(program, x, duals);
  const soft = descent.end === "OPTIMAL" && searching.isSoft;
  return {
    status: soft || isClosed(program, x, certificate) ? "OPTIMAL" : "FEASIBLE",
    x,
    duals,
    certificate,
    pivots: face.pivots,
    basis: {
      variables: face.held.slice(0, program.variables).map((at) => (at === HELD ? -1 : at)),
      rows: rowStates(face),
      scenarios: activeScenarios(face),
    },
  };
}

function rowStates({ rows, elements }: Face): Int8Array {
  const states = new Int8Array(rows);
  for (let i = 0; i < rows; i++) {
    const state = elements.state[i] as number;
    states[i] = isActive(state) ? (state === ACTIVE_LOWER ? -1 : 1) : 0;
  }
  return states;
}

function activeScenarios({ rows, elements }: Face): Int32Array {
  const found: number[] = [];
  for (let k = rows; k < elements.count; k++) {
    if (elements.state[k] === ACTIVE) found.push(elements.scenario[k] as number);
  }
  return Int32Array.from(found);
}

function dualsOf({ program, face, band, scale }: Search, { members, prices }: Descent): Duals {
  const rows = new Float64Array(program.rows.count);
  for (let p = 0; p < members.length; p++) {
    const k = members[p] as number;
    if (k < face.rows) rows[k] = ((prices[p] as number) * scale) / (face.rowScale[k] as number);
  }
  const none = { scenarios: new Int32Array(0), masses: new Float64Array(0) };
  return { ...(band === null ? none : tailMasses(face, band, members, prices)), rows };
}

/** Size of a unit of x in the objective; a power of 2, so that dividing by it rounds nothing. */
function objectiveScale(program: Program, returns: number): number {
  let largest = (program.tail?.weight ?? 0) * returns;
  for (const cost of program.cost) largest = Math.max(largest, Math.abs(cost));
  const assets = program.holdings.assets;
  for (const term of program.smooth ?? []) {
    if (term.kind === "NORM") largest = Math.max(largest, term.weight);
    else if (term.kind === "VARIANCE") {
      for (let a = 0; a < assets; a++) {
        const own = term.covariance[a * assets + a] as number;
        largest = Math.max(largest, term.weight * own);
      }
    } else for (const k of term.coefficients) largest = Math.max(largest, k);
  }
  return powerOfTwo(largest);
}

function powerOfTwo(size: number): number {
  if (!(size > 0 && Number.isFinite(size))) return 1;
  let power = 1;
  while (power > size) power /= 2;
  while (power * 2 <= size) power *= 2;
  return power;
}
