// Why a row of a file of notices says nothing, and what a time in one has to look like.

import { parseIsoUs } from "../../schemas/values/time.ts";
import type { Fault } from "./cells.ts";
import { type ImportCode, shown } from "./import-error.ts";

export const fault = (code: ImportCode, detail: string): Fault => ({ code, detail });

/** ISO 8601 with its zone, from 1970 on; null for anything else. */
export function momentOf(text: string): number | null {
  const timeUs = parseIsoUs(text);
  return timeUs === null || timeUs < 0 ? null : timeUs;
}

export const noMoment = (text: string): Fault =>
  fault(
    "IMPORT_TIME_INVALID",
    `${shown(text)} is no time with its zone, such as 2013-10-07T14:30:00Z`,
  );
