// Watches the system itself: is the model still right, is the data whole, are decisions made in time. Promises:
// one event where a measure leaves its limit, before the proposals of that instant are judged; then none of
// that breaker until trading is enabled, which begins every measure anew; from recorded events alone.
//
// - MODEL_DECAY: the share of right signals among the last outcomes. A signal is right if the price at the
//   symbol's next signal has moved to its side; without a side, or without a move, it has no outcome. All of
//   the model's symbols count together.
// - DATA_QUALITY: the share of good bars among those expected (data-quality.ts).
// - LATENCY: how old a bar is when its features are seen: the latest effective time so far less the bar's end.
//   In a closed run that is what the tape says of late bars; live, what was let in late counts too. Where bars
//   are built from prints, a bar waits for the print that closes it, and that counts.

import { pushShare, type RollingShare, rollingShare, shareBps } from "../../quant/rolling-share.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { BreakerTripped } from "../../schemas/generated/risk.breakers.ts";
import type { Signal } from "../../schemas/generated/signals.ts";
import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import type { BreakersConfig } from "../breakers-config.ts";
import { type DataQuality, dataQuality, dropSymbol, takeBar, takePrint } from "./data-quality.ts";

type Input =
  | "features"
  | "signals"
  | "market.ticks"
  | "market.corporate-actions"
  | "control.commands";
type Trip = Omit<BreakerTripped, "portfolio" | "response">;

interface State {
  /** null where the breaker is off. */
  outcomes: RollingShare | null;
  quality: DataQuality | null;
  /** The last view of each symbol that takes a side. */
  readonly views: Map<string, { readonly side: 1 | -1; readonly price: number }>;
  latestUs: number;
  /** Breakers that have tripped since trading was last enabled. */
  tripped: Trip["breaker"][];
  /** By the event at hand. */
  trips: readonly Trip[];
}

export function circuitBreaker(
  config: BreakersConfig,
  portfolio: string,
  source: "ticks" | "bars",
): Processor<State, Input, "risk.breakers"> {
  const readsPrints = source === "ticks" && config.dataQuality !== null;
  return {
    name: "circuit-breaker",
    version: 1,
    scope: "portfolio",
    inputs: [
      "features",
      "signals",
      ...(readsPrints ? (["market.ticks"] as const) : []),
      "market.corporate-actions",
      "control.commands",
    ],
    outputs: { "risk.breakers": 0 },
    onFailure: "stop",
    initial: () => ({
      ...anew(config),
      views: new Map(),
      latestUs: 0,
      tripped: [],
      trips: nothing,
    }),
    evolve: (state, event) => evolve(state, event, config, portfolio),
    decide: ({ trips }) =>
      trips.length === 0
        ? nothing
        : trips.map((trip) =>
            emit("risk.breakers", { ...trip, portfolio, response: config.response }),
          ),
  };
}

const anew = ({ modelDecay, dataQuality: data }: BreakersConfig) => ({
  outcomes: modelDecay === null ? null : rollingShare(modelDecay.outcomes),
  quality: data === null ? null : dataQuality(data),
});

/** The measures to go on with: a fork that asks for another window begins it anew. */
function refit(state: State, config: BreakersConfig): void {
  const { modelDecay, dataQuality: data } = config;
  if (state.outcomes?.length !== modelDecay?.outcomes) state.outcomes = anew(config).outcomes;
  if (state.quality?.share.length !== data?.bars) state.quality = anew(config).quality;
}

function evolve(
  state: State,
  event: EventOf<Input>,
  config: BreakersConfig,
  portfolio: string,
): State {
  if (state.trips.length > 0) state.trips = nothing;
  if (event.timeUs > state.latestUs) state.latestUs = event.timeUs;
  refit(state, config);
  const { dataQuality: data, maxAgeUs } = config;
  switch (event.topic) {
    case "features": {
      const { symbol, barEndUs } = event.value;
      if (data !== null && state.quality !== null) {
        takeBar(state.quality, symbol, barEndUs, data);
        holdShare(state, "DATA_QUALITY", data.leastBps, state.quality.share);
      }
      if (maxAgeUs !== null) holdAge(state, symbol, state.latestUs - barEndUs, maxAgeUs);
      return state;
    }
    case "signals":
      if (config.modelDecay !== null && state.outcomes !== null) {
        takeView(state, event.value, state.outcomes);
        holdShare(state, "MODEL_DECAY", config.modelDecay.leastBps, state.outcomes);
      }
      return state;
    case "market.ticks":
      if (event.value.suspicious && state.quality !== null) {
        takePrint(state.quality, event.value.symbol, event.timeUs);
      }
      return state;
    case "market.corporate-actions":
      act(state, event.value);
      return state;
    case "control.commands":
      if (event.value.portfolio === portfolio && event.value.command === "EnableTrading") {
        Object.assign(state, anew(config));
        state.tripped = [];
      }
      return state;
  }
}

function takeView(state: State, { symbol, strength, price }: Signal, outcomes: RollingShare): void {
  const before = state.views.get(symbol);
  if (before !== undefined && price !== before.price) {
    pushShare(outcomes, price > before.price === before.side > 0);
  }
  if (strength === 0) state.views.delete(symbol);
  else state.views.set(symbol, { side: strength > 0 ? 1 : -1, price });
}

function holdShare(
  state: State,
  breaker: "MODEL_DECAY" | "DATA_QUALITY",
  limit: number,
  share: RollingShare,
): void {
  const measured = shareBps(share);
  if (measured === null || measured >= limit) return;
  trip(state, { breaker, symbol: "", limit, measured, unit: "BPS", observations: share.length });
}

function holdAge(state: State, symbol: string, measured: number, limit: number): void {
  if (measured <= limit) return;
  const unit = "MICROSECONDS";
  trip(state, { breaker: "LATENCY", symbol, limit, measured, unit, observations: 1 });
}

function trip(state: State, found: Trip): void {
  if (state.tripped.includes(found.breaker)) return;
  state.tripped.push(found.breaker);
  state.trips = [...state.trips, found];
}

/** Prices before and after an action are not of one thing. */
function act(state: State, { action, symbol }: CorporateAction): void {
  if (action === "CASH_DIVIDEND") return;
  state.views.delete(symbol);
  if (action !== "SPLIT" && state.quality !== null) dropSymbol(state.quality, symbol);
}
