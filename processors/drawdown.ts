// How far equity lies below its peak, in the unit of the limit that it is held against.

const GREATEST_BPS = 2 ** 31 - 1;

/** (peak - equity) / peak in basis points, rounded up; without a positive peak any loss is all. */
export function drawdownBps(equity: bigint, peak: bigint): number {
  if (equity >= peak) return 0;
  if (peak <= 0n) return 10_000;
  const divisor = Number(peak);
  const scaled = Number(peak - equity) * 10_000;
  // Exact where both are safe: a quotient that is no whole number lies at least 1 / divisor from one,
  // and it is rounded by less, since the numerator is below 2^53.
  if (Number.isSafeInteger(scaled) && Number.isSafeInteger(divisor)) {
    return Math.min(Math.ceil(scaled / divisor), GREATEST_BPS);
  }
  return Math.min(Number(((peak - equity) * 10_000n + peak - 1n) / peak), GREATEST_BPS);
}
