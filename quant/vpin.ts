// Toxicity of the order flow: how much more is bought than sold, or sold than bought, per unit of volume.
// Promises: from 0 to 1; the same bits on every engine; state is plain numbers that can be stored.
//
// VPIN, the volume-synchronised probability of informed trading, of Easley, López de Prado and O'Hara, "Flow
// Toxicity and Liquidity in a High-frequency World", Review of Financial Studies 25(5), 2012, 1457–1493.
// Time is cut into buckets of equal volume V. Of a bar's volume the share Φ(Δ / σ) counts as bought (bulk
// volume classification), the rest as sold; VPIN = Σ |bought − sold| / (n V) over the last n buckets.
//
// Where this differs: Δ is the bar's simple return rather than its change of price, so that σ, its sample
// standard deviation over the last bars, stands whatever the level of prices; and V follows the instrument:
// it is set as a bucket opens, to so many times the mean volume of the bars so far. The n V of the formula is
// then the buckets' own sum.

import { pushDeviation, type RollingDeviation, rollingDeviation } from "./indicators.ts";
import { normalCdf } from "./normal.ts";

export interface FlowShape {
  /** Volume of a bucket, in mean volumes of a bar. */
  readonly bucketBars: number;
  /** How many buckets are looked at. */
  readonly buckets: number;
  /** Bars that the deviation of returns is measured over, at least 2. */
  readonly window: number;
}

export interface OrderFlow {
  /** Last close; 0 before the first bar. */
  price: number;
  readonly returns: RollingDeviation;
  bars: number;
  volume: number;
  /** The bucket that is being filled: what it holds, how much it has, and of that how much was bought. */
  size: number;
  filled: number;
  bought: number;
  /** Rings of the last buckets: their volume, and |bought − sold| of it. */
  readonly sizes: number[];
  readonly imbalances: number[];
  at: number;
  /** null until so many buckets have filled. */
  vpin: number | null;
}

export const orderFlow = ({ window }: FlowShape): OrderFlow => ({
  price: 0,
  returns: rollingDeviation(window),
  bars: 0,
  volume: 0,
  size: 0,
  filled: 0,
  bought: 0,
  sizes: [],
  imbalances: [],
  at: 0,
  vpin: null,
});

/**
 * Folds a bar in. Until `window` returns are known its volume counts towards the mean only. Returns that do
 * not differ at all are half bought, half sold. Cost: constant, and linear in `buckets` where one fills.
 */
export function pushFlow(flow: OrderFlow, close: number, volume: number, shape: FlowShape): void {
  const before = flow.price;
  flow.price = close;
  flow.bars++;
  flow.volume += volume;
  if (before <= 0) return;
  const made = close / before - 1;
  pushDeviation(flow.returns, made);
  if (flow.returns.count < shape.window || volume <= 0) return;
  const deviation = flow.returns.value;
  const share = deviation > 0 ? normalCdf(made / deviation) : 0.5;
  let left = volume;
  while (left > 0) {
    if (flow.filled === 0) flow.size = (flow.volume / flow.bars) * shape.bucketBars;
    const room = flow.size - flow.filled;
    const part = left < room ? left : room;
    flow.filled += part;
    flow.bought += part * share;
    left -= part;
    if (part === room) closeBucket(flow, shape.buckets);
  }
}

function closeBucket(flow: OrderFlow, buckets: number): void {
  flow.sizes[flow.at] = flow.size;
  flow.imbalances[flow.at] = Math.abs(2 * flow.bought - flow.size);
  flow.at = (flow.at + 1) % buckets;
  flow.filled = 0;
  flow.bought = 0;
  if (flow.sizes.length < buckets) return;
  let volume = 0;
  let imbalance = 0;
  for (let i = 0; i < buckets; i++) {
    volume += flow.sizes[i] as number;
    imbalance += flow.imbalances[i] as number;
  }
  // Sums of parts may pass their whole by a rounding.
  flow.vpin = Math.min(1, imbalance / volume);
}

/** After a split of `newShares` for `oldShares`: prices fall and volumes grow by it. */
export function splitFlow(flow: OrderFlow, newShares: number, oldShares: number): void {
  const ratio = newShares / oldShares;
  flow.price /= ratio;
  flow.volume *= ratio;
  flow.size *= ratio;
  flow.filled *= ratio;
  flow.bought *= ratio;
  for (let i = 0; i < flow.sizes.length; i++) {
    flow.sizes[i] = (flow.sizes[i] as number) * ratio;
    flow.imbalances[i] = (flow.imbalances[i] as number) * ratio;
  }
}
