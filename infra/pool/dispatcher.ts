// Brings waiting jobs to devices. Promises: a job is at one device at a time; a job whose device failed is tried
// once more, elsewhere where there is another; a device that does not end when asked is ended; rows of inference
// for one model go together, and none of them pays for what another did.

import type { PoolGauges } from "../telemetry/pool-metrics.ts";
import { joinRows, splitRows } from "./batch.ts";
import type { Clock } from "./clock.ts";
import { DeviceFailure, newStopFlag, type StopFlag } from "./device.ts";
import type { Job } from "./job.ts";
import type { FailureReason } from "./pool.ts";
import { RequestQueue } from "./request-queue.ts";
import type { Slot } from "./slot.ts";
import type { Inferred, InferWork, Result, Work } from "./work.ts";

export interface DispatchSettings {
  readonly clock: Clock;
  readonly gauges: PoolGauges;
  /** Longest that a device may take for one run. */
  readonly hangMs: number;
  /** From being asked to end to being ended. */
  readonly graceMs: number;
  /** Rows that one run of a model takes at most. */
  readonly batchRows: number;
  /** A device answered; whether the answer is believed is decided there. */
  completed(slot: Slot, job: Job, result: Result, early: boolean): void;
  /** Nothing waits that this slot could do. */
  idle(slot: Slot): void;
}

interface Run {
  readonly slot: Slot;
  readonly jobs: readonly Job[];
  readonly stop: StopFlag;
  readonly began: number;
  /** Why it was asked to end. */
  asked: "DEADLINE" | "CANCELLED" | "HUNG" | null;
  callOff: () => void;
}

export class Dispatcher {
  readonly slots: Slot[] = [];
  private readonly settings: DispatchSettings;
  private readonly queue = new RequestQueue<Job>();
  private readonly runs = new Map<Slot, Run>();

  constructor(settings: DispatchSettings) {
    this.settings = settings;
  }

  get waiting(): number {
    return this.queue.size;
  }

  add(job: Job): void {
    this.queue.push(job);
    this.dispatch();
  }

  /** Whether a slot that is not out may do it. */
  possible(job: Job): boolean {
    return this.slots.some((slot) => job.allowed(slot) && slot.mayAccept(job.work));
  }

  /** Gives every slot that waits what it may have. */
  dispatch(): void {
    for (const slot of this.slots) {
      if (slot.state !== "READY") continue;
      const job = this.queue.take((waiting) => this.fits(slot, waiting));
      if (job === null) this.settings.idle(slot);
      else this.start(slot, this.withOthers(slot, job));
    }
    this.count();
  }

  /** The job is nobody's any more: it was cancelled, or its deadline has come. */
  withdraw(job: Job, reason: "DEADLINE" | "CANCELLED", detail: string): void {
    if (this.queue.remove(job)) {
      job.fail(reason, detail);
      this.count();
      return;
    }
    const run = [...this.runs.values()].find(({ jobs }) => jobs.includes(job));
    const others = run?.jobs.some((other) => other !== job && !other.settled) ?? true;
    // At the deadline a run may still hand in what it has.
    const mayHandIn = run !== undefined && !others && run.asked === null;
    if (!mayHandIn || reason === "CANCELLED") job.fail(reason, detail);
    if (run !== undefined && !others) this.ask(run, reason);
  }

  /** The slot has another device, or none ever again. */
  changed(slot: Slot): void {
    if (slot.state === "OUT") {
      const run = this.runs.get(slot);
      if (run !== undefined) {
        this.leave(run);
        for (const job of run.jobs) this.again(run, job);
      }
      for (const job of [...this.queue]) {
        if (this.possible(job) || !this.queue.remove(job)) continue;
        job.fail("DEVICE_FAULT", "no device is left that does such work");
      }
    }
    this.dispatch();
  }

  /** Everything that waits or runs is cancelled. */
  async close(): Promise<void> {
    for (const job of [...this.queue]) {
      this.queue.remove(job);
      job.fail("CANCELLED", "the pool was closed");
    }
    for (const run of [...this.runs.values()]) {
      this.leave(run);
      for (const job of run.jobs) job.fail("CANCELLED", "the pool was closed");
    }
    await Promise.all(this.slots.map((slot) => slot.close()));
    this.count();
  }

  private fits(slot: Slot, job: Job): boolean {
    if (!job.allowed(slot) || slot.device?.accepts(job.work) !== true) return false;
    if (slot !== job.failedOn) return true;
    return !this.slots.some((other) => {
      return other !== slot && job.allowed(other) && other.mayAccept(job.work);
    });
  }

  /** Rows for the same model that wait, up to the bound. */
  private withOthers(slot: Slot, job: Job): readonly Job[] {
    if (job.work.kind !== "infer" || job.alone) return [job];
    const { model } = job.work;
    const jobs = [job];
    let rows = job.work.count;
    while (rows < this.settings.batchRows) {
      const next = this.queue.take((other) => {
        const { work } = other;
        return (
          work.kind === "infer" &&
          work.model === model &&
          !other.alone &&
          rows + work.count <= this.settings.batchRows &&
          this.fits(slot, other)
        );
      });
      if (next === null) break;
      rows += (next.work as InferWork).count;
      jobs.push(next);
    }
    return jobs;
  }

  private start(slot: Slot, jobs: readonly Job[]): void {
    const { clock, gauges, hangMs } = this.settings;
    const [first] = jobs;
    if (first === undefined || slot.device === null) return;
    const run: Run = {
      slot,
      jobs,
      stop: newStopFlag(),
      began: clock.now(),
      asked: null,
      callOff: () => {},
    };
    run.callOff = clock.after(hangMs, () => this.ask(run, "HUNG"));
    slot.state = "BUSY";
    slot.gauges.busy = 1;
    this.runs.set(slot, run);
    for (const job of jobs) {
      job.devices.push(slot.name);
      job.lease.retain();
      if (Number.isNaN(job.taken)) job.taken = run.began;
    }
    const work: Work =
      first.work.kind === "infer" ? joinRows(jobs.map((job) => job.work as InferWork)) : first.work;
    if (work.kind === "infer") {
      gauges.batches++;
      gauges.batchedRequests += jobs.length;
    }
    slot.device.run(work, run.stop).then(
      (result) => this.finish(run, result),
      (error) => this.failed(run, error),
    );
  }

  /** Ends the run softly, and after the grace the device with it. */
  private ask(run: Run, why: NonNullable<Run["asked"]>): void {
    if (this.runs.get(run.slot) !== run || run.asked !== null) return;
    const { clock, graceMs } = this.settings;
    run.asked = why;
    Atomics.store(run.stop, 0, 1);
    run.callOff();
    run.callOff = clock.after(graceMs, () => {
      this.leave(run);
      const ran = `after ${Math.round(clock.now() - run.began)} ms`;
      run.slot.replace("HUNG", `it did not end when asked to (${why}, ${ran})`);
      for (const job of run.jobs) this.retry(run, job, "HUNG", `no answer ${ran}`);
      this.dispatch();
    });
  }

  /** The run is over, or given up. False where it already was. */
  private leave(run: Run): boolean {
    const { slot, jobs, began, callOff } = run;
    if (this.runs.get(slot) !== run) return false;
    this.runs.delete(slot);
    callOff();
    slot.gauges.busy = 0;
    if (slot.state === "BUSY") slot.state = "READY";
    const ranMs = this.settings.clock.now() - began;
    for (const job of jobs) {
      job.ranMs = ranMs;
      job.lease.release();
    }
    return true;
  }

  private finish(run: Run, result: Result): void {
    if (!this.leave(run)) return;
    const { slot, jobs, asked } = run;
    slot.answered();
    const results =
      jobs.length > 1
        ? splitRows(
            jobs.map(({ work }) => work as InferWork),
            result as Inferred,
          )
        : [result];
    for (const [index, job] of jobs.entries()) {
      if (job.settled) continue;
      job.failedOn?.strike();
      // Whoever was asked to end hands in what it has: another run would have more.
      this.settings.completed(slot, job, results[index] as Result, asked !== null);
    }
    this.dispatch();
  }

  private failed(run: Run, error: unknown): void {
    if (!this.leave(run)) return;
    const { slot, jobs } = run;
    const reason = error instanceof DeviceFailure ? error.reason : "CRASHED";
    const detail = error instanceof Error ? error.message : String(error);
    if (reason === "INVALID") {
      for (const job of jobs) {
        if (jobs.length === 1) job.fail("INVALID", detail);
        else this.again(run, job);
      }
    } else {
      slot.replace(reason, detail);
      for (const job of jobs) this.retry(run, job, reason, detail);
    }
    this.dispatch();
  }

  private retry(run: Run, job: Job, reason: FailureReason, detail: string): void {
    if (job.settled) return;
    if (job.failedOn !== null) {
      job.fail(reason, `on ${job.devices.join(", then on ")}: ${detail}`);
      return;
    }
    job.failedOn = run.slot;
    if (!this.possible(job)) {
      job.fail("DEVICE_FAULT", `${run.slot.name} failed (${detail}), and no other device is left`);
      return;
    }
    this.settings.gauges.retried++;
    this.again(run, job);
  }

  /** Back to the front of the queue, unless its time is over. */
  private again({ asked }: Run, job: Job): void {
    if (job.settled) return;
    if (asked === "DEADLINE") {
      job.fail("DEADLINE", "its device ended without an answer");
      return;
    }
    job.alone = true;
    this.queue.pushFirst(job);
  }

  private count(): void {
    const { gauges } = this.settings;
    gauges.queued = this.queue.size;
    gauges.running = [...this.runs.values()].reduce((sum, { jobs }) => sum + jobs.length, 0);
  }
}
