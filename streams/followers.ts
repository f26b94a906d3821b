// Who waits for a partition to grow. Promises: each waiter is answered exactly once: true when the
// end passes its offset, false when it is told to stop or the log closes; an answered waiter leaves
// nothing behind, so that one signal may serve for ever.

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
      const stopped = stopsOf(stop);
      const answer = (grown: boolean): void => {
        this.waiters.delete(waiter);
        stopped.delete(onStop);
        resolve(grown);
      };
      const onStop = (): void => answer(false);
      const waiter: Waiter = { offset, answer };
      this.waiters.add(waiter);
      stopped.add(onStop);
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

/** Calls `onStop` when the signal says stop; the result takes that back. */
export function whenStopped(stop: StopSignal, onStop: () => void): () => void {
  const waiting = stopsOf(stop);
  waiting.add(onStop);
  return () => {
    waiting.delete(onStop);
  };
}

/** What each signal stops, and the one handler that does it. */
const stops = new WeakMap<StopSignal, { waiting: Set<() => void>; handler: () => void }>();

function stopsOf(stop: StopSignal): Set<() => void> {
  const known = stops.get(stop);
  if (known !== undefined && stop.onabort === known.handler) return known.waiting;
  const waiting = known?.waiting ?? new Set();
  // Whoever set a handler keeps it.
  const earlier = stop.onabort;
  const handler = (): void => {
    earlier?.call(stop);
    for (const onStop of [...waiting]) onStop();
  };
  stops.set(stop, { waiting, handler });
  stop.onabort = handler;
  return waiting;
}
