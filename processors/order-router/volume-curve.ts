// How much of a symbol trades at which minute of the day, learned from its bars. Promises: what is asked of it
// is known from days that are over; the same bars give the same curve.
//
// Minutes are those of the UTC day: where clocks change, the curve lags until it has learned the new hours. Each
// day that ends moves a minute's usual volume by 1/n of the difference, n being the days so far, at most the
// configured number: an average at first, then one that forgets. A bar longer than a minute is spread evenly.

import type { MarketBar } from "../../schemas/generated/market.bars.ts";

const MINUTE_US = 60_000_000;
const MINUTES = 1440;
const DAY_US = MINUTES * MINUTE_US;

export interface VolumeCurve {
  /** UTC date that `today` is of, in days since 1970; -1 before the first bar. */
  day: number;
  /** Days that `usual` is an average of. */
  days: number;
  /** Volume by minute of the day. */
  readonly usual: number[];
  readonly today: number[];
}

export const noCurve = (): VolumeCurve => ({
  day: -1,
  days: 0,
  usual: new Array<number>(MINUTES).fill(0),
  today: new Array<number>(MINUTES).fill(0),
});

/** Takes a bar in; one of a day that is over is left out. */
export function learn(
  curve: VolumeCurve,
  { startUs, endUs, volume }: MarketBar,
  mostDays: number,
): void {
  const day = Math.floor(startUs / DAY_US);
  if (day < curve.day) return;
  if (day > curve.day) closeDay(curve, day, mostDays);
  const first = Math.floor((startUs - day * DAY_US) / MINUTE_US);
  const last = Math.min(MINUTES, Math.ceil((endUs - day * DAY_US) / MINUTE_US));
  const minutes = Math.max(1, last - first);
  for (let minute = first; minute < first + minutes; minute++) {
    curve.today[minute] = (curve.today[minute] as number) + volume / minutes;
  }
}

function closeDay(curve: VolumeCurve, day: number, mostDays: number): void {
  if (curve.day >= 0) {
    curve.days = Math.min(curve.days + 1, mostDays);
    for (let minute = 0; minute < MINUTES; minute++) {
      const usual = curve.usual[minute] as number;
      curve.usual[minute] = usual + ((curve.today[minute] as number) - usual) / curve.days;
    }
    curve.today.fill(0);
  }
  curve.day = day;
}

/** Usual volume of each of the equal slices of a stretch of time. Cost: O(its minutes). */
export function sliceVolumes(
  { usual }: VolumeCurve,
  startUs: number,
  overUs: number,
  slices: number,
): readonly number[] {
  const volumes: number[] = [];
  for (let k = 0; k < slices; k++) {
    const fromUs = startUs + Math.floor((k * overUs) / slices);
    const toUs = startUs + Math.floor(((k + 1) * overUs) / slices);
    let volume = 0;
    for (let atUs = fromUs; atUs < toUs; ) {
      const minute = Math.floor(atUs / MINUTE_US);
      const nextUs = Math.min(toUs, (minute + 1) * MINUTE_US);
      volume += ((usual[minute % MINUTES] as number) * (nextUs - atUs)) / MINUTE_US;
      atUs = nextUs;
    }
    volumes.push(volume);
  }
  return volumes;
}
