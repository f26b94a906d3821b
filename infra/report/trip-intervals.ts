// How sure the measures of closed trades are: the stationary bootstrap of the trades in the order in which
// they closed, so that streaks stay together. Promises: the trades and the seed decide alone.

import {
  type BootstrapSettings,
  type ConfidenceInterval,
  jointIntervals,
} from "../../quant/stationary-bootstrap.ts";

/** Below this the trades are too few to be drawn from. */
const LEAST_TRIPS = 20;

/** Of the closed round trips, in the order in which they closed; the last ones of a very long run. */
export interface ClosedTrips {
  /** After fees, in units of the currency. */
  readonly profits: readonly number[];
  readonly holdingSeconds: readonly number[];
}

export type TripMeasure =
  | "winRate"
  | "profitFactor"
  | "payoffRatio"
  | "expectancy"
  | "systemQuality"
  | "averageHolding";

/** null below 20 trades. Cost: about 20 ns a trade and sample: 10,000 trades take 0.2 s. */
export function tripIntervals(
  { profits, holdingSeconds }: ClosedTrips,
  settings: Pick<BootstrapSettings, "level" | "samples" | "seed">,
): Readonly<Record<TripMeasure, ConfidenceInterval | null>> | null {
  if (profits.length < LEAST_TRIPS) return null;
  return jointIntervals(profits, tripMeasures, { ...settings, benchmark: holdingSeconds });
}

/** One pass; the deviation is summed about the first value, which keeps its digits. */
function tripMeasures(
  profits: readonly number[],
  holdings: readonly number[],
): Readonly<Record<TripMeasure, number | null>> {
  const first = profits[0] ?? 0;
  const n = profits.length;
  let [wins, losses, profit, loss, sum, squares, holding] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const value = profits[i] as number;
    if (value > 0) {
      wins++;
      profit += value;
    } else if (value < 0) {
      losses++;
      loss -= value;
    }
    const apart = value - first;
    sum += apart;
    squares += apart * apart;
    holding += holdings[i] as number;
  }
  const average = first + sum / n;
  const deviation = Math.sqrt(Math.max(0, squares - (sum * sum) / n) / (n - 1));
  return {
    winRate: wins / n,
    profitFactor: defined(profit / loss),
    payoffRatio: defined(profit / wins / (loss / losses)),
    expectancy: average,
    systemQuality: deviation > 0 ? defined((Math.sqrt(n) * average) / deviation) : null,
    averageHolding: holding / n,
  };
}

const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);
