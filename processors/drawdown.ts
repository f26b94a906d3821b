// How far equity lies below its peak, in the unit of the limit that it is held against.

const GREATEST_BPS = 2 ** 31 - 1;

/** (peak - equity) / peak in basis points, rounded up; without a positive peak any loss is all. */
export function drawdownBps(equity: bigint, peak: bigint): number {
  if (equity >= peak) return 0;
  if (peak <= 0n) return 10_000;
  const divisor = Number(peak);
  const scaled = Number(peak - equity) * 10_000;
  // Exact where both are safe: % is, and what is left divides without remainder.
  if (Number.isSafeInteger(scaled) && Number.isSafeInteger(divisor)) {
    const remainder = scaled % divisor;
    const bps = (scaled - remainder) / divisor + (remainder === 0 ? 0 : 1);
    return Math.min(bps, GREATEST_BPS);
  }
  return Math.min(Number(((peak - equity) * 10_000n + peak - 1n) / peak), GREATEST_BPS);
}
