// The tail of a portfolio's losses, measured so that it can be computed from a part of them. Promises: every sum
// goes over the scenarios in their order, so that the bits do not depend on ties or on how the tail was found: the
// losses from the value at risk up, in their order, give the same bits as all of them.

export interface TailMeasure {
  /** The largest loss that, with all above it, has at least the tail's probability. */
  readonly valueAtRisk: number;
  /** Mean of the worst `mass` of losses, a scenario across its edge counted in part. */
  readonly conditionalValueAtRisk: number;
  readonly worstLoss: number;
}

/**
 * `mass` in (0, 1]. The formula of R. Rockafellar and S. Uryasev, Journal of Risk 2(3), 2000, at its
 * minimum. RangeError where a loss is not finite. Cost: a sort, and log2 of the count passes.
 */
export function measureTail(
  losses: Float64Array,
  probabilities: Float64Array,
  mass: number,
): TailMeasure {
  if (!(mass > 0 && mass <= 1)) throw new RangeError(`a tail mass of ${mass} is not in (0, 1]`);
  let possible = 0;
  for (let s = 0; s < losses.length; s++) {
    if (!Number.isFinite(losses[s])) throw new RangeError(`loss ${s} is ${losses[s]}`);
    if ((probabilities[s] as number) > 0) possible++;
  }
  if (possible === 0) throw new RangeError("no loss has a probability above 0");
  const ascending = new Float64Array(possible);
  let next = 0;
  for (let s = 0; s < losses.length; s++) {
    // A sort puts -0 before 0: a loss of nothing is 0 here, whichever part it is found in.
    if ((probabilities[s] as number) > 0) ascending[next++] = (losses[s] as number) + 0;
  }
  ascending.sort();
  // The sum only falls as the loss grows, rounding included: additions of what is not negative never cross.
  let low = 0;
  let high = possible - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (massFrom(losses, probabilities, ascending[middle] as number) >= mass) low = middle;
    else high = middle - 1;
  }
  const valueAtRisk = ascending[low] as number;
  let excess = 0;
  for (let s = 0; s < losses.length; s++) {
    const over = (losses[s] as number) - valueAtRisk;
    if (over > 0) excess += (probabilities[s] as number) * over;
  }
  return {
    valueAtRisk,
    conditionalValueAtRisk: valueAtRisk + excess / mass,
    worstLoss: ascending[possible - 1] as number,
  };
}

function massFrom(losses: Float64Array, probabilities: Float64Array, least: number): number {
  let sum = 0;
  for (let s = 0; s < losses.length; s++) {
    if ((losses[s] as number) >= least) sum += probabilities[s] as number;
  }
  return sum;
}
