// Faults that a test injects: into a device for its next runs, or into the work itself, which then fails wherever it
// is carried out. The plan of a device lies in shared memory, so that a thread obeys it too.

import type { InferWork, Result, Work } from "../work.ts";

export type Fault = (typeof faults)[number];

const faults = [
  /** Another number than the right one. */
  "WRONG",
  /** No answer ever, and deaf to the stop flag. */
  "HANG",
  "DIE",
  "OUT_OF_MEMORY",
  /** Comes back only when it is asked to end, with what it has. */
  "SLOW",
] as const;

/** How many runs from now have which fault. */
export class FaultPlan {
  readonly memory: Int32Array;

  constructor(memory: Int32Array = new Int32Array(new SharedArrayBuffer(8))) {
    this.memory = memory;
  }

  arm(fault: Fault, runs = 1): void {
    Atomics.store(this.memory, 0, faults.indexOf(fault));
    Atomics.store(this.memory, 1, runs);
  }

  /** The fault of the run that begins now. */
  next(work: Work): Fault | null {
    const own = faultOf(work);
    if (own !== null) return own;
    if (Atomics.load(this.memory, 1) <= 0) return null;
    Atomics.sub(this.memory, 1, 1);
    return faults[Atomics.load(this.memory, 0)] ?? null;
  }
}

/** Work that fails so on every device that obeys a plan. */
export const faultWork = (fault: Fault): InferWork => ({
  kind: "infer",
  model: `fault:${fault}`,
  rows: new Float32Array(0),
  count: 0,
});

function faultOf(work: Work): Fault | null {
  if (work.kind !== "infer" || !work.model.startsWith("fault:")) return null;
  const name = work.model.slice("fault:".length);
  return faults.find((fault) => fault === name) ?? null;
}

/** What faulty work answers when it answers at all. */
export const FAULT_ANSWER: Result<"infer"> = { outputs: new Float32Array(0), count: 0 };

export const isFaultWork = (work: Work): boolean => faultOf(work) !== null;

/** The first number of the answer, by one part in ten thousand. */
export function perturbed(result: Result): Result {
  const wrong = (value: number): number => value * (1 + 1e-4) + 1e-30;
  const changed = <Values extends Float64Array | Float32Array>(values: Values): Values => {
    const copy = values.slice() as Values;
    copy[0] = wrong(copy[0] ?? 0);
    return copy;
  };
  if ("solution" in result) {
    const { solution } = result;
    if (!("weights" in solution)) return { ...result, scenarioHash: "another" };
    return { ...result, solution: { ...solution, weights: changed(solution.weights) } };
  }
  if ("outputs" in result) return { ...result, outputs: changed(result.outputs) };
  if ("valueAtRisk" in result) return { ...result, valueAtRisk: wrong(result.valueAtRisk) };
  if ("returns" in result) return { ...result, returns: changed(result.returns) };
  if ("x" in result) return { ...result, x: changed(result.x) };
  return { ...result, pivots: result.pivots + 1 };
}
