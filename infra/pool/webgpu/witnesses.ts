// What of a GPU's answer is computed again to see whether it can be believed.

/** So many of `count` places, from the first on at equal distances; all where there are no more. */
export function evenlySpread(count: number, most: number): Int32Array {
  const taken = Math.min(count, most);
  return Int32Array.from({ length: taken }, (_, k) => Math.floor((k * count) / taken));
}
