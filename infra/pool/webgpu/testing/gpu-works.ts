// Work for tests of a GPU, and GPUs that fail at it.

import { Random } from "../../../../quant/random.ts";
import type { MeasureWork } from "../../work.ts";
import type { WebGpuSettings } from "../webgpu-device.ts";

/** How many assets a set has at which a faulty GPU fails: no admission work has as many. */
export const UNLUCKY = 13;

export function workOf(
  assets: number,
  count: number,
  { scale = 0.01, seed = 1 }: { readonly scale?: number; readonly seed?: number } = {},
): MeasureWork {
  const random = new Random(seed);
  return {
    kind: "measure",
    scenarios: {
      assets: Array.from({ length: assets }, (_, a) => `A${a}`),
      count,
      returns: Float64Array.from({ length: assets * count }, () => random.normal() * scale),
      probabilities: new Float64Array(count).fill(1 / count),
    },
    weights: Float64Array.from({ length: assets }, () => (2 * random.uniform()) / assets),
    tailMass: 0.05,
  };
}

/** A GPU with a fault of `faulty-gpu.ts`. */
export const faultySettings = (
  environment: Readonly<Record<string, string>>,
  fault: string,
): WebGpuSettings => ({
  name: "gpu",
  software: true,
  module: new URL("./faulty-gpu.ts", import.meta.url),
  environment: { ...environment, GPU_FAULT: fault, GPU_UNLUCKY: String(UNLUCKY) },
});
