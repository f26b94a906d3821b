// Equity at the ends of even periods. Promises: bounded memory; a period is one that held market
// data, and carries the value before it where it held no snapshot; what is heard in one that held
// none counts to the period before; the longest of day, hour and minute that gives at least
// MIN_SAMPLES is used, so the convention follows from the data and is named with the figures.

const PERIODS = [
  { period: "day", widthUs: 86_400_000_000 },
  { period: "hour", widthUs: 3_600_000_000 },
  { period: "minute", widthUs: 60_000_000 },
] as const;

/** Of so few no measure of a distribution is given. */
export const MIN_SAMPLES = 20;
const DAY_US = 86_400_000_000;
const THURSDAY = 4; // the weekday of 1970-01-01
const TRADING_DAYS = 252;
const CALENDAR_DAYS = 365;

/** Minor units. */
export interface Sample {
  readonly equity: bigint;
  readonly gross: bigint;
}

export interface Periods {
  /** 252 trading days (365 where weekends hold data) × samples a day. */
  readonly perYear: number;
  /** First µs of each period, in order. */
  readonly startUs: readonly number[];
  /** At the end of each period. */
  readonly samples: readonly Sample[];
}

export interface Sampled extends Periods {
  readonly period: (typeof PERIODS)[number]["period"];
  /** The same by days, however few. */
  readonly days: Periods;
}

interface Seen {
  market: boolean;
  sample: Sample | null;
}

export class EquitySampling {
  // By period, from the longest: what each one that held any event was last seen at.
  private readonly seen = PERIODS.map(() => new Map<number, Seen>());

  /** Says that there was a market at this time. */
  market(timeUs: number): void {
    this.put(timeUs, null);
  }

  /** In time order. */
  snapshot(timeUs: number, sample: Sample): void {
    this.put(timeUs, sample);
  }

  private put(timeUs: number, sample: Sample | null): void {
    for (let i = 0; i < PERIODS.length; i++) {
      const seen = this.seen[i] as Map<number, Seen>;
      // What happens at a boundary ends the period before it: a day's bar is known at midnight.
      const index = Math.floor((timeUs - 1) / (PERIODS[i] as (typeof PERIODS)[number]).widthUs);
      const known = seen.get(index);
      if (known === undefined) seen.set(index, { market: sample === null, sample });
      else if (sample === null) known.market = true;
      else known.sample = sample;
      if (seen.size < 2 * MIN_SAMPLES) continue;
      // Shorter periods are no longer needed: this is what bounds the memory.
      for (const shorter of this.seen.slice(i + 1)) if (shorter.size > 0) shorter.clear();
      return;
    }
  }

  /** Every period in time order, from `initial` on. */
  end(initial: Sample): Sampled {
    const all = PERIODS.map((spec, i) => ({ ...spec, ...this.periods(i, initial) }));
    const days = all[0] as (typeof all)[number];
    const chosen =
      all.find((one) => one.samples.length >= MIN_SAMPLES) ??
      all.findLast((one) => one.samples.length > 0) ??
      days;
    return { period: chosen.period, ...spread(chosen), days: spread(days) };
  }

  private periods(at: number, initial: Sample) {
    const seen = [...(this.seen[at] as Map<number, Seen>)].sort(([a], [b]) => a - b);
    const indexes: number[] = [];
    const samples: Sample[] = [];
    let last = initial;
    for (const [index, { market, sample }] of seen) {
      last = sample ?? last;
      if (market) indexes.push(index);
      if (indexes.length > 0) samples[indexes.length - 1] = last;
    }
    return { indexes, samples };
  }
}

function spread(chosen: {
  readonly widthUs: number;
  readonly indexes: readonly number[];
  readonly samples: readonly Sample[];
}): Periods {
  const startUs = chosen.indexes.map((index) => index * chosen.widthUs);
  return { perYear: perYear(startUs), startUs, samples: chosen.samples };
}

function perYear(startUs: readonly number[]): number {
  const days = new Set(startUs.map((timeUs) => Math.floor(timeUs / DAY_US)));
  if (days.size === 0) return TRADING_DAYS;
  const weekend = [...days].some((day) => [0, 6].includes((((day + THURSDAY) % 7) + 7) % 7));
  return (startUs.length / days.size) * (weekend ? CALENDAR_DAYS : TRADING_DAYS);
}
