// What persons order beside the limits: restricted lists, blackouts, views and targets of their own. Promises: each
// names who and why; it counts from its place in the one order on, by event time, until it ends or is
// lifted; a verdict that it bears on names it.
//
// RESTRICTED_BUYS: no purchase, covering a short included. RESTRICTED: no trade. BLACKOUT: no new risk.
// VIEW: less of what is added against it. TARGET: a weight in place of the model's, in whole lots at the price that
// it meets first, and then held as it is; every limit applies to it.

import type { ControlCommand, OverlayKind } from "../../schemas/generated/control.commands.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { AppliedOverlay, RiskReason } from "../../schemas/generated/risk.verdicts.ts";
import type { Target } from "../../schemas/generated/weights.proposals.ts";
import { splitQuantity } from "../../schemas/values/corporate-action.ts";
import { isBlackedOut } from "../blackouts.ts";
import { commandProblem } from "../command-check.ts";
import { isSized } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { powerProblem, type Roster } from "../people.ts";
import { grown } from "./book-checks.ts";
import { cut, cuts, type Docket, record, type Trade } from "./docket.ts";
import { between, reduces, type Seen, type SymbolRisk, sizeWithin, wholeLots } from "./exposure.ts";

export interface Overlay extends AppliedOverlay {
  readonly fromUs: number | null;
  /** TARGET: signed, of equity. VIEW: the expected return, signed. */
  readonly weightBps: number;
  /** VIEW: how sure, from 1 to 10,000. */
  readonly confidenceBps: number;
  /** TARGET: what the weight came to; null before it could be valued. */
  quantity: number | null;
  /** The command that set it. */
  readonly told: Seen;
}

/** What stands after a SetOverlay or a LiftOverlay; in words why it has no effect, where it has none. */
export function withOverlay(
  overlays: readonly Overlay[],
  command: ControlCommand,
  told: Seen,
  people: Roster,
): { readonly overlays: readonly Overlay[]; readonly problem: string | null } {
  const { overlay, symbol, who, why, fromUs, untilUs, value, confidenceBps } = command;
  const { timeUs } = told;
  const kept = overlays.filter((one) => one.untilUs === null || one.untilUs > timeUs);
  const problem = commandProblem(command) ?? powerProblem(people, who, "overlays");
  if (problem !== null) return { overlays: kept, problem };
  if (command.command === "LiftOverlay") {
    const left = kept.filter(
      (one) => one.symbol !== symbol || (overlay !== null && one.overlay !== overlay),
    );
    const nothing = `nothing${overlay === null ? "" : ` of ${overlay}`} stands on ${symbol || "every symbol"}`;
    return { overlays: left, problem: left.length === kept.length ? nothing : null };
  }
  if (overlay === null) return { overlays: kept, problem: "such a command says which overlay" };
  if (untilUs !== null && untilUs <= Math.max(fromUs ?? timeUs, timeUs)) {
    return { overlays: kept, problem: "it ends before it begins" };
  }
  const others = kept.filter((one) => one.symbol !== symbol || one.overlay !== overlay);
  const set: Overlay = {
    overlay,
    symbol,
    who,
    why,
    fromUs,
    untilUs,
    weightBps: overlay === "TARGET" || overlay === "VIEW" ? (value ?? 0) : 0,
    confidenceBps: overlay === "VIEW" ? (confidenceBps ?? 0) : 0,
    quantity: null,
    told,
  };
  return { overlays: [...others, set], problem: null };
}

const isOn = ({ fromUs, untilUs }: Overlay, timeUs: number): boolean =>
  (fromUs === null || fromUs <= timeUs) && (untilUs === null || timeUs < untilUs);

/** Those of a kind that bear on a symbol at a time. */
export const onSymbol = (
  overlays: readonly Overlay[],
  timeUs: number,
  symbol: string,
  kind: OverlayKind,
): readonly Overlay[] =>
  overlays.filter(
    (one) =>
      one.overlay === kind && (one.symbol === "" || one.symbol === symbol) && isOn(one, timeUs),
  );

/** A person's target that has not come to a quantity yet, and may now. */
export const awaits = (overlays: readonly Overlay[], timeUs: number): boolean =>
  overlays.some((one) => one.overlay === "TARGET" && one.quantity === null && isOn(one, timeUs));

/** What forbids a trade of a position to `quantity`, whatever its purpose: restricted lists. */
export function restrictions(
  overlays: readonly Overlay[],
  timeUs: number,
  symbol: string,
  position: number,
  quantity: number,
): readonly Overlay[] {
  if (overlays.length === 0 || quantity === position) return [];
  const all = onSymbol(overlays, timeUs, symbol, "RESTRICTED");
  const buys = quantity > position ? onSymbol(overlays, timeUs, symbol, "RESTRICTED_BUYS") : [];
  return [...all, ...buys];
}

/** Gives the targets that have none a quantity; one that cannot be valued yet waits. Returns how many it gave one. */
export function sizeTargets(
  overlays: readonly Overlay[],
  symbols: ReadonlyMap<string, SymbolRisk>,
  equity: bigint,
  timeUs: number,
  portfolio: PortfolioConfig,
): number {
  let sized = 0;
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
    sized++;
  }
  return sized;
}

/** The targets with persons' targets in the place of the model's, and beside them where it is silent. */
export function withPersonsTargets(
  targets: readonly Target[],
  overlays: readonly Overlay[],
  symbols: ReadonlyMap<string, SymbolRisk>,
  timeUs: number,
): readonly Target[] {
  const persons = new Map<string, Target>();
  for (const one of overlays) {
    const { overlay, symbol, weightBps, quantity } = one;
    if (overlay !== "TARGET" || quantity === null || !isOn(one, timeUs)) continue;
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

/** Restricted lists, blackouts, then views. A person's target is noted: it stops nothing. */
export function checkOverlays(docket: Docket, trade: Trade): void {
  const { target, risk } = trade;
  const { symbol } = target;
  for (const one of onSymbol(docket.at.overlays, docket.at.timeUs, symbol, "TARGET")) {
    if (one.quantity === null) continue;
    note(docket, one);
    docket.personal = true;
    const limit = one.quantity;
    const measured = docket.proposed.get(symbol) ?? limit;
    const check = "MANUAL_TARGET" as const;
    docket.checks.push({ check, symbol, limit, measured, unit: "QUANTITY", passed: true });
  }
  const restricted = onSymbol(docket.at.overlays, docket.at.timeUs, symbol, "RESTRICTED");
  const buys = onSymbol(docket.at.overlays, docket.at.timeUs, symbol, "RESTRICTED_BUYS");
  const isBuy = trade.quantity > risk.position;
  forbid(docket, trade, restricted, trade.quantity === risk.position, risk.position);
  if (!trade.refused) forbid(docket, trade, buys, !isBuy, risk.position);
  if (trade.refused) return;
  const closed = between(0, risk.position, trade.quantity);
  const allowed = reduces(trade.quantity, risk.position);
  const blackouts = onSymbol(docket.at.overlays, docket.at.timeUs, symbol, "BLACKOUT");
  forbid(docket, trade, [...blackouts, ...recurring(docket, symbol)], allowed, closed);
  if (!trade.refused) holdToViews(docket, trade);
}

/**
 * What a trade adds against a view is cut to the part that the view is not sure of: at a confidence of 1 nothing of it is
 * left, whatever onBreach says. A view enlarges nothing, closes nothing, and does not bind a person's own target.
 */
function holdToViews(docket: Docket, trade: Trade): void {
  const { symbol } = trade.target;
  const { overlays, timeUs } = docket.at;
  if (onSymbol(overlays, timeUs, symbol, "TARGET").some(({ quantity }) => quantity !== null))
    return;
  for (const one of onSymbol(overlays, timeUs, symbol, "VIEW")) {
    note(docket, one);
    const { quantity, risk } = trade;
    const isAgainst =
      !reduces(quantity, risk.position) && Math.sign(quantity) !== Math.sign(one.weightBps);
    const limit = isAgainst ? grown(trade, quantity, (10_000 - one.confidenceBps) * 100) : quantity;
    const passed = limit === quantity;
    const check = { check: "VIEW", symbol, limit, measured: quantity, unit: "QUANTITY" } as const;
    if (!record(docket, { ...check, passed }, "View")) cut(trade, limit);
    if (trade.refused) return;
  }
}

/** What is left of a trade that an overlay does not allow. */
function forbid(
  docket: Docket,
  trade: Trade,
  overlays: readonly (Overlay | AppliedOverlay)[],
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

function note(docket: Docket, one: Overlay | AppliedOverlay): void {
  const { overlay, symbol } = one;
  if (docket.overlays.some((other) => other.overlay === overlay && other.symbol === symbol)) return;
  docket.overlays.push(applied(one));
  if ("told" in one) docket.told.push(one.told);
}

export const applied = ({
  overlay,
  symbol,
  who,
  why,
  untilUs,
}: AppliedOverlay): AppliedOverlay => ({
  overlay,
  symbol,
  who,
  why,
  untilUs,
});

function recurring({ at }: Docket, symbol: string): AppliedOverlay[] {
  const found = at.book?.limits.blackouts.find(
    (one) => (one.symbol === null || one.symbol === symbol) && isBlackedOut(one, at.timeUs),
  );
  if (found === undefined) return [];
  const why = "a recurring blackout of the configuration";
  return [{ overlay: "BLACKOUT", symbol: found.symbol ?? "", who: "", why, untilUs: null }];
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
