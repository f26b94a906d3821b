// Random numbers by place instead of by order: any of them is computed from the seed and its own number,
// so that any number of workers, batches or devices draw the same ones. Promises: integer arithmetic only,
// bit for bit the same on every engine, and on a GPU.
//
// Philox4x32-10 of J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
// SC '11 (2011).

/** The round's multipliers and the steps of its keys; a device's program is written with the same ones. */
export const PHILOX = {
  multipliers: [0xd2511f53, 0xcd9e8d57],
  steps: [0x9e3779b9, 0xbb67ae85],
  rounds: 10,
} as const;

const [M0, M1] = PHILOX.multipliers;
const [STEP0, STEP1] = PHILOX.steps;

/** High half of the 64-bit product of two unsigned 32-bit integers. */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) >>> 0;
}

/**
 * The four 32-bit words at a 128-bit counter under a 64-bit key, both given lowest word first. Cost: about
 * 0.1 µs.
 */
export function philox(
  words: Uint32Array,
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): void {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < PHILOX.rounds; round++) {
    const high0 = multiplyHigh(M0, c0);
    const high1 = multiplyHigh(M1, c2);
    const low0 = Math.imul(M0, c0);
    const low1 = Math.imul(M1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + STEP0) >>> 0;
    k1 = (k1 + STEP1) >>> 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** A safe integer as a key; RangeError where it is none. Different ones have different keys. */
export function philoxKey(seed: number): readonly [number, number] {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed ${seed} is not a safe integer`);
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}
