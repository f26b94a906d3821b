// What the venue leaves to chance. Promises: each draw is a function of the seed, of what is drawn and of who it is
// drawn for, and of nothing else: batches, partitions, restarts and other orders do not change it.

import { exponential } from "../../quant/exponential.ts";
import { Random } from "../../quant/random.ts";
import { sha256 } from "../../quant/sha256.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { utf8Length, writeUtf8 } from "../../schemas/utf8.ts";
import type { ChanceConfig, Delay } from "../venue-config.ts";

/** Longest delay: a day. The lognormal has no end. */
const MOST_US = 86_400_000_000;

/** A stream of random numbers of its own. Cost: one hash, some microseconds. */
function randomFor(
  seed: number,
  purpose: string,
  ...identity: readonly (string | number)[]
): Random {
  const name = JSON.stringify([seed, purpose, ...identity]);
  const bytes = new Uint8Array(utf8Length(name));
  writeUtf8(name, bytes, 0);
  const view = new DataView(sha256(bytes).buffer);
  // 53 bits: all that a seed holds.
  return new Random((view.getUint32(0) >>> 11) * 2 ** 32 + view.getUint32(4));
}

/**
 * How long a request is on its way, beyond what every request is; 0 where that is all. A child comes with the order that it
 * hangs on, where both were sent at once: they are one message.
 */
export function delayTo({ seed, toVenue }: ChanceConfig, order: Order): number {
  if (toVenue === null) return 0;
  const { portfolio, symbol, orderId, parentOrderId, action, decidedUs } = order;
  const sentWith = action === "NEW" ? (parentOrderId ?? orderId) : orderId;
  return delayOf(toVenue, () =>
    randomFor(seed, "to-venue", portfolio, symbol, sentWith, action, decidedUs),
  );
}

/** The same of a report, by its number. */
export function delayBack(
  { seed, back }: ChanceConfig,
  { portfolio, symbol, execId }: { portfolio: string; symbol: string; execId: number },
): number {
  if (back === null) return 0;
  return delayOf(back, () => randomFor(seed, "back", portfolio, symbol, execId));
}

export function isRefused({ seed, rejectPerMillion }: ChanceConfig, order: Order): boolean {
  if (rejectPerMillion === 0) return false;
  const { portfolio, symbol, orderId } = order;
  return (
    randomFor(seed, "reject", portfolio, symbol, orderId).integer(1_000_000) < rejectPerMillion
  );
}

/** Whole microseconds, from 1 to a day. */
export function delayOf(delay: Delay, random: () => Random): number {
  switch (delay.kind) {
    case "CONSTANT":
      return delay.us;
    case "UNIFORM":
      return delay.leastUs + Math.floor(random().uniform() * (delay.mostUs - delay.leastUs + 1));
    case "LOGNORMAL": {
      const us = Math.round(delay.medianUs * exponential(delay.sigma * random().normal()));
      return Math.min(Math.max(us, 1), MOST_US);
    }
  }
}
