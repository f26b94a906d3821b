// How much a symbol moves and trades, from its bars, and how far our own trading has moved it. Promises: from bars
// before the one that is traded on, but for that bar's own volume; in new shares after a split.

import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { VenueConfig } from "../venue-config.ts";

/** Ratios are kept in whole billionths: what is made from them is exact. */
export const ONE = 1_000_000_000n;

export interface Liquidity {
  /** Last close; 0 before the first, and after a split. */
  close: number;
  /** Of the last bars, oldest first: simple returns in billionths, volumes and their sum. */
  readonly returns: number[];
  readonly volumes: number[];
  volumeSum: number;
  /** Of the bar or tick that is traded on, and how much of it our orders have executed. */
  volume: number;
  used: number;
  /** By our lasting impact, in billionths of the price: above 0 is dearer. */
  moved: number;
}

/** What our orders may execute of a volume, rounded down; null where there is no cap. */
export const shareOf = (
  volume: number,
  { participationBps: bps }: Pick<VenueConfig, "participationBps">,
): number | null => (bps === null ? null : Number((BigInt(volume) * BigInt(bps)) / 10_000n));

export const unknownLiquidity = (): Liquidity => ({
  close: 0,
  returns: [],
  volumes: [],
  volumeSum: 0,
  volume: 0,
  used: 0,
  moved: 0,
});

/** A bar or a tick begins. */
export function beginVolume(liquidity: Liquidity, volume: number): void {
  liquidity.volume = volume;
  liquidity.used = 0;
}

/** A bar is over. Cost: O(window), as an array's first leaves. */
export function observe(liquidity: Liquidity, { close, volume }: MarketBar, window: number): void {
  const { returns, volumes, close: before } = liquidity;
  if (before > 0) {
    returns.push(Math.round(((close - before) / before) * Number(ONE)));
    if (returns.length > window) returns.shift();
  }
  volumes.push(volume);
  liquidity.volumeSum += volume;
  if (volumes.length > window) liquidity.volumeSum -= volumes.shift() as number;
  liquidity.close = close;
}

/** Volumes in new shares; no return spans the split. */
export function splitLiquidity(liquidity: Liquidity, inNew: (shares: number) => number): void {
  const { volumes } = liquidity;
  for (let i = 0; i < volumes.length; i++) volumes[i] = inNew(volumes[i] as number);
  liquidity.volumeSum = volumes.reduce((sum, each) => sum + each, 0);
  liquidity.volume = inNew(liquidity.volume);
  liquidity.used = inNew(liquidity.used);
  liquidity.close = 0;
}

/** Sample standard deviation of the returns in billionths; 0 before there are two. Cost: O(window). */
export function volatilityOf({ returns }: Liquidity): number {
  const count = returns.length;
  if (count < 2) return 0;
  let sum = 0;
  for (const each of returns) sum += each;
  const mean = sum / count;
  let squares = 0;
  for (const each of returns) squares += (each - mean) * (each - mean);
  return Math.round(Math.sqrt(squares / (count - 1)));
}
