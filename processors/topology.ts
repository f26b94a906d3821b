// The flow as data: from market data to fills, each stage once. Adding a processor is a line here.

import { buildTopology, type Topology } from "../streams/topology.ts";
import { barBuilder } from "./bar-builder/bar-builder.ts";
import { circuitBreaker } from "./circuit-breaker/circuit-breaker.ts";
import { featureBuilder } from "./feature-builder/feature-builder.ts";
import type { FlowConfig } from "./flow-config.ts";
import { orderGate } from "./order-gate/order-gate.ts";
import { orderRouter } from "./order-router/order-router.ts";
import { paperVenue } from "./paper-venue/paper-venue.ts";
import { readsRates } from "./paper-venue/terms.ts";
import { bookReviewer, followsTurns } from "./portfolio-builder/book-reviewer.ts";
import { portfolioBuilder } from "./portfolio-builder/portfolio-builder.ts";
import { portfolioModel } from "./portfolio-model.ts";
import { portfolioProjector } from "./portfolio-projector/portfolio-projector.ts";
import { regimeRouter } from "./regime-router/regime-router.ts";
import { riskGate } from "./risk-gate/risk-gate.ts";
import { signalModel } from "./signal-model.ts";
import type { IntegratedSizing } from "./sizing-config.ts";

/** Of the methods of sizing that go by neither. */
const noOutlook: Pick<IntegratedSizing, "regimes" | "forecasts"> = {};

/** The topology of a run. Throws STREAMS_… if the configuration breaks a rule of the graph. */
export function flowTopology(config: FlowConfig): Topology {
  const fromTicks = config.source === "ticks";
  const { model, sizing, portfolio, orderRisk, breakers } = config;
  const { regimes, forecasts } = sizing.method === "INTEGRATED" ? sizing : noOutlook;
  const { blackouts = [] } = config.risk.proposals ?? {};
  const heeded = { hasBreakers: breakers !== undefined, blackouts };
  return buildTopology({
    // Each may be absent from a tape: a topic that is not there has no events.
    sources: [
      "market.instruments",
      fromTicks ? "market.ticks" : "market.bars",
      ...(config.venue.fill === "quote" ? (["market.quotes"] as const) : []),
      "control.commands",
      "market.corporate-actions",
      ...(regimes?.from === "tape" ? (["regimes"] as const) : []),
      ...(forecasts === true ? (["forecasts"] as const) : []),
      ...(config.venue.trading?.status === true ? (["market.status"] as const) : []),
      ...(readsRates(config.venue) ? (["market.rates"] as const) : []),
    ],
    processors: [
      ...(fromTicks ? [barBuilder(config.bars)] : []),
      featureBuilder(config.features),
      ...(regimes?.from === "features" ? [regimeRouter(regimes.band)] : []),
      model.scope === "portfolio" ? portfolioModel(model, config.source) : signalModel(model),
      followsTurns(sizing) ? portfolioBuilder(sizing, portfolio) : bookReviewer(sizing, portfolio),
      ...(breakers === undefined ? [] : [circuitBreaker(breakers, portfolio.name, config.source)]),
      riskGate(config.risk, portfolio, breakers !== undefined),
      orderRouter(config.orders, config.portfolio),
      ...(orderRisk === undefined ? [] : [orderGate(orderRisk, portfolio, heeded)]),
      paperVenue(config.venue, config.source, orderRisk !== undefined),
      portfolioProjector(config.portfolio),
    ],
  });
}
