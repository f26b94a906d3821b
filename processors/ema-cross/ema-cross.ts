// Trend following: long while the fast average is above the slow one, short while below, out when
// they are equal; no view until every window has filled.

import type { SignalModel } from "../signal-model.ts";

export const emaCross: SignalModel<null> = {
  name: "ema-cross",
  version: 1,
  initial: () => null,
  evolve: (state) => state,
  signal: (_, { warm, emaFast, emaSlow }) => (warm ? Math.sign(emaFast - emaSlow) : null),
};
