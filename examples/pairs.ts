// Pairs: when the ratio of two like companies has strayed two standard deviations from its average of a
// year, sell the dear one and buy the cheap one, until the ratio is back at that average.
// Idea: Gatev, Goetzmann and Rouwenhorst (2006), Pairs Trading: Performance of a Relative-Value Arbitrage
// Rule, Review of Financial Studies 19(3), 797-827; here with one pair that was chosen beforehand.

import type { PortfolioModel } from "tapedeck";

const [FIRST, SECOND] = ["CVX", "XOM"];
const WINDOW = 252;

interface State {
  spread: number;
  readonly spreads: number[];
  position: number;
}

const model: PortfolioModel<State> = {
  name: "pairs",
  version: 1,
  scope: "portfolio",
  initial: () => ({ spread: 0, spreads: [], position: 0 }),
  evolve(state, bars) {
    const [first, second] = [bars.get(FIRST), bars.get(SECOND)];
    if (first === undefined || second === undefined) return state;
    state.spread += first.logReturn - second.logReturn;
    const { spread, spreads } = state;
    if (spreads.push(spread) > WINDOW) spreads.shift();
    const mean = spreads.reduce((sum, each) => sum + each, 0) / spreads.length;
    const squares = spreads.reduce((sum, each) => sum + (each - mean) ** 2, 0);
    const score = squares > 0 ? (spread - mean) / Math.sqrt(squares / (spreads.length - 1)) : 0;
    if (spreads.length < WINDOW || state.position * score >= 0) state.position = 0;
    if (spreads.length === WINDOW && Math.abs(score) > 2) state.position = -Math.sign(score);
    return state;
  },
  signal: ({ position }, { symbol, warm }) =>
    warm ? (symbol === FIRST ? 1 : -1) * position : null,
};

export default model;
