// What a sweep varies: `--set key=values` read into axes, and the axes into parameter sets. Promises: a
// range is counted in decimals, so 0.1..0.5:0.1 has five values and not four; the sets come in one order,
// the last axis fastest; a random draw is of distinct sets and follows from its seed.

import { Random } from "../../quant/random.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { nearest } from "../config/nearest.ts";
import { dottedKeys, schemaAt } from "../config/schema.ts";

/** A setting and the values that it takes, as they are written after `--set key=`. */
export interface Axis {
  readonly key: string;
  readonly values: readonly string[];
}

/** One value of each axis, in the axes' order. */
export type ParameterSet = readonly string[];

/** More sets than this are a mistake, or want `--random`. */
export const MOST_SETS = 100_000;
/** Greatest bound of one whole draw. */
const MOST_BOUND = 2 ** 32;
/** What the shared tape is read by: it is read once. */
const FIXED = new Set(["tape", "source", "range", "symbols", "partitions", "commands"]);

/** Reads `key=5..50:5`, `key=20,50,100` or both mixed. Throws SWEEP_AXIS_INVALID. */
export function parseAxis(text: string): Axis {
  const equals = text.indexOf("=");
  const key = text.slice(0, Math.max(equals, 0)).trim();
  const written = text.slice(equals + 1).trim();
  if (key === "" || written === "") throw invalid(text, "it is no key=values");
  checkKey(text, key);
  const values = apart(written).flatMap((item) => valuesOf(text, item));
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined) throw invalid(text, `${twice} is given twice`);
  return { key, values };
}

function checkKey(text: string, key: string): void {
  if (FIXED.has(key.split(".")[0] as string)) {
    throw invalid(text, `${key} cannot be varied: all sets share one tape, read once`);
  }
  const node = schemaAt(`/${key.replaceAll(".", "/")}`);
  if (node !== null && node.properties === undefined) return;
  if (node !== null) throw invalid(text, `${key} is a group of keys: name one in it`);
  const keys = dottedKeys();
  const leaf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
  const likely = nearest(key, keys) ?? keys.find((one) => leaf(one) === leaf(key)) ?? null;
  const near = likely ?? keys.find((one) => leaf(one) === nearest(leaf(key), keys.map(leaf)));
  throw invalid(text, `there is no setting ${key}${near ? `; did you mean ${near}?` : ""}`);
}

/** At commas that stand in no brackets and no quotes. */
function apart(text: string): readonly string[] {
  const items: string[] = [];
  let depth = 0;
  let quote = "";
  let item = "";
  for (const letter of text) {
    if (quote !== "") quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === "[" || letter === "{") depth++;
    else if (letter === "]" || letter === "}") depth--;
    if (letter === "," && depth === 0 && quote === "") {
      items.push(item.trim());
      item = "";
    } else item += letter;
  }
  return [...items, item.trim()];
}

const NUMBER = String.raw`[+-]?\d+(?:\.\d+)?`;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})(?::(${NUMBER}))?$`);

function valuesOf(text: string, item: string): readonly string[] {
  if (item === "") throw invalid(text, "a value between two commas is missing");
  const match = RANGE.exec(item);
  if (match === null) return [item];
  const [from, to, step] = [match[1], match[2], match[3] ?? "1"] as [string, string, string];
  const digits = Math.max(...[from, to, step].map(digitsOf));
  const unit = 10 ** digits;
  const [first, last, width] = [from, to, step].map((each) => Math.round(Number(each) * unit)) as [
    number,
    number,
    number,
  ];
  if (![first, last, width].every(Number.isSafeInteger))
    throw invalid(text, `${item} is too large`);
  if (width <= 0) throw invalid(text, `${item}: the step must be above 0`);
  if (last < first) throw invalid(text, `${item} is empty: ${from} is above ${to}`);
  const count = Math.floor((last - first) / width) + 1;
  if (count > MOST_SETS) throw tooMany(count);
  return Array.from({ length: count }, (_, i) => decimal(first + i * width, digits));
}

const digitsOf = (number: string): number => number.split(".")[1]?.length ?? 0;

/** Without zeros at its end: 0.50 is 0.5. */
const decimal = (scaled: number, digits: number): string =>
  String(Number((scaled / 10 ** digits).toFixed(digits)));

/** How many sets the whole grid has. */
export const sizeOf = (axes: readonly Axis[]): number =>
  axes.reduce((size, { values }) => size * values.length, 1);

/**
 * Every set of the grid, or `random.count` distinct ones of it drawn by the seed; in the grid's order.
 * Throws SWEEP_AXIS_INVALID for no axis or one twice, SWEEP_TOO_LARGE.
 */
export function parameterSets(
  axes: readonly Axis[],
  random: { readonly count: number; readonly seed: number } | null,
): readonly ParameterSet[] {
  if (axes.length === 0) throw invalid("", "nothing is varied: give --set key=values");
  const keys = axes.map(({ key }) => key);
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice !== undefined)
    throw invalid(twice, `${twice} is varied twice: list all its values once`);
  const size = sizeOf(axes);
  const count = random === null ? size : Math.min(random.count, size);
  if (count > MOST_SETS || !Number.isSafeInteger(size)) throw tooMany(count);
  const chosen =
    random === null || count === size
      ? Array.from({ length: count }, (_, i) => i)
      : drawn(size, count, random.seed);
  return chosen.map((place) => setAt(axes, place));
}

/** Distinct places below `size`, ascending (R. Floyd's sampling: no more draws than places). */
function drawn(size: number, count: number, seed: number): readonly number[] {
  const random = new Random(seed);
  const places = new Set<number>();
  for (let last = size - count; last < size; last++) {
    const place =
      last < MOST_BOUND ? random.integer(last + 1) : Math.floor(random.uniform() * (last + 1));
    places.add(places.has(place) ? last : place);
  }
  return [...places].sort((a, b) => a - b);
}

function setAt(axes: readonly Axis[], place: number): ParameterSet {
  const set: string[] = [];
  let rest = place;
  for (const { values } of axes.toReversed()) {
    set.push(values[rest % values.length] as string);
    rest = Math.floor(rest / values.length);
  }
  return set.reverse();
}

const invalid = (text: string, why: string): TapedeckError =>
  new TapedeckError("SWEEP_AXIS_INVALID", text === "" ? why : `--set ${text}: ${why}`, { text });

const tooMany = (count: number): TapedeckError =>
  new TapedeckError("SWEEP_TOO_LARGE", `${count} parameter sets: at most ${MOST_SETS} are tried`, {
    sets: count,
  });
