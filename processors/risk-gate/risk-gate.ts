// Judges every proposal against the limits and the trading state, in exact integers. Promises: one
// verdict for each proposal of its portfolio, and one where it acts by itself or a command asks for it; no order can
// follow from a proposal without one; commands count from their place in the one order on, and none stops it.
//
// What a risk officer gets:
// - HaltTrading: nothing new is approved. ReduceOnly: only what lies between a position and zero.
// - KillTrading: nothing new is approved, and the order router cancels what is working. Positions are
//   not flattened: selling into a broken market is a person's decision. Halt and ReduceOnly do not weaken it.
//   Whatever the state, only an EnableTrading that names who gave it, one who may, leads back to ACTIVE.
// - A drawdown beyond drawdownCloseBps closes the book: one verdict, on the snapshot that showed it, brings every
//   position to zero, and so does each proposal after it until it is flat. It latches like the next one.
// - A drawdown beyond maxDrawdownBps latches REDUCE_ONLY until EnableTrading, and with drawdownReduceToBps cuts each
//   position to that share. Enabled while the loss stands, the drawdown is counted from the equity at that moment:
//   otherwise the next mark would latch it again.
// - Each of these, and a loss of the day or the week beyond its limit, ends what was approved and would add risk, by a
//   verdict of its own: working orders and an algorithm's children do not go on.
// - A breaker that trips (risk.breakers) halts, or lets only reduce, until EnableTrading; it weakens no command.
// - SetLimit changes a limit at once (limits.ts: who may, and how far); a lower drawdown limit may latch at once. What was
//   commanded stands before the configuration, in a fork with other settings too.
// - Where an optimiser makes the weights, a proposal must prove itself (certificate-checks.ts), or is denied whole.
// - A person's target is judged when it is ordered, or at the first bar at which it can be valued.
// - An approval that is not reached yet counts as exposure of its symbol until it is reached or replaced
//   (KillTrading forgets them), so two proposals of one instant cannot share the same room.
// - A split restates price, position and approval in new shares; a change of symbol takes them along; of a
//   delisted symbol nothing can be approved any more.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { WeightsProposal } from "../../schemas/generated/weights.proposals.ts";
import { checkRatio, splitPrice, splitQuantity } from "../../schemas/values/corporate-action.ts";
import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import { isPair, keepRate, rateTold, requireValue } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { OptimiserConfig } from "../optimiser-config.ts";
import type { RiskConfig } from "../risk-config.ts";
import { actOnAsked, asked } from "./asked.ts";
import { obey, trip } from "./commands.ts";
import type { SymbolRisk } from "./exposure.ts";
import {
  approve,
  equityOf,
  evidenceOf,
  initialState,
  type RiskState,
  riskOf,
  Settings,
} from "./gate-state.ts";
import { judge } from "./judgement.ts";
import { quantityLimit } from "./limits.ts";
import { actOnOverlays, awaits, sizeTargets } from "./overlays.ts";
import { actOnRecord, recordFor, rollDays, takeBar } from "./record.ts";
import { answerOfStage, holdToStages, takeSnapshot } from "./stages.ts";

type Input =
  | "weights.proposals"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.corporate-actions"
  | "market.instruments"
  | "control.commands"
  | "risk.breakers"
  | "pool.requests";

/** Who else is in the graph. */
export interface Neighbours {
  readonly hasBreakers?: boolean;
  /** Whose answers proposals are made of; left out: none is asked for a certificate. */
  readonly optimiser?: OptimiserConfig | null;
}

export function riskGate(
  config: RiskConfig,
  portfolio: PortfolioConfig,
  { hasBreakers = false, optimiser = null }: Neighbours = {},
): Processor<RiskState, Input, "risk.verdicts"> {
  if (config.maxPosition !== null) quantityLimit(config.maxPosition, 0);
  const settings = new Settings(config, portfolio, optimiser);
  return {
    name: "risk-gate",
    version: 3,
    scope: "portfolio",
    inputs: [
      "weights.proposals",
      "portfolio.snapshots",
      "market.bars",
      "market.corporate-actions",
      "market.instruments",
      "control.commands",
      ...(hasBreakers ? (["risk.breakers"] as const) : []),
      ...(optimiser === null ? [] : (["pool.requests"] as const)),
    ],
    outputs: { "risk.verdicts": 0 },
    onFailure: "stop",
    initial: initialState,
    evolve: (state, event) => evolve(state, event, settings),
    decide: (state) => (state.verdict === null ? nothing : [emit("risk.verdicts", state.verdict)]),
  };
}

function evolve(state: RiskState, event: EventOf<Input>, settings: Settings): RiskState {
  const { portfolio } = settings;
  state.verdict = null;
  if (event.topic === "market.bars") {
    observe(state, event, settings);
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
    takeSnapshot(state, event.value, event, settings);
  } else if (event.topic === "pool.requests") {
    const { value, timeUs, origin } = event;
    state.asked = asked(value, { timeUs, origin }, state.symbols);
  } else if (event.topic === "risk.breakers") {
    trip(state, event.value.response, event);
  } else {
    const { timeUs, origin } = event;
    obey(state, event.value, { timeUs, origin }, settings);
    if (event.value.command === "SetOverlay") actOnTargets(state, timeUs, settings);
  }
  return state;
}

function observe(state: RiskState, event: EventOf<"market.bars">, settings: Settings): void {
  const { value: bar, timeUs, origin } = event;
  const risk = riskOf(state, bar.symbol);
  risk.price = bar.close;
  risk.bar.timeUs = timeUs;
  risk.bar.origin = origin;
  if (risk.instrument !== null && isPair(risk.instrument)) {
    convert(state, risk, settings.portfolio);
  }
  const limits = settings.proposals(state);
  if (limits !== null) {
    state.record = recordFor(state.record, equityOf(state, settings), limits);
    takeBar(state.record, bar, limits);
  }
  if (state.overlays.length > 0) actOnTargets(state, timeUs, settings);
}

/** A person's target that can be valued for the first time is judged at once, by a verdict of its own. */
function actOnTargets(state: RiskState, timeUs: number, settings: Settings): void {
  if (state.verdict !== null || !awaits(state.overlays, timeUs)) return;
  const equity = equityOf(state, settings);
  if (sizeTargets(state.overlays, state.symbols, equity, timeUs, settings.portfolio) === 0) return;
  const { name } = settings.portfolio;
  propose(
    state,
    { portfolio: name, method: "FIXED_QUANTITY", equity, targets: [], certificate: null },
    timeUs,
    settings,
  );
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

/** The positions themselves come with the snapshots that follow. */
function act(state: RiskState, action: CorporateAction): void {
  if (state.record !== null) actOnRecord(state.record, action);
  if (state.overlays.length > 0) state.overlays = actOnOverlays(state.overlays, action);
  if (state.asked !== null) state.asked = actOnAsked(state.asked, action);
  const risk = state.symbols.get(action.symbol);
  if (risk === undefined) return;
  if (action.action === "SPLIT") {
    checkRatio(action);
    risk.price = splitPrice(risk.price, action);
    risk.position = splitQuantity(risk.position, action);
    risk.approved = splitQuantity(risk.approved, action);
    risk.approvedPrice = splitPrice(risk.approvedPrice, action);
    if (risk.cap !== null) risk.cap = splitQuantity(risk.cap, action);
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
  settings: Settings,
): void {
  const { config, portfolio } = settings;
  for (const { symbol } of proposal.targets) {
    const instrument = state.symbols.get(symbol)?.instrument ?? null;
    if (instrument !== null) requireValue(instrument, portfolio);
  }
  const equity = equityOf(state, settings);
  const limits = settings.proposals(state);
  if (limits !== null) {
    state.record = recordFor(state.record, equity, limits);
    rollDays(state.record, timeUs, limits);
  }
  const { record, asked: open } = state;
  // An answer is traded on once.
  if (proposal.certificate !== null) state.asked = null;
  if (state.overlays.length > 0)
    sizeTargets(state.overlays, state.symbols, equity, timeUs, portfolio);
  // A fork may have lowered a limit since the last snapshot.
  holdToStages(state, timeUs, settings);
  if (state.verdict !== null) return;
  const verdict =
    answerOfStage(state, timeUs, settings) ??
    judge(proposal, {
      trading: state.trading,
      latchedByDrawdown: state.latchedByDrawdown,
      drawdownBps: state.drawdownBps,
      symbols: state.symbols,
      overlays: state.overlays,
      onBreach: config.onBreach,
      limits: settings.limits(state),
      maxPriceAgeUs: config.maxPriceAgeUs ?? null,
      timeUs,
      evidence: evidenceOf(state, settings),
      book: limits === null || record === null ? null : { limits, record, equity },
      answers: settings.optimiser === null ? null : { optimiser: settings.optimiser, asked: open },
    });
  approve(state, verdict);
}
