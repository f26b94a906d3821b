// CPU threads as devices of the pool: the reference itself (carry-out.ts), so bit for bit.

import type { DeviceDriver } from "./device.ts";
import { openModel } from "./models.ts";
import { openThread } from "./thread-device.ts";
import type { Work } from "./work.ts";

/** A solve keeps its matrices outside the heap: what needs more than this has lost its way. */
const HEAP_MB = 512;

export interface CpuSettings {
  readonly name: string;
  readonly heapMb?: number;
}

export function cpuDriver({ name, heapMb = HEAP_MB }: CpuSettings): DeviceDriver {
  // The sources run as .ts, the installed package as .js.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  const module = new URL(`./cpu-thread${extension}`, import.meta.url);
  return {
    name,
    kind: "cpu",
    open: () => openThread({ name, kind: "cpu", module, heapMb, accepts, tolerance: () => 0 }),
  };
}

/** Of models only the pool's own: files are onnxruntime's (onnx/onnx-device.ts). */
const accepts = (work: Work): boolean => work.kind !== "infer" || openModel(work.model) !== null;

/** One a thread: `cpu-0`, `cpu-1`, … */
export const cpuDrivers = (threads: number): readonly DeviceDriver[] =>
  Array.from({ length: threads }, (_, index) => cpuDriver({ name: `cpu-${index}` }));
