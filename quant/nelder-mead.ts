// The least of a function of a few parameters, from its values alone. Promises: the same steps on every
// engine; points where the function is Infinity are outside and never come back.

export interface SimplexSearch {
  /** The first corner; the function is finite there. */
  readonly start: readonly number[];
  /** How far the other corners lie from it, along each axis. */
  readonly steps: readonly number[];
  /** Ends when the corners' values differ by less than this share of the best. */
  readonly tolerance: number;
  readonly maxEvaluations: number;
}

interface Corner {
  readonly at: readonly number[];
  readonly value: number;
}

/** J. Nelder, R. Mead, The Computer Journal 7(4), 1965, 308–313. Cost: the evaluations. */
export function nelderMead(
  evaluate: (at: readonly number[]) => number,
  { start, steps, tolerance, maxEvaluations }: SimplexSearch,
): Corner {
  let evaluations = 0;
  const corner = (at: readonly number[]): Corner => {
    evaluations++;
    const value = evaluate(at);
    return { at, value: Number.isNaN(value) ? Number.POSITIVE_INFINITY : value };
  };
  const moved = (axis: number): readonly number[] =>
    start.map((x, i) => (i === axis ? x + (steps[i] ?? 0) : x));
  const corners = [corner(start), ...start.map((_, axis) => corner(moved(axis)))];
  for (;;) {
    corners.sort((a, b) => a.value - b.value || 0);
    const best = corners[0] as Corner;
    const worst = corners.at(-1) as Corner;
    const spread = worst.value - best.value;
    if (spread <= tolerance * Math.abs(best.value) || evaluations >= maxEvaluations) return best;
    const others = corners.slice(0, -1);
    const center = start.map(
      (_, i) => others.reduce((sum, { at }) => sum + (at[i] ?? 0), 0) / others.length,
    );
    const along = (share: number): Corner =>
      corner(center.map((c, i) => c + share * (c - (worst.at[i] ?? 0))));
    corners[corners.length - 1] = better(along, best, others.at(-1) as Corner, worst);
    if (corners.at(-1) !== worst) continue;
    for (let k = 1; k < corners.length; k++) {
      const { at } = corners[k] as Corner;
      corners[k] = corner(at.map((x, i) => ((best.at[i] ?? 0) + x) / 2));
    }
  }
}

/** The worst corner mirrored, stretched or drawn in; itself where nothing is better. */
function better(
  along: (share: number) => Corner,
  best: Corner,
  secondWorst: Corner,
  worst: Corner,
): Corner {
  const mirrored = along(1);
  if (mirrored.value < best.value) {
    const stretched = along(2);
    return stretched.value < mirrored.value ? stretched : mirrored;
  }
  if (mirrored.value < secondWorst.value) return mirrored;
  const drawn = mirrored.value < worst.value ? along(0.5) : along(-0.5);
  return drawn.value < Math.min(mirrored.value, worst.value) ? drawn : worst;
}
