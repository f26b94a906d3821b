// A device in the test's own thread, on the test's clock, that answers as the reference does unless a plan says
// otherwise.

import { carryOut } from "../carry-out.ts";
import type { Clock } from "../clock.ts";
import { type Device, type DeviceDriver, DeviceFailure, stopRequested } from "../device.ts";
import type { Result, Work, WorkKind } from "../work.ts";
import { FAULT_ANSWER, FaultPlan, isFaultWork, perturbed } from "./faults.ts";

export interface FakeSettings {
  readonly name: string;
  readonly clock: Clock;
  readonly plan?: FaultPlan;
  /** What a run takes. */
  readonly runMs?: number;
  readonly tolerance?: number;
  readonly accepts?: (kind: WorkKind) => boolean;
  /** Asked at each opening, from 1: what is missing, or null. */
  readonly absent?: (opening: number) => string | null;
  /** Told of each run that begins, admission included. */
  readonly onRun?: (work: Work) => void;
}

const POLL_MS = 1;

export function fakeDriver(settings: FakeSettings): DeviceDriver {
  let openings = 0;
  return {
    name: settings.name,
    kind: "fake",
    async open() {
      const absent = settings.absent?.(++openings) ?? null;
      if (absent !== null) throw new DeviceFailure("CRASHED", absent);
      return new FakeDevice(settings);
    },
  };
}

class FakeDevice implements Device {
  readonly name: string;
  readonly kind = "fake";
  private readonly settings: FakeSettings;
  private readonly plan: FaultPlan;
  private ended: DeviceFailure | null = null;
  private reject: (reason: DeviceFailure) => void = () => {};

  constructor(settings: FakeSettings) {
    this.name = settings.name;
    this.settings = settings;
    this.plan = settings.plan ?? new FaultPlan();
  }

  accepts({ kind }: Work): boolean {
    return this.settings.accepts?.(kind) ?? true;
  }

  tolerance(): number {
    return this.settings.tolerance ?? 0;
  }

  run(work: Work, stop: Int32Array): Promise<Result> {
    if (this.ended !== null) return Promise.reject(this.ended);
    const { clock, runMs = 1, onRun } = this.settings;
    onRun?.(work);
    const fault = this.plan.next(work);
    return new Promise((resolve, reject) => {
      this.reject = reject;
      const answer = (): void => {
        try {
          const result = isFaultWork(work)
            ? FAULT_ANSWER
            : carryOut(work, () => stopRequested(stop));
          resolve(fault === "WRONG" ? perturbed(result) : result);
        } catch (error) {
          reject(new DeviceFailure("INVALID", error instanceof Error ? error.message : ""));
        }
      };
      const poll = (): void => {
        if (stopRequested(stop)) answer();
        else if (this.ended === null) clock.after(POLL_MS, poll);
      };
      if (fault === "SLOW") poll();
      else if (fault === "DIE") clock.after(runMs, () => this.end("CRASHED"));
      else if (fault === "OUT_OF_MEMORY") clock.after(runMs, () => this.end("OUT_OF_MEMORY"));
      else if (fault !== "HANG") clock.after(runMs, answer);
    });
  }

  async close(): Promise<void> {
    this.end("CRASHED");
  }

  private end(reason: DeviceFailure["reason"]): void {
    this.ended ??= new DeviceFailure(reason, `${this.name} has ended: ${reason}`);
    this.reject(this.ended);
  }
}
