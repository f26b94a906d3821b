// What one trial comes to, folded from its events as they go by. Promises: each figure is the one that
// `tapedeck backtest` of the same configuration writes to metrics.json, to the last digit: the same
// digests of the report are fed, with nothing left out that they look at.

import type { Account } from "../../projections/answer.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { AnyEvent, EventOf } from "../../streams/event.ts";
import { LaneHeap, QueueLane } from "../../streams/lanes.ts";
import type { SourceEvents } from "../../streams/observed-run.ts";
import { BarCloses } from "../report/bar-closes.ts";
import { type Figures, metricsOf } from "../report/collect-report.ts";
import { hasPairs } from "../report/recorded-rates.ts";
import type { Metrics } from "../report/report-data.ts";
import { EquitySampling } from "../report/sampling.ts";
import { TradeDigest } from "../report/trade-digest.ts";

const ACTIONS = "market.corporate-actions";
const DAY_US = 86_400_000_000;
const GRAINS_US = [DAY_US, 3_600_000_000, 60_000_000];
/** From so many periods on the report looks at none shorter (infra/report/sampling.ts). */
const ENOUGH = 40;

/** metrics.json without what takes a bootstrap, or another look at the tape. */
export type TrialMetrics = Figures & Pick<Metrics, "orders">;

/** Equity at the end of each UTC day that held market data, in minor units. */
export interface TrialDays {
  readonly perYear: number;
  readonly startUs: readonly number[];
  readonly equityMinor: readonly bigint[];
}

export interface TrialResult {
  readonly metrics: TrialMetrics;
  readonly days: TrialDays;
}

/** When there was a market: the first time in each period of the shortest length that counts. */
export interface MarketTimes {
  readonly grainUs: number;
  readonly timesUs: readonly number[];
}

/** What happens at a boundary belongs to the period that it ends. */
const indexOf = (timeUs: number, grainUs: number): number => Math.floor((timeUs - 1) / grainUs);

/** Cost: one pass a length; done once for all trials over the same bars. */
export function marketTimes(barTimesUs: readonly number[]): MarketTimes {
  for (const grainUs of GRAINS_US) {
    const seen = new Map<number, number>();
    for (const timeUs of barTimesUs) {
      const index = indexOf(timeUs, grainUs);
      if (!seen.has(index)) seen.set(index, timeUs);
    }
    if (seen.size >= ENOUGH || grainUs === GRAINS_US.at(-1)) {
      return { grainUs, timesUs: [...seen.values()] };
    }
  }
  throw new RangeError("there is a last length");
}

interface Sampled {
  timeUs: number;
  equity: bigint;
  gross: bigint;
}

export class TrialDigest {
  private readonly account: Account;
  private readonly market: MarketTimes | null;
  private readonly built: number[] = [];
  private readonly builtBars: AnyEvent[] = [];
  /** Without their events: an event keeps all that it follows from in memory. */
  private readonly fills: AnyEvent[] = [];
  private readonly snapshots: Sampled[] = [];
  private orders = 0;
  private equity: bigint;
  private readonly closes = new BarCloses();
  private peak: bigint;
  /** The least since the peak; what is not below it falls no deeper, and need not be divided. */
  private least: bigint;
  /** The deepest drawdown, a part of the peak. */
  private worst = 0;
  private readonly keepBars: boolean;
  private readonly last: Sampled = { timeUs: -1, equity: 0n, gross: 0n };
  private lastEndUs = Number.NEGATIVE_INFINITY;

  /** `market` is null where the bars are built in the run. */
  constructor(account: Account, market: MarketTimes | null, keepBars: boolean) {
    this.account = account;
    this.market = market;
    this.keepBars = keepBars;
    this.equity = account.initialCashMinor;
    this.peak = account.initialCashMinor;
    this.least = account.initialCashMinor;
  }

  see(event: AnyEvent): void {
    if (event.topic === "portfolio.snapshots") this.snapshot(event);
    else if (event.topic === "fills") {
      if (event.value.portfolio === this.account.name) this.fills.push({ ...event, cause: null });
    } else if (event.topic === "orders") {
      if (event.value.action === "NEW" && event.value.portfolio === this.account.name)
        this.orders++;
    } else if (event.topic === "market.bars") {
      this.built.push(event.timeUs);
      if (this.keepBars) this.builtBars.push(event);
    }
  }

  private snapshot(event: EventOf<"portfolio.snapshots">): void {
    const { value, timeUs } = event;
    if (value.portfolio !== this.account.name) return;
    const { equity } = value;
    if (this.closes.ends(value, timeUs)) this.settle();
    this.equity = equity;
    // Of each period only its last snapshot counts.
    if (timeUs > this.lastEndUs) {
      this.keep();
      const grainUs = this.market?.grainUs ?? (GRAINS_US.at(-1) as number);
      this.lastEndUs = (indexOf(timeUs, grainUs) + 1) * grainUs;
    }
    this.last.timeUs = timeUs;
    this.last.equity = equity;
    this.last.gross = value.grossExposure;
  }

  /** As the report's equity digest does: infra/report/equity-digest.ts. */
  private settle(): void {
    const { equity } = this;
    if (equity >= this.peak) {
      this.peak = equity;
      this.least = equity;
    } else if (equity < this.least) {
      this.least = equity;
      const depth = this.peak > 0n ? Number(this.peak - equity) / Number(this.peak) : 0;
      if (depth > this.worst) this.worst = depth;
    }
  }

  private keep(): void {
    if (this.last.timeUs >= 0) this.snapshots.push({ ...this.last });
  }

  end(sources: readonly SourceEvents[]): TrialResult {
    this.settle();
    this.keep();
    const { account, equity, worst, orders } = this;
    const sampling = new EquitySampling();
    for (const timeUs of (this.market ?? marketTimes(this.built)).timesUs) sampling.market(timeUs);
    for (const { timeUs, ...sample } of this.snapshots) sampling.snapshot(timeUs, sample);
    const sampled = sampling.end({ equity: account.initialCashMinor, gross: 0n });
    const metrics = metricsOf(account, this.trades(sources), sampled, equity, worst);
    const { perYear, startUs, samples } = sampled.days;
    return {
      metrics: { ...metrics, orders },
      days: { perYear, startUs, equityMinor: samples.map((sample) => sample.equity) },
    };
  }

  private trades(sources: readonly SourceEvents[]): TradeDigest {
    const instruments = new Map<string, Instrument>();
    const of = (topic: TopicName): readonly AnyEvent[] =>
      sources.filter((one) => one.topic === topic).flatMap(({ events }) => events);
    for (const { value } of of("market.instruments") as readonly EventOf<"market.instruments">[]) {
      instruments.set(value.symbol, value);
    }
    const actions = of(ACTIONS) as readonly EventOf<typeof ACTIONS>[];
    for (const { value } of actions) addRenamed(instruments, value);
    const trades = new TradeDigest(instruments, this.account);
    if (actions.length === 0 && !hasPairs(instruments))
      for (const { value } of this.fills as readonly EventOf<"fills">[]) trades.add(value);
    else {
      const bars = sources.some(({ topic }) => topic === "market.bars")
        ? of("market.bars")
        : this.builtBars;
      for (const event of inOrder([actions, bars, this.fills])) {
        if (event.topic === "market.bars") trades.bar(event.value);
        else if (event.topic === ACTIONS) trades.act(event.value, event.timeUs);
        else if (event.topic === "fills") trades.add(event.value);
      }
    }
    return trades;
  }
}

function addRenamed(
  instruments: Map<string, Instrument>,
  { symbol, newSymbol }: CorporateAction,
): void {
  const instrument = instruments.get(symbol);
  if (newSymbol === "" || instrument === undefined || instruments.has(newSymbol)) return;
  instruments.set(newSymbol, { ...instrument, symbol: newSymbol });
}

/** In the one order; lists of one instant in the order in which they are given. */
function* inOrder(lists: readonly (readonly AnyEvent[])[]): Generator<AnyEvent> {
  const heap = new LaneHeap();
  for (const [rank, events] of lists.entries()) {
    const lane = new QueueLane(rank, 0);
    for (const event of events) lane.add(event);
    if (lane.head !== null) heap.push(lane);
  }
  for (let lane = heap.first; lane !== undefined; lane = heap.first) {
    yield lane.head as AnyEvent;
    lane.advance();
    heap.settle();
  }
}
