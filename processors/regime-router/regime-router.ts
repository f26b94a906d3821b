// Which way a market goes, by its averages: bull, bear or sideways. Promises: one event where a symbol's
// regime changes, at the bar that changed it, and none before the features are warm; the same in any shares.
//
// A trend is there where the fast average is further from the slow one than `band` average true ranges:
// bull above it, bear below. A model of regimes of your own writes `regimes` on the tape instead.

import type { Features } from "../../schemas/generated/features.ts";
import { emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";

export type TrendRegime = "bull" | "bear" | "sideways";

interface State {
  readonly regimes: Map<string, TrendRegime>;
  /** The event at hand changed its symbol's regime. */
  changed: boolean;
}

const MODEL = "trend";

export function regimeRouter(band: number): Processor<State, "features", "regimes"> {
  return {
    name: "regime-router",
    version: 1,
    scope: "symbol",
    inputs: ["features"],
    outputs: { regimes: 0 },
    onFailure: "stop",
    initial: () => ({ regimes: new Map(), changed: false }),
    evolve(state, { value }) {
      const regime = value.warm ? regimeOf(value, band) : state.regimes.get(value.symbol);
      state.changed = regime !== state.regimes.get(value.symbol);
      if (regime !== undefined && state.changed) state.regimes.set(value.symbol, regime);
      return state;
    },
    decide(state, { value: { symbol } }) {
      const regime = state.regimes.get(symbol);
      if (!state.changed || regime === undefined) return nothing;
      return [emit("regimes", { symbol, model: MODEL, regime, probability: 1 })];
    },
  };
}

function regimeOf({ emaFast, emaSlow, atr }: Features, band: number): TrendRegime {
  const apart = emaFast - emaSlow;
  return apart > band * atr ? "bull" : apart < -band * atr ? "bear" : "sideways";
}
