// How orders are taken and rest at the venue, in machine units, and its one form. Promises: what interpret.ts promises; a venue
// without these keys comes out as it always did.

import type { VenueConfig } from "../../processors/venue-config.ts";
import type { HumanConfig } from "./human-config.ts";
import type { Plain } from "./read-yaml.ts";

/** What converts a value, or notes that it cannot be. */
export interface RestingReader {
  fraction(pointer: string, value: number, digits: number): number;
  fail(pointer: string, message: string): 0;
}

type HumanVenue = HumanConfig["venue"];

const BPS_DIGITS = 4;

export function restingOf(
  read: RestingReader,
  { fill, limitFill, queue = null, acknowledge }: HumanVenue,
): Pick<VenueConfig, "limitFill" | "queueBps" | "acknowledge"> {
  if (limitFill !== undefined && fill !== "quote") {
    read.fail("/venue/limitFill", `does nothing without venue.fill: quote (found ${fill})`);
  }
  const crosses = {
    ...(limitFill === "cross" ? { limitFill: "CROSS" as const } : {}),
    ...(acknowledge === true ? { acknowledge } : {}),
  };
  if (queue === null || queue === "off") return crosses;
  if (fill !== "quote" && fill !== "next-tick") {
    const rule = "needs trades: venue.fill must be next-tick or quote";
    read.fail("/venue/queue", `found ${queue}; ${rule} (found ${fill})`);
  }
  return { ...crosses, queueBps: read.fraction("/venue/queue", queue, BPS_DIGITS) };
}

/** What is not as it is by default. */
export function oneResting({ limitFill, queue = null, acknowledge }: HumanVenue): {
  readonly [key: string]: Plain;
} {
  return {
    ...(limitFill === "cross" ? { limitFill } : {}),
    ...(queue === null || queue === "off" ? {} : { queue }),
    ...(acknowledge === true ? { acknowledge } : {}),
  };
}
