// A signal model: from a symbol's features to a view of it. Bring your own as one file that exports
// one value of type SignalModel as its default and name it in the configuration.

import type { Features } from "../schemas/generated/features.ts";

export interface SignalModel<State = unknown> {
  readonly name: string;
  readonly version: number;
  /** State of one symbol before its first bar. Plain data only. */
  initial(): State;
  /** Folds one bar's features in; may change `state` in place and return it. */
  evolve(state: State, features: Features): State;
  /** -1 (fully short) to 1 (fully long); null for no view yet. Must not change the state. */
  signal(state: State, features: Features): number | null;
}
