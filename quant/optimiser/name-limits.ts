// Limits on which names are held, as the search over names takes them.

import type { Limit } from "./limits.ts";
import type { NameChoice } from "./name-states.ts";

/** null where there is none. */
export function nameChoice(limits: readonly Limit[]): NameChoice | null {
  let minimumPosition = 0;
  let maximumNames = Number.POSITIVE_INFINITY;
  for (const { measured, value } of limits) {
    if (measured.kind === "POSITION") minimumPosition = Math.max(minimumPosition, value);
    if (measured.kind === "NAMES") maximumNames = Math.min(maximumNames, value);
  }
  if (minimumPosition === 0 && maximumNames === Number.POSITIVE_INFINITY) return null;
  return { minimumPosition, maximumNames };
}
