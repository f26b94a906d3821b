// A small market under the optimiser, the whole flow in one closed run. Promises: the same market for the same seed; what
// is asked, answered, judged and ordered comes back as it was written.

import { Random } from "../quant/random.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import { runClosed } from "../streams/closed-run.ts";
import type { EventOf } from "../streams/event.ts";
import { createMemoryLog } from "../streams/memory-log.ts";
import { mergeTopics } from "../streams/merge.ts";
import { publishAll } from "../streams/simulator/published.ts";
import type { SourceFact } from "../streams/simulator/scenario.ts";
import { bar, MINUTE_US } from "../streams/testing/facts.ts";
import { equity } from "../streams/testing/given.ts";
import { START_US } from "../streams/testing/tape.ts";
import type { FlowConfig } from "./flow-config.ts";
import { builtInModels } from "./models.ts";
import { noTriggers } from "./no-triggers.spec.ts";
import type { OptimiserConfig } from "./optimiser-config.ts";
import type { AnswerRequest } from "./optimiser-pool/optimiser-pool.ts";
import { off, portfolio } from "./risk-gate/testing/gate-settings.ts";
import type { RebalanceConfig } from "./sizing-config.ts";
import { flowTopology } from "./topology.ts";

export const SYMBOLS = ["ACME", "BOLT", "CRUX", "DYNE"] as const;
const BARS = 40;
export const WINDOW = 20;
/** Bars from one request to the next; the first is due when the window is full. */
export const EVERY = 5;

export const rebalance: RebalanceConfig = {
  ...noTriggers,
  every: { count: EVERY, unit: "BAR" },
};

/** Of minimum CVaR on what happened; `changes` to make it another problem. */
export const optimiserWith = (changes: Partial<OptimiserConfig> = {}): OptimiserConfig => ({
  objective: { kind: "MINIMUM_CVAR", tailMass: 0.2 },
  constraints: { budget: 0.9 },
  bounds: {},
  costs: {},
  scenarios: { kind: "HISTORICAL" },
  window: WINDOW,
  latencyUs: 1_000_000,
  limits: { maxGap: 1e-6, maxViolation: 1e-8, maxPriceMoveBps: null, maxPositionMoveBps: null },
  ...changes,
});

export interface RunOptions {
  readonly seed?: number;
  readonly allowShort?: boolean;
  readonly answer?: AnswerRequest;
  /** Beside the market's own; of topics that nobody reads none. */
  readonly facts?: readonly SourceFact[];
}

/** What was written of each topic: values, or events in the one order. */
export interface Written {
  <T extends TopicName>(topic: T): Promise<readonly Facts[T][]>;
  events<T extends TopicName>(topic: T): Promise<readonly EventOf<T>[]>;
}

export async function optimisedRun(
  optimiser: OptimiserConfig,
  { seed = 1, allowShort = false, answer, facts = [] }: RunOptions = {},
): Promise<Written> {
  const config: FlowConfig = {
    ...settings,
    sizing: { method: "OPTIMISED", allowShort, optimiser, rebalance },
  };
  const topology = flowTopology(config, answer);
  const ordered = [...market(seed), ...facts]
    .filter(({ topic }) => topology.sources.includes(topic))
    .sort((a, b) => a.arrivalUs - b.arrivalUs);
  const scenario = { topology, partitions: 1, sourcePartitions: () => 1, facts: ordered };
  const tape = createMemoryLog();
  await publishAll(tape, { ...scenario, prompt: new Set(), findFault: () => null });
  const target = createMemoryLog();
  await runClosed({ topology, partitions: 1, sourceOf: () => tape, target });
  const events = async <T extends TopicName>(topic: T) => {
    const found: EventOf<T>[] = [];
    for await (const chunk of mergeTopics(target, [topic])) found.push(...(chunk as EventOf<T>[]));
    return found;
  };
  const values = async <T extends TopicName>(topic: T) =>
    (await events(topic)).map(({ value }) => value as Facts[T]);
  return Object.assign(values, { events });
}

const settings: Omit<FlowConfig, "sizing"> = {
  source: "bars",
  bars: { intervalUs: MINUTE_US, suspicious: "exclude" },
  features: { emaFast: 2, emaSlow: 4, atr: 2, volatility: 2 },
  model: (builtInModels["ema-cross"] as () => FlowConfig["model"])(),
  portfolio,
  risk: off,
  orders: {
    type: "MARKET",
    limitOffsetBps: 0,
    timeInForce: "GTC",
    goodForUs: null,
    latencyUs: 1_000,
    exits: { stopLossBps: null, takeProfitBps: null, trailingStopBps: null },
  },
  venue: {
    fill: "next-open",
    latencyUs: 1_000,
    slippageBps: 1,
    participationBps: null,
    feePerMillion: 100,
    minimumFeeMinor: 0,
  },
};

/** When the bar of this place ends. */
export const barEndUs = (place: number): number => START_US + (place + 1) * MINUTE_US;

/** Prices that move together, each with its own size and drift. */
function market(seed: number): SourceFact[] {
  const random = new Random(seed);
  const listed = SYMBOLS.map((symbol): SourceFact => {
    const value = equity(symbol);
    return { topic: "market.instruments", timeUs: START_US, arrivalUs: START_US, value };
  });
  const prices = SYMBOLS.map(() => 100_00);
  const facts = [...listed];
  for (let place = 0; place < BARS; place++) {
    const together = random.normal();
    const endUs = barEndUs(place);
    for (const [j, symbol] of SYMBOLS.entries()) {
      const move = 0.002 + 0.004 * (j + 1) * (0.5 * together + random.normal());
      const price = Math.round((prices[j] as number) * (1 + move));
      prices[j] = price;
      const value = bar(symbol, endUs, price);
      facts.push({ topic: "market.bars", timeUs: endUs, arrivalUs: endUs, value });
    }
  }
  return facts;
}
