// Bars into what the models see. Promises: each feature is the textbook's (quant/indicators.ts), in
// the units of the bar's own prices, from the first bar on; `warm` says when every window has filled.
// Gaps between bars count as one step: windows are in bars, not in hours. At a split what the windows
// hold is restated in new shares, so that no feature jumps; a new symbol, and a delisted one, begin anew.

import {
  nextEma,
  nextWilder,
  pushDeviation,
  type RollingDeviation,
  rollingDeviation,
  trueRange,
} from "../../quant/indicators.ts";
import { logReturn } from "../../quant/logarithm.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import { checkRatio } from "../../schemas/values/corporate-action.ts";
import { emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import type { FeaturesConfig } from "../flow-config.ts";

interface SymbolState {
  bars: number;
  close: number;
  logReturn: number;
  emaFast: number;
  emaSlow: number;
  atr: number;
  returns: RollingDeviation;
}

type State = Map<string, SymbolState>;
type Input = "market.bars" | "market.corporate-actions";

/**
 * A bar whose prices are not positive, or whose high is below its low, becomes a dead letter, and so does
 * a split without a ratio.
 */
export function featureBuilder(config: FeaturesConfig): Processor<State, Input, "features"> {
  const warmBars = Math.max(config.emaFast, config.emaSlow, config.atr);
  return {
    name: "feature-builder",
    version: 1,
    scope: "symbol",
    inputs: ["market.bars", "market.corporate-actions"],
    unanswered: ["market.corporate-actions"],
    outputs: { features: 0 },
    onFailure: "dead-letter",
    initial: () => new Map(),
    evolve(state, event) {
      if (event.topic === "market.corporate-actions") {
        act(state, event.value);
        return state;
      }
      const { value } = event;
      checkBar(value);
      let symbol = state.get(value.symbol);
      if (symbol === undefined) {
        symbol = unseen(config);
        state.set(value.symbol, symbol);
      }
      fold(symbol, value, config);
      return state;
    },
    decide(state, { topic, value }) {
      if (topic === "market.corporate-actions") return nothing;
      const symbol = state.get(value.symbol) as SymbolState;
      return [
        emit("features", {
          symbol: value.symbol,
          barEndUs: value.endUs,
          price: value.close,
          logReturn: symbol.logReturn,
          emaFast: symbol.emaFast,
          emaSlow: symbol.emaSlow,
          atr: symbol.atr,
          volatility: symbol.returns.value,
          // The first bar has no return: the volatility's window fills one bar later.
          warm: symbol.bars >= warmBars && symbol.returns.count === config.volatility,
        }),
      ];
    },
  };
}

const unseen = (config: FeaturesConfig): SymbolState => ({
  bars: 0,
  close: 0,
  logReturn: 0,
  emaFast: 0,
  emaSlow: 0,
  atr: 0,
  returns: rollingDeviation(config.volatility),
});

function act(state: State, action: CorporateAction): void {
  if (action.action === "CASH_DIVIDEND") return;
  if (action.action !== "SPLIT") {
    state.delete(action.symbol);
    return;
  }
  checkRatio(action);
  const symbol = state.get(action.symbol);
  if (symbol === undefined) return;
  // Returns, and so the volatility, are the same in any shares.
  const factor = action.oldShares / action.newShares;
  symbol.close *= factor;
  symbol.emaFast *= factor;
  symbol.emaSlow *= factor;
  symbol.atr *= factor;
}

/** A window that a fork made longer or shorter fills anew: what it would need has gone by. */
function fold(symbol: SymbolState, bar: MarketBar, config: FeaturesConfig): void {
  const bars = symbol.bars + 1;
  const { close } = bar;
  let range = bar.high - bar.low;
  if (symbol.returns.length !== config.volatility) {
    symbol.returns = rollingDeviation(config.volatility);
  }
  if (bars > 1) {
    symbol.logReturn = logReturn(symbol.close, close);
    pushDeviation(symbol.returns, symbol.logReturn);
    range = trueRange(bar.high, bar.low, symbol.close);
  }
  symbol.bars = bars;
  symbol.close = close;
  symbol.emaFast = nextEma(symbol.emaFast, close, bars, config.emaFast);
  symbol.emaSlow = nextEma(symbol.emaSlow, close, bars, config.emaSlow);
  symbol.atr = nextWilder(symbol.atr, range, bars, config.atr);
}

function checkBar(bar: MarketBar): void {
  const { symbol, open, high, low, close } = bar;
  const inside = low <= open && low <= close && open <= high && close <= high;
  if (low > 0 && inside) return;
  throw new TapedeckError(
    "VALUE_PRICE_INVALID",
    `${symbol}'s bar to ${bar.endUs} has open ${open}, high ${high}, low ${low}, close ${close}`,
    { symbol, open, high, low, close },
  );
}
