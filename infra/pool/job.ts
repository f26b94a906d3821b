// One request on its way through the pool, or a second execution that the pool asks of itself. Promises: it is
// settled once, whoever comes first; what watches over it (deadline, signal) is called off then.

import type { FailureReason, Terms } from "./pool.ts";
import type { Lease } from "./shared-scenarios.ts";
import type { Slot } from "./slot.ts";
import type { Result, Work } from "./work.ts";

export type Ending =
  | { readonly status: "DONE"; readonly result: Result; readonly early: boolean }
  | { readonly status: "FAILED"; readonly reason: FailureReason; readonly detail: string };

export interface JobSettings {
  readonly number: number;
  readonly work: Work;
  readonly inputHash: string;
  readonly terms: Terms;
  readonly now: number;
  readonly allowed: (slot: Slot) => boolean;
  /** Of the work's memory: released when it is settled. */
  readonly lease: Lease;
  /** Called once. `job` has devices and times. */
  readonly ended: (job: Job, ending: Ending) => void;
}

export class Job {
  readonly number: number;
  readonly work: Work;
  readonly inputHash: string;
  readonly priority: number;
  readonly submitted: number;
  readonly devices: string[] = [];
  taken = Number.NaN;
  ranMs = 0;
  /** Where it failed: another slot is to try it, if there is one. */
  failedOn: Slot | null = null;
  /** Where it may be carried out, whatever devices accept. */
  readonly allowed: (slot: Slot) => boolean;
  /** Not in a batch with others: one of them ended a device or is invalid. */
  alone = false;
  settled = false;
  readonly lease: Lease;
  private readonly ended: JobSettings["ended"];
  private readonly callOffs: (() => void)[] = [];

  constructor(settings: JobSettings) {
    this.number = settings.number;
    this.work = settings.work;
    this.inputHash = settings.inputHash;
    this.priority = settings.terms.priority ?? 0;
    this.submitted = settings.now;
    this.lease = settings.lease;
    this.ended = settings.ended;
    this.allowed = settings.allowed;
  }

  /** To be called off when it is settled. */
  until(callOff: () => void): void {
    this.callOffs.push(callOff);
  }

  settle(ending: Ending): void {
    if (this.settled) return;
    this.settled = true;
    for (const callOff of this.callOffs.splice(0)) callOff();
    this.ended(this, ending);
    this.lease.release();
  }

  fail(reason: FailureReason, detail: string): void {
    this.settle({ status: "FAILED", reason, detail });
  }
}
