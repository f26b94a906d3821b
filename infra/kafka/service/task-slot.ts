// A task that this instance should have. Promises: it runs until it is released; what can get better is
// tried again, with pauses that grow, once the group has said that the task is still this instance's
// (one that was given up would else take it from its next owner, and be fenced in turn, and again);
// what cannot (a processor that throws, state of another layout) is reported once and not tried again;
// one that fails again and again without a commit between is told as such, once each half minute.

import { errorKinds, TapedeckError } from "../../../schemas/errors.ts";
import type { Log } from "../../telemetry/logs.ts";
import { isUnreachable } from "../client/failures.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** One that ran so long, or that got on with its work, begins its pauses anew. */
const SOUND_MS = 30_000;
/** One that has failed for so long without a commit is circling. */
const CIRCLING_MS = 30_000;

export interface SlotRunner {
  run(): Promise<void>;
  stop(): void;
  /** Work of it is in the log: what failed then does not fail each time. */
  readonly hasCommitted: boolean;
}

export class TaskSlot<Runner extends SlotRunner> {
  private readonly make: () => Runner;
  private readonly confirm: () => Promise<void>;
  private readonly log: Log;
  private readonly failed: (error: unknown) => void;
  private readonly circling: () => void;
  /** Since when it has failed without a commit; when that was told last. */
  private failing: { readonly sinceMs: number; toldMs: number } | null = null;
  private runner: Runner | null = null;
  private released = false;
  private wake: (() => void) | null = null;
  private ended: Promise<void> = Promise.resolve();

  /**
   * `confirm` resolves when the group has said, after the call, what this instance has. `failed` is told
   * what running again does not mend; `circling` that it has not mended anything so far.
   */
  constructor(
    make: () => Runner,
    confirm: () => Promise<void>,
    log: Log,
    failed: (error: unknown) => void,
    circling: () => void,
  ) {
    this.make = make;
    this.confirm = confirm;
    this.log = log;
    this.failed = failed;
    this.circling = circling;
  }

  start(): void {
    this.ended = this.keepRunning();
  }

  /** The runner at work; null between two. */
  get running(): Runner | null {
    return this.runner;
  }

  /** Resolves when the task has committed what it had begun. */
  release(): Promise<void> {
    this.released = true;
    this.runner?.stop();
    this.wake?.();
    return this.ended;
  }

  private async keepRunning(): Promise<void> {
    for (let attempt = 0; !this.released; attempt++) {
      const begunMs = performance.now();
      const runner = this.make();
      this.runner = runner;
      try {
        await runner.run();
      } catch (error) {
        // What was not committed is the next owner's.
        if (this.released) this.log.write("info", "task released with work undone", { error });
        else if (mayRunAgain(error)) {
          const wasSound = runner.hasCommitted || performance.now() - begunMs > SOUND_MS;
          if (wasSound) attempt = 0;
          this.log.write(isFenced(error) ? "info" : "warn", "task opens again", { error });
          this.watch(error, wasSound);
          this.runner = null;
          await this.pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt));
          await this.unlessReleased(this.confirm());
        } else {
          this.failed(error);
          return;
        }
      } finally {
        this.runner = null;
      }
    }
  }

  /** A cluster that is away is no fault of the task's. */
  private watch(error: unknown, wasSound: boolean): void {
    if (wasSound || isUnreachable(error)) {
      this.failing = null;
      return;
    }
    const nowMs = performance.now();
    this.failing ??= { sinceMs: nowMs, toldMs: nowMs };
    if (nowMs - this.failing.toldMs < CIRCLING_MS) return;
    this.failing.toldMs = nowMs;
    const sinceMs = Math.round(nowMs - this.failing.sinceMs);
    this.log.write("error", "task fails again and again", { sinceMs, error });
    this.circling();
  }

  private async pause(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await this.unlessReleased(over);
    clearTimeout(timer);
  }

  private async unlessReleased(waited: Promise<void>): Promise<void> {
    if (this.released) return;
    const woken = new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    await Promise.race([waited, woken]);
    this.wake = null;
  }
}

const isFenced = (error: unknown): boolean =>
  error instanceof TapedeckError && error.code === "STREAMS_FENCED";

/** The store's errors pass; another owner or writer may be gone by the next time. */
function mayRunAgain(error: unknown): boolean {
  if (!(error instanceof TapedeckError)) return false;
  const { code } = error;
  if (code === "STREAMS_FENCED" || code === "STREAMS_OFFSET_CONFLICT") return true;
  return errorKinds[code].exit === 4 || errorKinds[code].retriable;
}
