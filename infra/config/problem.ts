// What is wrong with a configuration, one finding each, and how a list of them reads. Promises:
// findings come in the order of the file, and a long list is cut with its length said.

import { type ErrorCode, TapedeckError } from "../../schemas/errors.ts";

/** Most findings that a message lists. */
const SHOWN = 20;

export interface Problem {
  readonly code: ConfigCode;
  /** From 1; null for a finding about the file as a whole or a `--set`. */
  readonly line: number | null;
  readonly column: number | null;
  /** The `--set` it came from; null for the file. */
  readonly flag: string | null;
  /** Dotted path such as risk.maxDrawdown; empty for the file as a whole. */
  readonly key: string;
  /** The value found, and what is allowed. */
  readonly message: string;
}

export type ConfigCode = Extract<ErrorCode, `CONFIG_${string}`>;

/** Where something was written. */
export interface Origin {
  readonly line: number | null;
  readonly column: number | null;
  readonly flag: string | null;
}

export const nowhere: Origin = { line: null, column: null, flag: null };

export const problem = (
  code: ConfigCode,
  { line, column, flag }: Origin,
  key: string,
  message: string,
): Problem => ({ code, line, column, flag, key, message });

/** Findings of the file by line and column, then those of `--set` in their order. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const place = ({ flag, line }: Problem): number =>
    flag === null ? (line ?? 0) : Number.POSITIVE_INFINITY;
  return [...problems].sort((a, b) => {
    const [left, right] = [place(a), place(b)];
    return left === right ? (a.column ?? 0) - (b.column ?? 0) : left - right;
  });
}

/** "run.yaml:12:3: risk.maxDrawDown: unknown key; …" */
export function formatProblem(file: string, found: Problem): string {
  const place =
    found.flag !== null
      ? `--set ${found.flag}`
      : found.line === null
        ? file
        : `${file}:${found.line}:${found.column}`;
  return [place, found.key, found.message].filter((part) => part !== "").join(": ");
}

/** One error for all findings; its code is that of the first. There must be one. */
export function configError(file: string, problems: readonly Problem[]): TapedeckError {
  const sorted = sortProblems(problems);
  const lines = sorted.slice(0, SHOWN).map((found) => formatProblem(file, found));
  if (sorted.length > SHOWN) lines.push(`… and ${sorted.length - SHOWN} more`);
  const [first] = sorted as [Problem];
  const { line, column, key } = first;
  const facts = { file, problems: sorted.length, line, column, key };
  return new TapedeckError(first.code, lines.join("\n"), facts, sorted);
}

/** The findings that an error of `configError` is made of; none for another. */
export const problemsOf = (error: TapedeckError): readonly Problem[] =>
  error.code.startsWith("CONFIG_") && Array.isArray(error.cause) ? error.cause : [];

/** A value as a message shows it: as JSON, cut at 60 characters. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "a group of keys";
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "");
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
