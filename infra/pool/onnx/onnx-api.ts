// What this folder uses of onnxruntime, and how it gets it: from the npm package `onnxruntime-node`, an optional peer.
// Types of our own, because who builds or runs Tapedeck without it has neither the package nor its types.

import { createRequire } from "node:module";
import { TapedeckError } from "../../../schemas/errors.ts";

export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: SessionOptions): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OnnxTensor;
  readonly env: { readonly versions: { readonly node?: string; readonly common: string } };
}

export interface SessionOptions {
  readonly executionProviders: readonly Provider[];
  readonly intraOpNumThreads: number;
  readonly interOpNumThreads: number;
  readonly executionMode: "sequential";
}

/** Who computes; onnxruntime's own names. */
export type Provider = "cpu" | "cuda";

export interface OnnxSession {
  readonly inputMetadata: readonly PortMetadata[];
  readonly outputMetadata: readonly PortMetadata[];
  run(feeds: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>>;
}

export interface PortMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

export interface OnnxTensor {
  readonly data: unknown;
}

const require = createRequire(import.meta.url);

/** Throws POOL_RUNTIME_MISSING where the package is not there or cannot be loaded on this machine. */
export function loadOnnxRuntime(): OnnxRuntime {
  try {
    return require("onnxruntime-node") as OnnxRuntime;
  } catch (cause) {
    throw missing(cause);
  }
}

/** The same, without loading it. */
export function requireOnnxRuntime(): void {
  try {
    require.resolve("onnxruntime-node");
  } catch (cause) {
    throw missing(cause);
  }
}

function missing(cause: unknown): TapedeckError {
  const why = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
  return new TapedeckError("POOL_RUNTIME_MISSING", `onnxruntime-node: ${why}`, {}, cause);
}
