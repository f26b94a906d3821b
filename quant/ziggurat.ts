// Standard normals by the million. Promises: exactly normal up to the 2^-32 steps they are drawn on, the same
// bits on every engine, about three times as fast as Random.normal (and other numbers than it gives).

import { exponential } from "./exponential.ts";
import { naturalLog } from "./logarithm.ts";
import type { Random } from "./random.ts";

const LAYERS = 256;
/** Where the tail begins, for 256 layers of equal area, and that area. */
const TAIL = 3.6541528853610088;
const AREA = 0.00492867323399;

/** Right edge of each layer, the widest (with the tail) first; `heights`: the density at that edge. */
const edges = new Float64Array(LAYERS + 1);
const heights = new Float64Array(LAYERS + 1);
/** Edge in steps of 2^-31, and below which step a point is under the density whatever its height. */
const steps = new Float64Array(LAYERS);
const sure = new Float64Array(LAYERS);

const density = (x: number): number => exponential(-0.5 * x * x);

edges[1] = TAIL;
heights[1] = density(TAIL);
edges[0] = AREA / heights[1];
for (let i = 2; i < LAYERS; i++) {
  const height = (heights[i - 1] as number) + AREA / (edges[i - 1] as number);
  edges[i] = Math.sqrt(-2 * naturalLog(height));
  heights[i] = height;
}
heights[LAYERS] = 1;
for (let i = 0; i < LAYERS; i++) {
  steps[i] = (edges[i] as number) / 2 ** 31;
  sure[i] = Math.floor(((edges[i + 1] as number) / (edges[i] as number)) * 2 ** 31);
}

/**
 * Fills `out`. The ziggurat method (G. Marsaglia, W. W. Tsang, Journal of Statistical Software 5(8), 2000);
 * a number's layer and place are separate bits, which the original's were not. Cost: about 7 ns each.
 */
export function fillNormals(out: Float64Array, random: Random): void {
  let layers = 0;
  for (let i = 0; i < out.length; i++) {
    // One draw names the layers of four numbers.
    layers = (i & 3) === 0 ? random.nextUint32() | 0 : layers >>> 8;
    const layer = layers & (LAYERS - 1);
    const place = (random.nextUint32() | 0) + 0.5;
    const x = place * (steps[layer] as number);
    // 99 of 100 times this is all there is to it.
    out[i] = Math.abs(place) < (sure[layer] as number) ? x : edge(layer, x, random);
  }
}

/** A point that may lie above the density: kept if it lies below, else drawn anew. */
function edge(first: number, firstX: number, random: Random): number {
  let layer = first;
  let x = firstX;
  for (;;) {
    if (layer === 0) return tail(x < 0, random);
    const low = heights[layer] as number;
    const height = low + random.uniform() * ((heights[layer + 1] as number) - low);
    if (height < density(x)) return x;
    layer = random.nextUint32() & (LAYERS - 1);
    const place = (random.nextUint32() | 0) + 0.5;
    x = place * (steps[layer] as number);
    if (Math.abs(place) < (sure[layer] as number)) return x;
  }
}

/** Beyond TAIL: G. Marsaglia, Technometrics 6(1), 1964, 101–102. */
function tail(negative: boolean, random: Random): number {
  for (;;) {
    const x = random.exponential() / TAIL;
    if (2 * random.exponential() > x * x) return negative ? -TAIL - x : TAIL + x;
  }
}
