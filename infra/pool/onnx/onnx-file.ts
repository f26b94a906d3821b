// Writes small networks as ONNX files: protocol buffers by the fields of onnx.proto3 (https://github.com/onnx/onnx),
// opset 17. For the admission test and for tests; whoever trains brings a writer of its own.

import type { DenseLayer } from "../models.ts";

const OPSET = 17;
const IR_VERSION = 8;
const FLOAT = 1;

/** Rows of `x` through dense layers, without biases; the batch is free. */
export function denseNetwork(layers: readonly DenseLayer[]): Uint8Array {
  const nodes: number[][] = [];
  const tensors: number[][] = [];
  let from = "x";
  for (const [index, { inputs, outputs, weights, clips }] of layers.entries()) {
    const name = `weights-${index}`;
    tensors.push(tensor(name, [inputs, outputs], weights));
    nodes.push(node("MatMul", [from, name], `sums-${index}`));
    from = `sums-${index}`;
    if (!clips) continue;
    nodes.push(node("Relu", [from], `clipped-${index}`));
    from = `clipped-${index}`;
  }
  const width = (layer: DenseLayer | undefined, of: "inputs" | "outputs"): number =>
    layer?.[of] ?? 0;
  return network({
    nodes,
    tensors,
    input: ["x", ["rows", width(layers[0], "inputs")]],
    output: [from, ["rows", width(layers.at(-1), "outputs")]],
  });
}

/** A tensor's name and its dimensions; one by a name may be of any size. */
export type Port = readonly [name: string, dimensions: readonly (number | string)[]];

export interface Network {
  readonly nodes: readonly (readonly number[])[];
  readonly tensors: readonly (readonly number[])[];
  readonly input: Port;
  readonly output: Port;
}

export function network({ nodes, tensors, input, output }: Network): Uint8Array {
  const graph = [
    ...nodes.flatMap((one) => bytes(1, one)),
    ...text(2, "network"),
    ...tensors.flatMap((one) => bytes(5, one)),
    ...bytes(11, port(input)),
    ...bytes(12, port(output)),
  ];
  const opset = [...text(1, ""), ...whole(2, OPSET)];
  return Uint8Array.from([...whole(1, IR_VERSION), ...bytes(7, graph), ...bytes(8, opset)]);
}

export const node = (operator: string, inputs: readonly string[], output: string): number[] => [
  ...inputs.flatMap((input) => text(1, input)),
  ...text(2, output),
  ...text(3, output),
  ...text(4, operator),
];

/** Little-endian, as ONNX has them and as every machine that Node runs on. */
export function tensor(
  name: string,
  dimensions: readonly number[],
  values: Float32Array,
): number[] {
  const { buffer, byteOffset, byteLength } = values;
  const raw = [...new Uint8Array(buffer, byteOffset, byteLength)];
  const sizes = dimensions.flatMap((size) => whole(1, size));
  return [...sizes, ...whole(2, FLOAT), ...text(8, name), ...bytes(9, raw)];
}

function port([name, dimensions]: Port): number[] {
  const sizes = dimensions.flatMap((size) =>
    bytes(1, typeof size === "string" ? text(2, size) : whole(1, size)),
  );
  const type = [...whole(1, FLOAT), ...bytes(2, sizes)];
  return [...text(1, name), ...bytes(2, bytes(1, type))];
}

/** Of protocol buffers: a field of bytes, of text, of a whole number. */
const bytes = (field: number, content: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(content.length),
  ...content,
];
const text = (field: number, content: string): number[] =>
  bytes(field, [...new TextEncoder().encode(content)]);
const whole = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];

/** Seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  const found: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) found.push((rest % 128) + 128);
  return [...found, rest];
}
