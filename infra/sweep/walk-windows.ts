// A tape's days cut into windows to choose by and to judge by. A day is a UTC day that held prices, as in
// the report; windows are counted in days, so that closed markets count for nothing.

import { walkWindows } from "../../quant/purged-splits.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { SourceEvents } from "../../streams/observed-run.ts";
import type { TradeWindow } from "./trade-window.ts";

const DAY_US = 86_400_000_000;

export interface WalkLengths {
  /** Days. */
  readonly inSample: number;
  readonly outOfSample: number;
  readonly purge: number;
  readonly warmUp: number;
  readonly anchored: boolean;
}

export interface WalkWindow {
  readonly inSample: TradeWindow;
  readonly outOfSample: TradeWindow;
}

/** Ascending, each once: effective times of all prices. */
export function priceTimes(sources: readonly SourceEvents[]): readonly number[] {
  const times = sources
    .filter(({ topic }) => topic === "market.bars" || topic === "market.ticks")
    .flatMap(({ events }) => events.map(({ timeUs }) => timeUs))
    .sort((a, b) => a - b);
  return times.filter((timeUs, i) => timeUs !== times[i - 1]);
}

/**
 * `barUs` is how long a bar lasts where bars are built from ticks; null where the tape holds bars. Throws
 * WALK_FORWARD_TOO_SHORT.
 */
export function windowsOf(
  timesUs: readonly number[],
  lengths: WalkLengths,
  barUs: number | null,
): readonly WalkWindow[] {
  const { inSample: train, outOfSample: test, purge, warmUp, anchored } = lengths;
  // What happens at midnight ends the day before it.
  const days = [...new Set(timesUs.map((timeUs) => Math.floor((timeUs - 1) / DAY_US)))];
  const windows = walkWindows(days.length, { train, test, purge }, anchored);
  if (windows.length === 0) {
    const needed = train + purge + 1;
    throw new TapedeckError(
      "WALK_FORWARD_TOO_SHORT",
      `the tape has ${days.length} days of prices: a first window takes ${needed}`,
      { days: days.length, needed },
    );
  }
  const open = (from: number, to: number): TradeWindow => {
    const dayAt = (index: number): number => days[index] as number;
    const toUs = (dayAt(to - 1) + 1) * DAY_US + 1;
    return {
      warmFromUs: dayAt(Math.max(0, from - warmUp)) * DAY_US + 1,
      fromUs: dayAt(from) * DAY_US + 1,
      flatFromUs: flatFrom(timesUs, toUs, barUs),
      toUs,
    };
  };
  return windows.map((one) => ({
    inSample: open(one.train.from, one.train.to),
    outOfSample: open(one.test.from, one.test.to),
  }));
}

/** End of the last bar but one: what is decided there trades at the last one, wherever the venue fills. */
function flatFrom(timesUs: readonly number[], toUs: number, barUs: number | null): number {
  const last = timesUs.findLastIndex((timeUs) => timeUs < toUs);
  const lastUs = timesUs[last] as number;
  // The last bar that ticks make is known only by a tick after it.
  return barUs === null ? (timesUs[Math.max(0, last - 1)] as number) : lastUs - 2 * barUs;
}
