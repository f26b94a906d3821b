// Charts over closed hours. Promises: where a market was closed a curve holds its last value until
// the next one is heard, and does not slope to it, as if it had been traded in between.

/** A gap is this many times as long as the usual step between points. */
const GAP_STEPS = 8;

export interface HeldCurve {
  readonly timeUs: readonly number[];
  /** For each of these times the index of the point whose value holds then. */
  readonly source: readonly number[];
}

/** `timeUs` ascends. The usual step is the median. */
export function holdOverGaps(timeUs: readonly number[]): HeldCurve {
  const steps = timeUs.slice(1).map((time, i) => time - (timeUs[i] as number));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const held: number[] = [];
  const source: number[] = [];
  for (const [i, time] of timeUs.entries()) {
    if (usual > 0 && (steps[i - 1] ?? 0) > GAP_STEPS * usual) {
      held.push(time - usual);
      source.push(i - 1);
    }
    held.push(time);
    source.push(i);
  }
  return { timeUs: held, source };
}
