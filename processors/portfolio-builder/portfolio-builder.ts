// Signals into target positions. Promises: a proposal names only targets whose quantity changed; a
// target moves when a view turns (its sign changes, or it is new) or a fork sets another size, not
// with each tick of equity. Where targets are to move for other reasons too, book-reviewer.ts builds.
//
// The portfolio has one slot of equal size for each instrument of its currency on the tape. A slot
// whose instrument has no view yet, a neutral one, or a short one where shorts are not allowed, stays
// empty: so the first of several views of one instant does not take the whole of equity. Inverse
// volatility splits the slots that have a view among them.
//
// A split restates a target in new shares and proposes nothing; a new symbol takes target and slot over;
// a delisted one gives its slot back.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Signal } from "../../schemas/generated/signals.ts";
import type { Target } from "../../schemas/generated/weights.proposals.ts";
import type { Converted } from "../../schemas/values/conversion.ts";
import { checkRatio, splitPrice, splitQuantity } from "../../schemas/values/corporate-action.ts";
import { exposureMinor } from "../../schemas/values/money.ts";
import { emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import { isPair, isSized, keepRate, requireValue, takeRate } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { TurnSizing } from "../sizing-config.ts";
import {
  type Conversions,
  conversionsDue,
  noConversions,
  takeFill,
  takePrice,
} from "./conversions.ts";
import { equalShare, fixedQuantity, inverseShare, quantityOf, type Share } from "./sizing.ts";

/** A standard deviation per bar below this is rounding, not a market: it gets no share. */
const LEAST_VOLATILITY = 1e-9;

/** The latest view of one symbol, and the target that was last proposed for it. */
interface View {
  direction: -1 | 0 | 1;
  price: number;
  volatility: number;
  quantity: number;
}

interface State {
  /** The sizing that targets were last made by. */
  sizing: string;
  /** Minor units of the portfolio's currency. */
  equity: bigint;
  readonly instruments: Map<string, Converted>;
  readonly views: Map<string, View>;
  /** Targets that the event at hand changed. */
  changed: readonly Target[];
  /** Where cash of other currencies is to be converted. */
  conversions?: Conversions;
}

type Inputs =
  | "market.instruments"
  | "market.corporate-actions"
  | "signals"
  | "portfolio.snapshots"
  | "fills"
  | "market.bars";

/**
 * A symbol seen before its instrument is sized when the instrument arrives. Throws VALUE_QUANTITY_INVALID
 * and PROCESSOR_CURRENCY_UNSUPPORTED. Cost: a look-up, unless a view turns.
 */
export function portfolioBuilder(
  sizing: TurnSizing,
  portfolio: PortfolioConfig,
): Processor<State, Inputs, "weights.proposals"> {
  const identity = Object.values(sizing).join(" ");
  return {
    name: "portfolio-builder",
    version: 1,
    scope: "portfolio",
    inputs: [
      "market.instruments",
      "market.corporate-actions",
      "signals",
      "portfolio.snapshots",
      ...(portfolio.convert === undefined ? [] : (["fills"] as const)),
      ...(portfolio.rateMaxAgeUs === undefined ? [] : (["market.bars"] as const)),
    ],
    outputs: { "weights.proposals": 0 },
    onFailure: "stop",
    initial: () => ({
      sizing: identity,
      equity: portfolio.initialCashMinor,
      instruments: new Map(),
      views: new Map(),
      changed: [],
    }),
    evolve(state, event) {
      if (state.changed.length > 0) state.changed = [];
      switch (event.topic) {
        case "signals": {
          const turn = turned(state, event.value, sizing.allowShort);
          const renewed = state.sizing !== identity;
          if (!turn && !renewed) return state;
          state.sizing = identity;
          resize(state, renewed ? null : event.value.symbol, sizing, portfolio);
          return state;
        }
        case "portfolio.snapshots":
          if (event.value.portfolio !== portfolio.name) return state;
          state.equity = event.value.equity;
          if (portfolio.convert !== undefined) {
            const { conversions = noConversions(), instruments } = state;
            state.conversions = conversions;
            const { value, timeUs } = event;
            state.changed = conversionsDue(conversions, instruments, value, timeUs, portfolio);
          }
          return state;
        case "fills":
          if (event.value.portfolio !== portfolio.name) return state;
          state.conversions ??= noConversions();
          takeFill(state.conversions, event.value, event.timeUs);
          return state;
        case "market.bars":
          if (portfolio.convert !== undefined) {
            state.conversions ??= noConversions();
            const { symbol, close } = event.value;
            takePrice(state.conversions, state.instruments.get(symbol), close);
          }
          takeRate(state.instruments, event.value.symbol, event.value.close, portfolio);
          return state;
        case "market.corporate-actions":
          act(state, event.value);
          return state;
        case "market.instruments": {
          const { symbol } = event.value;
          const waiting = !state.instruments.has(symbol) && state.views.has(symbol);
          state.instruments.set(symbol, keepRate(event.value, state.instruments.get(symbol)));
          if (waiting) resize(state, symbol, sizing, portfolio);
          return state;
        }
      }
    },
    decide: (state) =>
      state.changed.length === 0
        ? nothing
        : [
            emit("weights.proposals", {
              portfolio: portfolio.name,
              method: sizing.method,
              equity: state.equity,
              targets: state.changed,
              certificate: null,
            }),
          ],
  };
}

function act(state: State, action: CorporateAction): void {
  const { symbol, newSymbol } = action;
  const view = state.views.get(symbol);
  if (action.action === "CASH_DIVIDEND") return;
  if (action.action === "SPLIT") {
    checkRatio(action);
    if (view === undefined) return;
    view.price = splitPrice(view.price, action);
    view.quantity = splitQuantity(view.quantity, action);
    return;
  }
  const instrument = state.instruments.get(symbol);
  state.instruments.delete(symbol);
  state.views.delete(symbol);
  if (action.action === "DELISTING") return;
  if (instrument !== undefined && !state.instruments.has(newSymbol)) {
    state.instruments.set(newSymbol, { ...instrument, symbol: newSymbol });
  }
  if (view !== undefined && !state.views.has(newSymbol)) state.views.set(newSymbol, view);
}

/** Takes a signal in; true if the view is new or its direction another one. */
function turned(state: State, signal: Signal, allowShort: boolean): boolean {
  const { strength, price, volatility } = signal;
  const direction = strength > 0 ? 1 : strength < 0 && allowShort ? -1 : 0;
  const view = state.views.get(signal.symbol);
  if (view === undefined) {
    state.views.set(signal.symbol, { direction, price, volatility, quantity: 0 });
    return true;
  }
  view.price = price;
  view.volatility = volatility;
  if (view.direction === direction) return false;
  view.direction = direction;
  return true;
}

/** Sizes `symbol`, or all of them: always all where each one's share depends on the others. */
function resize(
  state: State,
  symbol: string | null,
  sizing: TurnSizing,
  portfolio: PortfolioConfig,
): void {
  const changed: Target[] = [];
  const shareOf = sizing.method === "FIXED_QUANTITY" ? null : shares(state, sizing, portfolio);
  for (const [name, view] of state.views) {
    const instrument = state.instruments.get(name);
    if (instrument === undefined || isPair(instrument)) continue;
    if (shareOf === null && symbol !== null && name !== symbol) continue;
    if (view.direction !== 0) requireValue(instrument, portfolio);
    const share = shareOf === null ? null : shareOf(view);
    const size =
      sizing.method === "FIXED_QUANTITY"
        ? fixedQuantity(sizing.quantity, instrument)
        : share === null || view.direction === 0
          ? 0
          : quantityOf(state.equity, share, view.price, instrument);
    // 0 × -1 would be -0.
    const quantity = view.direction === 0 || size === 0 ? 0 : view.direction * size;
    if (quantity === view.quantity) continue;
    view.quantity = quantity;
    changed.push({
      symbol: name,
      weight: weightOf(state.equity, view, share, instrument),
      quantity,
      referencePrice: view.price,
    });
  }
  state.changed = changed;
}

/** Each view's share; null where inverse volatility has no volatility to go by. */
function shares(
  state: State,
  sizing: Exclude<TurnSizing, { readonly method: "FIXED_QUANTITY" }>,
  portfolio: PortfolioConfig,
): (view: View) => Share | null {
  const { grossBps } = sizing;
  let slots = 0;
  for (const instrument of state.instruments.values()) {
    if (isSized(instrument, portfolio)) slots++;
  }
  if (sizing.method === "EQUAL_WEIGHT") return () => equalShare(grossBps, slots);
  let used = 0;
  let inverseSum = 0;
  for (const [symbol, { volatility }] of state.views) {
    if (volatility < LEAST_VOLATILITY || !state.instruments.has(symbol)) continue;
    used++;
    inverseSum += 1 / volatility;
  }
  return ({ volatility }) =>
    volatility >= LEAST_VOLATILITY
      ? inverseShare(grossBps, slots, used, volatility, inverseSum)
      : null;
}

/** What was aimed at; for a fixed quantity, what it is worth. Float64: analytics. */
function weightOf(equity: bigint, view: View, share: Share | null, instrument: Instrument): number {
  if (view.quantity === 0 || equity <= 0n) return 0;
  if (share !== null) return (view.direction * Number(share.numerator)) / Number(share.denominator);
  return Number(exposureMinor(view.price, view.quantity, instrument)) / Number(equity);
}
