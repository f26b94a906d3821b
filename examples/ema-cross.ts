// Moving-average cross: hold a stock while its fast average is above its slow one, else cash.
// Idea: Brock, Lakonishok and LeBaron (1992), Simple Technical Trading Rules and the Stochastic Properties of
// Stock Returns, Journal of Finance 47(5), 1731-1764; here with exponential averages, long or out.

import type { SignalModel } from "tapedeck";

const model: SignalModel<null> = {
  name: "long-ema-cross",
  version: 1,
  initial: () => null,
  evolve: (state) => state,
  signal: (_, { warm, emaFast, emaSlow }) => (warm ? Number(emaFast > emaSlow) : null),
};

export default model;
