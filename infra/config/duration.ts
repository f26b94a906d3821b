// Lengths of time as people write them, exactly: "50ms" is 50,000 microseconds.

/** Largest first. */
const unitsUs = {
  d: 86_400_000_000,
  h: 3_600_000_000,
  m: 60_000_000,
  s: 1_000_000,
  ms: 1000,
  us: 1,
};

/** About a hundred years: beyond it a number was mistyped. */
const LONGEST_US = 36_525 * unitsUs.d;

/** Microseconds; null where the text is no duration, no whole number of them, or over 100 years. */
export function parseDurationUs(text: string): number | null {
  const match = /^(\d+)(?:\.(\d+))?(us|ms|s|m|h|d)$/.exec(text);
  if (match === null || text.length > 40) return null;
  const [, whole = "", part = "", unit = "us"] = match;
  const scaled = BigInt(whole + part) * BigInt(unitsUs[unit as keyof typeof unitsUs]);
  const scale = 10n ** BigInt(part.length);
  const us = Number(scaled / scale);
  return scaled % scale === 0n && us <= LONGEST_US ? us : null;
}

/** The shortest exact form: 90,000,000 is "90s", 60,000,000 is "1m", 0 is "0us". */
export function formatDurationUs(us: number): string {
  const entry = Object.entries(unitsUs).find(([, unit]) => us >= unit && us % unit === 0);
  const [name, unit] = entry ?? ["us", 1];
  return `${us / unit}${name}`;
}
