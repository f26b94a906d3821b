// What was probably meant: the nearest of the words that are allowed.

/** Beyond this a word is not compared: no name of ours is longer. */
const LONGEST = 64;

/**
 * The allowed word within a third of its length of edits of `word`, nearest first; null if none is.
 * Case counts for nothing. Edits are letters added, left out, changed or swapped with their
 * neighbour (optimal string alignment, the restricted Damerau–Levenshtein distance). Cost: product
 * of lengths.
 */
export function nearest(word: string, allowed: readonly string[]): string | null {
  if (word.length === 0 || word.length > LONGEST) return null;
  let best: string | null = null;
  let bestEdits = Number.POSITIVE_INFINITY;
  for (const candidate of allowed) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    const limit = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (edits <= limit && edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (beforeLast[j - 2] as number) + 1);
      }
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}
