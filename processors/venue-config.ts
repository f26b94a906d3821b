// How the paper venue fills, and what that costs, in machine units (flow-config.ts).

import type { AssetClass } from "../schemas/generated/market.instruments.ts";
import type { MarginTerms } from "../schemas/values/margin.ts";

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
  /** Each order that it takes is answered at once, by a report NEW, whatever comes of it; left out: by what comes of it alone. */
  readonly acknowledge?: boolean;
  /** In place of feePerMillion and minimumFeeMinor, where given. */
  readonly fees?: FeeSchedule;
  /** Charged beside the fees; left out: none. */
  readonly levies?: readonly Levy[];
  /** What is left to chance; left out: nothing. */
  readonly chance?: ChanceConfig;
  /** What holding costs; left out: nothing. */
  readonly carry?: CarryConfig;
  /** Positions stand for themselves against margin; left out: none is ever closed by the venue. */
  readonly margin?: VenueMargin;
  /** When it may trade; left out: whenever a price is printed. */
  readonly trading?: TradingConfig;
  /** What is otherwise for instruments of a class, and for a symbol: the latter is the stronger. */
  readonly byAssetClass?: Readonly<Partial<Record<AssetClass, VenueTerms>>>;
  readonly bySymbol?: Readonly<Record<string, VenueTerms>>;
}

/** Groups that stand in for the venue's; null: there is none. */
export interface VenueTerms {
  readonly slippageBps?: number;
  readonly price?: PriceConfig | null;
  readonly fees?: FeeSchedule | null;
  readonly levies?: readonly Levy[] | null;
  readonly carry?: CarryConfig | null;
  readonly margin?: VenueMargin | null;
  readonly hours?: TradingConfig["hours"];
}

export interface VenueMargin extends MarginTerms {
  /** Less than that behind a position, as a part of its value, is told of once (MARGIN_CALL); left out: nothing is. */
  readonly callPerMillion?: number;
  /** Of the value that is closed, on top of all other fees; left out: none. */
  readonly liquidationFeePerMillion?: number;
}

/** Rates of a year, in parts per million of a position's value; below 0 the holder is paid. */
export interface CarryConfig {
  /** When a day turns, after midnight UTC. */
  readonly atUs: number;
  readonly dayCount: 360 | 365;
  /** What a short pays, and a long. */
  readonly borrowPerMillion: number;
  readonly financingPerMillion: number;
  /** Reads market.rates: what was recorded of a kind stands in for the constant, from its time on. */
  readonly rates?: boolean;
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
  /**
   * After midnight UTC, Monday to Friday, from the opening to before the close; CALENDAR: the sessions of each
   * instrument's own calendar (trading-calendar.ts); null: always.
   */
  readonly hours: { readonly openUs: number; readonly closeUs: number } | "CALENDAR" | null;
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
  /** Of what an order has paid in all, to the minor unit. */
  readonly rounding: FeeRounding;
  /** What its amounts are in, by unit and order alone; left out: the instrument's currency. */
  readonly currency?: { readonly code: string; readonly scale: number };
}

/** To the nearest, ties to even; up; to the nearest, ties up. */
export type FeeRounding = "HALF_EVEN" | "UP" | "HALF_UP";

/** A regulator's fee or a tax on what is bought and held, in the instrument's currency. */
export interface Levy {
  readonly kind: "FEE" | "TAX";
  readonly side: "BUY" | "SELL" | "BOTH";
  /** Of instruments that settle in it, and of that class, alone; null: of all. */
  readonly currency: string | null;
  readonly assetClass: AssetClass | null;
  readonly valuePerBillion: number;
  readonly perUnitMicros: number;
  /** Of an order, in millionths of the currency; null: none. */
  readonly maximumMicros: number | null;
  readonly rounding: FeeRounding;
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
