// What a process writes down while it uses a log under faults, one operation a line. Promises: what
// was asked for is on the line before the request leaves, so that a process may be killed at any
// byte: an outcome that is missing is unknown, a request that is missing was never made.

import { TapedeckError } from "../../../schemas/errors.ts";

/**
 * `process` is one client that does one thing after another (an incarnation of a task, not an
 * operating system's process). Transactions and values are named by the test: a transaction's
 * name is unique in the history; a value is unique in its topic, but may be attempted again after
 * an outcome that was not known. Offsets may be the log's own or Kafka's (the same in all of a
 * history): only their order counts.
 */
export type Operation =
  /** `group`: what the transaction polls counts as consumed by that group, from the first record on. */
  | { op: "begin"; process: string; transaction: string; group?: string; atUs?: number }
  /** About to be sent. `id` is unique in the process; no transaction: acknowledged one by one. */
  | {
      op: "send";
      process: string;
      id: number;
      transaction: string | null;
      topic: string;
      partition: number;
      values: readonly string[];
      atUs?: number;
    }
  /** "failed" is certain: nothing was written, or it was taken back. */
  | {
      op: "sent";
      process: string;
      id: number;
      outcome: "ok" | "failed" | "unknown";
      /** One of each value, where the log told them. */
      offsets?: readonly number[];
      atUs?: number;
    }
  /** About to ask for the end. A transaction without this line was never asked to commit. */
  | { op: "ending"; process: string; transaction: string; commit: boolean; atUs?: number }
  | {
      op: "ended";
      process: string;
      transaction: string;
      outcome: "committed" | "aborted" | "unknown";
      atUs?: number;
    }
  /** Read, as offset and value, in the order in which they came. */
  | {
      op: "poll";
      process: string;
      transaction: string | null;
      topic: string;
      partition: number;
      records: readonly (readonly [offset: number, value: string])[];
      atUs?: number;
    }
  /** The process was told anew where to read: a rebalance, or offsets read back after a fault. */
  | { op: "assign"; process: string; atUs?: number }
  /** All that this process polled of the partition is the whole of it, when nothing was open any more. */
  | { op: "caught-up"; process: string; topic: string; partition: number; atUs?: number };

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const whole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const flag: Check = (value) => typeof value === "boolean";
const textOrNull: Check = (value) => value === null || text(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const oneOf =
  (...allowed: readonly string[]): Check =>
  (value) =>
    allowed.includes(value as string);
const record: Check = (value) =>
  Array.isArray(value) && value.length === 2 && whole(value[0]) && text(value[1]);

const place = { topic: text, partition: whole };

const fields: Readonly<Record<Operation["op"], Readonly<Record<string, Check>>>> = {
  begin: { transaction: text, group: optional(text) },
  send: { id: whole, transaction: textOrNull, ...place, values: listOf(text) },
  sent: {
    id: whole,
    outcome: oneOf("ok", "failed", "unknown"),
    offsets: optional(listOf(whole)),
  },
  ending: { transaction: text, commit: flag },
  ended: { transaction: text, outcome: oneOf("committed", "aborted", "unknown") },
  poll: { transaction: textOrNull, ...place, records: listOf(record) },
  assign: {},
  "caught-up": place,
};

/** One whole line; FAULTS_HISTORY_INVALID names `where` if it is no operation. */
export function parseOperation(line: string, where: string): Operation {
  let value: Readonly<Record<string, unknown>> | null;
  try {
    value = JSON.parse(line);
  } catch {
    throw invalid(where, "is not JSON");
  }
  if (typeof value !== "object" || value === null) throw invalid(where, "is no object");
  const { op } = value;
  if (typeof op !== "string" || !Object.hasOwn(fields, op)) {
    throw invalid(where, `names no operation: ${String(op)}`);
  }
  if (!text(value.process)) throw invalid(where, "names no process");
  if (!optional(whole)(value.atUs)) throw invalid(where, "has a time that is no whole number");
  for (const [name, check] of Object.entries(fields[op as Operation["op"]])) {
    if (!check(value[name])) throw invalid(where, `has no valid ${name} in "${op}"`);
  }
  return value as unknown as Operation;
}

export const invalid = (where: string, what: string): TapedeckError =>
  new TapedeckError("FAULTS_HISTORY_INVALID", `history: ${where} ${what}`, { where });
