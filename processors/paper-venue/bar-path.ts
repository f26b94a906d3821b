// The way that a price may have taken through a bar. Promises: it starts at the open, ends at the close,
// touches high and low, and never leaves them; the same bar gives the same way.
//
// A bar does not say which of its extremes came first. The usual rule, as in TradingView's broker emulator and in
// NautilusTrader's adaptive bar execution: the one that lies nearer to the open. O-H-L-C where the high is
// nearer, else O-L-H-C, at equal distance too.

import type { MarketBar } from "../../schemas/generated/market.bars.ts";

/** A price that jumps to where it is (`from` is `to`), or moves through all that lies between. */
export interface Step {
  readonly from: number;
  readonly to: number;
  /** When it was there, or the latest it can have been. */
  readonly timeUs: number;
  /** A bar's open, or the first tick of a date; its close as a price of its own; what lies between. */
  readonly phase: "open" | "path" | "close";
}

/** One print: a price out of the blue. */
export const jumpTo = (price: number, timeUs: number, phase: Step["phase"]): Step => ({
  from: price,
  to: price,
  timeUs,
  phase,
});

/** The open, as a jump from the bar before, then up to three moves. */
export function pathOf({ startUs, endUs, open, high, low, close }: MarketBar): readonly Step[] {
  const [first, second] = high - open < open - low ? [high, low] : [low, high];
  const moves = [
    { from: open, to: first, timeUs: endUs, phase: "path" as const },
    { from: first, to: second, timeUs: endUs, phase: "path" as const },
    { from: second, to: close, timeUs: endUs, phase: "path" as const },
  ].filter(({ from, to }) => from !== to);
  return [jumpTo(open, startUs, "open"), ...moves];
}

/** The first price from `at` to `to` that is at or above (or below) the level; null where there is none. */
export function reach(at: number, to: number, level: number, side: "up" | "down"): number | null {
  if (side === "up") return at >= level ? at : to >= level ? level : null;
  return at <= level ? at : to <= level ? level : null;
}
