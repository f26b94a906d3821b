// Event time as text and back: integer microseconds since the epoch, UTC. Promises: the proleptic
// Gregorian calendar without leap seconds, no time zone of the machine, no Date.

const DAY_US = 86_400_000_000;
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?))?$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * "2013-10-07T13:30:00.25+02:00", or a date alone for its midnight UTC. A time without a zone is null, and
 * so is anything else that is not ISO 8601 or not within the years 1685 to 2255. Digits beyond the microsecond are dropped (floor).
 */
export function parseIsoUs(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, yearText, monthText, dayText, hour = "0", minute = "0", second = "0"] = match;
  const year = Number(yearText);
  const month = Number(monthText);
  const day = Number(dayText);
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const micros = Number((match[7] ?? "").slice(0, 6).padEnd(6, "0"));
  const zoneSeconds = zoneOffset(match[8] ?? "Z");
  if (zoneSeconds === null) return null;
  const dayUs = daysFromCivil(year, month, day) * DAY_US;
  const timeUs = dayUs + (seconds - zoneSeconds) * 1_000_000 + micros;
  return Number.isSafeInteger(timeUs) ? timeUs : null;
}

/**
 * 2013-10-07T13:30:00Z; with six digits of a second where the microseconds are not zero. Takes a safe
 * integer.
 */
export function formatIsoUs(timeUs: number): string {
  const days = Math.floor(timeUs / DAY_US);
  const rest = timeUs - days * DAY_US;
  const micros = rest % 1_000_000;
  const seconds = (rest - micros) / 1_000_000;
  const { year, month, day } = civilFromDays(days);
  const fraction = micros === 0 ? "" : `.${pad(micros, 6)}`;
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock
    .map((part) => pad(part, 2))
    .join(":")}${fraction}Z`;
}

/** Number of the calendar month (UTC) that a time lies in, counted from year 0. */
export function monthOf(timeUs: number): number {
  const { year, month } = civilFromDays(Math.floor(timeUs / DAY_US));
  return year * 12 + month - 1;
}

const pad = (value: number, size: number): string => String(value).padStart(size, "0");

function zoneOffset(zone: string): number | null {
  if (zone === "Z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", ""));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60);
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

const daysIn = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (MONTH_DAYS[month - 1] as number);

/** Days since 1970-01-01; years start in March so that the leap day comes last (H. Hinnant, 2013). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}

/** The inverse of daysFromCivil. */
export function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leapless =
    dayOfEra -
    Math.floor(dayOfEra / 1460) +
    Math.floor(dayOfEra / 36_524) -
    Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor(leapless / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * march + 2) / 5) + 1,
  };
}
