// How many messages there were in the window that ends now. Promises: the window slides, so that no stretch
// of its length holds more than its limit; what is kept never outgrows the limit.

import { type HeardReports, hear } from "../../schemas/values/heard-reports.ts";
import type { RateLimit } from "../risk-config.ts";

/** Takes the times off that have left the window, and says how many are left. */
export function countWithin(times: number[], { windowUs }: RateLimit, nowUs: number): number {
  let left = 0;
  while (left < times.length && (times[left] as number) <= nowUs - windowUs) left++;
  if (left > 0) times.splice(0, left);
  return times.length;
}

/** Only the latest decide whether the limit is reached. */
export function note(times: number[], { most }: RateLimit, nowUs: number): void {
  times.push(nowUs);
  if (times.length > most) times.shift();
}

/** How often the like was asked for in the window, this time too; the answer stops at one beyond the limit. */
export function countLike(
  repeats: Map<string, number[]>,
  key: string,
  limit: RateLimit,
  nowUs: number,
): number {
  const times = repeats.get(key) ?? [];
  repeats.delete(key);
  repeats.set(key, times);
  forgetQuiet(repeats, limit, nowUs);
  const count = countWithin(times, limit, nowUs) + 1;
  times.push(nowUs);
  if (times.length > limit.most + 1) times.shift();
  return Math.min(count, limit.most + 1);
}

/** The quietest stand first. Cost: one look where none is to be forgotten. */
function forgetQuiet(repeats: Map<string, number[]>, { windowUs }: RateLimit, nowUs: number) {
  for (const [key, times] of repeats) {
    const last = times.at(-1);
    if (last === undefined || last > nowUs - windowUs) return;
    repeats.delete(key);
  }
}

const GAPS_MAX = 1_000;

/**
 * With that order id; null where it was there before. Ids come without gaps but for what is late: beyond so many
 * gaps the lowest are taken as seen, so that ids that make no sense cannot make the state grow.
 */
export function withId(ids: HeardReports, id: number): HeardReports | null {
  if (id <= 0) return null;
  const next = hear(ids, id);
  if (next === null || next.beyond.length <= GAPS_MAX) return next;
  return { through: next.beyond[0] as number, beyond: next.beyond.slice(1) };
}
