// A clock that a test holds in its hand: time passes only when it says so, and everything that one moment
// brings about is done before the next.

import type { Clock } from "../clock.ts";

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

export class SimClock implements Clock {
  private time = 0;
  private orders = 0;
  private readonly alarms = new Set<Alarm>();

  now(): number {
    return this.time;
  }

  /** How many alarms are set. */
  get pending(): number {
    return this.alarms.size;
  }

  after(ms: number, action: () => void): () => void {
    const alarm = { at: this.time + ms, order: this.orders++, action };
    this.alarms.add(alarm);
    return () => void this.alarms.delete(alarm);
  }

  /** Until nothing is due within so many milliseconds. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settled();
      const next = this.next();
      if (next === undefined || next.at > end) break;
      this.alarms.delete(next);
      this.time = next.at;
      next.action();
    }
    this.time = end;
  }

  /** As long as it takes for the promise to be settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let open = true;
    const done = promise.finally(() => {
      open = false;
    });
    done.catch(() => {});
    await settled();
    while (open) {
      const next = this.next();
      if (next === undefined) throw new Error("nothing will ever happen again");
      this.alarms.delete(next);
      this.time = next.at;
      next.action();
      await settled();
    }
    return done;
  }

  private next(): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.alarms) {
      const earlier =
        first === undefined ||
        alarm.at < first.at ||
        (alarm.at === first.at && alarm.order < first.order);
      if (earlier) first = alarm;
    }
    return first;
  }
}

/** All promises that can go on have gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
