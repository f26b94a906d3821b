// Makes a pool of devices: what pool.ts promises, from a dispatcher, slots and audits.

import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { histogramOf, newPoolGauges, type PoolGauges } from "../telemetry/pool-metrics.ts";
import { type Audit, Auditor } from "./audit.ts";
import { methods } from "./carry-out.ts";
import { type Clock, realClock } from "./clock.ts";
import type { DeviceDriver } from "./device.ts";
import { Dispatcher } from "./dispatcher.ts";
import { inputHash } from "./input-hash.ts";
import { type Ending, Job } from "./job.ts";
import type { Answer, FailureReason, Pool, Terms } from "./pool.ts";
import {
  type Lease,
  NO_LEASE,
  NO_SCENARIOS,
  SharedScenarios,
  withScenarios,
} from "./shared-scenarios.ts";
import { Slot, type SlotWatch } from "./slot.ts";
import type { Result, Work } from "./work.ts";

export interface PoolSettings {
  readonly drivers: readonly DeviceDriver[];
  /** Requests that may wait; 4,096 if left out. */
  readonly queueLimit?: number;
  /** Longest run of a device; 120,000 if left out. */
  readonly hangMs?: number;
  /** From being asked to end to being ended; 250 if left out. */
  readonly graceMs?: number;
  /** Longest opening and admission of a device; 60,000 if left out. */
  readonly openMs?: number;
  /** Rows that one run of a model takes at most; 1,024 if left out. */
  readonly batchRows?: number;
  /** Scenario sets kept in shared memory; 512 MiB if left out. */
  readonly sharedBytes?: number;
  /** No second executions if left out: then only devices that promise the same bits are let in. */
  readonly audit?: Audit;
  readonly clock?: Clock;
  /** A device was replaced or put out: one line for the log. */
  readonly onIncident?: (text: string) => void;
}

/**
 * Resolves when each driver's device is admitted or out. POOL_DEVICE_NONE where none was admitted, with the
 * reason of each.
 */
export async function openPool(settings: PoolSettings): Promise<Pool> {
  const pool = new DevicePool(settings);
  await pool.opened;
  return pool;
}

class DevicePool implements Pool {
  readonly opened: Promise<void>;
  private readonly gauges: PoolGauges;
  private readonly clock: Clock;
  private readonly shared: SharedScenarios;
  private readonly dispatcher: Dispatcher;
  private readonly auditor: Auditor | null;
  private requests = 0;
  private answers = 0;
  private closed = false;

  constructor(settings: PoolSettings) {
    const { clock = realClock, audit, queueLimit = 4096, onIncident = () => {} } = settings;
    this.clock = clock;
    this.gauges = newPoolGauges(queueLimit);
    this.shared = new SharedScenarios(settings.sharedBytes ?? 2 ** 29);
    this.dispatcher = new Dispatcher({
      clock,
      gauges: this.gauges,
      hangMs: settings.hangMs ?? 120_000,
      graceMs: settings.graceMs ?? 250,
      batchRows: settings.batchRows ?? 1024,
      completed: (slot, job, result, early) => {
        if (this.auditor === null) job.settle({ status: "DONE", result, early });
        else this.auditor.completed(slot, job, result, early);
      },
      idle: (slot) => this.auditor?.idle(slot),
    });
    const opening = new Set<Slot>();
    let report = (): void => {};
    const watch: SlotWatch = {
      clock,
      openMs: settings.openMs ?? 60_000,
      incident: onIncident,
      changed: (slot) => {
        if (slot.state === "OUT") this.auditor?.out(slot);
        this.dispatcher.changed(slot);
        if (opening.delete(slot) && opening.size === 0) report();
      },
    };
    const addSlot = (driver: DeviceDriver): Slot => {
      const slot = new Slot(driver, watch);
      this.gauges.slots.set(slot.name, slot.gauges);
      this.dispatcher.slots.push(slot);
      return slot;
    };
    this.auditor =
      audit === undefined
        ? null
        : new Auditor({
            audit,
            gauges: this.gauges,
            dispatcher: this.dispatcher,
            now: () => clock.now(),
            addSlot,
          });
    const slots = settings.drivers.map(addSlot);
    for (const slot of slots) opening.add(slot);
    this.opened = new Promise<void>((resolve, reject) => {
      report = () => {
        if (slots.some(({ state }) => state !== "OUT")) resolve();
        else reject(noDevice(slots));
      };
      if (slots.length === 0) report();
    });
  }

  submit<W extends Work>(work: W, terms: Terms = {}): Promise<Answer<W["kind"]>> {
    return new Promise((resolve) => {
      const number = ++this.requests;
      const now = this.clock.now();
      const answered = (job: Job, ending: Ending): void =>
        resolve(this.answer(job, ending) as Answer<W["kind"]>);
      const make = (prepared: Work, lease: Lease, hash: string): Job =>
        new Job({
          number,
          work: prepared,
          inputHash: hash,
          terms,
          now,
          allowed: (slot) => slot !== this.auditor?.arbiter,
          lease,
          ended: answered,
        });
      try {
        const { work: shared, lease } = this.shared.share<Work>(work);
        const prepared = this.auditor === null ? shared : ownCopy(shared);
        this.gauges.sharedBytes = this.shared.heldBytes;
        this.gauges.copies = this.shared.copies;
        this.take(make(prepared, lease, inputHash(prepared)), terms);
      } catch (error) {
        // Not plain data of a known kind.
        const detail = error instanceof Error ? error.message : String(error);
        make(work, NO_LEASE, "").fail("INVALID", detail);
      }
    });
  }

  checked(): Promise<void> {
    return this.auditor?.checked() ?? Promise.resolve();
  }

  metrics(): PoolGauges {
    return this.gauges;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.auditor?.close();
    await this.dispatcher.close();
  }

  private take(job: Job, { deadlineMs, signal }: Terms): void {
    const { dispatcher } = this;
    const refusal = this.refusal(job, signal);
    if (refusal !== null) {
      job.fail(...refusal);
      return;
    }
    if (deadlineMs !== undefined) {
      const late = `its ${deadlineMs} ms are over`;
      job.until(this.clock.after(deadlineMs, () => dispatcher.withdraw(job, "DEADLINE", late)));
    }
    if (signal !== undefined) {
      const abort = (): void => dispatcher.withdraw(job, "CANCELLED", "by the caller");
      signal.addEventListener("abort", abort, { once: true });
      job.until(() => signal.removeEventListener("abort", abort));
    }
    dispatcher.add(job);
  }

  private refusal(job: Job, signal?: AbortSignal): [FailureReason, string] | null {
    const { queueLimit } = this.gauges;
    if (this.closed) return ["REFUSED", "the pool is closed"];
    if (signal?.aborted === true) return ["CANCELLED", "before it was submitted"];
    if (this.dispatcher.waiting >= queueLimit) {
      return ["REFUSED", `${queueLimit} requests wait already`];
    }
    if (this.dispatcher.possible(job)) return null;
    return ["DEVICE_FAULT", `no device is left that does ${job.work.kind}`];
  }

  private answer(job: Job, ending: Ending): Answer {
    const { gauges } = this;
    const { kind } = job.work;
    // As of the answer before: this one's memory goes right after it.
    gauges.sharedBytes = this.shared.heldBytes;
    const outcomes = gauges.answers.get(kind) ?? new Map<string, number>();
    const outcome = ending.status === "DONE" ? "DONE" : ending.reason;
    gauges.answers.set(kind, outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1));
    const taken = Number.isNaN(job.taken) ? this.clock.now() : job.taken;
    const queuedMs = taken - job.submitted;
    histogramOf(gauges.queuedSeconds, kind).add(queuedMs / 1000);
    if (job.devices.length > 0) histogramOf(gauges.ranSeconds, kind).add(job.ranMs / 1000);
    const given = {
      request: job.number,
      sequence: ++this.answers,
      inputHash: job.inputHash,
      devices: job.devices,
      queuedMs,
      ranMs: job.ranMs,
    };
    if (ending.status === "FAILED") return { ...given, ...ending };
    const early = ending.early && isUnfinished(ending.result);
    return { ...given, ...ending, early, method: this.methodOf(job) };
  }

  private methodOf({ work: { kind }, devices }: Job): string {
    const slot = this.dispatcher.slots.find(({ name }) => name === devices.at(-1));
    return (kind === "infer" ? slot?.inference : null) ?? methods[kind];
  }
}

/** A solver was stopped before its gap closed. */
function isUnfinished(result: Result): boolean {
  if ("solution" in result) return result.solution.status === "FEASIBLE";
  return "pivots" in result && result.status === "FEASIBLE";
}

/** All but the scenarios: a second execution comes after the answer, when the caller may change what it gave. */
function ownCopy(work: Work): Work {
  let set: ScenarioSet | undefined;
  const bare = withScenarios(work, (found) => {
    set = found;
    return NO_SCENARIOS;
  });
  return withScenarios(structuredClone(bare), (none) => set ?? none);
}

function noDevice(slots: readonly Slot[]): TapedeckError {
  const reasons = slots.map(({ name, gauges }) => `${name}: ${gauges.quarantined}`);
  const text = reasons.length === 0 ? "no driver was given" : reasons.join("; ");
  return new TapedeckError("POOL_DEVICE_NONE", `no device was admitted to the pool: ${text}`, {
    devices: slots.length,
  });
}
