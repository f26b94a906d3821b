// What the two gates hold proposals and orders to, in machine units (flow-config.ts).

import type { AssetClass } from "../schemas/generated/market.instruments.ts";
import type { DecimalText } from "../schemas/values/decimal.ts";

/** null: the check is off. */
export interface RiskConfig {
  readonly maxPosition: DecimalText | null;
  readonly maxGrossExposureMinor: number | null;
  readonly priceCollarBps: number | null;
  readonly maxOrderValueMinor: number | null;
  readonly maxDrawdownBps: number | null;
  /** What a breach does, where `proposals.responses` says nothing else. */
  readonly onBreach: BreachResponse;
  /** Oldest last bar of what is added to, in microseconds. */
  readonly maxPriceAgeUs?: number;
  /** What a drawdown beyond the limit leaves of each position; left out: all of it. */
  readonly drawdownReduceToBps?: number;
  /** The loosest that SetLimit may make a limit, in its unit; left out: what is configured. */
  readonly ceilings?: Readonly<Partial<Record<SettableLimit, number>>>;
  /** Checks of whole proposals; left out: none, and nothing is kept for them. */
  readonly proposals?: ProposalLimits;
}

/** What SetLimit may name. Its value is in the name's unit; maxPosition takes whole units. */
export const settableLimits = [
  "maxPosition",
  "maxGrossExposureMinor",
  "priceCollarBps",
  "maxOrderValueMinor",
  "maxDrawdownBps",
  "maxSectorBps",
  "maxNetExposureMinor",
  "maxLeverageBps",
  "maxWeightBps",
  "maxHerfindahlBps",
  "maxBetaBps",
  "maxValueAtRiskBps",
  "maxExpectedShortfallBps",
  "maxCorrelationBps",
  "maxDaysToExitHundredths",
  "drawdownWarningBps",
  "drawdownCloseBps",
  "maxDailyLossBps",
  "maxWeeklyLossBps",
  "maxTradesADay",
] as const satisfies readonly (keyof RiskConfig | keyof ProposalLimits)[];
export type SettableLimit = (typeof settableLimits)[number];

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
  /** Rows that both look ahead; left out: one. */
  readonly tailHorizon?: number;
  /** Ten thousandths of a correlation. */
  readonly maxCorrelationBps: number | null;
  /** Rows of returns that beta, the losses and correlation are measured over. */
  readonly returnsWindow: number;
  /** What makes a row: left out, the bars that end at one moment. */
  readonly returnsBy?: "day";
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

/** Checks of each order request; null (or false, or left out): the check is off. docs/risk.md says what each lets pass. */
export interface OrderRiskConfig extends InstrumentLimits {
  /** Mean volume of so many last bars, and the largest order against it. */
  readonly volumeShare: { readonly mostBps: number; readonly bars: number } | null;
  /** New orders and replaces; all messages, cancels too. */
  readonly orderRate: RateLimit | null;
  readonly messageRate: RateLimit | null;
  /** New orders and replaces of one symbol and side: one more latches the gate. */
  readonly repeats: RateLimit | null;
  /** Requests that the gate refused: one more latches it. */
  readonly denials?: RateLimit;
  /** An order like one that came within so many microseconds before it is refused. */
  readonly duplicateUs?: number;
  /** When orders may be sent, in microseconds after midnight UTC, from Monday to Friday. */
  readonly session: { readonly openUs: number; readonly closeUs: number } | "CALENDAR" | null;
  /** No more than the verdicts of the risk gate approved. */
  readonly approvedOnly: boolean;
  /** What may be sold short, in units by symbol; a symbol that is left out: nothing. */
  readonly shortable: Readonly<Record<string, DecimalText>> | null;
  /** No position that equity does not cover: what `requirement` says of its value. */
  readonly buyingPower: boolean;
  /** In parts per million of a position's value; left out: all of it, whatever it is. */
  readonly requirement?: Requirement;
  /** What orders are held to that only reduce a position. */
  readonly reducing?: ReducingLimits;
  /** In place of the limits above for an instrument; a symbol's own come before those of its class. */
  readonly bySymbol?: Readonly<Record<string, Partial<InstrumentLimits>>>;
  readonly byAssetClass?: Readonly<Partial<Record<AssetClass, Partial<InstrumentLimits>>>>;
}

/** Limits that an instrument may have of its own. null: off. */
export interface InstrumentLimits {
  /** Furthest of a price from the last close, in basis points. */
  readonly priceCollarBps: number | null;
  readonly maxOrderValueMinor: number | null;
  /** In units of the instrument. */
  readonly maxOrderQuantity: DecimalText | null;
  /** Oldest last price, in microseconds. */
  readonly maxPriceAgeUs: number | null;
}

/** null: no limit; left out: ten times that of an opening order (the collar: the same; the session: none). */
export interface ReducingLimits extends Partial<InstrumentLimits> {
  readonly volumeShareBps?: number | null;
  /** Of `repeats`, over the same window. */
  readonly mostRepeats?: number | null;
  /** Whether the session holds for them too. */
  readonly session?: boolean;
}

/** What a position takes of equity: what is bought and held, and contracts that settle their profit alone. */
export interface Requirement {
  readonly spotPerMillion: number;
  readonly contractPerMillion: number;
}

/** At most so many in any window of event time that is so long. */
export interface RateLimit {
  readonly most: number;
  readonly windowUs: number;
}
