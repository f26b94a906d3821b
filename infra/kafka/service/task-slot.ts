// A task that this instance should have. Promises: it runs until it is released; what can get better is
// tried again, with pauses that grow; what cannot (a processor that throws, state of another layout)
// is reported once and not tried again.

import { errorKinds, TapedeckError } from "../../../schemas/errors.ts";
import type { Log } from "../../telemetry/logs.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** The group usually says within this time that the task is another's. */
const FENCED_PAUSE_MS = 500;
/** One that ran so long, or that got on with its work, begins its pauses anew. */
const SOUND_MS = 30_000;

export interface SlotRunner {
  run(): Promise<void>;
  stop(): void;
  /** Work of it is in the log: what failed then does not fail each time. */
  readonly hasCommitted: boolean;
}

export class TaskSlot<Runner extends SlotRunner> {
  private readonly make: () => Runner;
  private readonly log: Log;
  private readonly failed: (error: unknown) => void;
  private runner: Runner | null = null;
  private released = false;
  private wake: (() => void) | null = null;
  private ended: Promise<void> = Promise.resolve();

  constructor(make: () => Runner, log: Log, failed: (error: unknown) => void) {
    this.make = make;
    this.log = log;
    this.failed = failed;
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
          if (runner.hasCommitted || performance.now() - begunMs > SOUND_MS) attempt = 0;
          this.log.write(isFenced(error) ? "info" : "warn", "task opens again", { error });
          this.runner = null;
          await this.pause(pauseAfter(error, attempt));
        } else {
          this.failed(error);
          return;
        }
      } finally {
        this.runner = null;
      }
    }
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.wake = null;
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.wake = done;
    });
  }
}

const isFenced = (error: unknown): boolean =>
  error instanceof TapedeckError && error.code === "STREAMS_FENCED";

const pauseAfter = (error: unknown, attempt: number): number =>
  isFenced(error) ? FENCED_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);

/** The store's errors pass; another owner or writer may be gone by the next time. */
function mayRunAgain(error: unknown): boolean {
  if (!(error instanceof TapedeckError)) return false;
  const { code } = error;
  if (code === "STREAMS_FENCED" || code === "STREAMS_OFFSET_CONFLICT") return true;
  return errorKinds[code].exit === 4 || errorKinds[code].retriable;
}
