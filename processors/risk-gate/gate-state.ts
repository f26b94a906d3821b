// What the risk gate remembers, and what it is set to.

import type { RiskVerdict, TradingState } from "../../schemas/generated/risk.verdicts.ts";
import { isPair } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { OptimiserConfig } from "../optimiser-config.ts";
import type { ProposalLimits, RiskConfig } from "../risk-config.ts";
import type { Asked } from "./asked.ts";
import type { Evidence } from "./docket.ts";
import { nothingSeen, type Seen, type SymbolRisk, unknownSymbol } from "./exposure.ts";
import {
  type AskedRaise,
  type Commanded,
  type Limits,
  limitsInForce,
  proposalLimitsInForce,
} from "./limits.ts";
import type { Overlay } from "./overlays.ts";
import type { BookRecord } from "./record.ts";

export interface RiskState {
  readonly symbols: Map<string, SymbolRisk>;
  /** Limits that SetLimit has changed; the others are the configuration's. */
  commanded: Commanded;
  /** Raises that wait for a second person. */
  raises: readonly AskedRaise[];
  /** Commands in force: by limit, `trading` for the trading state, or `breaker` for the breaker that made it. */
  readonly commands: Map<string, Seen>;
  trading: TradingState;
  latchedByDrawdown: boolean;
  drawdownBps: number;
  /** As of the last snapshot; null before the first. */
  equity: bigint | null;
  /** The last snapshot of the portfolio. */
  readonly marked: Seen;
  /** Highest equity since trading was enabled in a drawdown; null: the portfolio's own peak counts. */
  peak: bigint | null;
  /** A drawdown has reached its second stage, and positions have caps; its last: the book is being closed. */
  reducing: boolean;
  closing: boolean;
  overlays: readonly Overlay[];
  /** For checks of whole proposals; null where none is configured. */
  record: BookRecord | null;
  /** The optimiser's request that is open; null where there is none. */
  asked: Asked | null;
  /** Of the last event, if it led to one. */
  verdict: RiskVerdict | null;
}

export const initialState = (): RiskState => ({
  symbols: new Map(),
  commanded: {},
  raises: [],
  commands: new Map(),
  trading: "ACTIVE",
  latchedByDrawdown: false,
  drawdownBps: 0,
  equity: null,
  marked: nothingSeen(),
  peak: null,
  reducing: false,
  closing: false,
  overlays: [],
  record: null,
  asked: null,
  verdict: null,
});

/** The configuration, and the limits that it and commands have put in force. */
export class Settings {
  readonly config: RiskConfig;
  readonly portfolio: PortfolioConfig;
  readonly optimiser: OptimiserConfig | null;
  private commanded: Commanded;
  private own: Limits;
  private book: ProposalLimits | null;

  constructor(
    config: RiskConfig,
    portfolio: PortfolioConfig,
    optimiser: OptimiserConfig | null = null,
  ) {
    this.config = config;
    this.portfolio = portfolio;
    this.optimiser = optimiser;
    this.commanded = {};
    this.own = limitsInForce(config, {});
    this.book = proposalLimitsInForce(config, {});
  }

  /** Of single trades. */
  limits({ commanded }: RiskState): Limits {
    this.keep(commanded);
    return this.own;
  }

  /** Of whole proposals; null where there are none. */
  proposals({ commanded }: RiskState): ProposalLimits | null {
    this.keep(commanded);
    return this.book;
  }

  /** A SetLimit replaces the object: while it is the same, so are the limits. */
  private keep(commanded: Commanded): void {
    if (commanded === this.commanded) return;
    this.commanded = commanded;
    this.own = limitsInForce(this.config, commanded);
    this.book = proposalLimitsInForce(this.config, commanded);
  }
}

export function riskOf(state: RiskState, symbol: string): SymbolRisk {
  const found = state.symbols.get(symbol);
  if (found !== undefined) return found;
  const risk = unknownSymbol();
  state.symbols.set(symbol, risk);
  return risk;
}

export const equityOf = ({ equity }: RiskState, { portfolio }: Settings): bigint =>
  equity ?? portfolio.initialCashMinor;

export const evidenceOf = ({ marked, commands }: RiskState, { portfolio }: Settings): Evidence => ({
  portfolio,
  marked,
  commands,
});

/** What is approved counts from now on, and the verdict is what is said. */
export function approve(state: RiskState, verdict: RiskVerdict): void {
  for (const { symbol, quantity, referencePrice } of verdict.targets) {
    const risk = riskOf(state, symbol);
    // What a conversion buys is cash: there is nothing to wait for.
    if (risk.instrument !== null && isPair(risk.instrument)) continue;
    risk.approved = quantity;
    risk.approvedPrice = referencePrice;
  }
  if (state.record !== null) state.record.trades += verdict.targets.length;
  state.verdict = verdict;
}
