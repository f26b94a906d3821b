// A thread that carries out mixed requests without a pool: what threads can gain here at most. Promises: answers "ready" once it
// is warm; and, given a counter that others count on as well, takes one request after another until none is left.

import { parentPort } from "node:worker_threads";
import { carryOut } from "../infra/pool/carry-out.ts";
import { mixedWorks } from "./mixed-works.ts";

const works = mixedWorks();
const never = (): boolean => false;
for (const work of works) carryOut(work, never);
parentPort?.on("message", (taken: Int32Array) => {
  for (;;) {
    const work = works[Atomics.add(taken, 0, 1)];
    if (work === undefined) break;
    carryOut(work, never);
  }
  parentPort?.postMessage("done");
});
parentPort?.postMessage("ready");
