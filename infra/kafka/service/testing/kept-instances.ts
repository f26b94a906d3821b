// Keeps three instances of itself, for tests: each says its number, then serves, or refuses its command.

import { runInstances, tellServing } from "../instances.ts";

if (process.argv.includes("--instances")) process.exitCode = await runInstances(3, 0);
else {
  process.stdout.write(`${process.pid}\n`);
  if (process.argv.includes("refuse")) process.exitCode = 2;
  else {
    setInterval(() => undefined, 1_000);
    tellServing();
  }
}
