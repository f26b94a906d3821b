// What an order pays, by a schedule. Promises: exact integers; minimum, maximum and rounding are for an order's
// executions together, so that an order that fills in parts pays what it would at once, to the minor unit; the
// fees of its executions add up to that. Each rate is for what lies in its tier: an execution that
// crosses a tier's edge pays two rates.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { divideRounded } from "../../schemas/values/decimal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { FeeRate, FeeSchedule } from "../venue-config.ts";

/** Of one order so far. */
export interface FeeTally {
  /** By the rates, before minimum and maximum, in billionths of the unit of value. */
  readonly raw: bigint;
  /** In 10^-(priceScale + quantityScale) of the currency; of an inverse contract its minor unit in place of the price's. */
  readonly value: bigint;
  /** Minor units. */
  readonly charged: bigint;
}

export interface Trade {
  readonly price: number;
  readonly quantity: number;
  /** It waited for its price. */
  readonly isMaker: boolean;
}

export interface Charge {
  /** Minor units of the instrument's currency; below 0: a rebate. */
  readonly fee: bigint;
  readonly tally: FeeTally;
  /** What the month counts with it, as it was given. */
  readonly volume: bigint;
}

/** `volume`: what the month counts before it, in scaled quantity, or in the tally's unit of value. */
export function charge(
  schedule: FeeSchedule,
  instrument: Instrument,
  trade: Trade,
  before: FeeTally | null,
  volume: bigint,
): Charge {
  const { currencyScale } = instrument;
  const { quantity } = trade;
  const value = magnitude(valueOfTrade(instrument, trade));
  const scale = 10n ** BigInt(valueScale(instrument));
  const perMicro = scale * 1_000n;
  const raw =
    (before === null ? BigInt(schedule.perOrderMicros) * perMicro : before.raw) +
    byTiers(schedule, instrument, trade, value, volume);
  const total = (before?.value ?? 0n) + value;
  let due = raw;
  if (schedule.minimumMicros !== null) {
    const least = BigInt(schedule.minimumMicros) * perMicro;
    if (due < least) due = least;
  }
  if (schedule.maximumPerMillion !== null) {
    const most = total * BigInt(schedule.maximumPerMillion) * 1_000n;
    if (due > most) due = most;
  }
  const minor = 10n ** BigInt(currencyScale);
  const rounded = ROUNDERS[schedule.rounding](due * minor, scale * 1_000_000_000n);
  const counted = schedule.tierBy === "VALUE" ? value : BigInt(quantity);
  return {
    fee: rounded - (before?.charged ?? 0n),
    tally: { raw, value: total, charged: rounded },
    volume: volume + counted,
  };
}

/** Digits of the unit that values are kept in: exact, but for an inverse contract, whose value is rounded as money. */
export const valueScale = ({
  contract,
  priceScale,
  quantityScale,
  currencyScale,
}: Instrument): number => quantityScale + (contract === "INVERSE" ? currencyScale : priceScale);

/** In the unit that values are kept in, with the sign of notionalMinor. */
export function valueOfTrade(
  instrument: Instrument,
  { price, quantity }: Pick<Trade, "price" | "quantity">,
): bigint {
  if (instrument.contract !== "INVERSE") {
    return BigInt(price) * BigInt(quantity) * BigInt(instrument.multiplier);
  }
  return notionalMinor(price, quantity, instrument) * 10n ** BigInt(instrument.quantityScale);
}

/** Of a fraction with a divisor above 0. */
export const ROUNDERS = {
  HALF_EVEN: divideRounded,
  UP: (numerator: bigint, denominator: bigint): bigint => {
    const quotient = numerator / denominator;
    return numerator > quotient * denominator ? quotient + 1n : quotient;
  },
  HALF_UP: (numerator: bigint, denominator: bigint): bigint => {
    const doubled = 2n * numerator + denominator;
    const quotient = doubled / (2n * denominator);
    return quotient * 2n * denominator > doubled ? quotient - 1n : quotient;
  },
} as const;

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/** Each tier's rate for the part of the trade in it. What a unit pays is cut to the tally's unit. */
function byTiers(
  { tiers, tierBy }: FeeSchedule,
  instrument: Instrument,
  { quantity, isMaker }: Trade,
  value: bigint,
  volume: bigint,
): bigint {
  const size = tierBy === "VALUE" ? value : BigInt(quantity);
  if (size === 0n) return 0n;
  const { quantityScale } = instrument;
  const digits = valueScale(instrument);
  const unit = 10n ** BigInt(tierBy === "VALUE" ? digits : quantityScale);
  const perUnit = BigInt(quantity) * 10n ** BigInt(digits - quantityScale + 3);
  let raw = 0n;
  for (const [index, tier] of tiers.entries()) {
    const next = tiers[index + 1];
    const from = larger(volume, BigInt(tier.from) * unit);
    const end = volume + size;
    const to = next === undefined ? end : smaller(end, BigInt(next.from) * unit);
    if (to <= from) continue;
    const rate: FeeRate = isMaker ? tier.maker : tier.taker;
    const full = value * BigInt(rate.valuePerBillion) + perUnit * BigInt(rate.perUnitMicros);
    raw += (full * (to - from)) / size;
  }
  return raw;
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
