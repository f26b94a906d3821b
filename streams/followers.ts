// Who waits for a partition to grow. Promises: each waiter is answered exactly once: true when the
// end passes its offset, false when it is told to stop or the log closes.

import type { EventLog } from "./log.ts";

export type StopSignal = Parameters<EventLog["follow"]>[3];

interface Waiter {
  readonly offset: number;
  readonly answer: (grown: boolean) => void;
}

export class Followers {
  private readonly waiters = new Set<Waiter>();

  /** The caller has seen that the end is not beyond `offset` yet. */
  wait(offset: number, stop: StopSignal): Promise<boolean> {
    if (stop.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      // One signal may stop many waiters: each keeps the handler that was there before it.
      const earlier = stop.onabort;
      const onabort = () => {
        earlier?.call(stop);
        if (this.waiters.delete(waiter)) resolve(false);
      };
      const waiter: Waiter = {
        offset,
        answer: (grown) => {
          this.waiters.delete(waiter);
          if (stop.onabort === onabort) stop.onabort = earlier;
          resolve(grown);
        },
      };
      this.waiters.add(waiter);
      stop.onabort = onabort;
    });
  }

  /** The partition's end is now `end`. */
  grown(end: number): void {
    for (const waiter of [...this.waiters]) if (end > waiter.offset) waiter.answer(true);
  }

  closed(): void {
    for (const waiter of [...this.waiters]) waiter.answer(false);
  }

  get idle(): boolean {
    return this.waiters.size === 0;
  }
}
