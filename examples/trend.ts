// Time-series momentum: long what rose over the last year, short what fell; the size of each position is
// set so that all are equally volatile (trend.yaml).
// Idea: Moskowitz, Ooi and Pedersen (2012), Time Series Momentum, Journal of Financial Economics 104(2),
// 228-250; there with 58 futures, here with six stocks and funds.

import type { SignalModel } from "tapedeck";

const YEAR = 252;

interface State {
  readonly returns: number[];
}

const model: SignalModel<State> = {
  name: "trend",
  version: 1,
  initial: () => ({ returns: [] }),
  evolve(state, { logReturn }) {
    if (state.returns.push(logReturn) > YEAR) state.returns.shift();
    return state;
  },
  signal({ returns }) {
    if (returns.length < YEAR) return null;
    return Math.sign(returns.reduce((total, each) => total + each, 0));
  },
};

export default model;
