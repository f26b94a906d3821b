// Long of every stock once as many returns are there as the window of minimum-cvar.yaml holds.

import type { SignalModel } from "tapedeck";

/** Long of every symbol, from the 500th return on: beside a book whose window is as long. */
const model: SignalModel<number> = {
  name: "long",
  version: 1,
  initial: () => 0,
  evolve: (bars) => bars + 1,
  signal: (bars) => (bars > 500 ? 1 : 0),
};
export default model;
