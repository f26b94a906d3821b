// What a report shows and what metrics.json says: plain data, bounded whatever the run's length.
// Promises: amounts are exact decimal text; numbers are for charts and ratios only; ratios are parts
// of one (0.05 is 5 %); a measure that the run does not define is null.

import type { Account } from "../../projections/answer.ts";
import type { YearOfReturns } from "../../quant/monthly-returns.ts";
import type { Manifest } from "../run/manifest.ts";
import type { Attribution } from "./attribution.ts";
import type { ClosedHours } from "./closed-hours.ts";
import type { MeasureTable } from "./measure-table.ts";
import type { Shortfall } from "./shortfall-digest.ts";

export interface ReportData {
  readonly run: RunIdentity;
  readonly account: Account;
  /** First and last event time of the market and the portfolio; null for an empty run. */
  readonly span: { readonly fromUs: number; readonly toUs: number } | null;
  readonly counts: readonly { readonly topic: string; readonly records: number }[];
  readonly metrics: Metrics;
  readonly equity: EquitySeries;
  readonly closedHours: ClosedHours;
  readonly symbols: readonly SymbolSeries[];
  /** Symbols with executions beyond those charted. */
  readonly symbolsLeftOut: number;
  /** Returns of the calendar's months; empty below 20 days. */
  readonly years: readonly YearOfReturns[];
  readonly daily: DailySeries;
  /** null: compared with nothing. */
  readonly benchmark: BenchmarkSeries | null;
  /** Those that the days cover from the first to the last. */
  readonly crises: readonly CrisisReturn[];
  readonly drawdowns: readonly Drawdown[];
  readonly verdicts: VerdictDigest;
  /** The last closed round trips, oldest first. */
  readonly trades: readonly TradeLine[];
}

export type RunIdentity = Pick<
  Manifest,
  "runId" | "hash" | "forkOf" | "tape" | "engine" | "code" | "phases" | "inputs" | "outputs"
>;

export interface Metrics {
  readonly currency: string;
  readonly initialEquity: string;
  readonly finalEquity: string;
  readonly netProfit: string;
  readonly totalReturn: number | null;
  /** Compounded; null below 20 days, as are volatility, Sharpe, Sortino and Calmar ratio: all are of days. */
  readonly annualReturn: number | null;
  readonly annualVolatility: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  /** At every bar's close, not only over the samples; 0 to 1, or more where equity went below 0. */
  readonly maxDrawdown: number | null;
  readonly calmar: number | null;
  readonly trades: number;
  readonly winRate: number | null;
  readonly profitFactor: number | null;
  readonly profitLossRatio: number | null;
  /** Mean profit of a closed trade, after fees, in units of the currency. */
  readonly expectancy: number | null;
  readonly averageHoldingSeconds: number | null;
  /** Share of samples at which anything was held. */
  readonly timeInMarket: number | null;
  /** Mean of gross exposure over equity, over the samples. */
  readonly averageExposure: number | null;
  /** Value traded over mean equity, a year. */
  readonly annualTurnover: number | null;
  readonly orders: number;
  readonly fills: number;
  /** Orders that the venue refused; a cancel that came too late is not one. */
  readonly rejected: number;
  readonly canceled: number;
  readonly valueTraded: string;
  readonly fees: string;
  /** Of trades and of dividends. */
  readonly taxes: string;
  /** Price moved against us by the venue's slippage model, at the quantities filled. */
  readonly slippage: string;
  /** Fees and slippage over the value traded, in basis points. */
  readonly costBps: number | null;
  /** SCALE and CLOSE where there were any. */
  readonly verdicts: Readonly<Record<"PASS" | "REDUCE" | "DENY", number>> & {
    readonly SCALE?: number;
    readonly CLOSE?: number;
  };
  /** Of the periods of `sampling`, annualised: in a run of fewer than 20 days those of its hours or minutes. */
  readonly periodVolatility: number | null;
  readonly periodSharpe: number | null;
  readonly periodSortino: number | null;
  /** How equity was sampled for the figures of exposure and turnover. */
  readonly sampling: {
    readonly period: "day" | "hour" | "minute";
    readonly samples: number;
    readonly perYear: number;
  };
  /**
   * What `measures` are of: equity at the end of each UTC day that held market data. From 20 days on
   * `sampling` is the same.
   */
  readonly daily: { readonly days: number; readonly perYear: number } & Pick<
    MeasureTable,
    "bootstrap"
  >;
  readonly measures: MeasureTable["rows"];
  /** What the run was compared with; null: nothing. */
  readonly benchmark: string | null;
  /** What the configuration names and the run read no bar of; null: nothing. */
  readonly benchmarkMissing: string | null;
  /** Of how many variants the run is the best, as was said of it. */
  readonly trials: number;
  readonly attribution: Attribution;
  readonly shortfall: Shortfall;
}

/** Parallel arrays, one entry a UTC day that held market data. */
export interface DailySeries {
  /** Start of the day. */
  readonly timeUs: readonly number[];
  /** From the close before; the first from the initial cash. Empty once equity was not above 0. */
  readonly returns: readonly number[];
  readonly rolling: RollingMeasures | null;
}

/** Of the last `window` days at the days `timeUs`; null until it is full, or where nothing moved. */
export interface RollingMeasures {
  readonly window: number;
  readonly timeUs: readonly number[];
  readonly sharpe: readonly (number | null)[];
  readonly volatility: readonly (number | null)[];
}

export interface BenchmarkSeries {
  readonly name: string;
  /** One for each point of the equity series, in its units; null where there is no close. */
  readonly equity: readonly (number | null)[];
  /** One for each day. */
  readonly returns: readonly (number | null)[];
  /** Of the years that it has a return for each day of. */
  readonly years: Readonly<Record<string, number>>;
  /** At the days of the run's own rolling measures. */
  readonly rolling: {
    readonly beta: readonly (number | null)[];
    readonly correlation: readonly (number | null)[];
  } | null;
}

export interface CrisisReturn {
  readonly name: string;
  /** Start of the first and of the last day. */
  readonly fromUs: number;
  readonly lastUs: number;
  /** From the close of the first day to that of the last. */
  readonly change: number;
  /** Deepest fall between closes within, 0 to 1. */
  readonly drawdown: number;
  /** Of the benchmark; null where it lacks a day of it, or there is none. */
  readonly benchmark: number | null;
}

/** Parallel arrays in units of the currency; drawdown is a part of one, 0 or below. */
export interface EquitySeries {
  readonly timeUs: readonly number[];
  readonly equity: readonly number[];
  readonly drawdown: readonly number[];
  readonly gross: readonly number[];
  readonly net: readonly number[];
}

export interface SymbolSeries {
  readonly symbol: string;
  readonly currency: string;
  readonly priceScale: number;
  /** How often it split; prices, those of marks too, are of one share after the last. */
  readonly splits: number;
  readonly timeUs: readonly number[];
  readonly price: readonly number[];
  readonly marks: readonly TradeMark[];
  readonly fills: number;
}

/** Executions of one side within one stretch of time, the largest of them shown. */
export interface TradeMark {
  readonly timeUs: number;
  readonly side: "BUY" | "SELL";
  readonly price: number;
  readonly quantity: number;
  /** Executions that this mark stands for. */
  readonly count: number;
}

export interface Drawdown {
  readonly peakUs: number;
  readonly troughUs: number;
  /** Null while equity is still below the peak. */
  readonly recoveredUs: number | null;
  /** Part of one. */
  readonly depth: number;
}

export interface VerdictDigest {
  readonly total: number;
  readonly outcomes: readonly { readonly outcome: string; readonly count: number }[];
  readonly reasons: readonly {
    readonly outcome: string;
    readonly reason: string;
    readonly count: number;
  }[];
  readonly checks: readonly {
    readonly check: string;
    readonly judged: number;
    readonly failed: number;
    /** Greatest measured over limit, a part of one; null where no limit is above 0. */
    readonly highestUse: number | null;
  }[];
}

export interface TradeLine {
  readonly symbol: string;
  readonly direction: "LONG" | "SHORT";
  readonly entryUs: number;
  readonly exitUs: number;
  readonly quantity: string;
  readonly entryPrice: string | null;
  readonly exitPrice: string | null;
  /** After fees. */
  readonly profit: string;
  readonly fees: string;
  /** Parts of the average price held at the time: at most 0, at least 0. */
  readonly adverse: number;
  readonly favourable: number;
  readonly currency: string;
}
