// What a run may set, in machine units: the one type between the configuration file and the
// processors. Scaled values that need an instrument's scale stay decimal text until it is known.

import type { LotMethod } from "../schemas/values/holding.ts";
import type { BreakersConfig } from "./breakers-config.ts";
import type { OrdersConfig } from "./orders-config.ts";
import type { Roster } from "./people.ts";
import type { AnyModel } from "./portfolio-model.ts";
import type { OrderRiskConfig, RiskConfig } from "./risk-config.ts";
import type { SizingConfig } from "./sizing-config.ts";
import type { VenueConfig } from "./venue-config.ts";

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
  /** Left out: the system itself is not watched. */
  readonly breakers?: BreakersConfig;
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
  /** When cash of other currencies is converted; left out: never. Needs rateMaxAgeUs. */
  readonly convert?: "DAILY" | "ON_TRADE";
  /** Who may command what; left out: anybody who is named. */
  readonly people?: Roster;
}
