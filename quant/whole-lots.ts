// Which of several lots to buy with what is left of a budget, so that the least of it stays unspent.
// Promises: never over the budget; the answer says whether it is proven best, and if not, how far from
// best it can be at most; the same input gives the same choice.

export interface LotChoice {
  /** Whether one more lot is bought, by the order of the costs. */
  readonly taken: readonly boolean[];
  /** Of the budget, unspent. */
  readonly residual: bigint;
  /** No choice leaves less than this: equal to `residual` where the choice is proven best. */
  readonly leastResidual: bigint;
}

/** Partial choices looked at before the best so far is given, about 30 ms. */
const MOST_STEPS = 200_000;

/**
 * The subset of `costs` (each above 0) with the greatest sum within `budget`: subset sum, NP-hard. Depth
 * first with bound (Martello and Toth, Knapsack Problems, 1990, chapter 4): dearest first, a branch is
 * left where all that remains could not beat the best. The first descent is the greedy choice: what fits
 * is taken, dearest first; so where MOST_STEPS end the search the answer is at least that, and
 * `leastResidual` tells how much better another could be. Books of up to 16 names always end before; with
 * more, nearly all do, since many sums hit the budget. Ties: the first found, dearer lots before cheaper,
 * those of one cost in the order given.
 */
export function spendOnLots(costs: readonly bigint[], budget: bigint): LotChoice {
  const order = costs.map((_, i) => i).sort((a, b) => compare(costs[b], costs[a]) || a - b);
  const sorted = order.map((i) => costs[i] as bigint);
  const rest = suffixSums(sorted);
  const best = search(sorted, rest, budget < 0n ? 0n : budget);
  const taken = new Array<boolean>(costs.length).fill(false);
  order.forEach((index, place) => {
    taken[index] = best.taken[place] === true;
  });
  const reachable = rest[0] as bigint;
  const most = reachable < budget ? reachable : budget;
  return {
    taken,
    residual: budget - best.spent,
    leastResidual: best.proven ? budget - best.spent : budget - most,
  };
}

const compare = (a = 0n, b = 0n): number => (a < b ? -1 : a > b ? 1 : 0);

/** Item i: the sum of all from i on; one more, of none. */
function suffixSums(costs: readonly bigint[]): readonly bigint[] {
  const sums = new Array<bigint>(costs.length + 1).fill(0n);
  for (let i = costs.length - 1; i >= 0; i--) {
    sums[i] = (sums[i + 1] as bigint) + (costs[i] as bigint);
  }
  return sums;
}

interface Found {
  readonly taken: readonly boolean[];
  readonly spent: bigint;
  readonly proven: boolean;
}

function search(costs: readonly bigint[], rest: readonly bigint[], budget: bigint): Found {
  const chosen = new Array<boolean>(costs.length).fill(false);
  let taken = [...chosen];
  let best = 0n;
  let spent = 0n;
  let at = 0;
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const hopeless = spent + (rest[at] as bigint) <= best;
    if (at < costs.length && !hopeless) {
      const cost = costs[at] as bigint;
      if (spent + cost <= budget) {
        chosen[at] = true;
        spent += cost;
      }
      at++;
      if (spent > best) {
        best = spent;
        taken = [...chosen];
        if (best === budget) return { taken, spent: best, proven: true };
      }
      continue;
    }
    // Back to the last lot that was taken, and on without it.
    let last = at - 1;
    while (last >= 0 && chosen[last] !== true) last--;
    if (last < 0) return { taken, spent: best, proven: true };
    chosen[last] = false;
    spent -= costs[last] as bigint;
    at = last + 1;
  }
  return { taken, spent: best, proven: false };
}
