// What the choice of the best is worth, by combinatorial purged cross-validation (quant/purged-splits.ts):
// for each way to judge some groups of days, the trial that is best on the others is judged on them; the
// judged groups make paths through all days that were never looked at when they were chosen for.
// M. López de Prado, "Advances in Financial Machine Learning", Wiley 2018, chapter 12.

import { mean, standardDeviation } from "../../quant/moments.ts";
import { combinatorialPaths, combinatorialSplits } from "../../quant/purged-splits.ts";

export interface Validation {
  readonly groups: number;
  /** Groups that are judged at a time. */
  readonly judged: number;
  /** Days that an outcome takes: what overlaps the judged days by it is purged. */
  readonly horizon: number;
  /** Of all days, after each judged stretch. */
  readonly embargo: number;
  readonly splits: number;
  /** Sharpe ratio of one day, of each path: 0 where it does not move. */
  readonly paths: readonly number[];
  readonly mean: number;
  readonly deviation: number | null;
}

/** How the days are split, and how many of them are kept apart. */
export interface ValidationPlan {
  /** 2 or more groups of days, of which `judged` at a time, fewer than all. */
  readonly groups: number;
  readonly judged: number;
  /** Of all days, after each judged stretch: 0 to below 1. */
  readonly embargo: number;
  /** Days that an outcome takes; null: as long as the best set holds a position. */
  readonly purge: number | null;
}

export const plainValidation: ValidationPlan = {
  groups: 10,
  judged: 2,
  embargo: 0.01,
  purge: null,
};

/** Days of a group, at least. */
const LEAST_DAYS = 5;
/** Most steps that it may cost: some seconds. */
const MOST_STEPS = 1_000_000_000;

/**
 * `trials` are daily returns over the same days; `horizon` is in days, 1 or more. null for fewer than two
 * trials, five days a group, or where it would take too long. Cost: splits × trials × days, of which the
 * usual ten groups and two judged have 45.
 */
export function crossValidate(
  trials: readonly (readonly number[])[],
  horizon: number,
  { groups, judged, embargo }: ValidationPlan = plainValidation,
): Validation | null {
  const days = trials[0]?.length ?? 0;
  if (trials.length < 2 || days < groups * LEAST_DAYS) return null;
  if (splitsOf(groups, judged) * trials.length * days > MOST_STEPS) return null;
  const spans = Array.from({ length: days }, (_, i) => ({ start: i, end: i + horizon }));
  const splits = combinatorialSplits(spans, groups, judged, embargo);
  const chosen = splits.map(({ train }) => bestOn(trials, train));
  const ofGroup = splits.map(({ groups: tested, test }, split) => {
    const returns = trials[chosen[split] as number] as readonly number[];
    // The judged days are of the judged groups in their order.
    const size = (group: number): number =>
      Math.floor(((group + 1) * days) / groups) - Math.floor((group * days) / groups);
    let at = 0;
    return new Map(
      tested.map((group) => {
        const own = test.slice(at, at + size(group)).map((day) => returns[day] as number);
        at += size(group);
        return [group, own];
      }),
    );
  });
  const paths = combinatorialPaths(groups, splits).map((path) =>
    sharpeOf(path.flatMap((split, group) => ofGroup[split]?.get(group) ?? [])),
  );
  return {
    groups,
    judged,
    horizon,
    embargo,
    splits: splits.length,
    paths,
    mean: mean(paths) ?? 0,
    deviation: standardDeviation(paths),
  };
}

/** Ways to choose the judged groups. */
export function splitsOf(groups: number, judged: number): number {
  let ways = 1;
  for (let i = 1; i <= judged; i++) ways = (ways * (groups - judged + i)) / i;
  return Math.round(ways);
}

/** Place of the trial with the greatest Sharpe ratio over these days; the first of equals. */
function bestOn(trials: readonly (readonly number[])[], days: readonly number[]): number {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (const [place, returns] of trials.entries()) {
    const sharpe = sharpeOn(returns, days);
    if (sharpe > highest) {
      highest = sharpe;
      best = place;
    }
  }
  return best;
}

/** In two passes, without a list: it is what all the time goes into. */
function sharpeOn(returns: readonly number[], days: readonly number[]): number {
  if (days.length < 2) return 0;
  let sum = 0;
  for (let i = 0; i < days.length; i++) sum += returns[days[i] as number] as number;
  const center = sum / days.length;
  let squares = 0;
  for (let i = 0; i < days.length; i++) {
    squares += ((returns[days[i] as number] as number) - center) ** 2;
  }
  return squares > 0 ? center / Math.sqrt(squares / (days.length - 1)) : 0;
}

function sharpeOf(returns: readonly number[]): number {
  return sharpeOn(
    returns,
    returns.map((_, i) => i),
  );
}
