// What the optimiser remembers, and how an event is taken in. Promises: plain data; what is held and what was paid is of
// new shares from a split on.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { PoolAnswer } from "../../schemas/generated/pool.answers.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import type { Regime } from "../../schemas/generated/regimes.ts";
import type { Converted } from "../../schemas/values/conversion.ts";
import { checkRatio, splitPrice, splitQuantity } from "../../schemas/values/corporate-action.ts";
import { exposureMinor } from "../../schemas/values/money.ts";
import type { Instants } from "../instants.ts";
import { moveRows, type ReturnRows } from "../return-rows.ts";
import { moveOutlook, type Outlook } from "./outlook.ts";

/** One symbol that has features. */
export interface Name {
  price: number;
  /** End of its last bar. */
  barUs: number;
  /** Paid since that bar, as a share of its close. */
  paid: number;
  held: number;
  /** The last signal; 0 before the first. */
  strength: number;
  /** Its weight once the last answer was traded on; null until then. */
  settled: number | null;
}

export interface OptimiserState extends Instants {
  equity: bigint;
  readonly instruments: Map<string, Converted>;
  readonly names: Map<string, Name>;
  returns: ReturnRows;
  /** By symbol, or "*" for all; and how many instants had been seen when it changed, null for the first. */
  readonly regimes: Map<string, { regime: string; changed: number | null }>;
  readonly outlook: Outlook;
  /** Instants seen, and those since the last answer. */
  bars: number;
  sinceAnswer: number;
  /** Of the calendar, that was last asked in; null before the first request. */
  period: number | null;
  /** Of the last request. */
  number: number;
  /** The event at hand completed an instant that asks. */
  due: boolean;
  /** The last request is not answered yet. */
  open: boolean;
  /** The last answer came too late, or not: ask at the next instant. */
  again: boolean;
  /** The last request was asked for that reason. */
  repeated: boolean;
}

export function nameOf({ names }: OptimiserState, symbol: string): Name {
  const found = names.get(symbol);
  if (found !== undefined) return found;
  const name = { price: 0, barUs: -1, paid: 0, held: 0, strength: 0, settled: null };
  names.set(symbol, name);
  return name;
}

export function takeSnapshot(state: OptimiserState, snapshot: PortfolioSnapshot): void {
  state.equity = snapshot.equity;
  if (snapshot.symbol !== "") nameOf(state, snapshot.symbol).held = snapshot.quantity;
}

/** The answer to the last request; what came to nothing is asked for again. */
export function takeAnswer(state: OptimiserState, { request, status }: PoolAnswer): void {
  if (request !== state.number) return;
  state.open = false;
  state.sinceAnswer = 0;
  if (status === "FAILED") state.again = !state.repeated;
}

export function takeRegime({ regimes, bars }: OptimiserState, { symbol, regime }: Regime): void {
  const known = regimes.get(symbol);
  if (known?.regime === regime) return;
  regimes.set(symbol, { regime, changed: known === undefined ? null : bars });
}

/** Of equity, signed; 0 where it cannot be valued. */
export function weightOf({ equity, instruments }: OptimiserState, symbol: string, name: Name) {
  const instrument = instruments.get(symbol);
  if (name.held === 0 || equity <= 0n || instrument === undefined || name.price <= 0) return 0;
  return Number(exposureMinor(name.price, name.held, instrument)) / Number(equity);
}

/** Throws VALUE_SPLIT_INVALID. */
export function act(state: OptimiserState, action: CorporateAction): void {
  const { symbol, newSymbol } = action;
  const name = state.names.get(symbol);
  if (action.action === "SPLIT") {
    checkRatio(action);
    if (name === undefined) return;
    name.price = splitPrice(name.price, action);
    name.held = splitQuantity(name.held, action);
  } else if (action.action === "CASH_DIVIDEND") {
    const instrument = state.instruments.get(symbol);
    if (name === undefined || instrument === undefined || name.price <= 0) return;
    const { amount, amountScale } = action;
    name.paid += (amount / 10 ** amountScale) * (10 ** instrument.priceScale / name.price);
  } else {
    move(state, symbol, action.action === "DELISTING" ? null : newSymbol);
  }
}

function move(state: OptimiserState, from: string, to: string | null): void {
  const { names, instruments } = state;
  moveRows(state.returns, from, to);
  const regime = state.regimes.get(from);
  state.regimes.delete(from);
  if (regime !== undefined && to !== null && !state.regimes.has(to)) state.regimes.set(to, regime);
  moveOutlook(state.outlook, from, to);
  const name = names.get(from);
  const instrument = instruments.get(from);
  names.delete(from);
  instruments.delete(from);
  state.awaited.delete(from);
  state.silent.delete(from);
  if (to === null) return;
  if (name !== undefined && !names.has(to)) names.set(to, name);
  if (instrument !== undefined && !instruments.has(to)) {
    instruments.set(to, { ...instrument, symbol: to });
  }
}
