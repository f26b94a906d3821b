// The positions and their totals, in each currency and in the portfolio's. Promises: the totals are exact sums
// of the positions' values, whatever the order in which they change; money of another currency is converted at
// its recorded rate, once for all of it, half to even, and never without one.

import { TapedeckError } from "../../schemas/errors.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { type Held, heldBy } from "../../schemas/values/booking.ts";
import { isMargined } from "../../schemas/values/contract-terms.ts";
import { convertMinor, type Rate } from "../../schemas/values/conversion.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { add, type Exact, magnitude, marketValue, negated } from "./exact.ts";

export interface Position {
  instrument: Instrument | null;
  held: Held;
  /** 0 until a price is known. */
  mark: number;
  /** What it adds to the net exposure, in minor units of its currency. */
  value: Exact;
  /** What of that is no equity: of a contract against margin, all but its profit. */
  carried: Exact;
  /** Reports of money that wait for the instrument, in their order. */
  unbooked: ExecutionReport[];
}

/** What there is in one currency, in its minor units. */
export interface Purse {
  cash: bigint;
  /** After fees and taxes; dividends and what was paid for fractions of shares included. */
  realised: bigint;
  fees: bigint;
  taxes: bigint;
  /** Sums of the positions' values, of their sizes, and of what of them is no equity. */
  net: Exact;
  gross: Exact;
  carried: Exact;
}

export interface ForeignPurse extends Purse {
  /** Into the portfolio's currency; null until one is recorded. */
  rate: Rate | null;
  rateUs: number;
}

export interface PortfolioState extends Purse {
  readonly positions: Map<string, Position>;
  /** Other currencies than the portfolio's. */
  readonly foreign: Map<string, ForeignPurse>;
  equity: bigint;
  peak: bigint;
  /** The position that the last event changed; null when it asks for no snapshot. */
  changed: string | null;
  /** What it is called from now on, where that event renamed it. */
  renamed: string | null;
}

export function positionOf(
  state: PortfolioState,
  symbol: string,
  { lots }: PortfolioConfig,
): Position {
  const found = state.positions.get(symbol);
  if (found !== undefined) return found;
  const position: Position = {
    instrument: null,
    held: heldBy(lots),
    mark: 0,
    value: 0,
    carried: 0,
    unbooked: [],
  };
  state.positions.set(symbol, position);
  return position;
}

export function purseOf(
  state: PortfolioState,
  currency: string,
  { currency: own }: PortfolioConfig,
): Purse {
  if (currency === own) return state;
  const found = state.foreign.get(currency);
  if (found !== undefined) return found;
  const purse: ForeignPurse = {
    cash: 0n,
    realised: 0n,
    fees: 0n,
    taxes: 0n,
    net: 0,
    gross: 0,
    carried: 0,
    rate: null,
    rateUs: -1,
  };
  state.foreign.set(currency, purse);
  return purse;
}

/** Puts a position's value at its mark into its currency's totals in place of its old one. */
export function revalue(purse: Purse, position: Position): void {
  const { held, mark } = position;
  const instrument = position.instrument as Instrument;
  const value = marketValue(mark, held.holding.quantity, instrument);
  if (!isMargined(instrument)) setValue(purse, position, value);
  else {
    // An inverse contract that is long has a value below zero.
    const exposure = instrument.contract === "INVERSE" ? negated(value) : value;
    const profit = add(value, negated(exactOf(held.holding.cost)));
    setValue(purse, position, exposure, add(exposure, negated(profit)));
  }
}

const exactOf = (value: bigint): Exact => add(0, value);

export function setValue(purse: Purse, position: Position, value: Exact, carried: Exact = 0): void {
  const { value: old } = position;
  position.value = value;
  purse.net = add(purse.net, add(value, negated(old)));
  purse.gross = add(purse.gross, add(magnitude(value), negated(magnitude(old))));
  if (carried === 0 && position.carried === 0) return;
  purse.carried = add(purse.carried, add(carried, negated(position.carried)));
  position.carried = carried;
}

/** What the portfolio is worth at `timeUs`, and the highest that it was; its rates were checked. */
export function weigh(state: PortfolioState, timeUs: number, config: PortfolioConfig): void {
  const foreign = state.foreign.size === 0 ? 0n : totalOf(state, timeUs, config, equityIn);
  state.equity = equityIn(state) + foreign;
  if (state.equity > state.peak) state.peak = state.equity;
}

const equityIn = ({ cash, net, carried }: Purse): bigint =>
  carried === 0 ? cash + BigInt(net) : cash + BigInt(net) - BigInt(carried);

/**
 * Throws PROCESSOR_RATE_UNKNOWN, PROCESSOR_RATE_STALE where there is money of another currency that could not be
 * converted at `timeUs`: before an event changes anything. `about`: a currency that it brings money of;
 * `except`: one that it brings a rate of.
 */
export function checkRates(
  state: PortfolioState,
  timeUs: number,
  config: PortfolioConfig,
  { about = "", except = "" }: { readonly about?: string; readonly except?: string } = {},
): void {
  if (about !== "" && !state.foreign.has(about)) rateFor(about, unrated, timeUs, config);
  for (const [currency, purse] of state.foreign) {
    if (currency === except) continue;
    const isEmpty = purse.cash === 0n && purse.gross === 0;
    if (!isEmpty || currency === about) rateFor(currency, purse, timeUs, config);
  }
}

/** A sum over the other currencies, converted. */
export function totalOf(
  { foreign }: PortfolioState,
  timeUs: number,
  config: PortfolioConfig,
  amountIn: (purse: Purse) => bigint,
): bigint {
  let sum = 0n;
  for (const [currency, purse] of foreign) {
    const amount = amountIn(purse);
    if (amount !== 0n) sum += convertMinor(amount, rateFor(currency, purse, timeUs, config));
  }
  return sum;
}

const unrated = { rate: null, rateUs: -1 };

function rateFor(
  currency: string,
  { rate, rateUs }: Pick<ForeignPurse, "rate" | "rateUs">,
  timeUs: number,
  { currency: into, rateMaxAgeUs = 0 }: PortfolioConfig,
): Rate {
  if (rate === null) {
    const message = `there is money in ${currency}, and no rate to ${into} was recorded before it`;
    throw new TapedeckError("PROCESSOR_RATE_UNKNOWN", message, { currency, into });
  }
  if (timeUs - rateUs > rateMaxAgeUs) {
    const age = `at ${formatIsoUs(timeUs)} the last rate from ${currency} to ${into} is of ${formatIsoUs(rateUs)}`;
    const message = `${age}: more than ${rateMaxAgeUs / 1_000_000} s old`;
    throw new TapedeckError("PROCESSOR_RATE_STALE", message, { currency, into, timeUs, rateUs });
  }
  return rate;
}
