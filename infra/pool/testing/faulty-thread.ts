// The beginning of a CPU device's thread that fails where its plan says so, in earnest: it ends, it loops for ever, it
// fills its heap.

import { workerData } from "node:worker_threads";
import { carryOut } from "../carry-out.ts";
import { stopRequested } from "../device.ts";
import { serveThread } from "../serve-thread.ts";
import { FAULT_ANSWER, FaultPlan, isFaultWork, perturbed } from "./faults.ts";

const plan = new FaultPlan((workerData as { memory: Int32Array }).memory);
const waiting = new Int32Array(new SharedArrayBuffer(4));

serveThread((work, expired, stop) => {
  const fault = plan.next(work);
  if (fault === "DIE") process.exit(9);
  if (fault === "OUT_OF_MEMORY") fillHeap();
  if (fault === "HANG") for (;;) Atomics.wait(waiting, 0, 0, 1000);
  while (fault === "SLOW" && !stopRequested(stop)) Atomics.wait(waiting, 0, 0, 1);
  const result = isFaultWork(work) ? FAULT_ANSWER : carryOut(work, expired);
  return fault === "WRONG" ? perturbed(result) : result;
});

function fillHeap(): never {
  const kept: number[][] = [];
  for (let size = 0; ; size++) kept.push(Array.from({ length: 100_000 }, () => size + 0.5));
}
