// Local times of an IANA time zone, to UTC and back, by the engine's own zone tables. Promises: a
// local time that occurs twice (clocks set back) is the earlier; one that never occurs is NaN.

/** Offsets change only on a quarter of an hour. */
const QUARTER_US = 900_000_000;
/** Quarters of an hour kept: 3 years of them. */
const CACHE_SIZE = 100_000;

export class ZoneClock {
  private readonly format: Intl.DateTimeFormat;
  private readonly offsets = new Map<number, number>();

  /** An unknown zone throws RangeError. */
  constructor(zone: string) {
    this.format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
      era: "short",
    });
  }

  /** Local time minus UTC, in µs. Cost: one look-up; some µs on a new quarter of an hour. */
  offsetAt(utcUs: number): number {
    const quarter = Math.floor(utcUs / QUARTER_US);
    let offset = this.offsets.get(quarter);
    if (offset === undefined) {
      offset = this.askOffset(quarter * QUARTER_US);
      if (this.offsets.size >= CACHE_SIZE) this.offsets.clear();
      this.offsets.set(quarter, offset);
    }
    return offset;
  }

  toLocal(utcUs: number): number {
    return utcUs + this.offsetAt(utcUs);
  }

  /** NaN when clocks skip this local time. */
  toUtc(localUs: number): number {
    // No zone is more than a day from UTC and none changes twice in two days: both offsets around.
    const before = localUs - this.offsetAt(localUs - 86_400_000_000);
    const after = localUs - this.offsetAt(localUs + 86_400_000_000);
    const first = Math.min(before, after);
    if (this.toLocal(first) === localUs) return first;
    const second = Math.max(before, after);
    return this.toLocal(second) === localUs ? second : Number.NaN;
  }

  private askOffset(utcUs: number): number {
    const parts = new Map<string, string>();
    for (const { type, value } of this.format.formatToParts(utcUs / 1000)) parts.set(type, value);
    const part = (name: string): number => Number(parts.get(name));
    const localMs = Date.UTC(
      part("year"),
      part("month") - 1,
      part("day"),
      part("hour"),
      part("minute"),
      part("second"),
    );
    return localMs * 1000 - utcUs;
  }
}
