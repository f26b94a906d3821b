// A fault run that has children and waits to be killed: says their process numbers.
// node parent-process.ts FOLDER SCRIPT

import { FaultProcesses } from "../processes.ts";

const [folder = "", script = ""] = process.argv.slice(2);
const processes = new FaultProcesses(folder);
const running = await processes.start({ name: "running", script });
const stopped = await processes.start({ name: "stopped", script });
await Promise.all([running.line(/^ready/), stopped.line(/^ready/)]);
stopped.stop();
console.log(`children ${running.pid} ${stopped.pid}`);
