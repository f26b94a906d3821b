// The beginning of a CPU device's thread. Promises: when it is ready, the solver has run often enough for the
// engine to have compiled it: the first request is not the one that pays.

import { carryOut } from "./carry-out.ts";
import { serveThread } from "./serve-thread.ts";
import { warmingWorks } from "./warming-works.ts";

for (const work of warmingWorks()) carryOut(work, () => false);
serveThread(carryOut);
