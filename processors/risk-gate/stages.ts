// What a snapshot of the portfolio, or a lowered limit, makes of the gate: the stages of a drawdown and the losses of the
// day and the week. Promises: the breach itself ends what was approved and would add risk, by a verdict that the event
// caused; so does each stage's cut. Each is said when it begins, and while the book is not there in answer to each proposal.

import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import type { RiskCheck, RiskReason, RiskVerdict } from "../../schemas/generated/risk.verdicts.ts";
import { drawdownBps } from "../drawdown.ts";
import type { Seen } from "./exposure.ts";
import {
  approve,
  equityOf,
  evidenceOf,
  type RiskState,
  riskOf,
  type Settings,
} from "./gate-state.ts";
import { type Period, recordFor, takeEquity } from "./record.ts";
import { cappedApproval, shareOf, type Winding, windDown } from "./winding.ts";

export function takeSnapshot(
  state: RiskState,
  snapshot: PortfolioSnapshot,
  seen: Seen,
  settings: Settings,
): void {
  const { timeUs, origin } = seen;
  const { symbol, quantity, equity } = snapshot;
  if (symbol !== "") {
    const risk = riskOf(state, symbol);
    risk.position = quantity;
    // Nothing was ever approved of it: nothing is on its way.
    if (risk.approvedPrice === 0) risk.approved = quantity;
    risk.marked.timeUs = timeUs;
    risk.marked.origin = origin;
  }
  state.equity = equity;
  state.marked.timeUs = timeUs;
  state.marked.origin = origin;
  if (state.peak === null) state.drawdownBps = snapshot.drawdownBps;
  else {
    if (equity > state.peak) state.peak = equity;
    state.drawdownBps = drawdownBps(equity, state.peak);
  }
  const limits = settings.proposals(state);
  if (limits !== null) {
    state.record = recordFor(state.record, equity, limits);
    takeEquity(state.record, equity, timeUs, limits);
  }
  holdToStages(state, timeUs, settings);
}

/** The stages that have been reached; the worst of them is what is said. */
export function holdToStages(state: RiskState, timeUs: number, settings: Settings): void {
  const begun =
    beginClosing(state, settings) ?? beginReducing(state, settings) ?? beginLoss(state, settings);
  const verdict = begun === null ? null : wind(state, timeUs, settings, begun);
  if (verdict !== null) approve(state, verdict);
}

/** While a stage is not done: what a proposal is answered with. */
export function answerOfStage(
  state: RiskState,
  timeUs: number,
  settings: Settings,
): RiskVerdict | null {
  if (state.trading !== "REDUCE_ONLY") return null;
  if (state.closing) return wind(state, timeUs, settings, closing(state, settings));
  return state.reducing ? wind(state, timeUs, settings, reducing(state, settings)) : null;
}

const wind = (state: RiskState, timeUs: number, settings: Settings, winding: Winding) =>
  windDown(
    { ...state, evidence: evidenceOf(state, settings), equity: equityOf(state, settings) },
    timeUs,
    winding,
  );

const failed = (check: RiskCheck["check"], limit: number | null, measured: number): RiskCheck => ({
  check,
  symbol: "",
  limit: limit ?? 0,
  measured,
  unit: "BPS",
  passed: false,
});

const closing = (state: RiskState, settings: Settings): Winding => ({
  outcome: "CLOSE",
  reason: "MaxDrawdownExceeded",
  check: failed(
    "DRAWDOWN_CLOSE",
    settings.proposals(state)?.drawdownCloseBps ?? null,
    state.drawdownBps,
  ),
  endOf: () => 0,
  isOpen: ({ position }) => position !== 0,
});

const reducing = (state: RiskState, settings: Settings): Winding => ({
  outcome: "REDUCE",
  reason: "MaxDrawdownExceeded",
  check: failed("MAX_DRAWDOWN", settings.limits(state).maxDrawdownBps, state.drawdownBps),
  endOf: cappedApproval,
  isOpen: ({ cap, position }) => cap !== null && Math.abs(position) > Math.abs(cap),
});

function beginClosing(state: RiskState, settings: Settings): Winding | null {
  const limit = settings.proposals(state)?.drawdownCloseBps ?? null;
  const isTradable = state.trading === "ACTIVE" || state.trading === "REDUCE_ONLY";
  if (limit === null || state.drawdownBps <= limit || !isTradable || state.closing) return null;
  state.closing = true;
  if (state.trading === "ACTIVE") latch(state);
  return closing(state, settings);
}

export function drawdownExceeded(state: RiskState, settings: Settings): boolean {
  const { maxDrawdownBps: limit } = settings.limits(state);
  return limit !== null && state.drawdownBps > limit;
}

function beginReducing(state: RiskState, settings: Settings): Winding | null {
  if (state.trading !== "ACTIVE" || !drawdownExceeded(state, settings)) return null;
  latch(state);
  const { drawdownReduceToBps: share } = settings.config;
  if (share !== undefined) {
    state.reducing = true;
    for (const risk of state.symbols.values()) risk.cap = shareOf(risk, share);
  }
  return reducing(state, settings);
}

function latch(state: RiskState): void {
  state.trading = "REDUCE_ONLY";
  state.latchedByDrawdown = true;
}

/** Once a period: what is proposed after it is judged by its own check. */
function beginLoss(state: RiskState, settings: Settings): Winding | null {
  const limits = settings.proposals(state);
  const { record } = state;
  if (limits === null || record === null) return null;
  const { maxDailyLossBps, maxWeeklyLossBps } = limits;
  return (
    lossOf(record.day, maxDailyLossBps, "DAILY_LOSS", "MaxDailyLossExceeded") ??
    lossOf(record.week, maxWeeklyLossBps, "WEEKLY_LOSS", "MaxWeeklyLossExceeded")
  );
}

function lossOf(
  period: Period,
  limit: number | null,
  check: RiskCheck["check"],
  reason: RiskReason,
): Winding | null {
  if (limit === null || period.stopped) return null;
  const measured = drawdownBps(period.least, period.start);
  if (measured <= limit) return null;
  period.stopped = true;
  const why = failed(check, limit, measured);
  return { outcome: "REDUCE", reason, check: why, endOf: cappedApproval, isOpen: () => false };
}
