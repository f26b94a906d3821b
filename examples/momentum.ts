// Cross-sectional momentum: each month hold the five of twenty stocks that rose most over the eleven months
// before the last one, which is left out because short moves tend to turn back.
// Idea: Jegadeesh and Titman (1993), Returns to Buying Winners and Selling Losers, Journal of
// Finance 48(1), 65-91; here winners only: no losers are sold.

import type { PortfolioModel } from "tapedeck";

const [LONG, SKIP, HELD] = [252, 21, 5];

interface State {
  readonly returns: Map<string, number[]>;
  month: number;
  winners: string[];
}

const model: PortfolioModel<State> = {
  name: "momentum",
  version: 1,
  scope: "portfolio",
  initial: () => ({ returns: new Map(), month: -1, winners: [] }),
  evolve(state, bars) {
    let month = state.month;
    const ranked: { symbol: string; rise: number }[] = [];
    for (const [symbol, { barEndUs, logReturn }] of bars) {
      month = new Date(barEndUs / 1000).getUTCMonth();
      const returns = [...(state.returns.get(symbol) ?? []), logReturn].slice(-LONG);
      state.returns.set(symbol, returns);
      const rise = returns.slice(0, -SKIP).reduce((sum, each) => sum + each, 0);
      if (returns.length === LONG) ranked.push({ symbol, rise });
    }
    if (month === state.month) return state;
    const best = ranked.sort((a, b) => b.rise - a.rise).slice(0, HELD);
    return { ...state, month, winners: best.map(({ symbol }) => symbol) };
  },
  signal: ({ winners }, { symbol }) => (winners[0] ? Number(winners.includes(symbol)) : null),
};

export default model;
