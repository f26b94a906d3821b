// The limits of a plan of trades. Promises: every line that is cut is cut by one factor, in exact integers,
// to whole lots toward where it comes from; so the sum is within the limit, and nothing overshoots.

import { grows, hold, kept, type Line, worth } from "./line.ts";
import { roundingOf } from "./residual.ts";

/** What is to be cut, and by how much the values in it may have been rounded. */
interface Sum {
  readonly total: bigint;
  readonly rounded: bigint;
}

const roundedOf = (lines: readonly Line[]): bigint =>
  lines.reduce((sum, { aim }) => sum + roundingOf(aim.instrument), 0n);

/** Cuts every trade by the one factor that keeps their sum within `limit`, to whole lots. */
export function limitTurnover(lines: readonly Line[], limit: bigint): void {
  const changed = lines.filter(({ aim, quantity }) => quantity !== aim.position);
  let total = 0n;
  for (const line of changed) total += worth(line, line.quantity - line.aim.position);
  if (total <= limit) return;
  const rounded = roundedOf(changed);
  for (const line of changed) {
    const { position } = line.aim;
    const part = cutBy(line, line.quantity - position, limit, { total, rounded });
    hold(line, position + part, "TURNOVER_LIMIT");
  }
}

/** Cuts what grows by the one factor that keeps gross exposure within `limit`, to whole lots. */
export function limitGross(lines: readonly Line[], limit: bigint): void {
  let gross = 0n;
  let base = 0n;
  for (const line of lines) {
    gross += worth(line, line.quantity);
    base += worth(line, kept(line));
  }
  if (gross <= limit || gross === base) return;
  const room = limit > base ? limit - base : 0n;
  const growing = lines.filter(grows);
  const rounded = roundedOf(growing);
  for (const line of growing) {
    const from = kept(line);
    const part = cutBy(line, line.quantity - from, room, { total: gross - base, rounded });
    hold(line, from + part, "LEVERAGE_LIMIT");
  }
}

/**
 * `change` × limit / total in whole lots toward zero. A value that is no whole number of minor units is
 * rounded: what that may come to is kept free, so that the rounded sum is within the limit too.
 */
function cutBy({ aim }: Line, change: number, limit: bigint, of: Sum): number {
  const usable = limit - of.rounded;
  if (usable <= 0n) return 0;
  const part = Number((BigInt(change) * usable) / of.total);
  return part - (part % aim.instrument.lotSize);
}
