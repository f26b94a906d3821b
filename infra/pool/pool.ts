// The pool of devices that long work goes to. Promises: every request is answered exactly once, with its
// result or with a reason of a closed list; answers are numbered in the order in which they were given; a
// device that fails, hangs or answers wrongly leaves, and what it had is done again elsewhere.

import type { PoolGauges } from "../telemetry/pool-metrics.ts";
import type { Result, Work, WorkKind } from "./work.ts";

export interface Pool {
  /**
   * Never rejects. The queue is bounded: where it is full the answer is REFUSED at once; who would rather
   * wait has answers to wait for. What is given must not be changed until the answer is there; a scenario set never
   * again: it is known by its object.
   */
  submit<W extends Work>(work: W, terms?: Terms): Promise<Answer<W["kind"]>>;
  /** What waits or runs is answered CANCELLED; devices are closed. */
  close(): Promise<void>;
  /** Resolves when no second execution is under way or due. */
  checked(): Promise<void>;
  /** Plain numbers, read at any time. */
  metrics(): PoolGauges;
}

export interface Terms {
  /** Higher first; 0 if left out. Among equals, first come, first served. */
  readonly priority?: number;
  /** From now. Work that runs by then is asked to end; what it has is the answer, else DEADLINE. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export type Answer<Kind extends WorkKind = WorkKind> = Done<Kind> | Failed;

interface Given {
  /** Number of the request, from 1, in the order of submission. */
  readonly request: number;
  /** Number of the answer, from 1, in the order of answers. */
  readonly sequence: number;
  /** SHA-256 of the work, in hex (input-hash.ts). */
  readonly inputHash: string;
  /** Devices that were given the work, the last one's answer is this; none: it never left the queue. */
  readonly devices: readonly string[];
  readonly queuedMs: number;
  /** At the last device. */
  readonly ranMs: number;
}

export interface Done<Kind extends WorkKind = WorkKind> extends Given {
  readonly status: "DONE";
  readonly result: Result<Kind>;
  /** Name and version of what computed it. */
  readonly method: string;
  /** The deadline, or the longest run, ended the work: the result is the best until then, and another run may differ. */
  readonly early: boolean;
}

export interface Failed extends Given {
  readonly status: "FAILED";
  readonly reason: FailureReason;
  /** What happened, with the values. */
  readonly detail: string;
}

export type FailureReason =
  /** By the caller's signal, or because the pool was closed. */
  | "CANCELLED"
  | "DEADLINE"
  /** The queue is full, or the pool closed. */
  | "REFUSED"
  /** The work itself cannot be computed with; no other device would fare better. */
  | "INVALID"
  /** Two devices ended under it. */
  | "CRASHED"
  | "OUT_OF_MEMORY"
  | "HUNG"
  /** No device is left that could do it. */
  | "DEVICE_FAULT";
