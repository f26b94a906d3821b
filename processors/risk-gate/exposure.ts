// What the gate knows of each symbol, and what a quantity of it is worth. Bigint minor units.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Converted } from "../../schemas/values/conversion.ts";
import { notionalMinor } from "../../schemas/values/money.ts";

/** Which event: with its topic, the same on any number of partitions. Time -1: none yet. */
export interface Seen {
  timeUs: number;
  origin: number;
}

export const nothingSeen = (): Seen => ({ timeUs: -1, origin: 0 });

export interface SymbolRisk {
  instrument: Converted | null;
  /** Last close; 0 while none is known. */
  price: number;
  /** As of the last snapshot. */
  position: number;
  /** Last approved target: the position may be anywhere between the two while orders are working. */
  approved: number;
  /** What the approval was valued at: serves until a close is known. */
  approvedPrice: number;
  /** What the second stage of a drawdown leaves of the position; null: it does not bear on it. */
  cap: number | null;
  /** Last bar, and last snapshot of the position. */
  readonly bar: Seen;
  readonly marked: Seen;
}

export const unknownSymbol = (): SymbolRisk => ({
  instrument: null,
  price: 0,
  position: 0,
  approved: 0,
  approvedPrice: 0,
  cap: null,
  bar: nothingSeen(),
  marked: nothingSeen(),
});

/** Size of a quantity's value, never negative. */
export function worth(quantity: number, price: number, instrument: Converted): bigint {
  const value = notionalMinor(price, quantity, instrument);
  return value < 0n ? -value : value;
}

/** The most that working orders may leave open: an approval counts until it is reached or replaced. */
export function exposure(risk: SymbolRisk): bigint {
  if (risk.instrument === null) return 0n;
  const size = Math.abs(pendingQuantity(risk));
  return size === 0 ? 0n : worth(size, risk.price || risk.approvedPrice, risk.instrument);
}

/** Position or pending approval, whichever is the greater in size. */
export const pendingQuantity = ({ position, approved }: SymbolRisk): number =>
  Math.abs(approved) > Math.abs(position) ? approved : position;

/** The other of the two: while orders work, a position may be anywhere from the one to the other. */
export const otherEnd = ({ position, approved }: SymbolRisk): number =>
  Math.abs(approved) > Math.abs(position) ? position : approved;

/** What is left of an approval that may add nothing: between the position and zero. */
export const reducedApproval = ({ position, approved }: SymbolRisk): number =>
  between(0, position, approved);

/** True where the target lies between the position and zero: no open risk is added. */
export const reduces = (target: number, position: number): boolean =>
  position >= 0 ? target >= 0 && target <= position : target <= 0 && target >= position;

/** The point nearest to `quantity` between `position` and `target`: a cut never turns a trade round. */
export function between(quantity: number, position: number, target: number): number {
  const low = Math.min(position, target);
  const high = Math.max(position, target);
  return Math.min(Math.max(quantity, low), high);
}

/** A size rounded down to whole lots. */
export const wholeLots = (size: number, { lotSize }: Instrument): number =>
  lotSize > 1 ? size - (size % lotSize) : size;

/**
 * The greatest size in whole lots, up to `size`, that is worth at most `limit` minor units. By bisection:
 * worth never falls as a size grows, whatever its rounding. Cost: up to 53 valuations.
 */
export function sizeWithin(
  limit: bigint,
  size: number,
  price: number,
  instrument: Converted,
): number {
  if (worth(size, price, instrument) <= limit) return size;
  const lot = Math.max(instrument.lotSize, 1);
  let fits = 0;
  let exceeds = Math.ceil(size / lot);
  while (exceeds - fits > 1) {
    const middle = fits + Math.floor((exceeds - fits) / 2);
    if (worth(middle * lot, price, instrument) <= limit) fits = middle;
    else exceeds = middle;
  }
  return fits * lot;
}

/** A check's figure; what does not fit a long is written as the greatest that does. */
export const toLong = (value: bigint): number => Math.min(Number(value), Number.MAX_SAFE_INTEGER);
