// Where an order with a price is put: away from the reference price, on a tick, never nearer than asked.

import type { Order, Side } from "../../schemas/generated/orders.ts";
import type { Distance } from "../orders-config.ts";

const BPS = 10_000n;

/**
 * reference ∓ offset for a buy ∓ sell: a positive offset (basis points) is passive, a negative one crosses.
 * Rounded to the tick that is worse for getting filled: down for a buy, up for a sell; at least one tick.
 */
export function limitPrice(
  side: Side,
  referencePrice: number,
  offsetBps: number,
  tickSize: number,
): number {
  const tick = BigInt(Math.max(tickSize, 1));
  const factor = side === "BUY" ? BPS - BigInt(offsetBps) : BPS + BigInt(offsetBps);
  const scaled = BigInt(referencePrice) * factor;
  const step = tick * BPS;
  const ticks = side === "BUY" ? scaled / step : (scaled + step - 1n) / step;
  return Number((ticks < 1n ? 1n : ticks) * tick);
}

/** As limitPrice, in basis points or ATRs (`atr` in units of price); null where the ATR is needed and not known. */
export function awayFrom(
  side: Side,
  referencePrice: number,
  distance: Distance,
  atr: number | null,
  tickSize: number,
): number | null {
  if ("bps" in distance) return limitPrice(side, referencePrice, distance.bps, tickSize);
  if (atr === null) return null;
  const tick = Math.max(tickSize, 1);
  const away = distance.atrs * atr;
  const ticks =
    side === "BUY"
      ? Math.floor((referencePrice - away) / tick)
      : Math.ceil((referencePrice + away) / tick);
  return Math.max(ticks, 1) * tick;
}

/** How far a trailing stop keeps from the best price; an ATR distance in whole ticks, rounded up. */
export function trailTerms(
  distance: Distance | null,
  atr: number | null,
  tickSize: number,
): Pick<Order, "trailBps" | "trailOffset"> | null {
  if (distance === null) return null;
  if ("bps" in distance) return { trailBps: distance.bps, trailOffset: null };
  if (atr === null) return null;
  const tick = Math.max(tickSize, 1);
  const ticks = Math.ceil((distance.atrs * atr) / tick);
  return { trailBps: null, trailOffset: Math.max(ticks, 1) * tick };
}

/** Whether two prices lie further apart than that; never where the ATR is needed and not known. */
export function isBeyond(
  distance: Distance,
  from: number,
  to: number,
  atr: number | null,
): boolean {
  const apart = Math.abs(to - from);
  if ("atrs" in distance) return atr !== null && apart > distance.atrs * atr;
  return BigInt(apart) * BPS > BigInt(Math.abs(from)) * BigInt(distance.bps);
}
