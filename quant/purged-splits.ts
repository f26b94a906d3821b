// Splits of a history into a part to choose by and a part to judge by. Promises: nothing that is judged has
// been looked at: what overlaps the judged part in time is purged from the rest, and what follows it is left
// out for a while (embargo); the same splits in the same order everywhere.
// M. López de Prado, "Advances in Financial Machine Learning", Wiley 2018: purging and embargo in chapter 7,
// combinatorial purged cross-validation in chapter 12.

/** When an observation's outcome is made: from `start` on, before `end`; any unit, both whole or not. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Observations from the first on, before the last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface PurgedSplit {
  /** Indexes of observations, ascending. */
  readonly train: readonly number[];
  readonly test: readonly number[];
}

export interface CombinatorialSplit extends PurgedSplit {
  /** Groups that are judged. */
  readonly groups: readonly number[];
}

/**
 * Rolling windows over `periods`: `train` periods to choose by, `purge` left out, `test` to judge by; then on
 * by `test`. `anchored`: each begins at the first period. The last test may be shorter; RangeError unless
 * the lengths are whole, train and test at least 1.
 */
export function walkWindows(
  periods: number,
  lengths: { readonly train: number; readonly test: number; readonly purge: number },
  anchored: boolean,
): readonly { readonly train: Range; readonly test: Range }[] {
  const { train, test, purge } = lengths;
  if (![periods, train, test, purge].every(Number.isSafeInteger) || train < 1 || test < 1) {
    throw new RangeError(`windows of ${train} and ${test} with ${purge} between`);
  }
  if (purge < 0) throw new RangeError(`${purge} periods cannot be left out`);
  const windows: { train: Range; test: Range }[] = [];
  for (let from = train + purge; from < periods; from += test) {
    const to = from - purge;
    windows.push({
      train: { from: anchored ? 0 : to - train, to },
      test: { from, to: Math.min(from + test, periods) },
    });
  }
  return windows;
}

/** `count` groups of neighbours whose sizes differ by at most one; the later ones are the larger. */
export const groupsOf = (observations: number, count: number): readonly Range[] =>
  Array.from({ length: count }, (_, i) => ({
    from: Math.floor((i * observations) / count),
    to: Math.floor(((i + 1) * observations) / count),
  }));

/** k-fold cross-validation, purged and embargoed: one group is judged at a time. See combinatorialSplits. */
export const purgedFolds = (
  spans: readonly Span[],
  folds: number,
  embargoShare: number,
): readonly CombinatorialSplit[] => combinatorialSplits(spans, folds, 1, embargoShare);

/**
 * Every choice of `judged` of `groups` groups, in lexicographic order: C(groups, judged) splits. `spans` are
 * in time order by their starts. Of what is not judged an observation is left out whose span overlaps that
 * of a judged group, or that is among the first `embargoShare` of all observations after it (rounded
 * down). RangeError for fewer observations than groups, or shares outside 0 to 1.
 */
export function combinatorialSplits(
  spans: readonly Span[],
  groups: number,
  judged: number,
  embargoShare: number,
): readonly CombinatorialSplit[] {
  if (!(groups >= 2 && judged >= 1 && judged < groups && spans.length >= groups)) {
    throw new RangeError(`${judged} of ${groups} groups of ${spans.length} observations`);
  }
  if (!(embargoShare >= 0 && embargoShare < 1))
    throw new RangeError(`an embargo of ${embargoShare}`);
  const ranges = groupsOf(spans.length, groups);
  const embargo = Math.floor(embargoShare * spans.length);
  return choices(groups, judged).map((chosen) => {
    const kept = new Array<boolean>(spans.length).fill(true);
    for (const group of chosen) leaveOut(kept, spans, ranges[group] as Range, embargo);
    const test = chosen.flatMap((group) => indexes(ranges[group] as Range));
    return { groups: chosen, train: kept.flatMap((is, i) => (is ? [i] : [])), test };
  });
}

/** Marks a judged group, what overlaps it, and the embargo after it. */
function leaveOut(kept: boolean[], spans: readonly Span[], { from, to }: Range, embargo: number) {
  const start = (spans[from] as Span).start;
  let end = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) {
    kept[i] = false;
    end = Math.max(end, (spans[i] as Span).end);
  }
  let after = embargo;
  for (const [i, span] of spans.entries()) {
    if (span.start < end && span.end > start) kept[i] = false;
    else if (i >= to && after > 0) {
      kept[i] = false;
      after--;
    }
  }
}

const indexes = ({ from, to }: Range): readonly number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

/** Every choice of `size` of 0 … count - 1, lexicographic. */
function choices(count: number, size: number): readonly (readonly number[])[] {
  if (size === 0) return [[]];
  const found: number[][] = [];
  const choose = (chosen: number[], from: number): void => {
    if (chosen.length === size) {
      found.push(chosen);
      return;
    }
    for (let next = from; next < count; next++) choose([...chosen, next], next + 1);
  };
  choose([], 0);
  return found;
}

/**
 * The paths through all groups that the splits give: φ = C(N, k) k / N of them. Path p takes group g from the
 * p-th split that judges g. One entry a path: the split for each group.
 */
export function combinatorialPaths(
  groups: number,
  splits: readonly CombinatorialSplit[],
): readonly (readonly number[])[] {
  const judging = Array.from({ length: groups }, (_, group) =>
    splits.flatMap((split, i) => (split.groups.includes(group) ? [i] : [])),
  );
  const paths = judging[0]?.length ?? 0;
  return Array.from({ length: paths }, (_, path) => judging.map((list) => list[path] as number));
}
