// Keeps one instance of itself running, for tests: an instance says its number and dies.

import { runInstances } from "../instances.ts";

if (process.argv.includes("--instances")) process.exitCode = await runInstances(1, 0);
else {
  process.stdout.write(`${process.pid}\n`);
  process.exitCode = 1;
}
