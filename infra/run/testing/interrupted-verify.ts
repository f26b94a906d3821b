// A verification that is told to stop once its replay has written something.

import { loadConfig } from "../../config/load-config.ts";
import { openPlan } from "../execute.ts";
import { readManifest } from "../manifest.ts";
import { findRun } from "../run-folder.ts";
import { verifyRun } from "../verify.ts";

const [config, root, signal] = process.argv.slice(2) as [string, string, NodeJS.Signals];
const open = await openPlan({
  phases: [{ fromUs: null, config: await loadConfig(config) }],
  forkOf: null,
  version: "test",
});
const folder = findRun("latest", root);
// Hundreds of commits are still to come, each a turn of the event loop, on which the signal is heard.
await verifyRun(folder, readManifest(folder.manifest), open, {
  eventsPerCommit: 20,
  onProgress: () => process.kill(process.pid, signal),
});
