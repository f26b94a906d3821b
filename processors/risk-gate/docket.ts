// One proposal's way through the checks: its trades, what was found, and what a breach does to them.

import type {
  AppliedOverlay,
  RiskCheck,
  RiskReason,
  TradingState,
} from "../../schemas/generated/risk.verdicts.ts";
import type { Target } from "../../schemas/generated/weights.proposals.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { OptimiserConfig } from "../optimiser-config.ts";
import type { BreachResponse, ProposalLimitName, ProposalLimits } from "../risk-config.ts";
import type { Asked } from "./asked.ts";
import type { Seen, SymbolRisk } from "./exposure.ts";
import type { Limits } from "./limits.ts";
import type { Overlay } from "./overlays.ts";
import type { BookRecord } from "./record.ts";

/** Events beside the symbols' own that verdicts rest on. */
export interface Evidence {
  readonly portfolio: PortfolioConfig;
  /** Last snapshot of the portfolio. */
  readonly marked: Seen;
  /** Commands in force: of each limit that SetLimit has changed, and of the trading state where one has. */
  readonly commands: ReadonlyMap<string, Seen>;
}

/** What answers of the optimiser are held to, and the request that is open. */
export interface Answers {
  readonly optimiser: OptimiserConfig;
  /** null: none, or it has been answered. */
  readonly asked: Asked | null;
}

/** What a proposal is judged by. */
export interface Circumstances {
  readonly trading: TradingState;
  /** REDUCE_ONLY because of the drawdown, not by command. */
  readonly latchedByDrawdown: boolean;
  readonly drawdownBps: number;
  readonly limits: Limits;
  readonly maxPriceAgeUs: number | null;
  readonly onBreach: BreachResponse;
  readonly symbols: ReadonlyMap<string, SymbolRisk>;
  /** Effective time of the proposal. */
  readonly timeUs: number;
  readonly overlays: readonly Overlay[];
  readonly evidence: Evidence;
  /** null: no check of whole proposals is configured. */
  readonly book: {
    readonly limits: ProposalLimits;
    readonly record: BookRecord;
    readonly equity: bigint;
  } | null;
  /** null: no optimiser makes the weights. */
  readonly answers: Answers | null;
}

/** One target and what the checks so far have left of it. */
export interface Trade {
  readonly target: Target;
  readonly risk: SymbolRisk;
  /** The dearer of the reference price and the last close; 0 if it cannot be valued. */
  readonly price: number;
  /** What is left of the target's quantity. */
  quantity: number;
  /** Nothing is left to trade. */
  refused: boolean;
}

export interface Docket {
  readonly at: Circumstances;
  readonly trades: readonly Trade[];
  readonly checks: RiskCheck[];
  /** Of the first check that failed. */
  reason: RiskReason;
  denied: boolean;
  /** The one factor on what every trade adds, in parts per million. */
  scalePpm: number;
  /** A person's target is among the trades. */
  personal: boolean;
  /** What was proposed of the symbols, before persons' targets. */
  readonly proposed: ReadonlyMap<string, number>;
  /** Overlays that bore on the trades, and the commands that set them. */
  readonly overlays: AppliedOverlay[];
  readonly told: Seen[];
}

export function responseTo({ at }: Docket, setting: ProposalLimitName): BreachResponse {
  return at.book?.limits.responses[setting] ?? at.onBreach;
}

export function tradeOf(target: Target, risk: SymbolRisk): Trade {
  const { quantity, referencePrice } = target;
  const usable = risk.instrument !== null && referencePrice > 0;
  const price = usable ? Math.max(referencePrice, risk.price) : 0;
  return { target, risk, price, quantity, refused: false };
}

/** Writes a check down; true if it passed. */
export function record(docket: Docket, check: RiskCheck, reason: RiskReason): boolean {
  docket.checks.push(check);
  if (!check.passed && docket.reason === "NONE") docket.reason = reason;
  return check.passed;
}

/** A limit is broken: true if trades are to be cut to it, false if the proposal is denied whole. */
export function cuts(docket: Docket): boolean {
  if (docket.at.onBreach === "deny") docket.denied = true;
  return !docket.denied;
}

/** Leaves `quantity` of a trade. */
export function cut(trade: Trade, quantity: number): void {
  trade.quantity = quantity === 0 ? 0 : quantity; // never -0
  if (quantity === trade.risk.position) trade.refused = true;
}
