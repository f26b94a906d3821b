// Plays event time against a clock. Promises: nothing is due before its time; who has fallen behind
// catches up, because a time's due moment never moves.

import { setTimeout as sleep } from "node:timers/promises";

/** A steady clock; any origin will do. */
export interface PaceClock {
  nowMs(): number;
  pause(ms: number): Promise<void>;
}

export const wallClock: PaceClock = {
  nowMs: () => performance.now(),
  pause: async (ms) => {
    await sleep(ms);
  },
};

/** Events of so long go together. */
const STEP_MS = 10;
/** Who waits for the next day's first event still hears a Ctrl-C. */
const LONGEST_PAUSE_MS = 100;

export class Pace {
  /** Seconds of event time in a second of the clock. */
  readonly speed: number;
  private readonly clock: PaceClock;
  private originUs: number | null = null;
  private startedMs = 0;

  constructor(speed: number, clock: PaceClock = wallClock) {
    this.speed = speed;
    this.clock = clock;
  }

  /** The time that `first` gives is due now. Called again it changes nothing. */
  begin(first: () => number): void {
    if (this.originUs !== null) return;
    this.originUs = first();
    this.startedMs = this.clock.nowMs();
  }

  /** The latest event time that is due. */
  dueUs(): number {
    const { originUs, startedMs, speed, clock } = this;
    return Math.floor((originUs ?? 0) + (clock.nowMs() - startedMs) * 1000 * speed);
  }

  /** For how long `timeUs` has been due; below 0 where it is not yet. What lies before the start counts as it. */
  lateMs(timeUs: number): number {
    const { startedMs, speed, clock } = this;
    const originUs = this.originUs ?? 0;
    return clock.nowMs() - startedMs - Math.max(0, timeUs - originUs) / (1000 * speed);
  }

  /** Waits for `timeUs`, a step at least and a moment at most: look again what is due. */
  async wait(timeUs: number): Promise<void> {
    const ms = Math.max(STEP_MS, -this.lateMs(timeUs));
    await this.clock.pause(Math.min(ms, LONGEST_PAUSE_MS));
  }
}
