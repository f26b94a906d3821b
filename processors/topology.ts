// The flow as data: from market data to fills, each stage once. Adding a processor is a line here.

import { type AnyProcessor, buildTopology, type Topology } from "../streams/topology.ts";
import { barBuilder } from "./bar-builder/bar-builder.ts";
import { circuitBreaker } from "./circuit-breaker/circuit-breaker.ts";
import { featureBuilder } from "./feature-builder/feature-builder.ts";
import type { FlowConfig } from "./flow-config.ts";
import { type AnswerRequest, optimiserPool } from "./optimiser-pool/optimiser-pool.ts";
import { orderGate } from "./order-gate/order-gate.ts";
import { orderRouter } from "./order-router/order-router.ts";
import { paperVenue } from "./paper-venue/paper-venue.ts";
import { readsRates } from "./paper-venue/terms.ts";
import { answerBuilder } from "./portfolio-builder/answer-builder.ts";
import { bookReviewer, followsTurns } from "./portfolio-builder/book-reviewer.ts";
import { portfolioBuilder } from "./portfolio-builder/portfolio-builder.ts";
import { portfolioModel } from "./portfolio-model.ts";
import { portfolioOptimiser } from "./portfolio-optimiser/portfolio-optimiser.ts";
import { portfolioProjector } from "./portfolio-projector/portfolio-projector.ts";
import { regimeRouter } from "./regime-router/regime-router.ts";
import { riskGate } from "./risk-gate/risk-gate.ts";
import { signalModel } from "./signal-model.ts";
import type { SizingConfig } from "./sizing-config.ts";

/** Where the regimes come from that sizes go by; undefined where none do. */
const regimesOf = (sizing: SizingConfig) =>
  sizing.method === "OPTIMISED"
    ? sizing.optimiser.radii
    : sizing.method === "INTEGRATED"
      ? sizing.regimes
      : undefined;

/** What makes proposals: one processor, or the optimiser, the pool, and who makes quantities of its answers. */
function sizersOf(
  { sizing, portfolio, source }: FlowConfig,
  answer: AnswerRequest | undefined,
): readonly AnyProcessor[] {
  if (sizing.method === "OPTIMISED") {
    return [
      portfolioOptimiser(sizing, portfolio, source),
      optimiserPool(sizing.optimiser.latencyUs, answer),
      answerBuilder(sizing, portfolio),
    ];
  }
  return [
    followsTurns(sizing) ? portfolioBuilder(sizing, portfolio) : bookReviewer(sizing, portfolio),
  ];
}

/**
 * The topology of a run. `answer`: what answers the optimiser's requests, the same as this thread would. Throws
 * STREAMS_… if the configuration breaks a rule of the graph.
 */
export function flowTopology(config: FlowConfig, answer?: AnswerRequest): Topology {
  const fromTicks = config.source === "ticks";
  const { model, sizing, portfolio, orderRisk, breakers } = config;
  const readsForecasts =
    sizing.method === "OPTIMISED"
      ? sizing.optimiser.expected?.from.kind === "FORECASTS"
      : sizing.method === "INTEGRATED" && sizing.forecasts === true;
  const regimes = regimesOf(sizing);
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
      ...(readsForecasts ? (["forecasts"] as const) : []),
      ...(config.venue.trading?.status === true ? (["market.status"] as const) : []),
      ...(readsRates(config.venue) ? (["market.rates"] as const) : []),
    ],
    processors: [
      ...(fromTicks ? [barBuilder(config.bars)] : []),
      featureBuilder(config.features),
      ...(regimes?.from === "features" ? [regimeRouter(regimes.band)] : []),
      model.scope === "portfolio" ? portfolioModel(model, config.source) : signalModel(model),
      ...sizersOf(config, answer),
      ...(breakers === undefined ? [] : [circuitBreaker(breakers, portfolio.name, config.source)]),
      riskGate(config.risk, portfolio, {
        hasBreakers: breakers !== undefined,
        optimiser: sizing.method === "OPTIMISED" ? sizing.optimiser : null,
      }),
      orderRouter(config.orders, config.portfolio),
      ...(orderRisk === undefined ? [] : [orderGate(orderRisk, portfolio, heeded)]),
      paperVenue(config.venue, config.source, orderRisk !== undefined),
      portfolioProjector(config.portfolio),
    ],
  });
}
