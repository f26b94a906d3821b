// The process of a WebGPU device: a driver that crashes or hangs takes this process and nobody else's work
// with it, and can be killed.

import { serveGpu } from "./gpu-process.ts";
import { SHADERS } from "./shaders.ts";

await serveGpu(SHADERS);
