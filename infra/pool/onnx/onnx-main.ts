// The process of an ONNX device. Promises: one reply to each order; it ends with its parent.

import { requireRows } from "../models.ts";
import type { Inferred, InferWork } from "../work.ts";
import type { OnnxModels, OnnxOrders, OnnxReply } from "./onnx-messages.ts";
import { type LoadedModels, loadOnnxModels } from "./onnx-models.ts";

// An orderly exit waits for what the runtime is at.
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));

let loaded: LoadedModels | null = null;

process.on("message", async (order: OnnxOrders) => {
  const reply = "kind" in order ? await infer(order) : await load(order);
  process.send?.(reply);
});

async function load({ models, provider }: OnnxModels): Promise<OnnxReply> {
  try {
    loaded = await loadOnnxModels(models, provider);
    return { inference: loaded.method };
  } catch (error) {
    return { failure: "CRASHED", message: messageOf(error) };
  }
}

async function infer(work: InferWork): Promise<OnnxReply> {
  try {
    return { result: await answer(work) };
  } catch (error) {
    const message = messageOf(error);
    // A node that could not be computed: these rows may be to blame, the process is not.
    return { failure: /alloc/i.test(message) ? "OUT_OF_MEMORY" : "INVALID", message };
  }
}

async function answer(work: InferWork): Promise<Inferred> {
  const { model, rows, count } = work;
  const runner = loaded?.models.get(model);
  if (runner === undefined) throw new RangeError(`the model ${model} is not known here`);
  requireRows(runner, work);
  return { outputs: await runner.run(rows, count), count };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
