// Bars, signals and positions into problems for the pool. Promises: a request says all that its answer follows from, so that
// anybody can solve it again; it is made of whole instants (instants.ts), at the schedule of `sizing.rebalance`: once a
// period, and where a weight has strayed. Without a schedule it asks once, when the window is full.
//
// Where signals make expected returns, or regimes the radius, an instant is complete with its signals. Forecasts and
// persons' views come before the features of their instant, and count from then on.
//
// An answer that the risk gate discards as too old, or that the pool could not give, is asked for again, once, at the
// next instant.
//
// The window holds total returns: what dividends paid counts, splits do not, a new symbol takes its returns along. A
// symbol is left out until its window is full. Positions are what the last snapshot says.

import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import { keepRate, takeRate } from "../currency.ts";
import type { FlowConfig, PortfolioConfig } from "../flow-config.ts";
import { announce, answered, noInstants } from "../instants.ts";
import { emptyRows, takeReturn } from "../return-rows.ts";
import type { OptimisedSizing } from "../sizing-config.ts";
import { asks, requestOf } from "./asking.ts";
import {
  act,
  nameOf,
  type OptimiserState,
  takeAnswer,
  takeRegime,
  takeSnapshot,
} from "./optimiser-state.ts";
import { noOutlook, takeCommand, takeForecast } from "./outlook.ts";
import { withDividend } from "./window.ts";

type Input =
  | "market.instruments"
  | "market.corporate-actions"
  | "market.bars"
  | "features"
  | "signals"
  | "regimes"
  | "forecasts"
  | "control.commands"
  | "pool.answers"
  | "risk.verdicts"
  | "portfolio.snapshots";

/** The gate reads requests, and its verdicts lead to requests: one of them must be later than the other. */
const REQUEST_US = 1;

/** Throws PROCESSOR_CURRENCY_UNSUPPORTED and VALUE_SPLIT_INVALID. Cost: linear in the window, a request. */
export function portfolioOptimiser(
  sizing: OptimisedSizing,
  portfolio: PortfolioConfig,
  source: FlowConfig["source"],
): Processor<OptimiserState, Input, "pool.requests"> {
  const { window, expected, radii } = sizing.optimiser;
  const from = expected?.from;
  const barUs = from?.kind === "FORECASTS" ? from.barUs : 0;
  // Signals come after the regimes of their instant.
  const bySignals = from?.kind === "SIGNALS" || radii !== undefined;
  const fromTicks = source === "ticks";
  return {
    name: "portfolio-optimiser",
    version: 1,
    scope: "portfolio",
    inputs: [
      "market.instruments",
      "market.corporate-actions",
      "market.bars",
      "features",
      ...(bySignals ? (["signals"] as const) : []),
      ...(radii === undefined ? [] : (["regimes"] as const)),
      ...(from?.kind === "FORECASTS" ? (["forecasts"] as const) : []),
      ...(expected?.equilibrium === undefined ? [] : (["control.commands"] as const)),
      "pool.answers",
      "risk.verdicts",
      "portfolio.snapshots",
    ],
    outputs: { "pool.requests": REQUEST_US },
    onFailure: "stop",
    initial: () => ({
      ...noInstants(),
      equity: portfolio.initialCashMinor,
      instruments: new Map(),
      names: new Map(),
      returns: emptyRows(window),
      regimes: new Map(),
      outlook: noOutlook(),
      bars: 0,
      sinceAnswer: 0,
      period: null,
      number: 0,
      due: false,
      open: false,
      again: false,
      repeated: false,
    }),
    evolve(state, event) {
      state.due = false;
      // A fork that asks for another window begins it anew.
      if (state.returns.rows !== window) state.returns = emptyRows(window);
      if (isComplete(state, event, bySignals, fromTicks)) {
        state.due = asks(state, sizing, portfolio, event.timeUs);
      }
      if (event.topic === "market.bars") {
        takeRate(state.instruments, event.value.symbol, event.value.close, portfolio);
      }
      return state;
    },
    decide: (state, { timeUs }) =>
      state.due ? [emit("pool.requests", requestOf(state, sizing, portfolio, timeUs))] : nothing,
  };

  /** Takes the event in; true if all of its instant is there. */
  function isComplete(
    state: OptimiserState,
    event: EventOf<Input>,
    bySignalsToo: boolean,
    isLoose: boolean,
  ): boolean {
    switch (event.topic) {
      case "market.bars":
        if (!bySignalsToo) {
          announce(state, event.value.symbol, isLoose ? event.value.endUs : event.timeUs, isLoose);
        }
        return false;
      case "features": {
        const { symbol, price, barEndUs } = event.value;
        const name = nameOf(state, symbol);
        const { paid } = name;
        takeReturn(state.returns, paid === 0 ? event.value : withDividend(event.value, paid));
        name.price = price;
        name.barUs = barEndUs;
        name.paid = 0;
        const instantUs = isLoose ? barEndUs : event.timeUs;
        if (!bySignalsToo) return answered(state, symbol, instantUs);
        announce(state, symbol, instantUs, isLoose);
        return false;
      }
      case "signals": {
        const { symbol, strength } = event.value;
        const name = nameOf(state, symbol);
        name.strength = strength;
        return answered(state, symbol, isLoose ? name.barUs : event.timeUs);
      }
      case "regimes":
        takeRegime(state, event.value);
        return false;
      case "forecasts":
        takeForecast(state.outlook, event.value, event.timeUs, barUs);
        return false;
      case "control.commands":
        if (event.value.portfolio === portfolio.name) {
          takeCommand(state.outlook, event.value, event.timeUs, portfolio.people);
        }
        return false;
      case "pool.answers":
        if (event.value.portfolio === portfolio.name) takeAnswer(state, event.value);
        return false;
      case "risk.verdicts":
        if (event.value.portfolio === portfolio.name && event.value.reason === "AnswerStale") {
          state.again = !state.repeated;
        }
        return false;
      case "portfolio.snapshots":
        if (event.value.portfolio === portfolio.name) takeSnapshot(state, event.value);
        return false;
      case "market.corporate-actions":
        act(state, event.value);
        return false;
      case "market.instruments": {
        const { symbol } = event.value;
        const { instruments } = state;
        instruments.set(symbol, keepRate(event.value, instruments.get(symbol)));
        return false;
      }
    }
  }
}
