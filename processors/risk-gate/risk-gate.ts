// Judges every proposal against the limits and the trading state, in exact integers. Promises: one
// verdict for each proposal of its portfolio, and one where it closes the book; no order can follow from a
// proposal without one; commands count from their place in the one order on.
//
// What a risk officer gets:
// - HaltTrading: nothing new is approved. ReduceOnly: only what lies between a position and zero.
// - KillTrading: nothing new is approved, and the order router cancels what is working. Positions are
//   not flattened: selling into a broken market is a person's decision. Only an EnableTrading that
//   names who gave it ends it; Halt and ReduceOnly do not weaken it.
// - A drawdown beyond drawdownCloseBps closes the book: one verdict, on the snapshot that showed it, brings every
//   position to zero, and so does each proposal after it until it is flat. It latches like the next one.
// - A drawdown beyond maxDrawdownBps latches REDUCE_ONLY until EnableTrading. It flattens nothing
//   either. Enabled while the loss stands, the drawdown is counted from the equity at that moment: otherwise
//   the next mark would latch it again.
// - A breaker that trips (risk.breakers) halts, or lets only reduce, until EnableTrading; it weakens no command.
// - SetLimit changes a limit at once; a lower drawdown limit may latch at once. What was commanded stands
//   before the configuration, in a fork with other settings too.
// - An approval that is not reached yet counts as exposure of its symbol until it is reached or replaced
//   (KillTrading forgets them), so two proposals of one instant cannot share the same room.
// - A split restates price, position and approval in new shares; a change of symbol takes them along; of a
//   delisted symbol nothing can be approved any more.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { RiskVerdict, TradingState } from "../../schemas/generated/risk.verdicts.ts";
import type { WeightsProposal } from "../../schemas/generated/weights.proposals.ts";
import { checkRatio, splitPrice, splitQuantity } from "../../schemas/values/corporate-action.ts";
import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import { isPair, keepRate, rateTold, requireValue } from "../currency.ts";
import { drawdownBps } from "../drawdown.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { ProposalLimits, RiskConfig } from "../risk-config.ts";
import { afterTrip, nextTradingState } from "../trading-state.ts";
import { closeBook } from "./closing.ts";
import { type SymbolRisk, unknownSymbol } from "./exposure.ts";
import { judge } from "./judgement.ts";
import { type Limits, noProposalLimits, quantityLimit, withLimit } from "./limits.ts";
import { actOnOverlays, type Overlay, sizeTargets, withOverlay } from "./overlays.ts";
import {
  actOnRecord,
  type BookRecord,
  recordFor,
  rollDays,
  symbolRecord,
  takeBar,
  takeEquity,
} from "./record.ts";

type Input =
  | "weights.proposals"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.corporate-actions"
  | "market.instruments"
  | "control.commands"
  | "risk.breakers";

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
  /** A drawdown has reached its last stage: the book is being closed. */
  closing: boolean;
  overlays: readonly Overlay[];
  /** For checks of whole proposals; null where none is configured. */
  record: BookRecord | null;
  /** On the last event, if it was a proposal. */
  verdict: RiskVerdict | null;
}

export function riskGate(
  config: RiskConfig,
  portfolio: PortfolioConfig,
  hasBreakers = false,
): Processor<RiskState, Input, "risk.verdicts"> {
  if (config.maxPosition !== null) quantityLimit(config.maxPosition, 0);
  const limits = config.proposals ?? (config.onBreach === "scale" ? noProposalLimits : null);
  const settings: Settings = { config, portfolio, limits };
  return {
    name: "risk-gate",
    version: 2,
    scope: "portfolio",
    inputs: [
      "weights.proposals",
      "portfolio.snapshots",
      "market.bars",
      "market.corporate-actions",
      "market.instruments",
      "control.commands",
      ...(hasBreakers ? (["risk.breakers"] as const) : []),
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
      closing: false,
      overlays: [],
      record: null,
      verdict: null,
    }),
    evolve: (state, event) => evolve(state, event, settings),
    decide: (state) => (state.verdict === null ? nothing : [emit("risk.verdicts", state.verdict)]),
  };
}

interface Settings {
  readonly config: RiskConfig;
  readonly portfolio: PortfolioConfig;
  readonly limits: ProposalLimits | null;
}

function evolve(state: RiskState, event: EventOf<Input>, settings: Settings): RiskState {
  const { config, portfolio, limits } = settings;
  state.verdict = null;
  if (limits !== null) {
    state.record = recordFor(state.record, state.equity ?? portfolio.initialCashMinor, limits);
  }
  if (event.topic === "market.bars") {
    const risk = riskOf(state, event.value.symbol);
    risk.price = event.value.close;
    if (risk.instrument !== null && isPair(risk.instrument)) convert(state, risk, portfolio);
    if (limits !== null && state.record !== null) takeBar(state.record, event.value, event, limits);
  } else if (event.topic === "market.corporate-actions") {
    act(state, event.value);
  } else if (event.topic === "market.instruments") {
    const risk = riskOf(state, event.value.symbol);
    risk.instrument = keepRate(event.value, risk.instrument);
  } else if (event.value.portfolio !== portfolio.name) {
    return state;
  } else if (event.topic === "weights.proposals") {
    propose(state, event.value, event.timeUs, settings);
  } else if (event.topic === "portfolio.snapshots") {
    take(state, event, settings);
  } else if (event.topic === "risk.breakers") {
    const trading = afterTrip(state.trading, event.value.response);
    if (trading !== state.trading) state.latchedByDrawdown = false;
    state.trading = trading;
  } else {
    obey(state, event.value, event.timeUs, config);
  }
  return state;
}

/** Values of the other currency of a pair follow its price from now on. */
function convert(state: RiskState, pair: SymbolRisk, portfolio: PortfolioConfig) {
  const { instrument, price } = pair;
  const told = instrument === null ? null : rateTold(instrument, price, portfolio);
  if (told === null || instrument === null) return;
  // A pair quoted in the other currency is valued in the portfolio's, too.
  if (instrument.currency === told.currency) pair.instrument = { ...instrument, into: told.rate };
  for (const risk of state.symbols.values()) {
    const { instrument: of } = risk;
    if (of === null || of.currency !== told.currency || isPair(of)) continue;
    risk.instrument = { ...of, into: told.rate };
  }
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
  if (state.record !== null) actOnRecord(state.record, action);
  if (state.overlays.length > 0) state.overlays = actOnOverlays(state.overlays, action);
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
  timeUs: number,
  { config, portfolio, limits }: Settings,
): void {
  for (const { symbol } of proposal.targets) {
    const instrument = state.symbols.get(symbol)?.instrument ?? null;
    if (instrument !== null) requireValue(instrument, portfolio);
  }
  latch(state, config); // a fork may have lowered the limit since the last snapshot
  const equity = state.equity ?? portfolio.initialCashMinor;
  const { record } = state;
  if (limits !== null && record !== null) rollDays(record, timeUs, limits);
  if (state.overlays.length > 0)
    sizeTargets(state.overlays, state.symbols, equity, timeUs, portfolio);
  const { onBreach, proposals: _, ...own } = config;
  const closing = state.closing ? closeBook(state, portfolio.name, limits) : null;
  const verdict =
    closing ??
    judge(proposal, {
      ...state,
      onBreach,
      limits: { ...own, ...state.commanded },
      timeUs,
      book: limits === null || record === null ? null : { limits, record, equity },
    });
  approve(state, verdict);
}

/** What is approved counts from now on, and the verdict is what is said. */
function approve(state: RiskState, verdict: RiskVerdict): void {
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

function take(
  state: RiskState,
  { value: snapshot, timeUs, origin }: EventOf<"portfolio.snapshots">,
  { config, limits, portfolio }: Settings,
): void {
  const { record } = state;
  if (snapshot.symbol !== "") riskOf(state, snapshot.symbol).position = snapshot.quantity;
  state.equity = snapshot.equity;
  if (state.peak === null) state.drawdownBps = snapshot.drawdownBps;
  else {
    if (snapshot.equity > state.peak) state.peak = snapshot.equity;
    state.drawdownBps = drawdownBps(snapshot.equity, state.peak);
  }
  if (limits !== null && record !== null) {
    takeEquity(record, snapshot.equity, { timeUs, origin }, limits);
    if (snapshot.symbol !== "") {
      const seen = symbolRecord(record, snapshot.symbol).snapshot;
      seen.timeUs = timeUs;
      seen.origin = origin;
    }
    const { drawdownCloseBps } = limits;
    const tradable = state.trading === "ACTIVE" || state.trading === "REDUCE_ONLY";
    if (
      drawdownCloseBps !== null &&
      state.drawdownBps > drawdownCloseBps &&
      tradable &&
      !state.closing
    ) {
      state.closing = true;
      if (state.trading === "ACTIVE") {
        state.trading = "REDUCE_ONLY";
        state.latchedByDrawdown = true;
      }
      const verdict = closeBook(state, portfolio.name, limits);
      if (verdict !== null) approve(state, verdict);
    }
  }
  latch(state, config);
}

function obey(state: RiskState, command: ControlCommand, timeUs: number, config: RiskConfig): void {
  if (command.command === "SetOverlay" || command.command === "LiftOverlay") {
    state.overlays = withOverlay(state.overlays, command, timeUs);
    return;
  }
  if (command.command === "SetLimit") {
    state.commanded = withLimit(state.commanded, command);
    latch(state, config);
    return;
  }
  const trading = nextTradingState(state.trading, command);
  if (trading === "ACTIVE" && (state.closing || drawdownExceeded(state, config))) {
    state.peak = state.equity;
    state.drawdownBps = 0;
  }
  if (trading === "KILLED" || trading === "FLATTENED") {
    for (const risk of state.symbols.values()) risk.approved = risk.position;
  }
  if (trading === "ACTIVE") state.closing = false;
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
