// The pool's clock: a port, so that tests have time in hand.

export interface Clock {
  /** Milliseconds from a fixed moment. */
  now(): number;
  /** The answer calls it off. */
  after(ms: number, action: () => void): () => void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, action) {
    // Longer waits than a timer can hold are none.
    if (ms > 2 ** 31 - 1) return () => {};
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};
