// A thread of a sweep: decodes the shared tape once, then answers trials one at a time.

import { parentPort, workerData } from "node:worker_threads";
import { allocateYoung } from "../run/young-objects.ts";
import { decodeTape, type SharedTape } from "./shared-tape.ts";
import { type Trial, TrialBench, type TrialGround } from "./trial.ts";

export interface ThreadGround {
  readonly configPath: string;
  readonly configText: string;
  readonly tape: SharedTape;
  readonly reads: TrialGround["reads"];
}

export interface TrialRequest {
  readonly place: number;
  readonly trial: Trial;
}

allocateYoung();
const { tape, ...rest } = workerData as ThreadGround;
const bench = new TrialBench({ ...rest, sources: decodeTape(tape) });

parentPort?.on("message", ({ place, trial }: TrialRequest) => {
  bench.answer(trial).then(
    (answer) => parentPort?.postMessage({ place, answer }),
    // A bug of ours: the thread ends with it, and the sweep says so.
    (error) => setImmediate(() => Promise.reject(error)),
  );
});
