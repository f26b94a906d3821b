// The model that the pool itself knows, as a pure function: for the admission test, and for tests. Promises: its weights
// are so few bits wide that no sum of products is rounded in single precision as long as rows are multiples of
// 1/32 within ±2: whatever computes in float32 answers the same bits, in any order; what computes with less does
// not. Models in files are run by onnxruntime (onnx/onnx-device.ts), this one too where that is there.

import { Random } from "../../quant/random.ts";
import type { InferWork } from "./work.ts";

export interface ModelShape {
  /** Floats of a row. */
  readonly inputs: number;
  /** Floats that a row answers. */
  readonly outputs: number;
}

export interface Model extends ModelShape {
  /** Row by row: what a row answers does not depend on the rows beside it, to the bit. */
  run(rows: Float32Array, count: number): Float32Array;
}

/** One layer: outputs = inputs × weights, each input's weights together; negative ones become 0 where `clips`. */
export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly clips: boolean;
}

/** Of the model that is always there. */
export const REFERENCE_MODEL = "reference-8-16-2";

/** Eight inputs, sixteen in the middle, two outputs. Weights: multiples of 2^-9 and of 1/2 within ±1. */
export function referenceLayers(): readonly DenseLayer[] {
  const random = new Random(1);
  const draw = (size: number, steps: number): Float32Array =>
    Float32Array.from({ length: size }, () => (random.integer(2 * steps + 1) - steps) / steps);
  return [
    { inputs: 8, outputs: 16, weights: draw(8 * 16, 512), clips: true },
    { inputs: 16, outputs: 2, weights: draw(16 * 2, 2), clips: false },
  ];
}

/** A row's worth of what the reference model computes without rounding. */
export const referenceRows = (random: Random, count: number): Float32Array =>
  Float32Array.from({ length: 8 * count }, () => (random.integer(129) - 64) / 32);

/** null: not known here. */
export function openModel(digest: string): Model | null {
  if (digest !== REFERENCE_MODEL) return null;
  reference ??= dense(referenceLayers());
  return reference;
}

let reference: Model | undefined;

/** Throws RangeError where the rows are not as wide as the model. */
export function requireRows({ inputs }: ModelShape, { rows, count }: InferWork): void {
  if (rows.length === count * inputs) return;
  throw new RangeError(`${rows.length} inputs for ${count} rows of ${inputs}`);
}

function dense(layers: readonly DenseLayer[]): Model {
  const [first, last] = [layers[0] as DenseLayer, layers.at(-1) as DenseLayer];
  return {
    inputs: first.inputs,
    outputs: last.outputs,
    run(rows, count) {
      const answers = new Float32Array(count * last.outputs);
      for (let row = 0; row < count; row++) {
        let values = rows.subarray(row * first.inputs, (row + 1) * first.inputs);
        for (const layer of layers) values = through(values, layer);
        answers.set(values, row * last.outputs);
      }
      return answers;
    },
  };
}

/** Each sum in order of the inputs. */
function through(from: Float32Array, { outputs, weights, clips }: DenseLayer): Float32Array {
  const to = new Float32Array(outputs);
  for (let out = 0; out < outputs; out++) {
    let sum = 0;
    for (let i = 0; i < from.length; i++) {
      sum += (from[i] as number) * (weights[i * outputs + out] as number);
    }
    to[out] = clips ? Math.max(0, sum) : sum;
  }
  return to;
}
