// From a share of equity, or a configured quantity, to whole lots. Promises: integers all the way from
// money to quantity, rounded toward zero at each step, so that a target never exceeds what was asked.

import { TapedeckError } from "../../schemas/errors.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Converted, Rate } from "../../schemas/values/conversion.ts";
import type { DecimalText } from "../../schemas/values/decimal.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";

/** A share of equity as a fraction. */
export interface Share {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const BPS = 10_000n;
/** Parts that a float64 share is cut into before it meets money. */
const PARTS = 1_000_000_000;

/** `grossBps` of equity over `slots` instruments, the same for each. */
export const equalShare = (grossBps: number, slots: number): Share => ({
  numerator: BigInt(grossBps),
  denominator: BPS * BigInt(slots),
});

/**
 * `used` of `slots` equal shares of `grossBps`, split in proportion to 1 / volatility. `inverseSum` is
 * the sum of 1 / volatility over the used slots.
 */
export const inverseShare = (
  grossBps: number,
  slots: number,
  used: number,
  volatility: number,
  inverseSum: number,
): Share => ({
  numerator: BigInt(grossBps) * BigInt(used) * BigInt(Math.trunc(PARTS / volatility / inverseSum)),
  denominator: BPS * BigInt(slots) * BigInt(PARTS),
});

/** `weight` of equity, cut at the ninth decimal. Takes 0 to 2^23. */
export const shareOf = (weight: number): Share => ({
  numerator: BigInt(Math.trunc(weight * PARTS)),
  denominator: BigInt(PARTS),
});

/** Lots that `share` of `equity` (minor units) pays for at `price`, scaled by quantityScale. */
export function quantityOf(
  equity: bigint,
  share: Share,
  price: number,
  instrument: Converted,
): number {
  if (equity <= 0n) return 0;
  const { top, bottom } = unitValue(price, instrument);
  const quantity = (equity * share.numerator * bottom) / (share.denominator * top);
  if (quantity > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw quantityError(instrument, `equity ${equity} buys ${quantity}, beyond 2^53`);
  }
  return inLots(Number(quantity), instrument);
}

/** Of one unit of quantity, in minor units of the portfolio's currency, as a fraction. */
export function unitValue(price: number, instrument: Converted): Rate {
  const { priceScale, quantityScale, currencyScale, multiplier, contract, into } = instrument;
  const minor = 10n ** BigInt(currencyScale);
  const units = 10n ** BigInt(quantityScale);
  const prices = 10n ** BigInt(priceScale);
  const { top, bottom } = into ?? { top: 1n, bottom: 1n };
  return contract === "INVERSE"
    ? { top: top * BigInt(multiplier) * prices * minor, bottom: bottom * BigInt(price) * units }
    : { top: top * BigInt(price) * BigInt(multiplier) * minor, bottom: bottom * prices * units };
}

/** A configured quantity in an instrument's own scale, in lots. */
export function fixedQuantity(text: DecimalText, instrument: Instrument): number {
  const quantity = parseScaled(text, instrument.quantityScale);
  if (quantity === null) {
    const digits = instrument.quantityScale;
    throw quantityError(
      instrument,
      `sizing.quantity ${text} does not fit ${digits} decimal digits`,
    );
  }
  return inLots(quantity, instrument);
}

const inLots = (quantity: number, { lotSize }: Instrument): number =>
  quantity - (quantity % lotSize);

const quantityError = ({ symbol }: Instrument, what: string): TapedeckError =>
  new TapedeckError("VALUE_QUANTITY_INVALID", `${symbol}: ${what}`, { symbol });
