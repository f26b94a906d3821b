// A backtest that is made to be killed: says on stdout how many source events are durable.

import { writeSync } from "node:fs";
import { loadConfig } from "../../config/load-config.ts";
import { execute, openPlan } from "../execute.ts";

const [config, root, eventsPerCommit, workers] = process.argv.slice(2) as [
  string,
  string,
  string,
  string?,
];
const open = await openPlan({
  phases: [{ fromUs: null, config: await loadConfig(config) }],
  forkOf: null,
  version: "test",
});
const { manifest } = await execute(open, {
  root,
  resume: true,
  ...(workers === undefined ? {} : { workers: Number(workers) }),
  eventsPerCommit: Number(eventsPerCommit),
  // Synchronous: what was said before the kill was durable before the kill.
  onProgress: ({ sourceEvents }) => writeSync(1, `durable ${sourceEvents}\n`),
});
writeSync(1, `hash ${manifest.hash}\n`);
