// Why an import, or one row of it, is refused.

import { type ErrorCode, type ErrorFacts, TapedeckError } from "../../schemas/errors.ts";

export type ImportCode = Extract<ErrorCode, `IMPORT_${string}`>;

/** A whole file that cannot be used: nothing of the import is written. */
export const fileError = (
  code: ImportCode,
  file: string,
  what: string,
  facts: ErrorFacts = {},
  cause?: unknown,
): TapedeckError => new TapedeckError(code, `${file}: ${what}`, { file, ...facts }, cause);

/** Hostile text made safe to print: control characters shown, length bounded. */
export function shown(text: string, limit = 60): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return JSON.stringify(cut).replaceAll(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, "?");
}
