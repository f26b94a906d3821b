// The calendar of returns: years by months, for a heat map. Promises: months are UTC's, proleptic
// Gregorian, without a clock or a time zone; a year's return is its months', compounded.

const US_PER_DAY = 86_400_000_000;

export interface YearOfReturns {
  readonly year: number;
  /**
   * January to December; null where there is no value in the month, or what it is divided by is not
   * above 0.
   */
  readonly months: readonly (number | null)[];
  /** Compounded over its months; null where it has none. */
  readonly total: number | null;
}

/**
 * Returns from values at times (µs since the epoch, ascending). A month's return is its last value over
 * the last value before the month, minus 1; the first month starts at its first value. So the compounded
 * months are exactly the whole period. RangeError if there is not one time for each value.
 */
export function monthlyReturns(
  timesUs: readonly number[],
  values: readonly number[],
): readonly YearOfReturns[] {
  if (timesUs.length !== values.length) {
    throw new RangeError(`${timesUs.length} times for ${values.length} values`);
  }
  const years: { year: number; months: (number | null)[] }[] = [];
  let before = values[0] ?? 0;
  timesUs.forEach((timeUs, i) => {
    const month = monthOf(timeUs);
    const nextUs = timesUs[i + 1];
    if (nextUs !== undefined && monthOf(nextUs) === month) return;
    const year = Math.floor(month / 12);
    for (let next = (years.at(-1)?.year ?? year - 1) + 1; next <= year; next++) {
      years.push({ year: next, months: new Array<number | null>(12).fill(null) });
    }
    const value = values[i] as number;
    const months = years.at(-1)?.months ?? [];
    months[month - year * 12] = before > 0 ? value / before - 1 : null;
    before = value;
  });
  return years.map(({ year, months }) => ({ year, months, total: compound(months) }));
}

function compound(months: readonly (number | null)[]): number | null {
  const known = months.filter((month) => month !== null);
  return known.length === 0 ? null : known.reduce((growth, month) => growth * (1 + month), 1) - 1;
}

/**
 * Months since January of year 0. From days by the 400-year cycle, whose years start in March so that
 * the leap day is their last (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013).
 */
export function monthOf(timeUs: number): number {
  const days = Math.floor(timeUs / US_PER_DAY) + 719_468;
  const cycle = Math.floor(days / 146_097);
  const day = days - cycle * 146_097;
  const year = Math.floor(
    (day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365,
  );
  const ofYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  return (cycle * 400 + year) * 12 + fromMarch + 2;
}
