// How positions are sized and when they are sized again, in machine units (flow-config.ts).

import type { FlowShape } from "../quant/vpin.ts";
import type { DecimalText } from "../schemas/values/decimal.ts";
import type { OptimiserConfig } from "./optimiser-config.ts";

/** How positions are sized, and when they are sized again. */
export type SizingConfig =
  | TurnSizing
  | VolatilityTarget
  | FractionalKelly
  | IntegratedSizing
  | OptimisedSizing;

/** The methods whose sizes follow from each symbol's view. */
export type ViewSizing = Exclude<SizingConfig, OptimisedSizing>;

/** The methods that need no more than a view: without rebalancing they size when a view turns. */
export type TurnSizing =
  | (SizingChoices & {
      readonly method: "FIXED_QUANTITY";
      readonly quantity: DecimalText;
    })
  | (SizingChoices & {
      readonly method: "EQUAL_WEIGHT" | "INVERSE_VOLATILITY";
      /** Gross exposure to aim at, in basis points of equity. */
      readonly grossBps: number;
    });

export interface VolatilityTarget extends SizingChoices {
  readonly method: "VOLATILITY_TARGET";
  /** Volatility of a year to aim at in each slot, in basis points of the slot. */
  readonly targetBps: number;
  /** How many bars a year has: 252 of a day, 98,280 of a minute. */
  readonly barsPerYear: number;
  /** Greatest gross exposure, in basis points of equity. */
  readonly maxLeverageBps: number;
  /** Left out: each slot is aimed at by itself. Else the portfolio is, by the covariance of its returns. */
  readonly covariance?: CovarianceConfig;
}

export interface CovarianceConfig {
  /** Rows of returns that it is measured over. */
  readonly window: number;
  /** 0 to 1: how far correlations are drawn to their mean. */
  readonly shrinkage: number;
}

export interface FractionalKelly extends SizingChoices {
  readonly method: "FRACTIONAL_KELLY";
  /** Of the growth-optimal position, in basis points. */
  readonly fractionBps: number;
  /** Bars that mean and variance are measured over. */
  readonly window: number;
  /** Greatest gross exposure, in basis points of equity. */
  readonly maxLeverageBps: number;
}

export interface IntegratedSizing extends SizingChoices {
  readonly method: "INTEGRATED";
  /** Gross exposure of full conviction, in basis points of equity. */
  readonly grossBps: number;
  /** Probability that a signal is right, in basis points, where no forecast says so. */
  readonly confidenceBps: number;
  /** Left out: every regime counts for 1. */
  readonly regimes?: RegimeWeights;
  /** The confidence of a symbol is its last certified forecast's coverage, once there is one. */
  readonly forecasts?: true;
  /** Left out: no order flow is taken for toxic. */
  readonly toxicity?: FlowShape;
}

/** Weights come from the optimiser; of `rebalance` it takes `every` and `driftBps`, the builder what holds trades back. */
export interface OptimisedSizing extends SizingChoices {
  readonly method: "OPTIMISED";
  readonly optimiser: OptimiserConfig;
}

export interface RegimeWeights {
  /** Whether the regimes come with the tape, or follow from the features. */
  readonly from: "tape" | "features";
  /** Of features: in average true ranges, how far apart two averages are in a trend. */
  readonly band: number;
  /** By the regime's name, 0 to 1. One that is not named counts for 0. */
  readonly weights: Readonly<Record<string, number>>;
}

export interface SizingChoices {
  readonly allowShort: boolean;
  /** DOWN, or left out: each target is cut to whole lots. LEAST_CASH: the least cash stays unspent. */
  readonly lots?: "DOWN" | "LEAST_CASH";
  /** Left out: only when a view turns. */
  readonly rebalance?: RebalanceConfig;
}

/** When to size again (any that is not null), and what is not worth a trade. null: off. */
export interface RebalanceConfig {
  /** A weight is this far from its target: of equity, and of the target. */
  readonly driftBps: number | null;
  readonly driftOfTargetBps: number | null;
  /** A target is this far, of itself, from where it was last set. */
  readonly targetChangeBps: number | null;
  readonly every: { readonly count: number; readonly unit: CalendarUnit } | null;
  /** When a day begins, after midnight UTC: a session must not be cut in two. */
  readonly dayStartUs: number;
  /** Equity has fallen this far below its peak. */
  readonly drawdownBps: number | null;
  /** While it has, every target is this much of itself, in basis points; left out: all of it. */
  readonly drawdownScaleBps?: number;
  /** Least trade, in minor units of the portfolio's currency, and in units of the instrument. */
  readonly minimumValueMinor: number | null;
  readonly minimumQuantity: DecimalText | null;
  /** Most that is bought and sold at once, of equity. */
  readonly maxTurnoverBps: number | null;
  /** The no-trade band's half width follows from what a side of a trade costs, in parts per million. */
  readonly costPerMillion: number | null;
  /** Relative; 1 is log utility. Only the no-trade band asks for it. */
  readonly riskAversion: number;
}

export type CalendarUnit = "BAR" | "DAY" | "WEEK" | "MONTH";
