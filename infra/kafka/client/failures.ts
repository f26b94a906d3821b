// What goes wrong between us and a broker, and what it means to whoever asked. Promises: every
// error code that a broker gives falls into exactly one class; nothing is retried that cannot get
// better, and nothing that can is given up at once.
// Source of the classes: org.apache.kafka.common.protocol.Errors and KIP-98, KIP-360, KIP-588.

import { TapedeckError } from "../../../schemas/errors.ts";
import { errorCodes } from "./kafkajs.ts";
import type { Partitioned } from "./requests.ts";

/** The connection failed, so nobody knows whether the request was carried out. */
export class LinkFailure extends Error {
  override readonly name = "LinkFailure";
  readonly reason: "unreachable" | "closed" | "timeout";
  readonly address: string;

  constructor(reason: LinkFailure["reason"], address: string, message: string, cause?: unknown) {
    super(`${address}: ${message}`, { cause });
    this.reason = reason;
    this.address = address;
  }
}

/** A broker answered with an error code. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly type: string;
  readonly api: string;
  readonly place: Partitioned | null;

  constructor(code: number, apiName: string, place: Partitioned | null, detail?: string | null) {
    const type = errorName(code);
    const where = place === null ? "" : ` for ${place.topic}/${place.partition}`;
    super(`${apiName}${where}: ${type}${detail ? ` (${detail})` : ""}`);
    this.type = type;
    this.api = apiName;
    // What is asked for may be more than a place: none of it is to be told.
    this.place = place === null ? null : { topic: place.topic, partition: place.partition };
  }

  get failure(): FailureClass {
    return classes.get(this.type) ?? "final";
  }
}

export type FailureClass =
  /** Gets better by itself: ask again. */
  | "transient"
  /** Another broker leads the partition: look up which. */
  | "leader"
  /** Another broker coordinates: look up which. */
  | "coordinator"
  /** A later owner of the transactional id took over, or the coordinator gave us up. */
  | "fenced"
  /** The transaction cannot go on; another producer can do it again. */
  | "abortable"
  | "authorization"
  | "final";

const classes = new Map<string, FailureClass>([
  ["CONCURRENT_TRANSACTIONS", "transient"],
  ["COORDINATOR_LOAD_IN_PROGRESS", "transient"],
  ["REQUEST_TIMED_OUT", "transient"],
  ["NOT_ENOUGH_REPLICAS", "transient"],
  ["NOT_ENOUGH_REPLICAS_AFTER_APPEND", "transient"],
  ["CORRUPT_MESSAGE", "transient"],
  ["THROTTLING_QUOTA_EXCEEDED", "transient"],
  ["UNSTABLE_OFFSET_COMMIT", "transient"],
  ["OFFSET_NOT_AVAILABLE", "transient"],
  ["NOT_LEADER_OR_FOLLOWER", "leader"],
  ["LEADER_NOT_AVAILABLE", "leader"],
  ["REPLICA_NOT_AVAILABLE", "leader"],
  ["KAFKA_STORAGE_ERROR", "leader"],
  ["FENCED_LEADER_EPOCH", "leader"],
  ["UNKNOWN_LEADER_EPOCH", "leader"],
  ["NETWORK_EXCEPTION", "leader"],
  // A topic that was made a moment ago is not yet known everywhere.
  ["UNKNOWN_TOPIC_OR_PARTITION", "leader"],
  ["COORDINATOR_NOT_AVAILABLE", "coordinator"],
  ["NOT_COORDINATOR", "coordinator"],
  // The epoch was bumped: by a later InitProducerId, or by the coordinator when it ended a
  // transaction that had outlived its time-out. The two look alike to us (KIP-588).
  ["INVALID_PRODUCER_EPOCH", "fenced"],
  ["PRODUCER_FENCED", "fenced"],
  // An id that nobody used for a week is forgotten; a transaction that was ended under us is gone.
  ["INVALID_PRODUCER_ID_MAPPING", "abortable"],
  ["INVALID_TXN_STATE", "abortable"],
  ["UNKNOWN_PRODUCER_ID", "abortable"],
  ["OUT_OF_ORDER_SEQUENCE_NUMBER", "abortable"],
  ["TRANSACTION_ABORTABLE", "abortable"],
  ["UNKNOWN", "abortable"],
  ["TOPIC_AUTHORIZATION_FAILED", "authorization"],
  ["GROUP_AUTHORIZATION_FAILED", "authorization"],
  ["CLUSTER_AUTHORIZATION_FAILED", "authorization"],
  ["TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "authorization"],
]);

/** Names that kafkajs' table lacks or has under an older name. */
const names = new Map<number, string>([
  [6, "NOT_LEADER_OR_FOLLOWER"],
  [9, "REPLICA_NOT_AVAILABLE"],
  [14, "COORDINATOR_LOAD_IN_PROGRESS"],
  [15, "COORDINATOR_NOT_AVAILABLE"],
  [16, "NOT_COORDINATOR"],
  [47, "INVALID_PRODUCER_EPOCH"],
  [78, "OFFSET_NOT_AVAILABLE"],
  [89, "THROTTLING_QUOTA_EXCEEDED"],
  [90, "PRODUCER_FENCED"],
  [120, "TRANSACTION_ABORTABLE"],
]);

export function errorName(code: number): string {
  const known = names.get(code) ?? errorCodes.find((entry) => entry.code === code)?.type;
  return known ?? `error code ${code}`;
}

/** Throws where the code is an error. */
export function refuse(
  code: number,
  apiName: string,
  place: Partitioned | null = null,
  detail?: string | null,
): void {
  if (code !== 0) throw new Refused(code, apiName, place, detail);
}

/** What `kafkaError` made of a broker that is away: not the fault of who asked, and over by itself. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof TapedeckError && error.code === "KAFKA_UNREACHABLE";

/** Whether the same request may be sent again. */
export function mayRetry(failure: unknown): boolean {
  if (failure instanceof LinkFailure) return true;
  if (!(failure instanceof Refused)) return false;
  return ["transient", "leader", "coordinator"].includes(failure.failure);
}

/** One that no retry mends goes first; else the one that came first. */
export function throwWorst(failures: readonly unknown[]): void {
  if (failures.length === 0) return;
  throw failures.find((failure) => !mayRetry(failure)) ?? failures[0];
}

/** The error for whoever asked; `what` is what was tried, such as "read market.ticks/0". */
export function kafkaError(failure: unknown, what: string, afterMs?: number): TapedeckError {
  if (failure instanceof TapedeckError) return failure;
  const after = afterMs === undefined ? "" : ` after ${Math.round(afterMs)} ms`;
  if (failure instanceof LinkFailure) {
    const text = `could not ${what}${after}: ${failure.message}`;
    return new TapedeckError("KAFKA_UNREACHABLE", text, { broker: failure.address }, failure);
  }
  if (!(failure instanceof Refused)) throw failure;
  const { type, api, place } = failure;
  const facts = { error: type, request: api, ...place };
  const text = `could not ${what}${after}: ${failure.message}`;
  if (failure.failure === "authorization") {
    return new TapedeckError("KAFKA_AUTHORIZATION_FAILED", text, facts, failure);
  }
  if (failure.failure === "fenced")
    return new TapedeckError("STREAMS_FENCED", text, facts, failure);
  if (type === "UNKNOWN_TOPIC_OR_PARTITION") {
    return new TapedeckError("KAFKA_TOPIC_MISSING", text, facts, failure);
  }
  if (type === "MESSAGE_TOO_LARGE" || type === "RECORD_LIST_TOO_LARGE") {
    return new TapedeckError("KAFKA_RECORD_TOO_LARGE", text, facts, failure);
  }
  return new TapedeckError("KAFKA_REFUSED", text, facts, failure);
}
