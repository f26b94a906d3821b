// Second executions. Promises: which answers are checked follows from the seed and the number of the request; a
// device whose answer differs from two others' is put out, with the place of the difference, and what it
// answered since its last check is done again. Answers of a device that does not promise the same bits are held
// back until such a check has passed; those of one that does (it runs the reference itself) are given at once, and
// one that a later check finds wrong is recalled.

import { splitMix64 } from "../../quant/random.ts";
import type { PoolGauges } from "../telemetry/pool-metrics.ts";
import type { DeviceDriver } from "./device.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { type Ending, Job } from "./job.ts";
import { answerDifference } from "./same-answer.ts";
import type { Slot } from "./slot.ts";
import type { Result } from "./work.ts";

export interface Audit {
  /** Of the answers, from 0 to 1. */
  readonly share: number;
  readonly seed: number;
  /** Decides where two devices differ, and checks where there is no second one. Opened when it is needed. */
  readonly reference: DeviceDriver;
  /** An answer that was given was wrong; `right` is what two others agree on. */
  readonly onRecall?: (request: number, wrong: Result, right: Result) => void;
}

export interface AuditorSettings {
  readonly audit: Audit;
  readonly gauges: PoolGauges;
  readonly dispatcher: Dispatcher;
  now(): number;
  addSlot(driver: DeviceDriver): Slot;
}

interface Entry {
  readonly job: Job;
  readonly result: Result;
  /** Not given to anybody yet. */
  readonly held: boolean;
}

interface Dispute {
  readonly slot: Slot;
  readonly by: Slot | null;
  readonly entry: Entry;
  readonly second: Result;
  readonly tolerance: number;
  readonly reason: string;
}

type Second = (result: Result | null, by: Slot | null) => void;

/** Answers that wait for one check, at most. */
const WINDOW = 16;

/** Given answers that a device's next check answers for: older ones nobody recalls. */
const REMEMBERED = 64;

/** Drawn and not checked yet; what is drawn beyond these is left out, and counted. */
const DUE = 64;

interface Ledger {
  readonly entries: Entry[];
  readonly due: Entry[];
  checking: Entry | null;
}

export class Auditor {
  private readonly settings: AuditorSettings;
  private readonly ledgers = new Map<Slot, Ledger>();
  /** Only decides and checks: it gets no requests. */
  arbiter: Slot | null = null;
  private closed = false;
  private readonly checks = new Set<Job>();
  private readonly waiters: (() => void)[] = [];

  constructor(settings: AuditorSettings) {
    this.settings = settings;
  }

  completed(slot: Slot, job: Job, result: Result, early: boolean): void {
    const done: Ending = { status: "DONE", result, early };
    // A check needs none; and what a deadline cut short nobody repeats, whose certificate is its check.
    if (early || this.closed || this.checks.has(job)) {
      job.settle(done);
      return;
    }
    const held = !slot.isExact(job.work.kind);
    const ledger = this.ledger(slot);
    // What was given may be changed by who has it.
    const entry: Entry = { job, result: held ? result : structuredClone(result), held };
    ledger.entries.push(entry);
    job.lease.retain();
    if (!held) {
      job.settle(done);
      this.forget(ledger);
    }
    if (this.sampled(job) || (held && ledger.entries.length >= WINDOW)) {
      if (ledger.due.length < DUE) this.draw(ledger, entry);
      else this.settings.gauges.auditsSkipped++;
    }
    this.next(slot);
  }

  /** Nothing more comes by itself: what is held is checked now. */
  idle(slot: Slot): void {
    const ledger = this.ledgers.get(slot);
    if (ledger === undefined || ledger.checking !== null || ledger.due.length > 0) return;
    const last = ledger.entries.findLast(({ held, job }) => held && !job.settled);
    if (last === undefined) return;
    this.draw(ledger, last);
    this.next(slot);
  }

  /** When nothing is being checked or done again, nor due to be. */
  checked(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve);
      this.tellWaiters();
    });
  }

  /** The slot is out: nothing that was not checked is believed. */
  out(slot: Slot): void {
    const ledger = this.ledgers.get(slot);
    this.ledgers.delete(slot);
    if (ledger === undefined || this.closed) return;
    for (const entry of ledger.entries) {
      this.redo(slot, entry);
      entry.job.lease.release();
    }
    for (const { job } of ledger.due) job.lease.release();
  }

  /** Answers that are held are never given. */
  close(): void {
    this.closed = true;
    for (const { entries } of this.ledgers.values()) {
      for (const { job } of entries) job.fail("CANCELLED", "the pool was closed");
    }
  }

  /** Held until its check is over: others may let go of it before. */
  private draw({ due }: Ledger, entry: Entry): void {
    due.push(entry);
    entry.job.lease.retain();
  }

  private ledger(slot: Slot): Ledger {
    const known = this.ledgers.get(slot);
    if (known !== undefined) return known;
    const made: Ledger = { entries: [], due: [], checking: null };
    this.ledgers.set(slot, made);
    return made;
  }

  private tellWaiters(): void {
    if (this.checks.size > 0) return;
    for (const resolve of this.waiters.splice(0)) resolve();
  }

  /** The next check of this slot, if one is due and none under way. */
  private next(slot: Slot): void {
    const ledger = this.ledgers.get(slot);
    if (ledger === undefined || ledger.checking !== null) return;
    const entry = ledger.due.shift();
    if (entry !== undefined) this.check(slot, entry);
  }

  private sampled({ number }: Job): boolean {
    const { share, seed } = this.settings.audit;
    const [word = 0n] = splitMix64((BigInt(seed) << 32n) ^ BigInt(number), 1);
    return Number(word) / 2 ** 64 < share;
  }

  /** The oldest that were given go, but for those that are or will be checked. */
  private forget(ledger: Ledger): void {
    const { entries, due, checking } = ledger;
    const place = entries.findIndex(
      (entry) => !entry.held && entry !== checking && !due.includes(entry),
    );
    if (entries.length <= REMEMBERED || place < 0) return;
    for (const { job } of entries.splice(place, 1)) job.lease.release();
  }

  private check(slot: Slot, entry: Entry): void {
    const ledger = this.ledger(slot);
    const tolerance = slot.device?.tolerance(entry.job.work.kind) ?? 0;
    ledger.checking = entry;
    this.elsewhere(entry.job, slot, (second, by) => {
      ledger.checking = null;
      if (second === null) this.unchecked(slot, entry);
      else this.compare({ slot, by, entry, second, tolerance, reason: "" });
      entry.job.lease.release();
    });
  }

  private compare(check: Dispute): void {
    const { slot, entry, second, tolerance } = check;
    const { gauges } = this.settings;
    gauges.audits++;
    slot.gauges.audited++;
    const found = answerDifference(entry.job.work.kind, entry.result, second, tolerance);
    if (found === null) {
      this.passed(slot, entry);
      return;
    }
    gauges.differences++;
    const reason = `audit of request ${entry.job.number}: ${found}`;
    this.decide({ ...check, reason });
  }

  /** Two devices differ: the reference says which is wrong. */
  private decide({ slot, by, entry, second, tolerance, reason }: Dispute): void {
    const { kind } = entry.job.work;
    this.ledger(slot).checking = entry;
    this.byArbiter(entry.job, (third) => {
      this.ledger(slot).checking = null;
      if (third === null) {
        for (const one of [slot, by]) one?.shut(`${reason}, and nobody could decide`);
        return;
      }
      const wrong = answerDifference(kind, entry.result, third, tolerance) !== null;
      if (answerDifference(kind, second, third, 0) !== null) by?.shut(reason);
      if (wrong) slot.shut(reason);
      else this.passed(slot, entry);
    });
  }

  private passed(slot: Slot, entry: Entry): void {
    const ledger = this.ledger(slot);
    const until = ledger.entries.indexOf(entry) + 1;
    const believed = ledger.entries.splice(0, until);
    for (const { job, result, held } of believed) {
      if (held) job.settle({ status: "DONE", result, early: false });
      job.lease.release();
    }
    this.next(slot);
  }

  /** Nobody could carry it out a second time: what is held cannot be believed. */
  private unchecked(slot: Slot, entry: Entry): void {
    const ledger = this.ledger(slot);
    const place = ledger.entries.indexOf(entry);
    if (place >= 0) {
      ledger.entries.splice(place, 1);
      entry.job.lease.release();
    }
    if (entry.held) entry.job.fail("DEVICE_FAULT", `nobody could check ${slot.name}'s answer`);
    this.next(slot);
    this.idle(slot);
  }

  private redo(slot: Slot, { job, result, held }: Entry): void {
    const { gauges, audit } = this.settings;
    this.elsewhere(job, slot, (right, by) => {
      if (by !== null) job.devices.push(by.name);
      if (held && right !== null) job.settle({ status: "DONE", result: right, early: false });
      else if (held) job.fail("DEVICE_FAULT", `${slot.name} is out, and nobody else could do it`);
      else if (right !== null && answerDifference(job.work.kind, result, right, 0) !== null) {
        gauges.recalled++;
        audit.onRecall?.(job.number, result, right);
      }
    });
  }

  /** On another device that promises the same bits; on the reference where there is none. */
  private elsewhere(job: Job, not: Slot, then: Second): void {
    const { kind } = job.work;
    const may = (slot: Slot): boolean =>
      slot !== not && slot !== this.arbiter && slot.isExact(kind) && slot.mayAccept(job.work);
    if (this.settings.dispatcher.slots.some(may)) this.again(job, may, then);
    else this.byArbiter(job, then);
  }

  private byArbiter(job: Job, then: Second): void {
    if (this.arbiter === null) {
      this.arbiter = this.settings.addSlot(this.settings.audit.reference);
    }
    const { arbiter } = this;
    this.again(job, (slot) => slot === arbiter, then);
  }

  private again(
    { number, work, inputHash, lease }: Job,
    allowed: (slot: Slot) => boolean,
    then: Second,
  ): void {
    const { dispatcher, now } = this.settings;
    lease.retain();
    const second = new Job({
      lease,
      number,
      work,
      inputHash,
      // Others wait for what it says.
      terms: { priority: Number.POSITIVE_INFINITY },
      now: now(),
      allowed,
      ended: (job, ending) => {
        this.checks.delete(job);
        const by = dispatcher.slots.find(({ name }) => name === job.devices.at(-1)) ?? null;
        if (!this.closed) then(ending.status === "DONE" ? ending.result : null, by);
        this.tellWaiters();
      },
    });
    this.checks.add(second);
    if (dispatcher.possible(second)) dispatcher.add(second);
    else second.fail("DEVICE_FAULT", "there is no other device");
  }
}
