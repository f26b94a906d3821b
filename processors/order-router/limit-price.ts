// Where a limit order is put: away from the reference price, on a tick, never nearer than asked.

import type { Side } from "../../schemas/generated/orders.ts";

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
