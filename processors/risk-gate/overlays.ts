// What persons order beside the limits: restricted lists, blackouts and targets of their own. Promises: each
// names who and why; it counts from its place in the one order on, by event time, until it ends or is
// lifted; a verdict that it bears on names it.
//
// RESTRICTED_BUYS: no purchase, covering a short included. RESTRICTED: no trade. BLACKOUT: no new risk.
// TARGET: a weight in place of the model's, in whole lots at the price of the first proposal that it
// meets, and then held as it is; every limit applies to it.

import { TapedeckError } from "../../schemas/errors.ts";
import type { ControlCommand, OverlayKind } from "../../schemas/generated/control.commands.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { AppliedOverlay, RiskReason } from "../../schemas/generated/risk.verdicts.ts";
import type { Target } from "../../schemas/generated/weights.proposals.ts";
import { splitQuantity } from "../../schemas/values/corporate-action.ts";
import { isSized } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { RecurringBlackout } from "../risk-config.ts";
import { cut, cuts, type Docket, record, type Trade } from "./docket.ts";
import { between, reduces, type SymbolRisk, sizeWithin, wholeLots } from "./exposure.ts";

export interface Overlay extends AppliedOverlay {
  readonly fromUs: number | null;
  /** TARGET: signed, of equity. */
  readonly weightBps: number;
  /** TARGET: what the weight came to; null before the first proposal that it meets. */
  quantity: number | null;
}

const DAY_US = 86_400_000_000;

/** What stands after a SetOverlay or a LiftOverlay. Throws PROCESSOR_COMMAND_INVALID. */
export function withOverlay(
  overlays: readonly Overlay[],
  command: ControlCommand,
  timeUs: number,
): Overlay[] {
  const { overlay, symbol, who, why, fromUs, untilUs, value } = command;
  if (who.trim() === "" || why.trim() === "") throw invalid(command, "names who and why");
  const kept = overlays.filter((one) => one.untilUs === null || one.untilUs > timeUs);
  if (command.command === "LiftOverlay") {
    return kept.filter(
      (one) => one.symbol !== symbol || (overlay !== null && one.overlay !== overlay),
    );
  }
  if (overlay === null) throw invalid(command, "says which overlay");
  if (overlay === "TARGET" && (value === null || symbol === "")) {
    throw invalid(command, "gives a TARGET its symbol and its weight in basis points");
  }
  if (untilUs !== null && untilUs <= Math.max(fromUs ?? timeUs, timeUs)) {
    throw invalid(command, "ends after it begins");
  }
  const others = kept.filter((one) => one.symbol !== symbol || one.overlay !== overlay);
  const weightBps = overlay === "TARGET" ? (value ?? 0) : 0;
  const quantity = null;
  return [...others, { overlay, symbol, who, why, fromUs, untilUs, weightBps, quantity }];
}

function invalid({ command, overlay, symbol, who }: ControlCommand, rule: string): TapedeckError {
  const what = `${command}${overlay === null ? "" : ` of ${overlay}`} on ${symbol || "every symbol"}`;
  const message = `${what} by ${who.trim() || "nobody named"} is refused: such a command ${rule}`;
  return new TapedeckError("PROCESSOR_COMMAND_INVALID", message, { command, symbol, who });
}

const isOn = ({ fromUs, untilUs }: Overlay, timeUs: number): boolean =>
  (fromUs === null || fromUs <= timeUs) && (untilUs === null || timeUs < untilUs);

/** Those of a kind that bear on a symbol now. */
const onSymbol = (docket: Docket, symbol: string, kind: OverlayKind): readonly Overlay[] =>
  docket.at.overlays.filter(
    (one) =>
      one.overlay === kind &&
      (one.symbol === "" || one.symbol === symbol) &&
      isOn(one, docket.at.timeUs),
  );

/** Gives the targets that have none a quantity; one that cannot be valued yet waits. */
export function sizeTargets(
  overlays: readonly Overlay[],
  symbols: ReadonlyMap<string, SymbolRisk>,
  equity: bigint,
  timeUs: number,
  portfolio: PortfolioConfig,
): void {
  for (const one of overlays) {
    if (one.overlay !== "TARGET" || one.quantity !== null || !isOn(one, timeUs)) continue;
    const { instrument = null, price = 0 } = symbols.get(one.symbol) ?? {};
    if (instrument === null || price === 0 || equity <= 0n) continue;
    const isOwn = instrument.currency === portfolio.currency;
    if (!isSized(instrument, portfolio) || (!isOwn && instrument.into === undefined)) continue;
    const budget = (equity * BigInt(Math.abs(one.weightBps))) / 10_000n;
    const most = wholeLots(Number.MAX_SAFE_INTEGER, instrument);
    const size = sizeWithin(budget, most, price, instrument);
    one.quantity = size === 0 ? 0 : Math.sign(one.weightBps) * size;
  }
}

/** The targets with persons' targets in the place of the model's, and beside them where it is silent. */
export function withPersonsTargets(
  targets: readonly Target[],
  overlays: readonly Overlay[],
  symbols: ReadonlyMap<string, SymbolRisk>,
  timeUs: number,
): readonly Target[] {
  const persons = new Map<string, Target>();
  for (const { overlay, symbol, weightBps, quantity, ...one } of overlays) {
    if (overlay !== "TARGET" || quantity === null) continue;
    if (!isOn({ overlay, symbol, weightBps, quantity, ...one }, timeUs)) continue;
    const referencePrice = symbols.get(symbol)?.price ?? 0;
    persons.set(symbol, { symbol, weight: weightBps / 10_000, quantity, referencePrice });
  }
  if (persons.size === 0) return targets;
  const replaced = targets.map((target) => {
    const own = persons.get(target.symbol);
    persons.delete(target.symbol);
    return own === undefined ? target : { ...own, referencePrice: target.referencePrice };
  });
  const silent = [...persons.values()].filter(
    ({ symbol, quantity }) => symbols.get(symbol)?.position !== quantity,
  );
  return [...replaced, ...silent];
}

/** Restricted lists, then blackouts. A person's target is noted: it stops nothing. */
export function checkOverlays(docket: Docket, trade: Trade): void {
  const { target, risk } = trade;
  const { symbol } = target;
  for (const one of onSymbol(docket, symbol, "TARGET")) {
    if (one.quantity === null) continue;
    note(docket, one);
    docket.personal = true;
    const limit = one.quantity;
    const measured = docket.proposed.get(symbol) ?? limit;
    const check = "MANUAL_TARGET" as const;
    docket.checks.push({ check, symbol, limit, measured, unit: "QUANTITY", passed: true });
  }
  const restricted = onSymbol(docket, symbol, "RESTRICTED");
  const buys = onSymbol(docket, symbol, "RESTRICTED_BUYS");
  const isBuy = trade.quantity > risk.position;
  forbid(docket, trade, restricted, trade.quantity === risk.position, risk.position);
  if (!trade.refused) forbid(docket, trade, buys, !isBuy, risk.position);
  if (trade.refused) return;
  const closed = between(0, risk.position, trade.quantity);
  const allowed = reduces(trade.quantity, risk.position);
  const blackouts = onSymbol(docket, symbol, "BLACKOUT");
  forbid(docket, trade, [...blackouts, ...recurring(docket, symbol)], allowed, closed);
}

/** What is left of a trade that an overlay does not allow. */
function forbid(
  docket: Docket,
  trade: Trade,
  overlays: readonly AppliedOverlay[],
  passed: boolean,
  left: number,
): void {
  const [first] = overlays;
  if (first === undefined) return;
  for (const one of overlays) note(docket, one);
  const { symbol } = trade.target;
  const isBlackout = first.overlay === "BLACKOUT";
  const reason: RiskReason = isBlackout ? "Blackout" : "Restricted";
  const check = isBlackout ? "BLACKOUT" : "RESTRICTED";
  const measured = trade.quantity;
  const limit = left;
  if (record(docket, { check, symbol, limit, measured, unit: "QUANTITY", passed }, reason)) return;
  if (cuts(docket)) cut(trade, left);
}

function note(docket: Docket, { overlay, symbol, who, why, untilUs }: AppliedOverlay): void {
  const known = docket.overlays.some((one) => one.overlay === overlay && one.symbol === symbol);
  if (!known) docket.overlays.push({ overlay, symbol, who, why, untilUs });
}

function recurring({ at }: Docket, symbol: string): AppliedOverlay[] {
  const found = at.book?.limits.blackouts.find(
    (one) => (one.symbol === null || one.symbol === symbol) && isWithin(one, at.timeUs),
  );
  if (found === undefined) return [];
  const why = "a recurring blackout of the configuration";
  return [{ overlay: "BLACKOUT", symbol: found.symbol ?? "", who: "", why, untilUs: null }];
}

export function isWithin(
  { weekdays, fromUs, untilUs }: RecurringBlackout,
  timeUs: number,
): boolean {
  const day = Math.floor(timeUs / DAY_US);
  const moment = timeUs - day * DAY_US;
  const weekday = (day + 3) % 7; // 1970-01-01 was a Thursday
  if (fromUs < untilUs) return weekdays.includes(weekday) && fromUs <= moment && moment < untilUs;
  const began = weekdays.includes((weekday + 6) % 7);
  return (weekdays.includes(weekday) && moment >= fromUs) || (began && moment < untilUs);
}

/** A split restates what a target came to; a renamed symbol takes its overlays along. */
export function actOnOverlays(overlays: readonly Overlay[], action: CorporateAction): Overlay[] {
  return overlays.map((one) => {
    if (one.symbol !== action.symbol) return one;
    if (action.action === "SYMBOL_CHANGE") return { ...one, symbol: action.newSymbol };
    if (action.action !== "SPLIT" || one.quantity === null) return one;
    return { ...one, quantity: splitQuantity(one.quantity, action) };
  });
}
