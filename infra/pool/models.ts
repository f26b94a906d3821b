// Models that the CPU can run, by digest. So far there is one, a pure function for tests of the pool; a
// runtime for ONNX files goes behind the same port.

import { Random } from "../../quant/random.ts";

export interface Model {
  readonly inputs: number;
  readonly outputs: number;
  /** Row by row: what a row answers does not depend on the rows beside it, to the bit. */
  run(rows: Float32Array, count: number): Float32Array;
}

/** Of the model that tests of the pool use: two layers with weights from a seed. */
export const REFERENCE_MODEL = "reference-8-16-2";

/** null: not known here. */
export function openModel(digest: string): Model | null {
  if (digest !== REFERENCE_MODEL) return null;
  reference ??= twoLayers(8, 16, 2);
  return reference;
}

let reference: Model | undefined;

function twoLayers(inputs: number, hidden: number, outputs: number): Model {
  const random = new Random(1);
  const first = Float32Array.from({ length: inputs * hidden }, () => random.normal());
  const second = Float32Array.from({ length: hidden * outputs }, () => random.normal());
  const middle = new Float32Array(hidden);
  return {
    inputs,
    outputs,
    run(rows, count) {
      const answers = new Float32Array(count * outputs);
      for (let row = 0; row < count; row++) {
        layer(rows.subarray(row * inputs, (row + 1) * inputs), first, middle);
        for (let i = 0; i < hidden; i++) middle[i] = Math.max(0, middle[i] as number);
        layer(middle, second, answers.subarray(row * outputs, (row + 1) * outputs));
      }
      return answers;
    },
  };
}

/** to = from × weights, each sum in order of the inputs. */
function layer(from: Float32Array, weights: Float32Array, to: Float32Array): void {
  for (let out = 0; out < to.length; out++) {
    let sum = 0;
    for (let i = 0; i < from.length; i++) {
      sum += (from[i] as number) * (weights[i * to.length + out] as number);
    }
    to[out] = sum;
  }
}
