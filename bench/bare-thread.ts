// A thread that carries out its share of the mixed requests without a pool: what threads can gain here at most. Promises:
// answers "ready" once it is warm, and each share that it is sent ("every second, from the first") with "done".

import { parentPort } from "node:worker_threads";
import { carryOut } from "../infra/pool/carry-out.ts";
import { mixedWorks } from "./mixed-works.ts";

const works = mixedWorks();
const never = (): boolean => false;
for (const work of works) carryOut(work, never);
parentPort?.on("message", ({ from, step }: { from: number; step: number }) => {
  for (let index = from; index < works.length; index += step) {
    carryOut(works[index] as (typeof works)[number], never);
  }
  parentPort?.postMessage("done");
});
parentPort?.postMessage("ready");
