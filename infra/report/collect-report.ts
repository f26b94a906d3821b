// Reads a finished run and digests it for its report. Promises: one pass over each topic in bounded
// memory; nothing but the tape, the manifest and the account decides what comes out.

import type { Account } from "../../projections/answer.ts";
import {
  addToBuckets,
  type Buckets,
  type Extent,
  emptyBuckets,
  extentOf,
  mergeExtents,
} from "../../quant/down-sample.ts";
import { mean } from "../../quant/moments.ts";
import {
  annualReturn,
  annualVolatility,
  calmarRatio,
  sharpeRatio,
  simpleReturns,
  sortinoRatio,
  tradeMeasures,
} from "../../quant/performance.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import type { EventOf } from "../../streams/event.ts";
import type { EventLog } from "../../streams/log.ts";
import { AttributionDigest } from "./attribution.ts";
import { benchmarkSeries } from "./benchmark-digest.ts";
import { CapacityDigest } from "./capacity-digest.ts";
import { ClosedHoursDigest } from "./closed-hours.ts";
import { crisesOf, dailySeries, yearsOf } from "./daily-digest.ts";
import { carriedOn, EquityDigest } from "./equity-digest.ts";
import { ExcursionDigest } from "./excursion-digest.ts";
import { measureTable, type RunFacts } from "./measure-table.ts";
import { eachEvent, readInstruments } from "./read-events.ts";
import { hasPairs, RecordedRates } from "./recorded-rates.ts";
import { type Benchmark, pairReturns } from "./relative-measures.ts";
import type { Metrics, ReportData, RunIdentity, SymbolSeries } from "./report-data.ts";
import {
  EquitySampling,
  MIN_SAMPLES as LEAST_DAYS,
  type Periods,
  type Sampled,
} from "./sampling.ts";
import { ShareCounts } from "./share-counts.ts";
import { ShortfallDigest } from "./shortfall-digest.ts";
import { TapeBenchmark } from "./tape-benchmark.ts";
import { TradeDigest } from "./trade-digest.ts";
import { TradeLines } from "./trade-lines.ts";
import { VerdictCounts } from "./verdict-digest.ts";

const ACTIONS = "market.corporate-actions";
const CHARTED_SYMBOLS = 12;
/** Up to four points each, shared out among the charted symbols. */
const PRICE_BUCKETS = 2_400;
const MAX_PRICE_BUCKETS = 450;

interface PricePoint {
  readonly timeUs: number;
  readonly price: number;
}

const mergePrices = mergeExtents<PricePoint>((a, b) => a.price < b.price);

export interface ReportOptions {
  /** A symbol of the tape, or closes from elsewhere; left out or null: as the run's configuration says. */
  readonly benchmark?: string | Benchmark | null;
  /** Of how many variants the run is the best; left out: as the configuration says, or 1. */
  readonly trials?: number;
}

/**
 * `log` shows the run's topics and the ranges of its tape that it read (streams/joined-log.ts).
 * Cost: one decode of every bar, snapshot, verdict, order and fill.
 */
export async function collectReport(
  log: EventLog,
  run: RunIdentity,
  account: Account,
  options: ReportOptions = {},
): Promise<ReportData> {
  const told = settingsOf(run);
  const benchmark = options.benchmark ?? told.benchmark;
  const trials = options.trials ?? told.trials;
  const instruments = await readInstruments(log);
  const changed = (await log.partitions()).some(
    ({ topic, start, end }) => topic === ACTIONS && end > start,
  );
  const attribution = new AttributionDigest(account.initialCashMinor);
  const trades = new TradeDigest(instruments, account, (symbol, trip) =>
    attribution.closed(symbol, trip),
  );
  const needsBars = changed || hasPairs(instruments);
  await eachEvent(log, needsBars ? [ACTIONS, "market.bars", "fills"] : "fills", (event) => {
    if (event.topic === "market.bars") trades.bar(event.value);
    else if (event.topic === ACTIONS) trades.act(event.value, event.timeUs);
    else if (event.value.portfolio === account.name) trades.add(event.value);
  });
  let orders = 0;
  const verdicts = new VerdictCounts();
  await eachEvent(log, "risk.verdicts", ({ value }) => {
    if (value.portfolio === account.name) verdicts.add(value);
  });
  const sampling = new EquitySampling();
  const hours = new ClosedHoursDigest();
  const rates = new RecordedRates(instruments, account.currency);
  const lines = new TradeLines(rates, account.currencyScale);
  const excursions = new ExcursionDigest(instruments, (trip, instrument) =>
    lines.add(trip, instrument),
  );
  const capacity = new CapacityDigest();
  const shortfall = new ShortfallDigest(instruments, account.currency);
  const onTape = typeof benchmark === "string" ? new TapeBenchmark(benchmark) : null;
  const market = await readMarket(log, instruments, trades, (event) => {
    if (event.topic === "market.bars") {
      sampling.market(event.timeUs);
      hours.bar(event.value);
      rates.bar(event.value.symbol, event.value.close);
      excursions.bar(event.value);
      capacity.bar(event.value);
      shortfall.bar(event.value);
      onTape?.bar(event.value);
    } else if (event.topic === ACTIONS) {
      excursions.act(event.value, event.timeUs);
      onTape?.act(event.value, instruments.get(event.value.symbol));
    } else if (event.value.portfolio !== account.name) return;
    else if (event.topic === "orders") {
      if (event.value.action === "NEW") orders++;
      shortfall.order(event.value);
    } else {
      excursions.fill(event.value);
      capacity.fill(event.value);
      shortfall.fill(event.value);
    }
  });
  const equity = new EquityDigest(account.initialCashMinor, sampling);
  await eachEvent(log, ["signals", "portfolio.snapshots"], (event) => {
    if (event.topic === "signals") attribution.signal(event.value, event.timeUs);
    else if (event.value.portfolio === account.name) {
      equity.add(event.timeUs, event.value);
      attribution.snapshot(event.value, event.timeUs);
    }
  });
  const sampled = sampling.end({ equity: account.initialCashMinor, gross: 0n });
  const drawdowns = equity.drawdowns();
  const maxDrawdown = drawdowns[0]?.depth ?? 0;
  const figures = metricsOf(account, trades, sampled, equity.equity, maxDrawdown);
  const daily = dailySeries(sampled.days, account.initialCashMinor);
  const compared = onTape === null ? (benchmark as Benchmark | null) : closesOf(onTape, options);
  const { bootstrap, rows: measures } = measureTable({
    returns: daily.returns,
    daysPerYear: sampled.days.perYear,
    maxDrawdown,
    seed: seedOf(run),
    trials,
    benchmark: compared && pairReturns(daily, compared),
    activity: {
      timeInMarket: figures.timeInMarket,
      averageExposure: figures.averageExposure,
      annualTurnover: figures.annualTurnover,
      capacity: capacity.capacity(meanEquityOf(account, sampled)),
    },
    trades: tradeFacts(figures, trades, excursions),
    trips: lines.sample(),
  });
  const curve = carriedOn(equity.series(account.currencyScale), daily.timeUs);
  const beside = compared && benchmarkSeries(compared, curve, daily);
  return {
    run,
    account,
    span: union(market.span, equity.fromUs, equity.toUs),
    counts: await countsOf(log),
    metrics: {
      ...figures,
      orders,
      verdicts: verdicts.outcomes(),
      daily: { days: daily.timeUs.length, perYear: sampled.days.perYear, bootstrap },
      measures,
      benchmark: compared?.name ?? null,
      benchmarkMissing: compared === null && typeof benchmark === "string" ? benchmark : null,
      trials,
      attribution: attribution.end(account.initialCashMinor, account.currencyScale),
      shortfall: shortfall.end(account.currencyScale),
    },
    equity: curve,
    closedHours: hours.end(),
    symbols: market.series,
    symbolsLeftOut: trades.traded().length - Math.min(trades.traded().length, CHARTED_SYMBOLS),
    years: sampled.period === "day" ? yearsOf(sampled, account.initialCashMinor) : [],
    daily,
    benchmark: beside,
    crises: crisesOf(daily, beside?.returns),
    drawdowns,
    verdicts: verdicts.digest(),
    trades: lines.end(),
  };
}

/** A run whose configuration names what its tape does not hold is complete without it: the report says so. */
function closesOf(onTape: TapeBenchmark, { benchmark }: ReportOptions): Benchmark | null {
  const found = onTape.end();
  if (found !== null || typeof benchmark !== "string") return found;
  throw new TapedeckError(
    "REPORT_BENCHMARK_UNKNOWN",
    `the run read no bar of ${benchmark}, which it is to be compared with`,
    { symbol: benchmark },
  );
}

/** The section of that name in the configuration that the run began with. */
function settingsOf({ phases }: RunIdentity): {
  readonly benchmark: string | null;
  readonly trials: number;
} {
  const config = phases[0]?.config as { readonly report?: unknown } | undefined;
  const told = (config?.report ?? {}) as Partial<Record<string, unknown>>;
  return {
    benchmark: typeof told.benchmark === "string" ? told.benchmark : null,
    trials: Number.isSafeInteger(told.trials) ? (told.trials as number) : 1,
  };
}

/** In units of the currency. */
const meanEquityOf = ({ currencyScale, initialCashMinor }: Account, { samples }: Sampled): number =>
  (mean([initialCashMinor, ...samples.map(({ equity }) => equity)].map(Number)) ?? 0) /
  10 ** currencyScale;

const tradeFacts = (
  figures: Figures,
  trades: TradeDigest,
  excursions: ExcursionDigest,
): RunFacts["trades"] => ({
  winRate: figures.winRate,
  profitFactor: figures.profitFactor,
  payoffRatio: figures.profitLossRatio,
  expectancy: figures.expectancy,
  systemQuality: trades.systemQuality(),
  averageHolding: figures.averageHoldingSeconds,
  ...excursions.means(),
});

/** That of the configuration the run began with; 0 in a run whose configuration names none. */
function seedOf({ phases }: RunIdentity): number {
  const config = phases[0]?.config;
  const seed = config instanceof Object && "seed" in config ? config.seed : 0;
  return typeof seed === "number" && Number.isSafeInteger(seed) ? seed : 0;
}

async function countsOf(log: EventLog): Promise<ReportData["counts"]> {
  const counts = new Map<string, number>();
  for (const { topic, start, end } of await log.partitions()) {
    counts.set(topic, (counts.get(topic) ?? 0) + end - start);
  }
  return [...counts].map(([topic, records]) => ({ topic, records }));
}

/**
 * Prices of the symbols traded most; where nothing was traded, of the first by name. `see` is called with
 * every bar, corporate action, order and fill, in the one order.
 */
async function readMarket(
  log: EventLog,
  instruments: ReadonlyMap<string, Instrument>,
  trades: TradeDigest,
  see: (event: EventOf<typeof ACTIONS | "market.bars" | "orders" | "fills">) => void,
): Promise<{ readonly series: readonly SymbolSeries[]; readonly span: ReportData["span"] }> {
  const traded = trades.traded();
  const charted = (traded.length > 0 ? traded : [...instruments.keys()].sort()).slice(
    0,
    CHARTED_SYMBOLS,
  );
  const limit = Math.min(
    MAX_PRICE_BUCKETS,
    Math.floor(PRICE_BUCKETS / Math.max(charted.length, 1)),
  );
  const prices = new Map<string, Buckets<Extent<PricePoint>>>(
    charted.map((symbol) => [symbol, emptyBuckets(limit)]),
  );
  const shares = new ShareCounts();
  let fromUs = Number.POSITIVE_INFINITY;
  let toUs = Number.NEGATIVE_INFINITY;
  await eachEvent(log, [ACTIONS, "market.bars", "orders", "fills"], (event) => {
    see(event);
    if (event.topic === ACTIONS) shares.act(event.value, event.timeUs);
    if (event.topic !== "market.bars") return;
    const { timeUs, value } = event;
    if (value.startUs < fromUs) fromUs = value.startUs;
    if (value.endUs > toUs) toUs = value.endUs;
    const buckets = prices.get(value.symbol);
    if (buckets === undefined) return;
    const price = value.close * shares.now(value.symbol);
    addToBuckets(buckets, timeUs, extentOf({ timeUs, price }), mergePrices);
  });
  const series = charted.map((symbol) => {
    const { currency = "", priceScale = 0 } = instruments.get(symbol) ?? {};
    const points = (prices.get(symbol)?.items ?? []).flatMap(({ value }) => inOrder(value));
    return {
      symbol,
      currency,
      priceScale,
      splits: shares.splitsOf(symbol),
      timeUs: points.map((point) => point.timeUs),
      price: points.map(({ price }) =>
        round(price / shares.now(symbol) / 10 ** priceScale, priceScale),
      ),
      marks: trades.marksOf(symbol).map((mark) => ({
        ...mark,
        price: round(
          (mark.price * shares.at(symbol, mark.timeUs)) / shares.now(symbol),
          priceScale,
        ),
      })),
      fills: trades.fillsOf(symbol),
    };
  });
  return { series, span: toUs < fromUs ? null : { fromUs, toUs } };
}

/** A price in shares of after a split has more digits than it was printed with: two are enough to be drawn. */
const round = (price: number, scale: number): number => Number(price.toFixed(scale + 2));

const inOrder = ({ first, low, high, last }: Extent<PricePoint>): readonly PricePoint[] =>
  [...new Set([first, low, high, last])].sort((a, b) => a.timeUs - b.timeUs);

function union(
  span: ReportData["span"],
  fromUs: number | null,
  toUs: number | null,
): ReportData["span"] {
  if (fromUs === null || toUs === null) return span;
  if (span === null) return { fromUs, toUs };
  return { fromUs: Math.min(span.fromUs, fromUs), toUs: Math.max(span.toUs, toUs) };
}

/** What the samples, the fills and the round trips come to: nothing that is drawn or counted elsewhere. */
export type Figures = Omit<Metrics, Counted>;

type Counted =
  | "orders"
  | "verdicts"
  | "daily"
  | "measures"
  | "benchmark"
  | "benchmarkMissing"
  | "trials"
  | "attribution"
  | "shortfall";

/** What follows from trades and samples. Amounts are in minor units. */
export function metricsOf(
  { currency, currencyScale, initialCashMinor }: Account,
  trades: TradeDigest,
  sampled: Sampled,
  finalEquity: bigint,
  maxDrawdown: number,
): Figures {
  const money = (amount: bigint): string => formatScaled(amount, currencyScale);
  const units = (amount: bigint): number => Number(amount) / 10 ** currencyScale;
  const changesOf = ({ samples }: Periods): readonly number[] =>
    simpleReturns([initialCashMinor, ...samples.map(({ equity }) => equity)].map(Number)) ?? [];
  const values = [initialCashMinor, ...sampled.samples.map(({ equity }) => equity)].map(Number);
  const isDaily = sampled.period === "day" && sampled.samples.length >= LEAST_DAYS;
  const own = changesOf(sampled);
  // Of fewer days than that a ratio would be chance; of days it is the same as of the samples.
  const returns = isDaily ? own : [];
  const { perYear } = sampled;
  const years = sampled.samples.length / perYear;
  const meanEquity = mean(values) ?? 0;
  const exposures = sampled.samples
    .filter(({ equity }) => equity > 0n)
    .map(({ equity, gross }) => Number(gross) / Number(equity));
  const held = sampled.samples.filter(({ gross }) => gross > 0n).length;
  const annual = isDaily ? annualReturn(returns, perYear) : null;
  const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
  const { profit, loss, trades: closed, wins, losses } = trades;
  return {
    currency,
    initialEquity: money(initialCashMinor),
    finalEquity: money(finalEquity),
    netProfit: money(finalEquity - initialCashMinor),
    totalReturn: ratio(Number(finalEquity - initialCashMinor), Number(initialCashMinor)),
    annualReturn: annual,
    annualVolatility: annualVolatility(returns, perYear),
    sharpe: sharpeRatio(returns, perYear),
    sortino: sortinoRatio(returns, perYear),
    maxDrawdown,
    calmar: calmarRatio(annual, maxDrawdown),
    trades: closed,
    ...tradeMeasures({
      trades: closed,
      wins,
      losses,
      profit: units(profit),
      loss: units(loss),
    }),
    averageHoldingSeconds: ratio(trades.holdingUs / 1_000_000, closed),
    timeInMarket: ratio(held, sampled.samples.length),
    averageExposure: mean(exposures),
    annualTurnover: ratio(Number(trades.valueTraded), meanEquity * years),
    fills: trades.fills,
    rejected: trades.rejected,
    canceled: trades.canceled,
    valueTraded: money(trades.valueTraded),
    fees: money(trades.fees),
    taxes: money(trades.taxes + trades.dividendTaxes),
    slippage: money(trades.slippage),
    costBps: ratio(
      Number(trades.fees + trades.taxes + trades.slippage) * 10_000,
      Number(trades.valueTraded),
    ),
    periodVolatility: annualVolatility(own, perYear),
    periodSharpe: sharpeRatio(own, perYear),
    periodSortino: sortinoRatio(own, perYear),
    sampling: { period: sampled.period, samples: sampled.samples.length, perYear },
  };
}
