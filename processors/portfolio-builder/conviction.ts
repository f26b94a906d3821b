// What the integrated sizer goes by besides the signal: the regime's weight, the forecast's confidence, the
// order flow's toxicity. Promises: each is kept only where it is configured; what is not known yet is
// neutral (regime 1, toxicity 0, the configured confidence); each from 0 to 1.

import type { Conviction } from "../../quant/position-sizing.ts";
import { type OrderFlow, orderFlow, pushFlow, splitFlow } from "../../quant/vpin.ts";
import type { Forecast } from "../../schemas/generated/forecasts.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Regime } from "../../schemas/generated/regimes.ts";
import type { IntegratedSizing, RegimeWeights } from "../sizing-config.ts";

/** By symbol; a regime also of every symbol together, under EVERY. */
export interface Outlook {
  readonly regimes: Map<string, string>;
  readonly confidences: Map<string, number>;
  readonly flows: Map<string, OrderFlow>;
}

const EVERY = "*";
const BPS = 10_000;
/** What a certified forecast may still count for where its certifier says to take less risk. */
const DERISKED = 0.5;

export const emptyOutlook = (): Outlook => ({
  regimes: new Map(),
  confidences: new Map(),
  flows: new Map(),
});

export function takeRegime({ regimes }: Outlook, { symbol, regime }: Regime): void {
  regimes.set(symbol, regime);
}

/** The measured share of outcomes inside the interval; half of it to take less risk, nothing when blocked. */
export function takeForecast({ confidences }: Outlook, forecast: Forecast): void {
  const { symbol, coverage, verdict } = forecast;
  const within = coverage >= 0 && coverage <= 1 ? coverage : 0;
  const part = verdict === "PASS" ? 1 : verdict === "DERISK" ? DERISKED : 0;
  confidences.set(symbol, within * part);
}

/** A fork that asks for another shape begins its flows anew. */
export function takeFlow(
  { flows }: Outlook,
  { symbol, close, volume }: MarketBar,
  shape: NonNullable<IntegratedSizing["toxicity"]>,
): void {
  // The feature builder puts such a bar aside; no view comes of it.
  if (!(close > 0) || volume < 0) return;
  let flow = flows.get(symbol);
  if (flow === undefined || flow.returns.length !== shape.window || flow.at >= shape.buckets) {
    flow = orderFlow(shape);
    flows.set(symbol, flow);
  }
  pushFlow(flow, close, volume, shape);
}

/** Of one symbol, with `strength` from 0 to 1. A regime that has no weight counts for nothing. */
export function convictionOf(
  outlook: Outlook | null,
  symbol: string,
  strength: number,
  { confidenceBps, regimes, forecasts, toxicity }: IntegratedSizing,
): Conviction {
  const known = outlook?.regimes.get(symbol) ?? outlook?.regimes.get(EVERY);
  const certified = forecasts === true ? outlook?.confidences.get(symbol) : undefined;
  const vpin = toxicity === undefined ? null : (outlook?.flows.get(symbol)?.vpin ?? null);
  return {
    strength,
    confidence: certified ?? confidenceBps / BPS,
    regime: regimes === undefined || known === undefined ? 1 : weightOf(regimes, known),
    toxicity: vpin ?? 0,
  };
}

const weightOf = ({ weights }: RegimeWeights, name: string): number =>
  Object.hasOwn(weights, name) ? (weights[name] as number) : 0;

export function actOnOutlook(outlook: Outlook, action: CorporateAction): void {
  const { symbol, newSymbol } = action;
  if (action.action === "SPLIT") {
    const flow = outlook.flows.get(symbol);
    if (flow !== undefined) splitFlow(flow, action.newShares, action.oldShares);
  } else if (action.action !== "CASH_DIVIDEND") {
    const to = action.action === "SYMBOL_CHANGE" ? newSymbol : null;
    move(outlook.regimes, symbol, to);
    move(outlook.confidences, symbol, to);
    move(outlook.flows, symbol, to);
  }
}

function move<T>(map: Map<string, T>, from: string, to: string | null): void {
  const value = map.get(from);
  if (value === undefined) return;
  map.delete(from);
  if (to !== null && !map.has(to)) map.set(to, value);
}
