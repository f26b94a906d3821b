// What the process of an ONNX device is told, models first, and what it says: that it is ready, then one reply to each
// work.

import type { DeviceFailure } from "../device.ts";
import type { Inferred, InferWork } from "../work.ts";
import type { Provider } from "./onnx-api.ts";
import type { ModelFile } from "./onnx-models.ts";

export interface OnnxModels {
  readonly models: readonly ModelFile[];
  readonly provider: Provider;
}

export type OnnxOrders = OnnxModels | InferWork;

export type OnnxReply =
  /** Name and version of what runs the models. */
  | { readonly inference: string }
  | { readonly result: Inferred }
  | { readonly failure: DeviceFailure["reason"]; readonly message: string };
