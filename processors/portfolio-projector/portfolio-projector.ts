// What the portfolio is worth, after each fill and each new price of something held. Promises: exact
// minor units; equity = cash + positions, and in one currency initial cash + realised + unrealised, at every
// event; totals do not depend on the order of symbols. Conventions: average cost, or first in, first out
// (schemas/values/holding.ts); realised P&L is after fees and what it costs to carry; a position is marked at
// the last close, or at its first fill before any close is known. Each report counts once, and a busted trade
// is taken back (schemas/values/booking.ts). Totals of several currencies are converted at the last close of
// their pairs; a conversion's gain is part of equity and of no realised profit.
// A fill that comes before its instrument is booked when that comes: live, the instrument's input may be
// behind, though its event is earlier; the venue knew it. No fill is lost, and none is valued wrongly.
// Corporate actions follow schemas/values/corporate-action.ts; what they pay counts as realised.

import type { Charge, ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type {
  PortfolioSnapshot,
  SnapshotCause,
} from "../../schemas/generated/portfolio.snapshots.ts";
import {
  type Booking,
  bookReport,
  noted,
  paid,
  withHolding,
} from "../../schemas/values/booking.ts";
import { baseMinor, rateOf } from "../../schemas/values/conversion.ts";
import { emptied } from "../../schemas/values/holding.ts";
import { type EmitOf, type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import { requireChargeCurrency, requireCurrency } from "../currency.ts";
import { drawdownBps } from "../drawdown.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { act } from "./actions.ts";
import {
  checkRates,
  type ForeignPurse,
  type PortfolioState,
  type Position,
  type Purse,
  positionOf,
  purseOf,
  revalue,
  totalOf,
  weigh,
} from "./positions.ts";

type Input = "market.instruments" | "market.bars" | "market.corporate-actions" | "fills";
type Output = "portfolio.snapshots";

export function portfolioProjector(
  config: PortfolioConfig,
): Processor<PortfolioState, Input, Output> {
  return {
    name: "portfolio-projector",
    version: 1,
    scope: "portfolio",
    inputs: ["fills", "market.bars", "market.corporate-actions", "market.instruments"],
    outputs: { "portfolio.snapshots": 0 },
    onFailure: "stop",
    initial: () => ({
      positions: new Map(),
      cash: config.initialCashMinor,
      realised: 0n,
      fees: 0n,
      taxes: 0n,
      net: 0,
      gross: 0,
      carried: 0,
      foreign: new Map(),
      equity: config.initialCashMinor,
      peak: config.initialCashMinor,
      changed: null,
      renamed: null,
    }),
    evolve: (state, event) => evolve(state, event, config),
    decide: (state, event) => decide(state, event, config),
  };
}

function evolve(
  state: PortfolioState,
  event: EventOf<Input>,
  config: PortfolioConfig,
): PortfolioState {
  if (state.renamed !== null) state.renamed = null;
  state.changed = null;
  if (event.topic === "market.bars") mark(state, event, config);
  else if (event.topic === "fills") {
    if (event.value.portfolio === config.name) book(state, event.value, event.timeUs, config);
  } else if (event.topic === "market.corporate-actions") {
    act(state, event.value, event.timeUs, config);
  } else {
    describe(state, event.value, event.timeUs, config);
  }
  return state;
}

function mark(
  state: PortfolioState,
  { value: { symbol, close }, timeUs }: EventOf<"market.bars">,
  config: PortfolioConfig,
): void {
  const position = positionOf(state, symbol, config);
  const { instrument, held } = position;
  if (instrument !== null && instrument.contract === "EXCHANGE") {
    checkRates(state, timeUs, config, { except: otherOf(instrument, config) });
    position.mark = close;
    if (convertAt(state, instrument, close, timeUs, config)) {
      weigh(state, timeUs, config);
      state.changed = symbol;
    }
  } else if (held.holding.quantity === 0) position.mark = close;
  else {
    checkRates(state, timeUs, config);
    position.mark = close;
    revalue(purseOf(state, (instrument as Instrument).currency, config), position);
    weigh(state, timeUs, config);
    state.changed = symbol;
  }
}

/** The one of a pair's currencies that is not the portfolio's. */
const otherOf = ({ currency, baseCurrency }: Instrument, config: PortfolioConfig): string =>
  currency === config.currency ? baseCurrency : currency;

/** Takes a pair's price as the rate of the other currency of the two; true where there is money in it. */
function convertAt(
  state: PortfolioState,
  pair: Instrument,
  price: number,
  timeUs: number,
  config: PortfolioConfig,
): boolean {
  if (config.rateMaxAgeUs === undefined) return false;
  const other = otherOf(pair, config);
  const rate = rateOf(pair, price, other, config.currency);
  if (rate === null) return false;
  const purse = purseOf(state, other, config) as ForeignPurse;
  purse.rate = rate;
  purse.rateUs = timeUs;
  return purse.cash !== 0n || purse.gross !== 0;
}

function describe(
  state: PortfolioState,
  instrument: Instrument,
  timeUs: number,
  config: PortfolioConfig,
): void {
  const position = positionOf(state, instrument.symbol, config);
  position.instrument = instrument;
  if (position.unbooked.length === 0) return;
  const { unbooked } = position;
  const { peak } = state;
  position.unbooked = [];
  for (const fill of unbooked) book(state, fill, timeUs, config);
  // An equity between two of them was never seen.
  state.peak = state.equity > peak ? state.equity : peak;
}

function book(
  state: PortfolioState,
  report: ExecutionReport,
  timeUs: number,
  config: PortfolioConfig,
): void {
  const position = positionOf(state, report.symbol, config);
  const { instrument } = position;
  if (instrument === null) {
    if (isOfMoney(report)) position.unbooked.push(report);
    else position.held = noted(position.held, report);
    return;
  }
  if (isOfMoney(report)) checkMoney(state, instrument, report.charges, timeUs, config);
  const { held, booking, instead } = bookReport(position.held, report, instrument);
  const exchanges = instrument.contract === "EXCHANGE";
  // What a conversion buys is cash.
  position.held = exchanges ? withHolding(held, emptied(held.holding)) : held;
  if (booking !== null) settle(state, position, booking, report, timeUs, config);
  if (instead !== undefined) book(state, instead, timeUs, config);
}

function settle(
  state: PortfolioState,
  position: Position,
  booking: Booking,
  report: ExecutionReport,
  timeUs: number,
  config: PortfolioConfig,
): void {
  const instrument = position.instrument as Instrument;
  const purse = purseOf(state, instrument.currency, config);
  if (position.mark === 0 && report.execType !== "CARRIED") position.mark = report.price;
  purse.cash += paid(booking, instrument);
  purse.realised += booking.realised - booking.fee - booking.carry;
  purse.fees += booking.fee;
  for (const each of booking.charges) pay(purseOf(state, each.currency, config), each);
  if (instrument.contract === "EXCHANGE") {
    purseOf(state, instrument.baseCurrency, config).cash += baseMinor(booking.quantity, instrument);
  } else revalue(purse, position);
  weigh(state, timeUs, config);
  state.changed = report.symbol;
}

function pay(purse: Purse, { kind, amount }: Charge): void {
  purse.cash -= amount;
  purse.realised -= amount;
  if (kind === "TAX") purse.taxes += amount;
  else purse.fees += amount;
}

/** Throws where money of the instrument's or a charge's currencies is not taken, or could not be converted. */
function checkMoney(
  state: PortfolioState,
  instrument: Instrument,
  charges: readonly Charge[],
  timeUs: number,
  config: PortfolioConfig,
): void {
  requireCurrency(instrument, config);
  for (const charge of charges) {
    requireChargeCurrency(charge, instrument.symbol, config);
    const { currency: about } = charge;
    if (about !== config.currency) checkRates(state, timeUs, config, { about });
  }
  const { currency, baseCurrency } = instrument;
  for (const about of [currency, baseCurrency]) {
    if (about !== "" && about !== config.currency) checkRates(state, timeUs, config, { about });
  }
  checkRates(state, timeUs, config);
}

const isOfMoney = ({ execType }: ExecutionReport): boolean =>
  execType === "FILLED" || execType === "TRADE_CANCEL" || execType === "CARRIED";

function decide(
  state: PortfolioState,
  event: EventOf<Input>,
  config: PortfolioConfig,
): readonly EmitOf<Output>[] {
  if (state.changed === null) return nothing;
  const first = snapshotOf(state, state.changed, event, config);
  const snapshot = emit("portfolio.snapshots", first);
  if (state.renamed === null) return [snapshot];
  const renamed = snapshotOf(state, state.renamed, event, config);
  return [snapshot, emit("portfolio.snapshots", renamed)];
}

/** A fill that waited is booked when its instrument comes. */
const causeOf: { readonly [T in Input]: SnapshotCause } = {
  "market.bars": "MARK",
  "market.corporate-actions": "ACTION",
  "market.instruments": "FILL",
  fills: "FILL",
};

const foreignCashOf = ({ foreign }: PortfolioState): PortfolioSnapshot["foreignCash"] =>
  [...foreign].flatMap(([currency, { cash: amount }]) =>
    amount === 0n ? [] : [{ currency, amount }],
  );

/** Shared: what is emitted is never changed. */
const noForeignCash: PortfolioSnapshot["foreignCash"] = [];

function snapshotOf(
  state: PortfolioState,
  symbol: string,
  { topic, timeUs }: EventOf<Input>,
  config: PortfolioConfig,
): PortfolioSnapshot {
  const { held, mark } = state.positions.get(symbol) as Position;
  const net = BigInt(state.net);
  const own = {
    portfolio: config.name,
    currency: config.currency,
    cause: causeOf[topic],
    cash: state.cash,
    equity: state.equity,
    peakEquity: state.peak,
    grossExposure: state.gross === state.net ? net : BigInt(state.gross),
    netExposure: net,
    realisedPnl: state.realised,
    fees: state.fees,
    taxes: state.taxes,
    foreignCash: noForeignCash,
    drawdownBps: drawdownBps(state.equity, state.peak),
    symbol,
    quantity: held.holding.quantity,
    cost: held.holding.cost,
    mark,
  };
  if (state.foreign.size === 0) return own;
  const all = (amountIn: (purse: Purse) => bigint): bigint =>
    amountIn(state) + totalOf(state, timeUs, config, amountIn);
  return {
    ...own,
    foreignCash: config.convert === undefined ? noForeignCash : foreignCashOf(state),
    cash: all(({ cash }) => cash),
    grossExposure: all(({ gross }) => BigInt(gross)),
    netExposure: all((purse) => BigInt(purse.net)),
    realisedPnl: all(({ realised }) => realised),
    fees: all(({ fees }) => fees),
    taxes: all(({ taxes }) => taxes),
  };
}
