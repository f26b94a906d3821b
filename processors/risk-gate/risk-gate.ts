// Judges every proposal against the limits and the trading state, in exact integers. Promises: one
// verdict for each proposal of its portfolio; no order can follow from a proposal without one; commands
// count from their place in the one order on.
//
// What a risk officer gets:
// - HaltTrading: nothing new is approved. ReduceOnly: only what lies between a position and zero.
// - KillTrading: nothing new is approved, and the order router cancels what is working. Positions are
//   not flattened: selling into a broken market is a person's decision. Only an EnableTrading that
//   names who gave it ends it; Halt and ReduceOnly do not weaken it.
// - A drawdown beyond maxDrawdownBps latches REDUCE_ONLY until EnableTrading. It flattens nothing
//   either. Enabled while the loss stands, the drawdown is counted from the equity at that moment: otherwise
//   the next mark would latch it again.
// - SetLimit changes a limit at once; a lower drawdown limit may latch at once. What was commanded stands
//   before the configuration, in a fork with other settings too.
// - An approval that is not reached yet counts as exposure of its symbol until it is reached or replaced
//   (KillTrading forgets them), so two proposals of one instant cannot share the same room.
// - A split restates price, position and approval in new shares; a change of symbol takes them along; of a
//   delisted symbol nothing can be approved any more.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import type { RiskVerdict, TradingState } from "../../schemas/generated/risk.verdicts.ts";
import type { WeightsProposal } from "../../schemas/generated/weights.proposals.ts";
import { checkRatio, splitPrice, splitQuantity } from "../../schemas/values/corporate-action.ts";
import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import { requireCurrency } from "../currency.ts";
import { drawdownBps } from "../drawdown.ts";
import type { PortfolioConfig, RiskConfig } from "../flow-config.ts";
import { nextTradingState } from "../trading-state.ts";
import { type SymbolRisk, unknownSymbol } from "./exposure.ts";
import { judge } from "./judgement.ts";
import { type Limits, quantityLimit, withLimit } from "./limits.ts";

type Input =
  | "weights.proposals"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.corporate-actions"
  | "market.instruments"
  | "control.commands";

export interface RiskState {
  readonly symbols: Map<string, SymbolRisk>;
  /** Limits that SetLimit has changed; the others are the configuration's. */
  commanded: Partial<Limits>;
  trading: TradingState;
  latchedByDrawdown: boolean;
  drawdownBps: number;
  /** As of the last snapshot; null before the first. */
  equity: bigint | null;
  /** Highest equity since trading was enabled in a drawdown; null: the portfolio's own peak counts. */
  peak: bigint | null;
  /** On the last event, if it was a proposal. */
  verdict: RiskVerdict | null;
}

export function riskGate(
  config: RiskConfig,
  portfolio: PortfolioConfig,
): Processor<RiskState, Input, "risk.verdicts"> {
  if (config.maxPosition !== null) quantityLimit(config.maxPosition, 0);
  return {
    name: "risk-gate",
    version: 1,
    scope: "portfolio",
    inputs: [
      "weights.proposals",
      "portfolio.snapshots",
      "market.bars",
      "market.corporate-actions",
      "market.instruments",
      "control.commands",
    ],
    outputs: { "risk.verdicts": 0 },
    onFailure: "stop",
    initial: () => ({
      symbols: new Map(),
      commanded: {},
      trading: "ACTIVE",
      latchedByDrawdown: false,
      drawdownBps: 0,
      equity: null,
      peak: null,
      verdict: null,
    }),
    evolve: (state, event) => evolve(state, event, config, portfolio),
    decide: (state) => (state.verdict === null ? nothing : [emit("risk.verdicts", state.verdict)]),
  };
}

function evolve(
  state: RiskState,
  event: EventOf<Input>,
  config: RiskConfig,
  portfolio: PortfolioConfig,
): RiskState {
  if (event.topic === "market.bars") {
    riskOf(state, event.value.symbol).price = event.value.close;
  } else if (event.topic === "market.corporate-actions") {
    act(state, event.value);
  } else if (event.topic === "market.instruments") {
    riskOf(state, event.value.symbol).instrument = event.value;
  } else if (event.value.portfolio === portfolio.name) {
    if (event.topic === "weights.proposals") {
      propose(state, event.value, config, portfolio);
      return state;
    }
    if (event.topic === "portfolio.snapshots") take(state, event.value, config);
    else obey(state, event.value, config);
  }
  state.verdict = null;
  return state;
}

function riskOf(state: RiskState, symbol: string): SymbolRisk {
  const found = state.symbols.get(symbol);
  if (found !== undefined) return found;
  const risk = unknownSymbol();
  state.symbols.set(symbol, risk);
  return risk;
}

/** The positions themselves come with the snapshots that follow. */
function act(state: RiskState, action: CorporateAction): void {
  const risk = state.symbols.get(action.symbol);
  if (risk === undefined) return;
  if (action.action === "SPLIT") {
    checkRatio(action);
    risk.price = splitPrice(risk.price, action);
    risk.position = splitQuantity(risk.position, action);
    risk.approved = splitQuantity(risk.approved, action);
    risk.approvedPrice = splitPrice(risk.approvedPrice, action);
  } else if (action.action === "SYMBOL_CHANGE") {
    const { newSymbol: symbol } = action;
    const renamed = risk.instrument === null ? null : { ...risk.instrument, symbol };
    const instrument = state.symbols.get(symbol)?.instrument ?? renamed;
    state.symbols.delete(action.symbol);
    state.symbols.set(symbol, { ...risk, instrument });
  } else if (action.action === "DELISTING") {
    state.symbols.delete(action.symbol);
  }
}

function propose(
  state: RiskState,
  proposal: WeightsProposal,
  config: RiskConfig,
  portfolio: PortfolioConfig,
): void {
  for (const { symbol } of proposal.targets) {
    const instrument = state.symbols.get(symbol)?.instrument ?? null;
    if (instrument !== null) requireCurrency(instrument, portfolio);
  }
  latch(state, config); // a fork may have lowered the limit since the last snapshot
  const { onBreach, ...limits } = config;
  const verdict = judge(proposal, {
    ...state,
    onBreach,
    limits: { ...limits, ...state.commanded },
  });
  for (const { symbol, quantity, referencePrice } of verdict.targets) {
    const risk = riskOf(state, symbol);
    risk.approved = quantity;
    risk.approvedPrice = referencePrice;
  }
  state.verdict = verdict;
}

function take(state: RiskState, snapshot: PortfolioSnapshot, config: RiskConfig): void {
  if (snapshot.symbol !== "") riskOf(state, snapshot.symbol).position = snapshot.quantity;
  state.equity = snapshot.equity;
  if (state.peak === null) state.drawdownBps = snapshot.drawdownBps;
  else {
    if (snapshot.equity > state.peak) state.peak = snapshot.equity;
    state.drawdownBps = drawdownBps(snapshot.equity, state.peak);
  }
  latch(state, config);
}

function obey(state: RiskState, command: ControlCommand, config: RiskConfig): void {
  if (command.command === "SetLimit") {
    state.commanded = withLimit(state.commanded, command);
    latch(state, config);
    return;
  }
  const trading = nextTradingState(state.trading, command);
  if (trading === "ACTIVE" && drawdownExceeded(state, config)) {
    state.peak = state.equity;
    state.drawdownBps = 0;
  }
  if (trading === "KILLED" || trading === "FLATTENED") {
    for (const risk of state.symbols.values()) risk.approved = risk.position;
  }
  if (trading !== state.trading) state.latchedByDrawdown = false;
  state.trading = trading;
}

function drawdownExceeded({ commanded, drawdownBps: measured }: RiskState, config: RiskConfig) {
  const { maxDrawdownBps: limit = config.maxDrawdownBps } = commanded;
  return limit !== null && measured > limit;
}

function latch(state: RiskState, config: RiskConfig): void {
  if (state.trading !== "ACTIVE" || !drawdownExceeded(state, config)) return;
  state.trading = "REDUCE_ONLY";
  state.latchedByDrawdown = true;
}
