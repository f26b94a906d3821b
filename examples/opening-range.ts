// Opening-range breakout: note the highest and lowest close of the session's first half hour; go with the
// first close outside of them, and be out five minutes before the session ends.
// Idea: Crabel (1990), Day Trading with Short Term Price Patterns and Opening Range Breakout; here the range
// is that of the closes, because a model sees no highs and lows.

import type { SignalModel } from "tapedeck";

const MINUTE_US = 60_000_000;
const DAY_US = 1440 * MINUTE_US;
// New York's 09:30 to 16:00 in October, in minutes of UTC's day.
const [OPEN, CLOSE, RANGE] = [810, 1200, 30];

interface State {
  high: number;
  low: number;
  position: number;
}

const model: SignalModel<State> = {
  name: "opening-range",
  version: 1,
  initial: () => ({ high: 0, low: 0, position: 0 }),
  evolve(state, { barEndUs, price }) {
    const minute = (barEndUs % DAY_US) / MINUTE_US;
    if (minute === OPEN + 1) Object.assign(state, { high: price, low: price, position: 0 });
    if (minute <= OPEN || minute > CLOSE - 5) state.position = 0;
    else if (minute <= OPEN + RANGE) {
      state.high = Math.max(state.high, price);
      state.low = Math.min(state.low, price);
    } else if (state.position === 0 && state.high > 0) {
      state.position = Number(price > state.high) - Number(price < state.low);
    }
    return state;
  },
  signal: ({ position }, { warm }) => (warm ? position : null),
};

export default model;
