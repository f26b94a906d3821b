// What went wrong in a user's file, told with the file, the line and the event. Promises: a line is
// named only where it is known; the error that caused it is kept as the cause.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type ErrorCode, TapedeckError } from "../../schemas/errors.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";

/** A place in a file, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** "/path/my-model.ts:14:3: what happened", with the place in the facts. */
export function modelError(
  code: Extract<ErrorCode, `MODEL_${string}`>,
  file: string,
  at: Place | null,
  message: string,
  cause?: unknown,
): TapedeckError {
  const place = at === null ? "" : `:${at.line}:${at.column}`;
  const facts = { file, line: at?.line ?? null, column: at?.column ?? null };
  return new TapedeckError(code, `${file}${place}: ${message}`, facts, cause);
}

/** What was thrown, which need not be an error, in one line. */
export const thrown = (cause: unknown): string =>
  cause instanceof Error ? `${cause.name}: ${cause.message}` : String(JSON.stringify(cause));

/** The innermost frame of an error's stack that lies in the file; null if none does. */
export function frameIn(error: unknown, source: string): (Place & { readonly in: string }) | null {
  if (!(error instanceof Error) || error.stack === undefined) return null;
  const url = pathToFileURL(source).href;
  for (const frame of error.stack.split("\n")) {
    const start = frame.indexOf(url);
    // A model's address ends with the digest that it was loaded under.
    const match =
      start < 0
        ? null
        : /^(?:\/[0-9a-f]{64}\.\w+)?:(\d+):(\d+)/.exec(frame.slice(start + url.length));
    if (match === null) continue;
    const name = /^\s*at (?:async )?(?:new )?(?:[\w$]+\.)*([\w$]+) /.exec(frame)?.[1] ?? "";
    return { line: Number(match[1]), column: Number(match[2]), in: name };
  }
  return null;
}

/** Where the file defines a model's field, or its default export; null if it is not to be seen. */
export function lineOf(field: string, source: string): Place | null {
  const pattern =
    field === "default"
      ? /^\s*export\s+default\b|\bas\s+default\b/
      : new RegExp(`^\\s*(?:async\\s+)?\\*?${field}\\s*(?:[(:=<]|,?$)`);
  const lines = readFileSync(source, "utf8").split("\n");
  const index = lines.findIndex((line) => pattern.test(line));
  const column = (lines[index] ?? "").search(/\S/) + 1;
  return index < 0 ? null : { line: index + 1, column };
}

/**
 * The failure of a run as the author of `source` needs it: MODEL_FAILED with the line of the file
 * and the event that it happened on. Any other error, and any where `source` is null, comes back as
 * it is.
 */
export function explainModelFailure(error: unknown, source: string | null): unknown {
  if (source === null || !(error instanceof TapedeckError)) return error;
  if (error.code === "STREAMS_STATE_UNSUPPORTED") {
    const message = `the model's state is not plain data: ${error.message}`;
    return modelError("MODEL_FAILED", source, lineOf("evolve", source), message, error);
  }
  if (error.code !== "PROCESSOR_FAILED" || error.facts.processor !== "signal-model") return error;
  const { cause, facts } = error;
  const frame = frameIn(cause, source);
  const isStrength = cause instanceof TapedeckError && cause.code === "MODEL_STRENGTH_INVALID";
  const at = frame ?? (isStrength ? lineOf("signal", source) : null);
  const event = eventText(facts);
  const what = isStrength
    ? `signal() must give a number from -1 to 1, or null: ${cause.message}`
    : `${frame === null || frame.in === "" ? "the model" : `${frame.in}()`} threw ${thrown(cause)}`;
  const failure = modelError("MODEL_FAILED", source, at, `${what}\n  on ${event}`, cause);
  return new TapedeckError("MODEL_FAILED", failure.message, { ...facts, ...failure.facts }, cause);
}

function eventText({ topic, partition, offset, timeUs, key }: TapedeckError["facts"]): string {
  const time = typeof timeUs === "number" ? formatIsoUs(timeUs) : "an unknown time";
  return `${topic}/${partition} offset ${offset}: ${key} at ${time}`;
}
