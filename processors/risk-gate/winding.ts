// Verdicts that the gate gives by itself, without a proposal: on a breach what was approved and would add risk ends, and
// a drawdown's later stages cut the book or close it. Promises: nothing that it says adds risk; what a restricted list
// forbids is not traded, only its approval ends.

import type {
  AppliedOverlay,
  RiskCheck,
  RiskReason,
  RiskVerdict,
  Target,
  TradingState,
} from "../../schemas/generated/risk.verdicts.ts";
import { exposureMinor } from "../../schemas/values/money.ts";
import { WHOLE_PPM } from "./book-checks.ts";
import type { Evidence } from "./docket.ts";
import { eventsUsed } from "./evidence.ts";
import { between, reducedApproval, type Seen, type SymbolRisk, wholeLots } from "./exposure.ts";
import { applied, type Overlay, restrictions } from "./overlays.ts";

export interface WindingState {
  readonly trading: TradingState;
  readonly symbols: ReadonlyMap<string, SymbolRisk>;
  readonly overlays: readonly Overlay[];
  readonly evidence: Evidence;
  readonly equity: bigint;
}

/** Why, and whether everything goes (CLOSE) or single trades are cut (REDUCE). */
export interface Winding {
  readonly outcome: "CLOSE" | "REDUCE";
  readonly reason: RiskReason;
  readonly check: RiskCheck;
  /** Where a symbol is to end. */
  readonly endOf: (risk: SymbolRisk) => number;
  /** True where it is to be said again although it is approved already: the book is not there yet. */
  readonly isOpen: (risk: SymbolRisk) => boolean;
}

/** Null where there is nothing to end, or nothing that may be traded. */
export function windDown(
  state: WindingState,
  timeUs: number,
  winding: Winding,
): RiskVerdict | null {
  const { symbols, overlays, evidence, trading, equity } = state;
  const targets: Target[] = [];
  const noted: AppliedOverlay[] = [];
  const told: Seen[] = [];
  for (const [symbol, risk] of symbols) {
    const wanted = between(winding.endOf(risk), 0, risk.position) || 0; // never -0
    const forbidden = restrictions(overlays, timeUs, symbol, risk.position, wanted);
    for (const one of forbidden) {
      noted.push(applied(one));
      told.push(one.told);
    }
    const quantity = forbidden.length === 0 ? wanted : risk.position;
    const isSaid = quantity === risk.approved;
    if (isSaid && (quantity === risk.position || !winding.isOpen(risk))) continue;
    targets.push(targetOf(symbol, quantity, risk, equity));
  }
  if (targets.length === 0) return null;
  const names = targets.map(({ symbol }) => symbol);
  return {
    portfolio: evidence.portfolio.name,
    outcome: winding.outcome,
    reason: winding.reason,
    state: trading,
    targets,
    checks: [winding.check],
    scalePpm: WHOLE_PPM,
    overlays: noted,
    events: eventsUsed(evidence, symbols, names, told, null),
    answer: "",
  };
}

function targetOf(symbol: string, quantity: number, risk: SymbolRisk, equity: bigint): Target {
  const referencePrice = risk.price || risk.approvedPrice;
  const { instrument } = risk;
  const isWorth = instrument !== null && quantity !== 0 && equity > 0n;
  const value = isWorth ? exposureMinor(referencePrice, quantity, instrument) : 0n;
  const weight = value === 0n ? 0 : Number(value) / Number(equity);
  return { symbol, weight, quantity, referencePrice };
}

/** The smaller of what an approval that adds nothing leaves, and of the cap. */
export function cappedApproval(risk: SymbolRisk): number {
  const end = reducedApproval(risk);
  const { cap } = risk;
  return cap === null || Math.abs(end) <= Math.abs(cap) ? end : cap;
}

/** A share of a position in whole lots; without an instrument all of it is to go. */
export function shareOf({ position, instrument }: SymbolRisk, bps: number): number {
  if (instrument === null) return 0;
  const size = Math.floor((Math.abs(position) * bps) / 10_000);
  return position < 0 ? -wholeLots(size, instrument) : wholeLots(size, instrument);
}
