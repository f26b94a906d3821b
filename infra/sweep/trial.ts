// One trial: the whole flow over the shared tape under one parameter set, and what it comes to. Promises:
// the topology of `tapedeck backtest`, no part of it left out or made simpler; whatever a configuration or
// a processor has against the set is an answer, not a crash; the same trial, the same answer, in any thread.

import { dirname, resolve } from "node:path";
import { flowTopology } from "../../processors/topology.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { runObserved, type SourceEvents } from "../../streams/observed-run.ts";
import type { Topology } from "../../streams/topology.ts";
import { configFromText, type Override } from "../config/load-config.ts";
import type { RunConfig } from "../config/run-config.ts";
import { type LoadedModel, loadModel } from "../models/load-model.ts";
import { type DayText, writeDays } from "./day-text.ts";
import { commandEvents } from "./shared-tape.ts";
import { inWindow, type TradeWindow, windowedModel } from "./trade-window.ts";
import {
  type MarketTimes,
  marketTimes,
  TrialDigest,
  type TrialMetrics,
  type TrialResult,
} from "./trial-digest.ts";

export interface Trial {
  readonly overrides: readonly Override[];
  /** null: the whole tape. */
  readonly window: TradeWindow | null;
  /** Minor units to begin with; null: as configured. */
  readonly cashMinor: bigint | null;
}

/** Plain data, the same text on every machine. */
export type TrialAnswer =
  | { readonly state: "done"; readonly metrics: TrialMetrics; readonly days: DayText }
  | { readonly state: "invalid" | "failed"; readonly why: string };

/** What all trials of a sweep have in common. */
export interface TrialGround {
  readonly configPath: string;
  readonly configText: string;
  readonly sources: readonly SourceEvents[];
  /** Topics that `sources` are of, whether the tape has them or not. */
  readonly reads: readonly TopicName[];
}

/** A corporate action, and a pair that converts: what was held, or paid, is valued at the last close. */
const asksForBars = ({ topic, events }: SourceEvents): boolean =>
  topic === "market.corporate-actions"
    ? events.length > 0
    : topic === "market.instruments" &&
      events.some(({ value }) => (value as Instrument).contract === "EXCHANGE");

/** Runs trials one after the other; what they share is made once. */
export class TrialBench {
  private readonly ground: TrialGround;
  private readonly models = new Map<string, Promise<LoadedModel>>();
  private readonly whole: MarketTimes | null;
  /** Built from ticks, they are kept for the fills that are valued by them. */
  private readonly needsBars: boolean;

  constructor(ground: TrialGround) {
    this.ground = ground;
    this.whole = timesOf(ground.sources);
    this.needsBars = ground.sources.some(asksForBars);
  }

  async answer(trial: Trial): Promise<TrialAnswer> {
    let config: RunConfig;
    try {
      config = await this.configOf(trial.overrides);
    } catch (error) {
      return refusal("invalid", error);
    }
    try {
      const { metrics, days } = this.run(config, trial);
      const cash = trial.cashMinor ?? config.flow.portfolio.initialCashMinor;
      return { state: "done", metrics, days: writeDays(days, cash) };
    } catch (error) {
      return refusal("failed", error);
    }
  }

  private async configOf(overrides: readonly Override[]): Promise<RunConfig> {
    const { configPath, configText } = this.ground;
    const { modelName, flow, ...config } = configFromText(configText, configPath, overrides);
    let loading = this.models.get(modelName);
    if (loading === undefined) {
      loading = loadModel(modelName, dirname(resolve(configPath)));
      this.models.set(modelName, loading);
    }
    const model = await loading;
    return { ...config, flow: { ...flow, model: model.model }, model };
  }

  /** A set may ask for a topic that the base does not: it was not read from the tape. */
  private readable(topology: Topology): Topology {
    const missing = topology.sources.find((topic) => !this.ground.reads.includes(topic));
    if (missing === undefined) return topology;
    const why = `reads ${missing}, which the configuration to vary does not: set there what needs it`;
    throw new TapedeckError("SWEEP_AXIS_INVALID", why, { topic: missing });
  }

  private run({ flow, ...config }: RunConfig, { window, cashMinor }: Trial): TrialResult {
    const portfolio =
      cashMinor === null ? flow.portfolio : { ...flow.portfolio, initialCashMinor: cashMinor };
    const model = window === null ? flow.model : windowedModel(flow.model, window);
    const tape = [...this.ground.sources, commandEvents({ flow, ...config })];
    const sources = window === null ? tape : inWindow(tape, window);
    const market = window === null ? this.whole : timesOf(sources, window.fromUs);
    const digest = new TrialDigest(portfolio, market, this.needsBars);
    runObserved({
      topology: this.readable(flowTopology({ ...flow, portfolio, model })),
      sources,
      see: (event) => digest.see(event),
    });
    return digest.end(sources);
  }
}

/** null where the bars are built in the run. */
function timesOf(sources: readonly SourceEvents[], fromUs = 0): MarketTimes | null {
  const bars = sources.filter(({ topic }) => topic === "market.bars");
  if (bars.length === 0) return null;
  const times = bars.flatMap(({ events }) => events.map(({ timeUs }) => timeUs));
  return marketTimes(times.filter((timeUs) => timeUs >= fromUs).sort((a, b) => a - b));
}

function refusal(state: "invalid" | "failed", error: unknown): TrialAnswer {
  if (error instanceof TapedeckError) return { state, why: `${error.code}: ${error.message}` };
  throw error;
}
