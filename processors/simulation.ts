// The flow for the simulator: small random markets, random settings with limits that bite, commands in
// between, and the invariants of a portfolio. Promises: a scenario depends on its seed alone.

import { Random } from "../quant/random.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import type { Instrument } from "../schemas/generated/market.instruments.ts";
import { spotTerms } from "../schemas/values/contract-terms.ts";
import type { Scenario, SourceFact } from "../streams/simulator/scenario.ts";
import {
  bar,
  command,
  delisted,
  dividend,
  MINUTE_US,
  renamed,
  split,
} from "../streams/testing/facts.ts";
import { START_US } from "../streams/testing/tape.ts";
import type { AnyProcessor, Topology } from "../streams/topology.ts";
import { buildTopology } from "../streams/topology.ts";
import type { BreakersConfig } from "./breakers-config.ts";
import type { FlowConfig } from "./flow-config.ts";
import { builtInModels } from "./models.ts";
import type { AnswerRequest } from "./optimiser-pool/optimiser-pool.ts";
import type { AlgorithmConfig, ExitsConfig, OrdersConfig } from "./orders-config.ts";
import type { AnyModel } from "./portfolio-model.ts";
import type { PortfolioState } from "./portfolio-projector/positions.ts";
import type { OrderRiskConfig, RiskConfig } from "./risk-config.ts";
import { childrenFault, findFault } from "./simulation-books.ts";
import { drawQuoted, drawQuotes } from "./simulation-quotes.ts";
import { drawCosts, drawStatuses } from "./simulation-venues.ts";
import type { SizingConfig } from "./sizing-config.ts";
import { flowTopology } from "./topology.ts";
import type { VenueConfig } from "./venue-config.ts";

const SYMBOLS = ["ACME", "BOLT", "CRUX", "DYNE", "ECHO"] as const;
const PORTFOLIO = "main";
const INITIAL_MINOR = 1_000_000_00n;
/** When the instruments say that they were listed. */
const LISTED_US = START_US - 60 * MINUTE_US;

export interface ScenarioOptions {
  /** Plants the bug of a ledger that goes through floats. */
  readonly floatLedger?: boolean;
  /** Instead of the seed's own. */
  readonly partitions?: number;
  /** With corporate actions in between; the rest of the market is that of the seed. */
  readonly actions?: boolean;
  readonly sizing?: SizingConfig;
  /** With checks of whole proposals, and with persons' overlays among the commands. */
  readonly risk?: Partial<RiskConfig>;
  /** Instead of the seed's own. */
  readonly commands?: (market: readonly SourceFact[]) => readonly SourceFact[];
  /** With an order gate. */
  readonly orderRisk?: OrderRiskConfig;
  readonly breakers?: BreakersConfig;
  readonly algorithm?: AlgorithmConfig;
  /** Settings of orders in place of the seed's. */
  readonly orders?: Partial<OrdersConfig>;
  readonly model?: AnyModel;
  /** With all that the venue can charge and do, drawn from the seed. */
  readonly costs?: boolean;
  /** Settings of the venue in place of those. */
  readonly venue?: Partial<VenueConfig>;
  /** On ticks with quotes in between, which orders fill from; with a queue or without. */
  readonly quotes?: boolean;
  /** What answers the optimiser's requests. */
  readonly answer?: AnswerRequest;
}

export function flowScenario(seed: number, options: ScenarioOptions = {}): Scenario {
  // Another stream than the simulator's own: what a market does must not depend on faults.
  const random = new Random(-1 - seed);
  const plain = drawConfig(random, seed);
  const quoted = options.quotes === true;
  const config: FlowConfig = quoted
    ? { ...plain, source: "ticks", venue: { ...plain.venue, ...drawQuoted(seed) } }
    : plain;
  const symbols = SYMBOLS.slice(0, 2 + random.integer(4));
  const instruments = new Map(symbols.map((symbol) => [symbol, drawInstrument(random, symbol)]));
  const market = drawMarket(random, config, symbols);
  // Reference data is mostly there before the market opens; where it is not, it is late like anything.
  const inTime = random.integer(4) > 0;
  const listings = [...instruments.values()].map((value): SourceFact => {
    const arrivalUs = inTime ? LISTED_US : START_US + random.integer(MINUTE_US);
    return { topic: "market.instruments", timeUs: LISTED_US, arrivalUs, value };
  });
  const drawn = drawCommands(random, market);
  const commands = options.commands?.(market) ?? drawn;
  const overlays = options.risk === undefined ? [] : drawOverlays(seed, market, symbols);
  const actions = options.actions === true ? drawActions(seed, market, symbols) : [];
  const statuses = options.costs === true ? drawStatuses(seed, market, symbols) : [];
  const quotes = quoted ? drawQuotes(seed, market) : [];
  const ordered = [...commands, ...overlays, ...actions, ...statuses];
  const facts = [...listings, ...market, ...quotes, ...ordered].sort(
    (a, b) => a.arrivalUs - b.arrivalUs,
  );
  const partitions = options.partitions ?? 1 + random.integer(8);
  const ownCount = random.integer(3) > 0;
  const recorded = ownCount ? partitions : 1 + random.integer(3);
  const { sizing = config.sizing, model = config.model, algorithm, orderRisk } = options;
  const watched = options.breakers === undefined ? {} : { breakers: options.breakers };
  const venue = {
    ...config.venue,
    ...(options.costs === true ? drawCosts(seed) : {}),
    ...options.venue,
  };
  const shaped = { ...config.orders, ...options.orders };
  const orders = algorithm === undefined ? shaped : { ...shaped, algorithm };
  const gated = orderRisk === undefined ? {} : { orderRisk };
  const risk = { ...config.risk, ...options.risk };
  const topology = flowTopology(
    {
      ...config,
      sizing,
      model,
      venue,
      orders,
      risk,
      ...gated,
      ...watched,
    },
    options.answer,
  );
  return {
    topology: options.floatLedger === true ? withFloatLedger(topology) : topology,
    partitions,
    sourcePartitions: (topic) => (topic === "control.commands" ? 1 : recorded),
    facts,
    prompt: new Set<TopicName>(inTime ? ["market.instruments"] : []),
    // The books of executions alone do not know of actions.
    findFault: (events) =>
      (algorithm === undefined ? null : childrenFault(events, algorithm)) ??
      (options.actions === true ? null : findFault(events, instruments, INITIAL_MINOR)),
  };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.integer(choices.length)] as T;
}

function drawConfig(random: Random, seed: number): FlowConfig {
  const source = pick(random, ["ticks", "bars"] as const);
  const maybe = <T>(value: T): T | null => (random.integer(2) === 0 ? null : value);
  const fill =
    source === "ticks"
      ? pick(random, ["bar-close", "next-open", "next-tick"] as const)
      : pick(random, ["bar-close", "next-open"] as const);
  const model = pick(random, Object.values(builtInModels));
  return {
    source,
    bars: {
      intervalUs: pick(random, [2, 4, 40]) * 1_000_000,
      suspicious: pick(random, ["exclude", "include"] as const),
    },
    features: { emaFast: 2, emaSlow: 3 + random.integer(3), atr: 2, volatility: 2 },
    model: model(),
    portfolio: {
      name: PORTFOLIO,
      currency: "USD",
      currencyScale: 2,
      initialCashMinor: INITIAL_MINOR,
    },
    sizing: drawSizing(random),
    risk: {
      maxPosition: maybe(String(50 + random.integer(3000))),
      maxGrossExposureMinor: maybe(100_000_00 + random.integer(1_000_000_00)),
      priceCollarBps: maybe(10 + random.integer(300)),
      maxOrderValueMinor: maybe(50_000_00 + random.integer(500_000_00)),
      maxDrawdownBps: maybe(5 + random.integer(200)),
      onBreach: pick(random, ["reduce", "deny"] as const),
    },
    orders: {
      type: pick(random, ["MARKET", "LIMIT"] as const),
      limitOffsetBps: random.integer(40) - 20,
      timeInForce: pick(random, ["DAY", "GTC", "IOC"] as const),
      goodForUs: null,
      latencyUs: pick(random, [0, 1_000, 250_000, 1_000_000]),
      exits: drawExits(new Random(-1_000_000_007 - seed)),
    },
    venue: {
      fill,
      latencyUs: pick(random, [1, 500, 250_000, 1_000_000]),
      slippageBps: random.integer(20),
      participationBps: drawParticipation(new Random(-2_000_000_011 - seed)),
      feePerMillion: random.integer(3000),
      minimumFeeMinor: random.integer(200),
    },
  };
}

/** From a stream of their own, so that past seeds keep their markets. */
function drawExits(random: Random): ExitsConfig {
  const maybe = () => (random.integer(3) === 0 ? 5 + random.integer(300) : null);
  return { stopLossBps: maybe(), takeProfitBps: maybe(), trailingStopBps: maybe() };
}

const drawParticipation = (random: Random): number | null =>
  random.integer(2) === 0 ? 100 + random.integer(9_900) : null;

function drawSizing(random: Random): SizingConfig {
  const method = pick(random, ["FIXED_QUANTITY", "EQUAL_WEIGHT", "INVERSE_VOLATILITY"] as const);
  const allowShort = random.integer(3) > 0;
  if (method === "FIXED_QUANTITY") return { method, quantity: "100", allowShort };
  return { method, grossBps: 5_000 + random.integer(10_000), allowShort };
}

const drawInstrument = (random: Random, symbol: string): Instrument => ({
  symbol,
  assetClass: "EQUITY",
  currency: "USD",
  currencyScale: 2,
  priceScale: pick(random, [2, 3]),
  quantityScale: 0,
  tickSize: pick(random, [1, 5]),
  lotSize: pick(random, [1, 10]),
  multiplier: 1,
  calendar: "24x7",
  timeZone: "UTC",
  ...spotTerms,
});

/** Prices walk far enough for models to turn and limits to bite within a few bars. */
function drawMarket(
  random: Random,
  { source }: FlowConfig,
  symbols: readonly string[],
): readonly SourceFact[] {
  const rounds = 10 + random.integer(source === "ticks" ? 50 : 25);
  const stepUs = source === "ticks" ? pick(random, [1, 5, 20]) * 1_000_000 : MINUTE_US;
  const together = random.integer(4) > 0;
  const disorder = random.integer(4) === 0;
  const lateUs = random.integer(4) > 0 ? 0 : random.integer(2 * stepUs);
  const prices = symbols.map(() => 5_000 + random.integer(10_000));
  const facts: SourceFact[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [index, symbol] of symbols.entries()) {
      if (random.integer(12) === 0) continue;
      const before = prices[index] as number;
      const price = Math.max(100, before + random.integer(401) - 200);
      prices[index] = price;
      const instantUs = START_US + round * stepUs;
      let timeUs = together ? instantUs : instantUs + random.integer(stepUs);
      const arrivalUs = timeUs + (lateUs === 0 ? 0 : random.integer(lateUs));
      if (disorder && random.integer(8) === 0) timeUs -= random.integer(3 * stepUs);
      const fact =
        source === "ticks"
          ? tick(random, symbol, price)
          : { topic: "market.bars" as const, value: barOf(random, symbol, timeUs, before, price) };
      facts.push({ ...fact, timeUs, arrivalUs });
      if (random.integer(30) === 0) facts.push({ ...fact, timeUs, arrivalUs });
    }
  }
  return facts;
}

const tick = (random: Random, symbol: string, price: number) => ({
  topic: "market.ticks" as const,
  value: {
    symbol,
    // Some prints cannot be: they become dead letters.
    price: random.integer(40) === 0 ? 0 : price,
    quantity: 1 + random.integer(500),
    venue: "",
    suspicious: random.integer(15) === 0,
  },
});

function barOf(
  random: Random,
  symbol: string,
  endUs: number,
  open: number,
  close: number,
): Facts["market.bars"] {
  const high = Math.max(open, close) + random.integer(50);
  const low = Math.min(open, close) - random.integer(50);
  return bar(symbol, endUs, close, { open, high, low });
}

function drawCommands(random: Random, market: readonly SourceFact[]): readonly SourceFact[] {
  const last = market[market.length - 1];
  if (last === undefined || random.integer(2) === 0) return [];
  return Array.from({ length: 1 + random.integer(4) }, (): SourceFact => {
    const { timeUs } = pick(random, market);
    const kind = pick(random, [
      "HaltTrading",
      "ReduceOnly",
      "KillTrading",
      "EnableTrading",
      "EnableTrading",
      "SetLimit",
    ] as const);
    const value =
      kind === "SetLimit"
        ? command(kind, { limit: "maxDrawdownBps", value: 1 + random.integer(300) })
        : command(kind);
    return { topic: "control.commands", timeUs, arrivalUs: timeUs, value };
  });
}

function drawOverlays(
  seed: number,
  market: readonly SourceFact[],
  symbols: readonly string[],
): readonly SourceFact[] {
  const random = new Random(-2_000_000_011 - seed);
  if (market.length === 0) return [];
  return Array.from({ length: random.integer(5) }, (): SourceFact => {
    const { timeUs } = pick(random, market);
    const overlay = pick(random, [
      "RESTRICTED_BUYS",
      "RESTRICTED",
      "BLACKOUT",
      "TARGET",
      "VIEW",
    ] as const);
    const isOfOne = overlay === "TARGET" || overlay === "VIEW";
    const symbol = pick(random, isOfOne ? symbols : ["", ...symbols]);
    // A target or a view that says no end is refused: that is drawn too.
    const lasting = random.integer(3) === 0;
    const value =
      random.integer(4) === 0
        ? command("LiftOverlay", { symbol })
        : command("SetOverlay", {
            overlay,
            symbol,
            value: isOfOne ? random.integer(4_000) - 2_000 : null,
            confidenceBps: overlay === "VIEW" ? 1 + random.integer(10_000) : null,
            untilUs: lasting ? null : timeUs + 1 + random.integer(30 * MINUTE_US),
          });
    return { topic: "control.commands", timeUs, arrivalUs: timeUs, value };
  });
}

/** At the very instants of prices: what comes first there must not depend on anything. */
function drawActions(
  seed: number,
  market: readonly SourceFact[],
  symbols: readonly string[],
): readonly SourceFact[] {
  const random = new Random(-1_000_000_007 - seed);
  if (market.length === 0) return [];
  return Array.from({ length: 1 + random.integer(6) }, (): SourceFact => {
    const { timeUs } = pick(random, market);
    const symbol = pick(random, symbols);
    const ratio = () => split(symbol, 1 + random.integer(5), 1 + random.integer(5));
    const value = pick(random, [
      ratio,
      ratio,
      () => dividend(symbol, 1 + random.integer(500)),
      () => delisted(symbol, random.integer(2) === 0 ? null : random.integer(9_999)),
      () => renamed(symbol, pick(random, ["NEW", ...symbols.filter((each) => each !== symbol)])),
    ])();
    const arrivalUs = timeUs + (random.integer(4) === 0 ? random.integer(MINUTE_US) : 0);
    return { topic: "market.corporate-actions", timeUs, arrivalUs, value };
  });
}

/** Cash kept as a float of whole units and cut back to minor units: off by one now and then. */
function withFloatLedger(topology: Topology): Topology {
  const processors = topology.processors.map((processor): AnyProcessor => {
    if (processor.name !== "portfolio-projector") return processor;
    return {
      ...processor,
      evolve: (state, event) => {
        const after = processor.evolve(state, event) as PortfolioState;
        const units = Number(after.cash) / 100;
        after.cash = BigInt(Math.trunc(units * 100));
        return after;
      },
    };
  });
  return buildTopology({ sources: topology.sources, processors });
}
