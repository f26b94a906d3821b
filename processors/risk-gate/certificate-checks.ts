// What an optimiser's proposal must prove before it passes. Promises: nothing that the pool said is believed: the scenarios
// are made again from the request, and the certificate is computed again from them, the weights and the duals. A
// proposal that fails is denied whole, whatever `onBreach` says, with limit and measured value.
//
// In this order: the request is the one that was asked and holds the configured constraints; the scenario set is its own;
// no constraint is violated; the bounds are what the duals prove; the gap is small enough; the targets lie between
// what is held and the weights that were certified; prices and positions have not moved too far since.

import type { Objective, Problem } from "../../quant/optimiser/problem.ts";
import { type Reassessment, reassess } from "../../quant/optimiser/reassess.ts";
import { scenarioHash } from "../../quant/scenarios/scenario-hash.ts";
import type { PoolRequest } from "../../schemas/generated/pool.requests.ts";
import type { RiskCheck, RiskReason } from "../../schemas/generated/risk.verdicts.ts";
import type {
  Target,
  WeightsCertificate,
  WeightsProposal,
} from "../../schemas/generated/weights.proposals.ts";
import { exposureMinor } from "../../schemas/values/money.ts";
import {
  constraintsOf,
  type OptimiserConfig,
  priorOf,
  radiusRange,
  recipeOf,
} from "../optimiser-config.ts";
import { type AskedProblem, inputHash, problemOf } from "../pool-work.ts";
import { type Asked, askedRequest } from "./asked.ts";
import { type Answers, type Docket, record } from "./docket.ts";
import type { SymbolRisk } from "./exposure.ts";

const TRILLION = 1e12;
const BPS = 10_000n;
/** What rounding may take a mean of factors beyond its ends. */
const [LEAST, MOST] = [1 - 1e-12, 1 + 1e-12];
/** Bounds agree that differ by less than this share of the objective. */
const AGREES = 1e-9;

export function checkCertificate(
  docket: Docket,
  proposal: WeightsProposal,
  { optimiser, asked }: Answers,
): void {
  const { certificate } = proposal;
  const number = certificate?.request ?? 0;
  const expected = asked?.number ?? 0;
  const isKnown = asked !== null && certificate !== null && number === expected;
  note(docket, "CERTIFICATE", "CertificateMissing", {
    limit: expected,
    measured: number,
    unit: "COUNT",
    passed: isKnown,
  });
  if (!isKnown) return;
  const request = askedRequest(asked, proposal.portfolio);
  const changed = changesOf(request, certificate, optimiser);
  note(docket, "CERTIFICATE", "RequestChanged", {
    limit: 0,
    measured: changed,
    unit: "COUNT",
    passed: changed === 0,
  });
  if (changed === 0) {
    checkFigures(docket, request, certificate, optimiser);
    checkTargets(docket, proposal, certificate);
    checkAge(docket, asked, optimiser, proposal.equity);
  }
}

type Finding = Pick<RiskCheck, "limit" | "measured" | "unit" | "passed"> & {
  readonly symbol?: string;
};

/** A proof that does not hold denies, whatever breaches of limits do. */
function note(docket: Docket, check: RiskCheck["check"], reason: RiskReason, found: Finding): void {
  if (!record(docket, { check, symbol: "", ...found }, reason)) docket.denied = true;
}

/** How many of these differ: the input's hash, the assets, the problem and the recipe that are configured. */
function changesOf(
  request: PoolRequest,
  certificate: WeightsCertificate,
  optimiser: OptimiserConfig,
): number {
  const { assets } = request;
  const asked = JSON.parse(request.problem) as AskedProblem;
  const { objective, constraints, costs, current = [], beliefs } = asked;
  const { views: _, ...prior } = beliefs ?? { views: [] };
  const said = { objective, of: constraints, costs, prior: beliefs === undefined ? null : prior };
  const configured = {
    objective: withRadius(optimiser, objective),
    of: constraintsOf(optimiser, assets, current),
    costs: optimiser.costs,
    prior: priorOf(optimiser, assets, current) ?? null,
  };
  const differs = [
    certificate.inputHash !== inputHash(request),
    JSON.stringify(certificate.assets) !== JSON.stringify(assets),
    JSON.stringify(said) !== JSON.stringify(configured),
    request.recipe !== JSON.stringify(recipeOf(optimiser, assets, request.number)),
  ];
  return differs.filter(Boolean).length;
}

/** The configured objective; with the radius that was asked for where regimes could have made it. */
function withRadius({ objective, radii }: OptimiserConfig, asked: Objective): Objective {
  const isRobust = objective.kind === "ROBUST_CVAR" && asked.kind === "ROBUST_CVAR";
  if (!isRobust || radii === undefined) return objective;
  const [least, most] = radiusRange(radii).map((factor) => factor * objective.radius);
  const within = asked.radius >= Number(least) * LEAST && asked.radius <= Number(most) * MOST;
  return within ? { ...objective, radius: asked.radius } : objective;
}

function checkFigures(
  docket: Docket,
  request: PoolRequest,
  said: WeightsCertificate,
  { limits: { maxViolation, maxGap } }: OptimiserConfig,
): void {
  const problem = solvable(request);
  if (problem === null) {
    note(docket, "BOUNDS", "CertificateWrong", UNPROVEN);
    return;
  }
  const other = scenarioHash(problem.scenarios) !== said.scenarioHash;
  note(docket, "SCENARIOS", "ScenariosChanged", {
    limit: 0,
    measured: other ? 1 : 0,
    unit: "COUNT",
    passed: !other,
  });
  const found = reassess(problem, Float64Array.from(said.weights), proofOf(said));
  if ("reasons" in found) {
    note(docket, "BOUNDS", "CertificateWrong", UNPROVEN);
    return;
  }
  note(docket, "FEASIBILITY", "CertificateInfeasible", within(found.feasibility, maxViolation));
  const untrue = Math.max(untruth(said, found), found.astray);
  note(docket, "BOUNDS", "CertificateWrong", within(untrue, AGREES));
  note(docket, "GAP", "GapExceeded", within(found.gap, maxGap));
}

const UNPROVEN: Finding = {
  limit: 0,
  measured: Number.MAX_SAFE_INTEGER,
  unit: "TRILLIONTHS",
  passed: false,
};

/** null: no honest answer to it has weights. */
function solvable(request: PoolRequest): Problem | null {
  try {
    return problemOf(request);
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return null;
    throw error;
  }
}

const proofOf = (said: WeightsCertificate) => ({
  duals: {
    scenarios: Int32Array.from(said.tailScenarios),
    masses: Float64Array.from(said.tailMasses),
    rows: Float64Array.from(said.rowPrices),
  },
  ...(said.cvarPrice === null ? {} : { cvarPrice: said.cvarPrice }),
  ...(said.variancePrice === null ? {} : { variancePrice: said.variancePrice }),
});

/** How far what was said is from what was found, relative to the objective; gap and violation as they are. */
function untruth(said: WeightsCertificate, found: Reassessment): number {
  const size = Math.max(Math.abs(found.upper), Math.abs(said.upper), AGREES);
  const off = [
    Math.abs(said.upper - found.upper) / size,
    said.lower === found.lower ? 0 : Math.abs(said.lower - found.lower) / size,
    Math.abs(said.gap - found.gap),
    Math.abs(said.feasibility - found.feasibility),
  ];
  return off.reduce((worst, one) => (one <= worst ? worst : one), 0);
}

/** NaN is beyond every limit. */
function within(value: number, limit: number): Finding {
  const scaled = Math.ceil(value * TRILLION);
  const measured = scaled <= Number.MAX_SAFE_INTEGER ? scaled : Number.MAX_SAFE_INTEGER;
  return {
    limit: Math.round(limit * TRILLION),
    measured,
    unit: "TRILLIONTHS",
    passed: value <= limit,
  };
}

/** The furthest that a target lies outside of what is held and what was certified, a lot apart. */
function checkTargets(
  docket: Docket,
  { targets, equity }: WeightsProposal,
  { assets, weights }: WeightsCertificate,
): void {
  let worst = { symbol: "", measured: 0 };
  for (const target of targets) {
    const certified = weights[assets.indexOf(target.symbol)] ?? 0;
    const risk = docket.at.symbols.get(target.symbol);
    const beyond =
      target.weight === certified ? beyondWeight(target, risk, equity) : Number.MAX_SAFE_INTEGER;
    if (beyond > worst.measured) worst = { symbol: target.symbol, measured: beyond };
  }
  note(docket, "ON_CERTIFICATE", "TargetsOffCertificate", {
    ...worst,
    limit: 0,
    unit: "BPS",
    passed: worst.measured === 0,
  });
}

/** In basis points of equity, rounded up. */
function beyondWeight(
  { weight, quantity, referencePrice }: Target,
  risk: SymbolRisk | undefined,
  equity: bigint,
): number {
  const { instrument = null } = risk ?? {};
  // What cannot be valued, other checks refuse.
  if (risk === undefined || instrument === null || referencePrice <= 0 || equity <= 0n) return 0;
  const worthOf = (units: number): bigint => exposureMinor(referencePrice, units, instrument);
  const lot = worthOf(instrument.lotSize) + 1n;
  const asked = BigInt(Math.round(weight * Number(equity)));
  const ends = [asked, worthOf(risk.position), worthOf(risk.approved)];
  const least = ends.reduce((a, b) => (b < a ? b : a)) - lot;
  const most = ends.reduce((a, b) => (b > a ? b : a)) + lot;
  const value = worthOf(quantity);
  const beyond = value < least ? least - value : value > most ? value - most : 0n;
  return Number((beyond * BPS + equity - 1n) / equity);
}

/** How far prices have moved since the request, and how much of equity positions were traded. */
function checkAge(
  docket: Docket,
  asked: Asked,
  { limits: { maxPriceMoveBps, maxPositionMoveBps } }: OptimiserConfig,
  equity: bigint,
): void {
  let furthest = { symbol: "", measured: 0 };
  let traded = 0n;
  for (const [symbol, { price, position }] of asked.names) {
    const risk = docket.at.symbols.get(symbol);
    if (risk === undefined || risk.instrument === null) continue;
    if (price > 0) {
      const measured = Math.ceil((Math.abs(risk.price - price) * Number(BPS)) / price);
      if (measured > furthest.measured) furthest = { symbol, measured };
    }
    const value = exposureMinor(risk.price || price, risk.position - position, risk.instrument);
    traded += value < 0n ? -value : value;
  }
  const stale = (found: { symbol: string; measured: number }, limit: number | null): void => {
    if (limit === null) return;
    const passed = found.measured <= limit;
    note(docket, "ANSWER_AGE", "AnswerStale", { ...found, limit, unit: "BPS", passed });
  };
  stale(furthest, maxPriceMoveBps);
  const turnover = equity <= 0n ? 0 : Number((traded * BPS + equity - 1n) / equity);
  stale({ symbol: "", measured: turnover }, maxPositionMoveBps);
}
