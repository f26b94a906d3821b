// What each sizing method aims at. Promises: a weight is 0 without a view; the sum of all, without their
// signs, is at most the gross exposure asked for; floats in the order of the symbols' first views.
//
// Equity has one slot of equal size for each instrument of the portfolio's currency on the tape.

import { rollingMean } from "../../quant/indicators.ts";
import {
  fractionalKellySize,
  integratedSize,
  LEAST_VOLATILITY,
  volatilityTargetSize,
} from "../../quant/position-sizing.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { exposureMinor } from "../../schemas/values/money.ts";
import { isPair, isSized, requireValue } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { ViewSizing } from "../sizing-config.ts";
import type { Book, Name } from "./book.ts";
import { convictionOf } from "./conviction.ts";
import { portfolioFactor } from "./portfolio-factor.ts";
import { equalShare, fixedQuantity, inverseShare, type Share, shareOf } from "./sizing.ts";
import { isInDrawdown } from "./triggers.ts";

const BPS = 10_000;

export interface Aim {
  readonly symbol: string;
  readonly name: Name;
  readonly instrument: Instrument;
  /** Of equity; the sign is the direction. */
  readonly weight: number;
  /** The weight without its sign, to size with; null where the quantity is given. */
  readonly share: Share | null;
  /** Without its sign, where the quantity is given. */
  readonly quantity: number;
}

/** Every symbol that has an instrument. Throws as fixedQuantity and requireValue do. */
export function aimsOf(book: Book, sizing: ViewSizing, portfolio: PortfolioConfig): Aim[] {
  const sizeOf = scaledBy(drawdownScaleBps(book, sizing), sizeBy(book, sizing, portfolio));
  const aims: Aim[] = [];
  for (const [symbol, name] of book.names) {
    const instrument = book.instruments.get(symbol);
    if (instrument === undefined || isPair(instrument)) continue;
    if (name.direction !== 0) requireValue(instrument, portfolio);
    aims.push(aimOf(symbol, name, instrument, sizeOf, book.equity));
  }
  return aims;
}

/** A share of equity, or a quantity. */
type Size = Share | number;

/** Less than all of a target while equity is far below its peak, where that is asked for. */
function drawdownScaleBps(book: Book, { rebalance }: ViewSizing): number {
  if (rebalance?.drawdownScaleBps === undefined || !isInDrawdown(book, rebalance)) return BPS;
  return rebalance.drawdownScaleBps;
}

function scaledBy(
  bps: number,
  sizeOf: (name: Name, instrument: Instrument) => Size,
): (name: Name, instrument: Instrument) => Size {
  if (bps === BPS) return sizeOf;
  return (name, instrument) => {
    const size = sizeOf(name, instrument);
    if (typeof size !== "number") {
      const { numerator, denominator } = size;
      return { numerator: numerator * BigInt(bps), denominator: denominator * BigInt(BPS) };
    }
    const part = Number((BigInt(size) * BigInt(bps)) / BigInt(BPS));
    return part - (part % instrument.lotSize);
  };
}

function aimOf(
  symbol: string,
  name: Name,
  instrument: Instrument,
  sizeOf: (name: Name, instrument: Instrument) => Size,
  equity: bigint,
): Aim {
  const idle = { symbol, name, instrument, weight: 0, share: null, quantity: 0 };
  if (name.direction === 0 || equity <= 0n) return idle;
  const size = sizeOf(name, instrument);
  if (typeof size === "number") {
    if (size === 0) return idle;
    const value = Number(exposureMinor(name.price, size, instrument));
    return { ...idle, weight: (name.direction * value) / Number(equity), quantity: size };
  }
  if (size.numerator === 0n) return idle;
  const weight = Number(size.numerator) / Number(size.denominator);
  return { ...idle, weight: name.direction * weight, share: size };
}

function sizeBy(
  book: Book,
  sizing: ViewSizing,
  portfolio: PortfolioConfig,
): (name: Name, instrument: Instrument) => Size {
  const slots = slotsOf(book, portfolio);
  switch (sizing.method) {
    case "FIXED_QUANTITY":
      return (_, instrument) => fixedQuantity(sizing.quantity, instrument);
    case "EQUAL_WEIGHT":
      return () => equalShare(sizing.grossBps, slots);
    case "INVERSE_VOLATILITY":
      return inverseSize(book, sizing.grossBps, slots);
    case "VOLATILITY_TARGET": {
      const { targetBps, barsPerYear, maxLeverageBps, covariance } = sizing;
      const cap = maxLeverageBps / BPS;
      const sizeOf = ({ volatility }: Name): number =>
        volatilityTargetSize(targetBps / BPS, volatility, barsPerYear, cap) / slots;
      const factor = covariance === undefined ? 1 : portfolioFactor(book, sizing, sizeOf);
      return (name) => shareOf(sizeOf(name) * factor);
    }
    case "FRACTIONAL_KELLY": {
      const { fractionBps, maxLeverageBps, window } = sizing;
      const cap = maxLeverageBps / BPS;
      return ({ edge }) => {
        if (edge === null || edge.count < window) return shareOf(0);
        const variance = edge.value * edge.value;
        return shareOf(
          fractionalKellySize(fractionBps / BPS, rollingMean(edge), variance, cap) / slots,
        );
      };
    }
    case "INTEGRATED": {
      const gross = sizing.grossBps / BPS;
      return ({ strength }, { symbol }) =>
        shareOf(
          (integratedSize(convictionOf(book.outlook, symbol, strength, sizing)) * gross) / slots,
        );
    }
  }
}

/** At least 1: a symbol is only sized with its instrument. */
function slotsOf({ instruments }: Book, portfolio: PortfolioConfig): number {
  let slots = 0;
  for (const instrument of instruments.values()) if (isSized(instrument, portfolio)) slots++;
  return slots;
}

function inverseSize(book: Book, grossBps: number, slots: number): (name: Name) => Size {
  let used = 0;
  let sum = 0;
  for (const [symbol, { volatility }] of book.names) {
    if (volatility < LEAST_VOLATILITY || !book.instruments.has(symbol)) continue;
    used++;
    sum += 1 / volatility;
  }
  return ({ volatility }) =>
    volatility < LEAST_VOLATILITY
      ? shareOf(0)
      : inverseShare(grossBps, slots, used, volatility, sum);
}
