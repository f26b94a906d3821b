// What did each round trip earn? Totals cover every trip, exactly; of the closed trips themselves
// the last 1,000 are kept, so that a run of any length needs the same memory.

import { TapedeckError } from "../../schemas/errors.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { costIn } from "../../schemas/values/charges.ts";
import { applyAction } from "../../schemas/values/corporate-action.ts";
import { carryOf, dealOf } from "../../schemas/values/deal.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { averagePrice, flat } from "../../schemas/values/holding.ts";
import { keepAction, lateDeal, type PastAction } from "../../schemas/values/late-deal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import {
  advanceTrip,
  joinTrips,
  lateTrip,
  markTrip,
  type RoundTrip,
  restateTrip,
} from "../../schemas/values/round-trip.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { EventOf } from "../../streams/event.ts";
import type { Answer, Row } from "../answer.ts";

type Input = "market.instruments" | "market.bars" | "market.corporate-actions" | "fills";

const KEPT_TRADES = 1000;

export interface Trade {
  readonly portfolio: string;
  readonly symbol: string;
  readonly trip: RoundTrip;
}

/** Amounts after fees and taxes in the instrument's currency, in minor units, by currency; a trip that earns exactly nothing is neither. */
export interface TradeTotals {
  trades: number;
  wins: number;
  losses: number;
  grossProfit: bigint;
  /** Never negative. */
  grossLoss: bigint;
  holdingUs: number;
}

export interface TradesState {
  readonly instruments: Map<string, Instrument>;
  /** By symbol, then portfolio: a bar looks for its symbol only. */
  readonly open: Map<string, Map<string, RoundTrip>>;
  /** Last close by symbol, or the last executed price before the first close. */
  readonly marks: Map<string, number>;
  /** By symbol, then portfolio, what each held when an action came; "" for who did not hold it. */
  readonly past: Map<string, Map<string, readonly PastAction[]>>;
  /** The last closed trips, in the order they closed. */
  closed: Trade[];
  readonly totals: Map<string, TradeTotals>;
}

function evolve(state: TradesState, event: EventOf<Input>): TradesState {
  if (event.topic === "market.bars") mark(state, event.value);
  else if (event.topic === "fills") {
    const deal = dealOf(event.value);
    if (deal !== null) fold(state, deal);
    else carry(state, event.value);
  } else if (event.topic === "market.corporate-actions") act(state, event.value, event.timeUs);
  else state.instruments.set(event.value.symbol, event.value);
  return state;
}

/** What holding costs is a fee of the open trip. */
function carry(state: TradesState, report: ExecutionReport): void {
  const cost = carryOf(report);
  const { symbol, portfolio } = report;
  const trip = state.open.get(symbol)?.get(portfolio);
  if (cost === null || trip === undefined) return;
  keep(state, portfolio, symbol, { ...trip, fees: trip.fees + cost });
}

/** Widens the excursions of the symbol's open trips; a bar that began before the entry does not. */
function mark(state: TradesState, bar: MarketBar): void {
  state.marks.set(bar.symbol, bar.close);
  const open = state.open.get(bar.symbol);
  if (open === undefined) return;
  const instrument = state.instruments.get(bar.symbol);
  for (const [portfolio, trip] of open) {
    if (instrument === undefined || bar.startUs < trip.entryUs) continue;
    const marked = markTrip(trip, bar.low, bar.high, instrument);
    if (marked !== trip) open.set(portfolio, marked);
  }
}

function act(state: TradesState, action: CorporateAction, timeUs: number): void {
  const { symbol } = action;
  const mark = state.marks.get(symbol) ?? 0;
  const instrument = state.instruments.get(symbol);
  if (instrument === undefined) return;
  state.marks.set(symbol, applyAction(flat, mark, action, instrument).mark);
  remember(state, action, mark, timeUs);
  for (const [portfolio, trip] of state.open.get(symbol) ?? []) {
    const { open, closed } = restateTrip(trip, mark, timeUs, action, instrument);
    if (closed !== null) close(state, { portfolio, symbol, trip: closed }, instrument.currency);
    keep(state, portfolio, symbol, open);
  }
  if (action.action === "SYMBOL_CHANGE") rename(state, action, instrument, timeUs);
}

/** A deal may be heard of that came before it. */
function remember(state: TradesState, action: CorporateAction, mark: number, timeUs: number): void {
  const { symbol } = action;
  const past = state.past.get(symbol) ?? new Map<string, readonly PastAction[]>();
  state.past.set(symbol, past);
  const open = state.open.get(symbol);
  const before = past.get("") ?? [];
  for (const portfolio of new Set(["", ...past.keys(), ...(open?.keys() ?? [])])) {
    const quantity = open?.get(portfolio)?.holding.quantity ?? 0;
    const known = past.get(portfolio) ?? before;
    past.set(portfolio, keepAction(known, timeUs, action, mark, quantity));
  }
}

/** Trips go on under the new name. */
function rename(
  state: TradesState,
  { symbol, newSymbol }: CorporateAction,
  instrument: Instrument,
  timeUs: number,
): void {
  const { currency } = instrument;
  const price = state.marks.get(symbol) ?? 0;
  if (price !== 0) state.marks.set(newSymbol, price);
  if (!state.instruments.has(newSymbol)) {
    state.instruments.set(newSymbol, { ...instrument, symbol: newSymbol });
  }
  for (const [portfolio, trip] of state.open.get(symbol) ?? []) {
    const other = state.open.get(newSymbol)?.get(portfolio);
    keep(state, portfolio, symbol, null);
    if (other === undefined) {
      keep(state, portfolio, newSymbol, trip);
      continue;
    }
    const { ended, open, closed } = joinTrips(trip, other, timeUs, price);
    close(state, { portfolio, symbol, trip: ended }, currency);
    if (closed !== null) close(state, { portfolio, symbol: newSymbol, trip: closed }, currency);
    keep(state, portfolio, newSymbol, open);
  }
}

/** Puts a portfolio's open trip of a symbol in, or takes it out. */
function keep(state: TradesState, portfolio: string, symbol: string, open: RoundTrip | null): void {
  let trips = state.open.get(symbol);
  if (open !== null) {
    trips ??= new Map();
    state.open.set(symbol, trips.set(portfolio, open));
  } else if (trips?.delete(portfolio) && trips.size === 0) state.open.delete(symbol);
}

function fold(state: TradesState, fill: ExecutionReport): void {
  const { symbol, portfolio, price, tradeUs: timeUs } = fill;
  const instrument = state.instruments.get(symbol);
  if (instrument === undefined) {
    throw new TapedeckError("PROJECTION_INSTRUMENT_UNKNOWN", `a fill of ${symbol} came first`, {
      symbol,
      orderId: fill.orderId,
    });
  }
  if ((state.marks.get(symbol) ?? 0) === 0) state.marks.set(symbol, price);
  // What a conversion buys is cash.
  if (instrument.contract === "EXCHANGE") return;
  const quantity = fill.side === "BUY" ? fill.quantity : -fill.quantity;
  const value = notionalMinor(price, quantity, instrument);
  const fee = costIn(fill, instrument.currency);
  const dealt = { timeUs, quantity, price, value, fee };
  const past = state.past.get(symbol);
  const known = past?.get(portfolio) ?? past?.get("") ?? [];
  const late = known.length === 0 ? null : lateDeal(known, dealt, instrument);
  if (late !== null) past?.set(portfolio, late.past);
  const named = late?.renamed?.symbol ?? symbol;
  const paid = late?.price ?? price;
  const held = state.open.get(named)?.get(portfolio) ?? null;
  const before = held && markTrip(held, paid, paid, instrument);
  const { open, closed } =
    late === null ? advanceTrip(before, dealt) : lateTrip(before, dealt, late);
  if (closed !== null) close(state, { portfolio, symbol, trip: closed }, instrument.currency);
  keep(state, portfolio, named, open);
}

function close(state: TradesState, trade: Trade, currency: string): void {
  state.closed.push(trade);
  if (state.closed.length > KEPT_TRADES) state.closed.shift();
  let totals = state.totals.get(currency);
  if (totals === undefined) {
    totals = { trades: 0, wins: 0, losses: 0, grossProfit: 0n, grossLoss: 0n, holdingUs: 0 };
    state.totals.set(currency, totals);
  }
  const profit = trade.trip.realised - trade.trip.fees;
  totals.trades++;
  totals.holdingUs += trade.trip.exitUs - trade.trip.entryUs;
  if (profit > 0n) {
    totals.wins++;
    totals.grossProfit += profit;
  } else if (profit < 0n) {
    totals.losses++;
    totals.grossLoss -= profit;
  }
}

/** To a millionth. */
const part = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;

function row({ portfolio, symbol, trip }: Trade, instrument: Instrument): Row {
  const open = trip.holding.quantity !== 0;
  const money = (amount: bigint): string => formatScaled(amount, instrument.currencyScale);
  const price = (value: number): string => formatScaled(value, instrument.priceScale);
  return {
    portfolio,
    symbol,
    direction: trip.direction,
    quantity: formatScaled(trip.entryQuantity, instrument.quantityScale),
    entry: formatIsoUs(trip.entryUs),
    exit: open ? null : formatIsoUs(trip.exitUs),
    entryPrice: averagePrice(trip.entryValue, trip.entryQuantity, instrument),
    exitPrice: averagePrice(trip.exitValue, trip.exitQuantity, instrument),
    profit: money(trip.realised - trip.fees),
    fees: money(trip.fees),
    holdingSeconds: (trip.exitUs - trip.entryUs) / 1_000_000,
    worstPrice: price(trip.worstPrice),
    bestPrice: price(trip.bestPrice),
    adverse: part(trip.adverse),
    favourable: part(trip.favourable),
    currency: instrument.currency,
  };
}

/** Trips that are not closed yet; their profit is of the part that is. */
export const openTrades = (state: TradesState): readonly Trade[] =>
  [...state.open].flatMap(([symbol, trips]) =>
    [...trips].map(([portfolio, trip]) => ({ portfolio, symbol, trip })),
  );

export const trades = (): Answer<TradesState, Input> => ({
  question: "What did each round trip earn?",
  projection: {
    name: "trades",
    version: 1,
    inputs: ["market.instruments", "market.bars", "market.corporate-actions", "fills"],
    initial: () => ({
      instruments: new Map(),
      open: new Map(),
      marks: new Map(),
      past: new Map(),
      closed: [],
      totals: new Map(),
    }),
    evolve,
  },
  rows: (state) =>
    [...state.closed, ...openTrades(state)].map((trade) =>
      row(trade, state.instruments.get(trade.symbol) as Instrument),
    ),
});
