// A device that is a thread. Promises: close() ends it whatever it does; a thread that dies rejects the run that it
// had with what it died of; nothing of it is left behind.

import { Worker } from "node:worker_threads";
import { type Device, DeviceFailure, type DeviceKind, type StopFlag } from "./device.ts";
import { SetSender, type ThreadAnswer } from "./thread-protocol.ts";
import type { Result, Work, WorkKind } from "./work.ts";

export interface ThreadSettings {
  readonly name: string;
  readonly kind: DeviceKind;
  /** A module that calls `serveThread`. */
  readonly module: URL;
  /** Heap of the thread in MiB; typed arrays lie outside of it. */
  readonly heapMb: number;
  accepts(work: Work): boolean;
  tolerance(kind: WorkKind): number;
  /** What the module finds as `workerData`. */
  readonly data?: unknown;
}

/** How long a thread that was asked to end may take. */
const ENDING_MS = 2000;

interface Pending {
  resolve(result: Result): void;
  reject(failure: DeviceFailure): void;
}

/** Rejects with a DeviceFailure where the thread ends before it is ready. */
export async function openThread(settings: ThreadSettings): Promise<Device> {
  const device = new ThreadDevice(settings);
  await device.ready();
  return device;
}

class ThreadDevice implements Device {
  readonly name: string;
  readonly kind: DeviceKind;
  private readonly settings: ThreadSettings;
  private readonly worker: Worker;
  private readonly sets = new SetSender();
  private readonly exited: Promise<void>;
  private pending: Pending | null = null;
  private ended: DeviceFailure | null = null;
  private started: Pick<Pending, "reject"> & { resolve(): void } = {
    resolve() {},
    reject() {},
  };

  constructor(settings: ThreadSettings) {
    this.name = settings.name;
    this.kind = settings.kind;
    this.settings = settings;
    const { module, heapMb, data } = settings;
    this.worker = new Worker(module, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    this.worker.on("message", (message) => this.take(message));
    this.worker.on("messageerror", (error) => this.end("CRASHED", error.message));
    this.worker.on("error", (error) => this.end(reasonOf(error), messageOf(error)));
    this.exited = new Promise((resolve) => {
      this.worker.on("exit", (code) => {
        this.end("CRASHED", `the thread ended with code ${code}`);
        resolve();
      });
    });
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.started = { resolve, reject };
      if (this.ended !== null) reject(this.ended);
    });
  }

  accepts(work: Work): boolean {
    return this.settings.accepts(work);
  }

  tolerance(kind: WorkKind): number {
    return this.settings.tolerance(kind);
  }

  run(work: Work, stop: StopFlag): Promise<Result> {
    if (this.ended !== null) return Promise.reject(this.ended);
    if (this.pending !== null) return Promise.reject(new Error(`${this.name} has a run already`));
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject };
      try {
        const order = this.sets.order(work, stop);
        this.worker.postMessage(order);
        this.sets.reached(order);
      } catch (error) {
        // What cannot be sent is the caller's: a function in the work, say.
        this.pending = null;
        reject(new DeviceFailure("INVALID", messageOf(error)));
      }
    });
  }

  /** An idle thread is asked to end: stopping threads by force is what Node does least safely (nodejs/node#56312). */
  async close(): Promise<void> {
    const asked = this.ended === null && this.pending === null;
    if (asked) {
      this.ended = new DeviceFailure("CRASHED", `${this.name} was closed`);
      this.started.reject(this.ended);
      this.worker.postMessage("end");
    } else this.end("CRASHED", `${this.name} was closed`);
    const late = setTimeout(() => void this.worker.terminate(), ENDING_MS);
    await this.exited;
    clearTimeout(late);
  }

  private take(message: "ready" | ThreadAnswer): void {
    if (message === "ready") {
      this.started.resolve();
      return;
    }
    const { pending } = this;
    this.pending = null;
    if ("result" in message) pending?.resolve(message.result);
    else if (message.failure === "INVALID") {
      pending?.reject(new DeviceFailure("INVALID", message.message));
    } else {
      this.pending = pending;
      this.end(message.failure, message.message);
    }
  }

  private end(reason: DeviceFailure["reason"], message: string): void {
    if (this.ended !== null) return;
    this.ended = new DeviceFailure(reason, message);
    this.pending?.reject(this.ended);
    this.pending = null;
    this.started.reject(this.ended);
    // It may be alive still: of no use to anybody.
    void this.worker.terminate();
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const reasonOf = (error: unknown): DeviceFailure["reason"] =>
  error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"
    ? "OUT_OF_MEMORY"
    : "CRASHED";
