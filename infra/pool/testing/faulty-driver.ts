// A CPU thread that obeys a plan of faults.

import type { DeviceDriver } from "../device.ts";
import { openThread } from "../thread-device.ts";
import type { FaultPlan } from "./faults.ts";

/** Small, so that a heap is full soon. */
const HEAP_MB = 64;

export function faultyDriver(name: string, plan: FaultPlan): DeviceDriver {
  const module = new URL("./faulty-thread.ts", import.meta.url);
  const settings = {
    name,
    kind: "cpu",
    module,
    heapMb: HEAP_MB,
    data: { memory: plan.memory },
    accepts: () => true,
    tolerance: () => 0,
  } as const;
  return { name, kind: "cpu", open: () => openThread(settings) };
}
