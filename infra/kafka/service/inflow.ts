// What a fetcher brings a task, one piece at a time, and how the task waits for it. Promises: the
// fetcher is asked once at a time, and what it brings is kept until it is taken; whatever the
// fetcher says, a wait lets timers and sockets have their turn within a moment.

import { setTimeout as pause } from "node:timers/promises";
import type { Fetched, Fetcher } from "../client/connection.ts";
import { isUnreachable } from "../client/failures.ts";

/** The longest wait: lag is looked at as often. */
const IDLE_MS = 100;

export class Inflow {
  /** What ended the reading; null while it goes on. */
  failure: unknown = null;
  private readonly fetcher: Pick<Fetcher, "pull">;
  private piece: Fetched | null = null;
  private pulling: Promise<void> | null = null;
  private wakeUp: (() => void) | null = null;

  constructor(fetcher: Pick<Fetcher, "pull">) {
    this.fetcher = fetcher;
  }

  /** What came; it is the caller's then. */
  take(): Fetched | null {
    const { piece } = this;
    this.piece = null;
    return piece;
  }

  /** Ends the wait under way. */
  wake(): void {
    this.wakeUp?.();
  }

  /** Until a piece is there, `wake`, or `ms` are over; 0.1 s at most, or twice that without a broker. */
  async wait(ms: number): Promise<void> {
    if (this.piece !== null) return;
    this.pulling ??= this.pull();
    const waits: Promise<unknown>[] = [
      this.pulling,
      new Promise<void>((done) => (this.wakeUp = done)),
    ];
    if (ms <= 0) {
      // Work is ready: what came meanwhile gets its turn first.
      await Promise.race([...waits, new Promise((resolve) => setImmediate(resolve))]);
    } else if (ms < IDLE_MS) {
      const timer = new AbortController();
      const slept = pause(ms, undefined, { signal: timer.signal }).catch(() => undefined);
      await Promise.race([...waits, slept]);
      timer.abort();
    } else await Promise.race(waits);
    this.wakeUp = null;
  }

  private async pull(): Promise<void> {
    try {
      this.piece = await this.fetcher.pull(IDLE_MS);
    } catch (error) {
      // It goes on by itself. Asked at once again, the fetcher may say the same at once.
      if (isUnreachable(error)) await pause(IDLE_MS);
      else this.failure ??= error;
    }
    this.pulling = null;
  }
}
