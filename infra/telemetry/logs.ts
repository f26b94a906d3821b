// The log of a service: one JSON object a line on stderr or in a file, text where a person looks on. Promises:
// every line says when, how bad, which app and instance; an error of ours brings its code, facts and
// advice; secrets are hidden; a line that repeats is counted; a log that cannot be written any more is
// counted too and never stops the service.

import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { pino } from "pino";
import { TapedeckError } from "../../schemas/errors.ts";
import { LogSink } from "./log-sink.ts";
import { logText } from "./log-text.ts";
import { redact, redactText } from "./redact.ts";
import { RepeatLimit } from "./repeat-limit.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal";

/** What a line is about. A trace is a W3C traceparent; the ids of it are written. */
export interface LogFields {
  readonly group?: string;
  readonly task?: string;
  readonly trace?: string | undefined;
  /** Id of the event (streams/identity.ts). */
  readonly event?: string;
  readonly error?: unknown;
  readonly [field: string]: unknown;
}

/** The message is constant; what varies are the fields: lines of one message count as repeats. */
export interface Log {
  write(level: LogLevel, message: string, fields?: LogFields): void;
  /** The same log with these fields on every line. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  readonly app: string;
  /** Which process: the run's id, or the host's name with the process's number. */
  readonly instance: string;
  readonly level: LogLevel | "silent";
  /** A file to append to; stderr where it is null. */
  readonly file: string | null;
  /** Text for people instead of JSON: give what stderr.isTTY says. */
  readonly text: boolean;
}

export interface ServiceLog extends Log {
  /** Lines that could not be written. */
  readonly lost: number;
  /** Tells what was left out, and writes all. */
  close(): Promise<void>;
}

const STDERR = 2;
const WINDOW_MS = 10_000;

/** Throws TELEMETRY_LOG_UNWRITABLE where the file cannot be opened. */
export function openLog(options: LogOptions): ServiceLog {
  const { file, text } = options;
  const sink = new LogSink(openTarget(file));
  const lines = pino(
    {
      level: options.level,
      base: { app: options.app, instance: options.instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => sink.write(text ? `${logText(line, file === null)}\n` : line) },
  );
  const limit = new RepeatLimit<Line>(5, WINDOW_MS);
  const put = ({ level, message, fields }: Line, suppressed: number): void => {
    const said = redact(shape(fields)) as Record<string, unknown>;
    lines[level](suppressed > 0 ? { ...said, suppressed } : said, redactText(message));
  };
  const tell = (nowMs: number): void => {
    for (const { line, suppressed } of limit.due(nowMs)) put(line, suppressed);
  };
  const take = (line: Line): void => {
    if (!lines.isLevelEnabled(line.level)) return;
    const told = limit.take(kindOf(line), line, performance.now());
    if (told !== null) put(told.line, told.suppressed);
  };
  const timer = setInterval(() => tell(performance.now()), WINDOW_MS).unref();
  return {
    ...logWith(take, {}),
    get lost() {
      return sink.lost;
    },
    close: () => {
      clearInterval(timer);
      tell(Number.POSITIVE_INFINITY);
      return sink.close();
    },
  };
}

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

const logWith = (take: (line: Line) => void, bound: LogFields): Log => ({
  write: (level, message, fields = {}) => take({ level, message, fields: { ...bound, ...fields } }),
  with: (fields) => logWith(take, { ...bound, ...fields }),
});

const kindOf = ({ level, message, fields: { task, error } }: Line): string =>
  `${level} ${task ?? ""} ${error instanceof TapedeckError ? error.code : ""} ${message}`;

const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-/;

/** The fields in the form that a line has them. */
function shape({ trace, event, error, ...fields }: LogFields): Record<string, unknown> {
  const ids = trace === undefined ? null : traceparent.exec(trace);
  return {
    ...fields,
    ...(ids === null ? {} : { trace_id: ids[1], span_id: ids[2] }),
    ...(event === undefined ? {} : { event_id: event }),
    ...(error === undefined ? {} : { error: errorFields(error) }),
  };
}

/** An error of ours says what to do; of another, the stack says where it came from. */
function errorFields(error: unknown): Record<string, unknown> {
  if (error instanceof TapedeckError) {
    const { code, message, facts, next, retriable, cause } = error;
    const because = cause === undefined ? {} : { cause: errorFields(cause) };
    return { code, message, facts, next, retriable, ...because };
  }
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  const code = "code" in error ? { code: error.code } : {};
  return { type: name, ...code, message, stack };
}

function openTarget(file: string | null): number {
  if (file === null) return STDERR;
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, "a", 0o600);
  } catch (error) {
    throw unwritable(file, error);
  }
}

const unwritable = (file: string, cause: unknown): TapedeckError =>
  new TapedeckError(
    "TELEMETRY_LOG_UNWRITABLE",
    `cannot write the log to ${file}: ${cause instanceof Error ? cause.message : cause}`,
    { file },
    cause,
  );
