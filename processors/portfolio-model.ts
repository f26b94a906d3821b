// A model that sees several symbols at once: pairs, rankings, spreads. Promises: it is asked once an
// instant, when the features of all bars of that instant are folded in, whatever the number of
// partitions and wherever batches end; no clock decides that an instant is complete.
//
// The rule (instants.ts): bars announce features. Where the tape holds bars, an instant is one event time; where bars are
// built from ticks, it is the end of a bar. A symbol may lack features (it had no print, or its bar was refused as
// unusable). What comes later than its instant joins the one that is being gathered, or else is one of its
// own: `barEndUs` tells.

import type { Features } from "../schemas/generated/features.ts";
import type { EmitOf } from "../streams/event.ts";
import { nothing, type Processor } from "../streams/processor.ts";
import type { FlowConfig } from "./flow-config.ts";
import { announce, answered, type Instants, noInstants } from "./instants.ts";
import { type SignalModel, signalOf } from "./signal-model.ts";

export interface PortfolioModel<State = unknown> {
  readonly name: string;
  readonly version: number;
  readonly scope: "portfolio";
  /** The one state of all symbols, before the first bar. Plain data only. */
  initial(): State;
  /** Folds an instant in: the features of each symbol that has a bar then, in the order of the tape. */
  evolve(state: State, bars: ReadonlyMap<string, Features>): State;
  /** Asked for each of these bars; as of SignalModel. Must not change the state. */
  signal(state: State, features: Features): number | null;
}

/** What `model:` in a configuration names. */
export type AnyModel = SignalModel | PortfolioModel;

type Inputs = "market.bars" | "features";

interface Gathered extends Instants {
  /** Whose state this is: a fork may put another model in its place. */
  model: string;
  own: unknown;
  bars: Features[];
  /** `bars` are folded in, and the model is to be asked about them. */
  due: boolean;
}

/**
 * Serves one model: a signal for each symbol of an instant that it has a view of. Its state is written whole
 * with each commit that changed it: keep windows short.
 */
export function portfolioModel(
  model: PortfolioModel,
  source: FlowConfig["source"],
): Processor<Gathered, Inputs, "signals"> {
  const fromTicks = source === "ticks";
  const identity = `${model.name} ${model.version}`;
  const begin = (): unknown => model.initial() ?? null;
  return {
    name: "signal-model",
    version: 1,
    scope: "portfolio",
    inputs: ["market.bars", "features"],
    outputs: { signals: 0 },
    onFailure: "stop",
    initial: () => ({
      model: identity,
      own: begin(),
      ...noInstants(),
      bars: [],
      due: false,
    }),
    evolve(state, event) {
      if (state.model !== identity) {
        state.model = identity;
        state.own = begin();
      }
      if (state.due) {
        state.due = false;
        state.bars = [];
      }
      const complete =
        event.topic === "market.bars"
          ? announce(
              state,
              event.value.symbol,
              fromTicks ? event.value.endUs : event.timeUs,
              fromTicks,
            ) && state.bars.length > 0
          : gather(state, event.value, fromTicks ? event.value.barEndUs : event.timeUs);
      if (complete) {
        state.own = model.evolve(state.own, bySymbol(state.bars)) ?? null;
        state.due = true;
      }
      return state;
    },
    decide({ due, bars, own }) {
      if (!due) return nothing;
      const signals: EmitOf<"signals">[] = [];
      for (const each of bars) {
        signals.push(...signalOf(model.name, model.signal(own, each), each));
      }
      return signals;
    },
  };
}

const bySymbol = (bars: readonly Features[]): ReadonlyMap<string, Features> =>
  new Map(bars.map((features) => [features.symbol, features]));

/** Features have come. True if they complete the instant. */
function gather(state: Gathered, features: Features, instantUs: number): boolean {
  const { symbol } = features;
  const complete = answered(state, symbol, instantUs);
  const same = state.bars.findIndex((other) => other.symbol === symbol);
  if (same < 0) state.bars.push(features);
  else state.bars[same] = features;
  return complete;
}
