// A signal model: from a symbol's features to a view of it. Bring your own as one file that exports
// one value of type SignalModel as its default and name it in the configuration. A model that has to see
// several symbols at once is a PortfolioModel (portfolio-model.ts).

import { TapedeckError } from "../schemas/errors.ts";
import type { Features } from "../schemas/generated/features.ts";
import { formatIsoUs } from "../schemas/values/time.ts";
import { type EmitOf, emit } from "../streams/event.ts";
import { nothing, type Processor } from "../streams/processor.ts";

export interface SignalModel<State = unknown> {
  readonly name: string;
  readonly version: number;
  /** May be left out: a state for each symbol. */
  readonly scope?: "symbol";
  /** State of one symbol before its first bar. Plain data only. */
  initial(): State;
  /** Folds one bar's features in; may change `state` in place and return it. */
  evolve(state: State, features: Features): State;
  /** -1 (fully short) to 1 (fully long); null for no view yet. Must not change the state. */
  signal(state: State, features: Features): number | null;
}

interface Served {
  /** Whose states these are: a fork may put another model in the place of one. */
  model: string;
  symbols: Map<string, unknown>;
}

/** Serves one model: a signal for each bar of each symbol once the model has a view of it. */
export function signalModel(model: SignalModel): Processor<Served, "features", "signals"> {
  const identity = `${model.name} ${model.version}`;
  return {
    name: "signal-model",
    version: 1,
    scope: "symbol",
    inputs: ["features"],
    outputs: { signals: 0 },
    onFailure: "stop",
    initial: () => ({ model: identity, symbols: new Map() }),
    evolve(state, { value }) {
      if (state.model !== identity) {
        state.model = identity;
        state.symbols = new Map();
      }
      const before = state.symbols.get(value.symbol);
      // A model without state may keep undefined: it is asked for again, and never stored.
      const after = model.evolve(before === undefined ? model.initial() : before, value);
      if (after !== before) state.symbols.set(value.symbol, after);
      return state;
    },
    decide: ({ symbols }, { value }) =>
      signalOf(model.name, model.signal(symbols.get(value.symbol), value), value),
  };
}

/** The signal of one view, if it is one. Throws MODEL_STRENGTH_INVALID. */
export function signalOf(
  model: string,
  strength: number | null,
  features: Features,
): readonly EmitOf<"signals">[] {
  if (strength === null) return nothing;
  // Written so that NaN fails too, and what a file without types may return.
  if (!(typeof strength === "number" && strength >= -1 && strength <= 1))
    throw badStrength(model, features, strength);
  const { symbol, price, volatility } = features;
  return [emit("signals", { symbol, model, strength, price, volatility })];
}

function badStrength(model: string, features: Features, strength: unknown): TapedeckError {
  const { symbol, barEndUs } = features;
  const shown = typeof strength === "string" ? JSON.stringify(strength) : String(strength);
  return new TapedeckError(
    "MODEL_STRENGTH_INVALID",
    `model ${model} gave ${shown} for ${symbol} at the bar to ${formatIsoUs(barEndUs)}`,
    { model, symbol, barEndUs },
  );
}
