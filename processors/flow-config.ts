// What a run may set, in machine units: the one type between the configuration file and the
// processors. Scaled values that need an instrument's scale stay decimal text until it is known.

import type { TimeInForce } from "../schemas/generated/orders.ts";
import type { LotMethod } from "../schemas/values/holding.ts";
import type { MarginTerms } from "../schemas/values/margin.ts";
import type { AnyModel } from "./portfolio-model.ts";

/** A non-negative decimal number as text: "100", "0.25". */
export type DecimalText = string;

export interface FlowConfig {
  /** ticks: bars are built here; bars: the tape holds them already. */
  readonly source: "ticks" | "bars";
  readonly bars: BarsConfig;
  readonly features: FeaturesConfig;
  readonly model: AnyModel;
  readonly portfolio: PortfolioConfig;
  readonly sizing: SizingConfig;
  readonly risk: RiskConfig;
  /** Left out: no order gate, and the venue acts on what the router asks for. */
  readonly orderRisk?: OrderRiskConfig;
  readonly orders: OrdersConfig;
  readonly venue: VenueConfig;
}

export interface BarsConfig {
  readonly intervalUs: number;
  /** Prints flagged suspicious: left out of bars, or used like any other. */
  readonly suspicious: "exclude" | "include";
}

/** Window lengths, in bars. */
export interface FeaturesConfig {
  readonly emaFast: number;
  readonly emaSlow: number;
  readonly atr: number;
  readonly volatility: number;
}

export interface PortfolioConfig {
  readonly name: string;
  readonly currency: string;
  readonly currencyScale: number;
  readonly initialCashMinor: bigint;
  /** Left out: a sale takes cost out at the average. */
  readonly lots?: LotMethod;
  /** How old a rate of conversion may be; left out: instruments of other currencies are refused. */
  readonly rateMaxAgeUs?: number;
}

/** How positions are sized, and when they are sized again. */
export type SizingConfig = TurnSizing | VolatilityTarget | FractionalKelly | IntegratedSizing;

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
  /** Probability that a signal is right, in basis points: no topic carries it yet. */
  readonly confidenceBps: number;
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

/** null: the check is off. */
export interface RiskConfig {
  readonly maxPosition: DecimalText | null;
  readonly maxGrossExposureMinor: number | null;
  readonly priceCollarBps: number | null;
  readonly maxOrderValueMinor: number | null;
  readonly maxDrawdownBps: number | null;
  /** What a breach does, where `proposals.responses` says nothing else. */
  readonly onBreach: BreachResponse;
  /** Checks of whole proposals; left out: none, and nothing is kept for them. */
  readonly proposals?: ProposalLimits;
}

/**
 * reduce: single trades are cut to the limit. scale: one factor shrinks what every trade adds. deny: the
 * whole proposal is refused. Where a trade alone is too large, scale does what reduce does.
 */
export type BreachResponse = "reduce" | "scale" | "deny";

/** What is judged of the book as a proposal would leave it. Fractions are of equity. null: off. */
export interface ProposalLimits {
  readonly maxSectorBps: number | null;
  /** Sector by symbol; the others are one sector together. */
  readonly sectors: Readonly<Record<string, string>>;
  readonly maxNetExposureMinor: number | null;
  readonly maxLeverageBps: number | null;
  readonly maxWeightBps: number | null;
  /** Of the sum of squared weights. */
  readonly maxHerfindahlBps: number | null;
  /** Ten thousandths of beta to `benchmark`. */
  readonly maxBetaBps: number | null;
  readonly benchmark: string | null;
  /** Losses of one bar. */
  readonly maxValueAtRiskBps: number | null;
  readonly maxExpectedShortfallBps: number | null;
  /** The tail that both look at: 500 for a level of 95 %. */
  readonly tailBps: number;
  /** Ten thousandths of a correlation. */
  readonly maxCorrelationBps: number | null;
  /** Bars of returns that beta, the losses and correlation are measured over. */
  readonly returnsWindow: number;
  readonly maxDaysToExitHundredths: number | null;
  /** Of a day's volume that may be ours, and over how many days it is averaged. */
  readonly volumeShareBps: number;
  readonly volumeDays: number;
  readonly drawdownWarningBps: number | null;
  readonly drawdownCloseBps: number | null;
  readonly maxDailyLossBps: number | null;
  readonly maxWeeklyLossBps: number | null;
  /** When a day begins, after midnight UTC. */
  readonly dayStartUs: number;
  readonly maxTradesADay: number | null;
  /** By rising days; empty: off. */
  readonly capitalStages: readonly CapitalStage[];
  readonly blackouts: readonly RecurringBlackout[];
  readonly responses: Readonly<Partial<Record<ProposalLimitName, BreachResponse>>>;
}

export type ProposalLimitName =
  | "maxGrossExposure"
  | "maxSector"
  | "maxNetExposure"
  | "maxLeverage"
  | "maxWeight"
  | "maxHerfindahl"
  | "maxBeta"
  | "maxValueAtRisk"
  | "maxExpectedShortfall"
  | "maxCorrelation"
  | "maxDaysToExit"
  | "maxDailyLoss"
  | "maxWeeklyLoss"
  | "maxTradesADay"
  | "capitalStages";

/** Gross exposure that is allowed once the book has this record. */
export interface CapitalStage {
  /** Complete days in which the portfolio was marked. */
  readonly days: number;
  /** Least Sharpe ratio of their returns, a year of 252 days; null asks for none. */
  readonly sharpe: number | null;
  readonly capitalMinor: number;
}

/** No new risk between two times of the day, in UTC. */
export interface RecurringBlackout {
  /** null: every symbol. */
  readonly symbol: string | null;
  /** Days of the week on which it begins, 0 is Monday. */
  readonly weekdays: readonly number[];
  readonly fromUs: number;
  /** At or before `fromUs`: of the next day. */
  readonly untilUs: number;
}

/** Checks of each order request; null (or false): the check is off. docs/risk.md says what each lets pass. */
export interface OrderRiskConfig {
  /** Furthest of a price from the last close, in basis points. */
  readonly priceCollarBps: number | null;
  readonly maxOrderValueMinor: number | null;
  /** In units of the instrument. */
  readonly maxOrderQuantity: DecimalText | null;
  /** Largest order against the mean volume of the last bars. */
  readonly volumeShare: { readonly mostBps: number; readonly bars: number } | null;
  /** New orders and replaces; all messages, cancels too. */
  readonly orderRate: RateLimit | null;
  readonly messageRate: RateLimit | null;
  /** Requests of one symbol, side, quantity and price: one more latches the gate. */
  readonly repeats: RateLimit | null;
  /** Oldest last price, in microseconds. */
  readonly maxPriceAgeUs: number | null;
  /** When orders may be sent, in microseconds after midnight UTC, from Monday to Friday. */
  readonly session: { readonly openUs: number; readonly closeUs: number } | null;
  /** No more than the verdicts of the risk gate approved. */
  readonly approvedOnly: boolean;
  /** What may be sold short, in units by symbol; a symbol that is left out: nothing. */
  readonly shortable: Readonly<Record<string, DecimalText>> | null;
  /** No position that cash does not pay for in full. */
  readonly buyingPower: boolean;
}

/** At most so many in any window of event time that is so long. */
export interface RateLimit {
  readonly most: number;
  readonly windowUs: number;
}

export interface OrdersConfig {
  readonly type: "MARKET" | "LIMIT";
  /** LIMIT: how far from the reference price, in basis points; positive is passive. */
  readonly limitOffsetBps: number;
  readonly timeInForce: TimeInForce;
  /** GTD: from the decision to the last moment at which it may trade; null for the others. */
  readonly goodForUs: number | null;
  /** From the decision to the order's arrival at the venue. */
  readonly latencyUs: number;
  readonly exits: ExitsConfig;
  /** Left out: what is approved is sent as one order. */
  readonly algorithm?: AlgorithmConfig;
}

/** Cuts what a verdict asks of a symbol, the parent, into children over time. */
export interface AlgorithmConfig {
  readonly schedule: ScheduleConfig;
  /** No parent sends more, sweep and all. */
  readonly maxChildren: number;
  /** What is not done when its time is over: sent as one market order, or given up. */
  readonly leftover: "SWEEP" | "LEAVE";
}

export type ScheduleConfig = {
  /** From the verdict on. */
  readonly overUs: number;
} & (
  | { readonly method: "TWAP"; readonly slices: number }
  | {
      readonly method: "VWAP";
      readonly slices: number;
      /** Relative volume of each slice; null: that of the past days' bars at the same time of day. */
      readonly curve: readonly number[] | null;
      /** Days that the past volume is averaged over. */
      readonly days: number;
    }
  /** Of the volume of the bars since then. */
  | { readonly method: "POV"; readonly rateBps: number }
  /** Almgren and Chriss' schedule; the time in which a holding falls to 1/e where time is no limit. */
  | {
      readonly method: "IMPLEMENTATION_SHORTFALL";
      readonly slices: number;
      readonly halfLifeUs: number;
    }
);

/** Protective orders, in basis points of the average entry price (trailing: of the best price); null: none. */
export interface ExitsConfig {
  readonly stopLossBps: number | null;
  readonly takeProfitBps: number | null;
  readonly trailingStopBps: number | null;
}

export interface VenueConfig {
  /** quote: takers trade at the best bid and ask, as far as their size goes. */
  readonly fill: "bar-close" | "next-open" | "next-tick" | "quote";
  /** From the execution to our hearing of it: at least 1, the flow's cycle needs it. */
  readonly latencyUs: number;
  readonly slippageBps: number;
  /** Most of a bar's or tick's volume that our orders of a symbol execute, in basis points; null: all there is to ask. */
  readonly participationBps: number | null;
  /** Of the executed value, in hundredths of a basis point (1 = 0.0001 %). */
  readonly feePerMillion: number;
  /** Least fee of an execution, in minor units. */
  readonly minimumFeeMinor: number;
  /** quote: an order fills at its limit when the other side touches it (or left out), or only beyond it. */
  readonly limitFill?: "TOUCH" | "CROSS";
  /**
   * next-tick, quote: an order at its limit waits behind the volume displayed there; where no quote shows it, behind
   * so much of an average trade, in basis points. Left out: there is no queue.
   */
  readonly queueBps?: number;
  /** Parts of a price beside slippageBps; left out: none. */
  readonly price?: PriceConfig;
  /** In place of feePerMillion and minimumFeeMinor, where given. */
  readonly fees?: FeeSchedule;
  /** What is left to chance; left out: nothing. */
  readonly chance?: ChanceConfig;
  /** What holding costs; left out: nothing. */
  readonly carry?: CarryConfig;
  /** Positions stand for themselves against margin; left out: none is ever closed by the venue. */
  readonly margin?: MarginTerms;
  /** When it may trade; left out: whenever a price is printed. */
  readonly trading?: TradingConfig;
}

/** Rates of a year, in parts per million of a position's value; below 0 the holder is paid. */
export interface CarryConfig {
  /** When a day turns, after midnight UTC. */
  readonly atUs: number;
  readonly dayCount: 360 | 365;
  /** What a short pays, and a long. */
  readonly borrowPerMillion: number;
  readonly financingPerMillion: number;
  /** Of a perpetual contract: paid by longs to shorts, at each multiple of everyUs since midnight UTC. */
  readonly funding: { readonly perMillion: number; readonly everyUs: number } | null;
}

/** Drawn from the seed and the identity of the order or the report: not from when or where it is worked on. */
export interface ChanceConfig {
  readonly seed: number;
  /** On top of orders.latencyUs and venue.latencyUs, which every message takes at least; null: none. */
  readonly toVenue: Delay | null;
  readonly back: Delay | null;
  /** Of new orders, refused for no fault of theirs. */
  readonly rejectPerMillion: number;
}

/** Whole microseconds, at least 1. LOGNORMAL: the logarithm has standard deviation sigma. */
export type Delay =
  | { readonly kind: "CONSTANT"; readonly us: number }
  | { readonly kind: "UNIFORM"; readonly leastUs: number; readonly mostUs: number }
  | { readonly kind: "LOGNORMAL"; readonly medianUs: number; readonly sigma: number };

export interface TradingConfig {
  /** After midnight UTC, Monday to Friday, from the opening to before the close; null: always. */
  readonly hours: { readonly openUs: number; readonly closeUs: number } | null;
  /** Reads market.status: halts, early closes and busted trades. */
  readonly status: boolean;
  /** What an order meets that comes while there is no trading. */
  readonly closed: "WAIT" | "REFUSE";
}

/** What an execution that takes its price pays beside slippageBps (docs/venue.md); 0: not that. */
export interface PriceConfig {
  readonly halfSpreadBps: number;
  /** Impact of trading all of a bar's volume, in parts per million of the price. */
  readonly volumeSharePerMillion: number;
  /** Of a bar's volatility, in parts per million. */
  readonly volatilityPerMillion: number;
  /** Y of the square-root law and γ of the lasting, linear part, in parts per million. */
  readonly temporaryPerMillion: number;
  readonly permanentPerMillion: number;
  /** Bars that volatility and average volume are measured over; at least 2. */
  readonly window: number;
}

/** What a venue and a broker charge for an order's executions. Amounts are in millionths of the currency. */
export interface FeeSchedule {
  /** By rising volume, the first from 0: each rate is for what lies within its tier. */
  readonly tiers: readonly FeeTier[];
  /** What a calendar month (UTC) counts of a symbol: whole units of quantity, or of value. */
  readonly tierBy: "QUANTITY" | "VALUE";
  readonly perOrderMicros: number;
  /** null: none, as rebates need. */
  readonly minimumMicros: number | null;
  /** Of the order's executed value, in parts per million; stronger than the minimum. null: none. */
  readonly maximumPerMillion: number | null;
  /** Of what an order has paid in all, to the minor unit: to the nearest, ties to even, or up. */
  readonly rounding: "HALF_EVEN" | "UP";
}

export interface FeeTier {
  readonly from: number;
  readonly maker: FeeRate;
  readonly taker: FeeRate;
}

/** Below 0: a rebate. */
export interface FeeRate {
  readonly valuePerBillion: number;
  readonly perUnitMicros: number;
}
