// A process with a GPU that never finishes what it is asked, for a test of what is left when it is killed. Says
// "busy" once the GPU is.

import { GpuClient } from "../gpu-client.ts";
import { faultySettings, UNLUCKY } from "./gpu-works.ts";

const client = new GpuClient(faultySettings({}, "HANGS"));
await client.ready;
await client.ask({ ask: "hold", set: 1, assets: UNLUCKY, parts: [64] });
void client.ask({ ask: "losses", set: 1, weights: new Float32Array(UNLUCKY) });
process.stdout.write("busy\n");
