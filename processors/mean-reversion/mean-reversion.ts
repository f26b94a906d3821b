// Fading the stretch: short when the close is far above its slow average, long when far below, out
// once it is back. Distance is in average true ranges, so that one pair of bounds serves every price.

import type { SignalModel } from "../signal-model.ts";

/** Enters beyond this distance. */
const ENTRY_RANGES = 2;
/** Leaves within this one; the space between keeps it from trading to and fro. */
const EXIT_RANGES = 0.5;

interface State {
  position: -1 | 0 | 1;
}

export const meanReversion: SignalModel<State> = {
  name: "mean-reversion",
  version: 1,
  initial: () => ({ position: 0 }),
  evolve(state, { warm, price, emaSlow, atr }) {
    if (!warm) return state;
    // A market that stands still has no range and no stretch.
    const stretch = atr > 0 ? (price - emaSlow) / atr : 0;
    if (stretch >= ENTRY_RANGES) state.position = -1;
    else if (stretch <= -ENTRY_RANGES) state.position = 1;
    else if (state.position * stretch >= -EXIT_RANGES) state.position = 0;
    return state;
  },
  signal: (state, { warm }) => (warm ? state.position : null),
};
