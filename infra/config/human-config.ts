// A configuration in the units that people write, as tapedeck.schema.json lets it through.

import type { FlowConfig } from "../../processors/flow-config.ts";
import type { feePresets } from "../../processors/paper-venue/fee-presets.ts";
import type { levyPresets } from "../../processors/paper-venue/levy-presets.ts";
import type { Power } from "../../processors/people.ts";
import type {
  BreachResponse,
  ProposalLimits,
  SettableLimit,
} from "../../processors/risk-config.ts";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";

/** A configuration that the schema takes, with its defaults. */
export interface HumanConfig {
  readonly tape: string;
  readonly source: FlowConfig["source"];
  readonly range: { readonly from: string | null; readonly to: string | null };
  readonly symbols: readonly string[] | null;
  readonly bars: { readonly interval: string; readonly suspicious: "exclude" | "include" };
  readonly features: FlowConfig["features"];
  readonly model: string;
  readonly portfolio: {
    readonly name: string;
    readonly currency: string;
    readonly cash: number;
    readonly lots?: "average" | "fifo";
    readonly rateMaxAge?: string;
    readonly convert?: "none" | "daily" | "on-trade";
    readonly people?: Readonly<Record<string, readonly Power[]>>;
  };
  readonly sizing: HumanSizing;
  readonly risk: { readonly [K in OwnLimitName]: HumanLimit } & {
    readonly onBreach: BreachResponse;
    readonly orders?: HumanOrderRisk;
    readonly breakers?: HumanBreakers;
  } & HumanProposals;
  readonly orders: {
    readonly type:
      | "market"
      | "limit"
      | "stop"
      | "stop-limit"
      | "market-if-touched"
      | "limit-if-touched"
      | "trailing-stop"
      | "on-open"
      | "on-close";
    readonly limitOffset: HumanDistance;
    readonly trigger?: HumanDistance;
    readonly postOnly?: boolean;
    readonly display?: HumanLimit;
    readonly reprice?: HumanDistance;
    readonly bracket?: boolean;
    readonly timeInForce: FlowConfig["orders"]["timeInForce"];
    readonly goodFor: string | null;
    readonly latency: string;
    readonly stopLoss: HumanDistance;
    readonly takeProfit: HumanDistance;
    readonly trailingStop: HumanDistance;
    readonly algorithm?: HumanAlgorithm | null;
  };
  readonly venue: {
    readonly fill: FlowConfig["venue"]["fill"];
    readonly latency: string;
    readonly slippage: number;
    readonly participation: HumanLimit;
    readonly fee: number;
    readonly minimumFee: number;
    readonly limitFill?: "touch" | "cross";
    readonly queue?: HumanLimit;
    readonly acknowledge?: boolean;
    readonly price?: HumanPrice;
    readonly fees?: HumanFees;
    readonly levies?: readonly HumanLevy[];
    readonly chance?: HumanChance;
    readonly trading?: HumanTrading;
    readonly carry?: HumanCarry;
    readonly margin?: HumanMargin;
    readonly byAssetClass?: Readonly<Partial<Record<HumanAssetClass, HumanVenueTerms>>>;
    readonly bySymbol?: Readonly<Record<string, HumanVenueTerms>>;
  };
  readonly commands: readonly HumanCommand[];
  readonly seed: number;
  readonly report?: { readonly benchmark?: string; readonly trials?: number };
  readonly partitions: number;
}

/** What an execution pays beside slippage; left out: not that. */
export interface HumanPrice {
  readonly halfSpread?: number;
  readonly volumeShare?: number;
  readonly volatility?: number;
  readonly temporaryImpact?: number;
  readonly permanentImpact?: number;
  readonly window?: number;
}

export interface HumanFees {
  readonly preset?: keyof typeof feePresets;
  readonly tiers?: readonly HumanFeeTier[];
  readonly tierBy?: "quantity" | "value";
  readonly perOrder?: number;
  readonly minimum?: HumanLimit;
  readonly maximum?: HumanLimit;
  readonly rounding?: HumanRounding;
  readonly currency?: string;
}

export type HumanRounding = "half-even" | "up" | "half-up";

/** A preset, or the rest of it. */
export interface HumanLevy {
  readonly preset?: keyof typeof levyPresets;
  readonly kind?: "fee" | "tax";
  readonly side?: "buy" | "sell" | "both";
  readonly currency?: string;
  readonly assetClass?: "equity" | "fx" | "crypto" | "index";
  readonly value?: number;
  readonly perUnit?: number;
  readonly maximum?: HumanLimit;
  readonly rounding?: HumanRounding;
}

export interface HumanFeeTier {
  readonly from: number;
  readonly taker?: number;
  readonly maker?: number;
  readonly perUnit?: number;
}

export interface HumanChance {
  readonly toVenue?: HumanDelay;
  readonly back?: HumanDelay;
  readonly reject?: number;
}

export interface HumanDelay {
  readonly distribution: "constant" | "uniform" | "lognormal";
  readonly time?: string;
  readonly least?: string;
  readonly most?: string;
  readonly median?: string;
  readonly sigma?: number;
}

export interface HumanMargin {
  readonly initial: number;
  readonly maintenance: number;
  readonly leverage?: number;
  readonly call?: number;
  readonly liquidationFee?: number;
}

export type HumanAssetClass = "equity" | "fx" | "crypto" | "future" | "index";

export interface HumanVenueTerms {
  readonly slippage?: number;
  readonly price?: HumanPrice;
  readonly fees?: HumanFees;
  readonly levies?: readonly HumanLevy[];
  readonly carry?: HumanCarry;
  readonly margin?: HumanMargin;
  readonly hours?: HumanTrading["hours"];
}

export interface HumanTrading {
  readonly hours?: "calendar" | { readonly open: string; readonly close: string };
  readonly status?: boolean;
  readonly closed?: "wait" | "refuse";
}

export interface HumanCarry {
  readonly at?: string;
  readonly rates?: boolean;
  readonly dayCount?: number;
  readonly borrow?: number;
  readonly financing?: number;
  readonly funding?: number;
  readonly fundingEvery?: string;
}

export type HumanSizing = HumanSizingChoices &
  (
    | { readonly method: "fixed-quantity"; readonly quantity: number }
    | { readonly method: "equal-weight" | "inverse-volatility"; readonly gross: number }
    | {
        readonly method: "volatility-target";
        readonly target: number;
        readonly barsPerYear: number;
        readonly maxLeverage: number;
        readonly targetOf?: "slot" | "portfolio";
        readonly covarianceWindow?: number;
        readonly shrinkage?: number;
      }
    | {
        readonly method: "fractional-kelly";
        readonly fraction: number;
        readonly window: number;
        readonly maxLeverage: number;
      }
    | ({
        readonly method: "integrated";
        readonly gross: number;
        readonly confidence: number;
      } & HumanOutlook)
    | { readonly method: "optimised"; readonly optimiser: HumanOptimiser }
  );

export interface HumanOptimiser extends HumanWeights {
  readonly objective:
    | "minimum-cvar"
    | "mean-cvar"
    | "maximum-return"
    | "maximum-return-to-cvar"
    | "robust-cvar"
    | "minimum-variance"
    | "mean-variance"
    | "maximum-sharpe"
    | "risk-parity"
    | "cvar-risk-parity"
    | "hierarchical-risk-parity"
    | "kelly";
  readonly tail?: number;
  readonly riskAversion?: number;
  readonly radius?: number;
  readonly riskFree?: number;
  readonly linkage?: "single" | "complete" | "average" | "ward";
  readonly fraction?: number;
  readonly window: number;
  readonly scenarios?: HumanScenarios;
  readonly invested?: number;
  readonly cash?: HumanWeights;
  readonly bounds?: Readonly<Record<string, HumanWeights>>;
  readonly exposures?: Readonly<
    Record<string, HumanWeights & { readonly of: Readonly<Record<string, number>> }>
  >;
  readonly maxGross?: number;
  readonly maxTurnover?: number;
  readonly minReturn?: number;
  readonly maxCvar?: number;
  readonly maxVolatility?: number;
  readonly minPosition?: number;
  readonly maxNames?: number;
  readonly restrictions?: Readonly<Record<string, "no-trade" | "no-buy" | "no-sell" | "no-hold">>;
  readonly cost?: number;
  readonly impact?: number;
  readonly expected?: HumanExpected;
  readonly radiusByRegime?: Readonly<Record<string, number>>;
  readonly regimeFrom?: "features" | "tape";
  readonly regimeBand?: number;
  readonly transitionRadius?: number;
  readonly transitionBars?: number;
  readonly latency?: string;
  readonly maxGap?: number;
  readonly maxViolation?: number;
  readonly maxPriceMove?: HumanLimit;
  readonly maxPositionMove?: HumanLimit;
}

export interface HumanScenarios {
  readonly kind?:
    | "historical"
    | "bootstrap"
    | "path-bootstrap"
    | "gaussian"
    | "student-t"
    | "kernel"
    | "factor"
    | "filtered-historical";
  readonly count?: number;
  readonly seed?: number;
  readonly blockLength?: number;
  readonly decay?: number;
  readonly shrinkage?: "constant-correlation" | "identity" | "none";
  readonly degrees?: number;
  readonly bandwidth?: number;
  readonly factors?: number;
  readonly horizon?: number;
  readonly stress?: readonly {
    readonly probability: number;
    readonly returns: Readonly<Record<string, number>>;
  }[];
}

export interface HumanExpected {
  readonly from: "signals" | "forecasts" | "views";
  readonly signalReturn?: number;
  readonly confidence?: number;
  readonly bar?: string;
  readonly prior?: "held" | "market";
  readonly market?: Readonly<Record<string, number>>;
  readonly riskAversion?: number;
  readonly tau?: number;
  readonly viewBars?: number;
}

export interface HumanWeights {
  readonly least?: number;
  readonly most?: number;
}

export interface HumanOutlook {
  readonly regimeWeights?: Readonly<Record<string, number>>;
  readonly regimeFrom?: "features" | "tape";
  readonly regimeBand?: number;
  readonly forecasts?: boolean;
  readonly toxicity?: {
    readonly bucketBars?: number;
    readonly buckets?: number;
    readonly window?: number;
  };
}

interface HumanSizingChoices {
  readonly allowShort: boolean;
  readonly lots?: "down" | "least-cash";
  readonly rebalance?: HumanRebalance;
}

export interface HumanRebalance {
  readonly drift?: HumanLimit;
  readonly driftOfTarget?: HumanLimit;
  readonly targetChange?: HumanLimit;
  readonly every?: string;
  readonly dayStart?: string;
  readonly drawdown?: HumanLimit;
  readonly drawdownScale?: HumanLimit;
  readonly minimumValue?: HumanLimit;
  readonly minimumQuantity?: HumanLimit;
  readonly maxTurnover?: HumanLimit;
  readonly costPerSide?: HumanLimit;
  readonly riskAversion?: number;
}

/** Checks of whole proposals: left out or off, they are not made. */
export interface HumanProposals {
  readonly maxSector?: HumanLimit;
  readonly sectors?: Readonly<Record<string, string>>;
  readonly maxNetExposure?: HumanLimit;
  readonly maxLeverage?: HumanLimit;
  readonly maxWeight?: HumanLimit;
  readonly maxHerfindahl?: HumanLimit;
  readonly maxBeta?: HumanLimit;
  readonly benchmark?: string;
  readonly maxValueAtRisk?: HumanLimit;
  readonly maxExpectedShortfall?: HumanLimit;
  readonly tailLevel?: number;
  readonly maxCorrelation?: HumanLimit;
  readonly returnsWindow?: number;
  readonly maxDaysToExit?: HumanLimit;
  readonly volumeShare?: number;
  readonly volumeDays?: number;
  readonly drawdownWarning?: HumanLimit;
  readonly drawdownClose?: HumanLimit;
  readonly maxDailyLoss?: HumanLimit;
  readonly maxWeeklyLoss?: HumanLimit;
  readonly dayStart?: string;
  readonly maxTradesADay?: HumanLimit;
  readonly capitalStages?: readonly {
    readonly days: number;
    readonly capital: number;
    readonly sharpe?: number;
  }[];
  readonly blackouts?: readonly HumanBlackout[];
  readonly responses?: ProposalLimits["responses"];
  readonly returnsBy?: "bar" | "day";
  readonly tailHorizon?: number;
  readonly maxPriceAge?: string;
  readonly drawdownReduceTo?: HumanLimit;
  readonly ceilings?: Readonly<Partial<Record<LimitName, number>>>;
}

export interface HumanBlackout {
  readonly from: string;
  readonly until: string;
  readonly days?: readonly string[];
  readonly symbol?: string;
}

export interface HumanBreakers {
  readonly response?: "halt" | "reduce";
  readonly hitRate?: HumanLimit;
  readonly outcomes?: number;
  readonly dataQuality?: HumanLimit;
  readonly bars?: number;
  readonly barEvery?: string;
  readonly closedAfter?: string;
  readonly maxAge?: string;
}

export interface HumanInstrumentLimits {
  readonly priceCollar?: HumanLimit;
  readonly maxValue?: HumanLimit;
  readonly maxQuantity?: HumanLimit;
  readonly maxPriceAge?: string;
}

export interface HumanOrderRisk extends HumanInstrumentLimits {
  readonly volumeShare?: HumanLimit;
  readonly volumeBars?: number;
  readonly orderRate?: string;
  readonly messageRate?: string;
  readonly repeats?: string;
  readonly denials?: string;
  readonly duplicates?: string;
  readonly session?: string;
  readonly approvedOnly?: boolean;
  readonly shortable?: readonly string[];
  readonly buyingPower?: boolean;
  readonly requirement?: { readonly spot?: number; readonly contracts?: number };
  readonly reducing?: HumanInstrumentLimits & {
    readonly volumeShare?: HumanLimit;
    readonly repeats?: HumanLimit;
    readonly session?: boolean;
  };
  /** Each with a symbol or a class. */
  readonly instruments?: readonly (HumanInstrumentLimits & {
    readonly symbol?: string;
    readonly class?: string;
  })[];
}

/** One of the first four. */
export interface HumanAlgorithm {
  readonly twap?: HumanSlices;
  readonly vwap?: HumanSlices & { readonly days?: number; readonly curve?: readonly number[] };
  readonly pov?: { readonly over: string; readonly rate: number };
  readonly implementationShortfall?: HumanSlices & { readonly halfLife: string };
  readonly maxChildren?: number;
  readonly leftover?: "sweep" | "leave";
}

// A type, not an interface: it is plain data where it is walked as such.
export type HumanSlices = { readonly over: string; readonly slices: number };

/** Limits of single trades and the drawdown, which have defaults. */
export type OwnLimitName =
  | "maxPosition"
  | "maxGrossExposure"
  | "priceCollar"
  | "maxOrderValue"
  | "maxDrawdown";

type WithoutUnit<Name> = Name extends `${infer Bare}Minor`
  ? Bare
  : Name extends `${infer Bare}Bps`
    ? Bare
    : Name extends `${infer Bare}Hundredths`
      ? Bare
      : Name;

/** Every limit that a command may set, without the unit that ends its name elsewhere. */
export type LimitName = WithoutUnit<SettableLimit>;

/** Off or null: no limit. */
export type HumanLimit = number | "off" | null;

/** A fraction of the price, or text such as "2 atr". */
export type HumanDistance = number | string | null;

export interface HumanCommand {
  readonly at: string;
  readonly command: ControlCommand["command"];
  readonly who: string;
  readonly why: string;
  readonly limit?: LimitName;
  readonly value?: HumanLimit;
  readonly overlay?: "restricted-buys" | "restricted" | "blackout" | "target" | "view";
  readonly from?: string;
  readonly until?: string;
  readonly weight?: number;
  readonly expectedReturn?: number;
  readonly confidence?: number;
  /** Overrides: which check of whose next order; overlays: on which symbol. */
  readonly check?: string;
  readonly symbol?: string;
  /** Overrides: the most that the check may measure, in its own unit. */
  readonly ceiling?: number;
}
