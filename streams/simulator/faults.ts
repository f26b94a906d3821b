// How unkind a seed is. Promises: drawn from the seed alone; each kind of fault is absent from many
// seeds, so that none can hide behind another (swarm testing: A. Groce and others, ISSTA 2012).

import type { Random } from "../../quant/random.ts";

/** Rates are probabilities, times are microseconds of the virtual clock. */
export interface Faults {
  /** Of a task between any two of its steps. */
  readonly crash: number;
  /** Of a crash being none: the old instance goes on beside the new one. */
  readonly zombie: number;
  readonly restartUs: number;
  /** Of a step being followed by a long silence. */
  readonly stop: number;
  readonly stopUs: number;
  /** Of a task being slow, and by what factor. */
  readonly slow: number;
  readonly slowness: number;
  /** Of a delivery being followed by one that was made before. */
  readonly duplicate: number;
  /** Of a delivery that comes before the one it follows. */
  readonly reorder: number;
  /** Mean one-way delay from a partition to a task. */
  readonly delayUs: number;
  /** Of a partition becoming invisible to a task for a while. */
  readonly clog: number;
  readonly clogUs: number;
  /** Commit refused: not written, and the task is told. */
  readonly refuse: number;
  /** Told a time-out: not written. */
  readonly lose: number;
  /** Told a time-out: written. */
  readonly hide: number;
  /** Told a time-out: written later, if the log still takes it then. */
  readonly defer: number;
}

const SECOND_US = 1_000_000;

export const calm: Faults = {
  crash: 0,
  zombie: 0,
  restartUs: SECOND_US,
  stop: 0,
  stopUs: 0,
  slow: 0,
  slowness: 1,
  duplicate: 0,
  reorder: 0,
  delayUs: 30_000,
  clog: 0,
  clogUs: 0,
  refuse: 0,
  lose: 0,
  hide: 0,
  defer: 0,
};

/** One seed in eight has slow networks only. */
export function drawFaults(random: Random): Faults {
  const delayUs = 30_000 + random.integer(70_000);
  if (random.integer(8) === 0) return { ...calm, delayUs };
  const upTo = (most: number): number => (random.integer(2) === 0 ? 0 : random.uniform() * most);
  // From short beside the waits of tasks to far beyond them, each magnitude as likely.
  const span = (most: number): number =>
    1_000 + random.integer(Math.ceil(most / 2 ** random.integer(12)));
  return {
    crash: upTo(0.06),
    zombie: upTo(0.6),
    restartUs: span(60 * SECOND_US),
    stop: upTo(0.02),
    stopUs: span(300 * SECOND_US),
    slow: upTo(0.4),
    slowness: 1 + random.integer(400),
    duplicate: upTo(0.5),
    reorder: upTo(0.3),
    delayUs,
    clog: upTo(0.1),
    clogUs: span(600 * SECOND_US),
    refuse: upTo(0.1),
    lose: upTo(0.1),
    hide: upTo(0.1),
    defer: upTo(0.1),
  };
}
