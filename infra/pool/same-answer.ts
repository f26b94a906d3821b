// Whether two devices gave the same answer. Promises: at tolerance 0 only the same bits are the same (-0 is not 0);
// the difference that is named is the first one, with its place.

import type { Result, WorkKind } from "./work.ts";

/**
 * null: the same. Where bits are not promised, a solver's answer is judged by what it is worth: its weights need
 * not be unique.
 */
export function answerDifference(
  kind: WorkKind,
  ours: Result,
  theirs: Result,
  tolerance: number,
): string | null {
  const solved = kind === "minimise" || kind === "solve";
  if (!solved || tolerance === 0) return difference(ours, theirs, tolerance);
  return difference(worth(ours), worth(theirs), tolerance);
}

function worth(result: Result): object {
  if ("solution" in result) {
    const { solution } = result;
    return { status: solution.status, upper: "upper" in solution ? solution.upper : 0 };
  }
  if (!("pivots" in result)) return { status: "none" };
  return { status: result.status, upper: "certificate" in result ? result.certificate.upper : 0 };
}

/** null: the same; else where and how they differ. Plain data and typed arrays. */
export function difference(
  ours: unknown,
  theirs: unknown,
  tolerance: number,
  place = "answer",
): string | null {
  if (typeof ours === "number" && typeof theirs === "number") {
    return near(ours, theirs, tolerance) ? null : `${place} is ${ours} and ${theirs}`;
  }
  if (!isObject(ours) || !isObject(theirs)) {
    return Object.is(ours, theirs) ? null : `${place} is ${String(ours)} and ${String(theirs)}`;
  }
  const left = entriesOf(ours);
  const right = entriesOf(theirs);
  if (left.length !== right.length || ours.constructor !== theirs.constructor) {
    return `${place} has ${left.length} and ${right.length} parts`;
  }
  for (const [index, [key, value]] of left.entries()) {
    const [name, other] = right[index] as readonly [string, unknown];
    if (key !== name) return `${place} has ${key} and ${name}`;
    const found = difference(value, other, tolerance, `${place}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const entriesOf = (value: object): readonly (readonly [string, unknown])[] =>
  Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

function near(a: number, b: number, tolerance: number): boolean {
  if (Object.is(a, b)) return true;
  if (tolerance === 0) return false;
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}
