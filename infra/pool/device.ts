// The port of whatever computes: a thread, a GPU, a fake in tests. The pool decides what it is given, for how
// long, and whether it is believed (admission.ts, audit.ts); a device only runs one piece of work at a time.
// testing/device-contract.ts holds each device to what is promised here.

import type { Result, Work, WorkKind } from "./work.ts";

export type DeviceKind = "cpu" | "webgpu" | "cuda" | "fake";

export interface Device {
  readonly name: string;
  readonly kind: DeviceKind;
  /** Name and version of what runs its models; left out: the pool's own (carry-out.ts). */
  readonly inference?: string | undefined;
  /** What it can do and is good at; the pool offers it nothing else. */
  accepts(work: Work): boolean;
  /**
   * How far its answers of a kind may be from the reference's, relative to the larger of the two and 1 where both
   * are smaller; 0: the same bits.
   */
  tolerance(kind: WorkKind): number;
  /**
   * One at a time. Rejects with a DeviceFailure. Scenario sets of `work` lie in shared memory, are the same
   * object for the same content, and must not be written to.
   */
  run(work: Work, stop: StopFlag): Promise<Result>;
  /** Ends it, and what it runs, whatever it does; that run rejects. Resolves once memory is free. Never rejects. */
  close(): Promise<void>;
}

/** How a device comes to be: at the start, and again after one of its kind has failed. */
export interface DeviceDriver {
  /** Of the slot: it stays when the device is replaced. */
  readonly name: string;
  readonly kind: DeviceKind;
  /** Resolves when it is warm. Rejects with a DeviceFailure where there is no such device, saying what is missing. */
  open(): Promise<Device>;
}

/** Shared memory: 1 in its one place asks the work to end early with the best it has. */
export type StopFlag = Int32Array;

export const newStopFlag = (): StopFlag => new Int32Array(new SharedArrayBuffer(4));

export const stopRequested = (stop: StopFlag): boolean => Atomics.load(stop, 0) !== 0;

/**
 * Why a device gave no answer. INVALID: the work is to blame, the device goes on; with any other the device
 * has ended.
 */
export class DeviceFailure extends Error {
  override readonly name = "DeviceFailure";
  readonly reason: "INVALID" | "CRASHED" | "OUT_OF_MEMORY";

  constructor(reason: DeviceFailure["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}
