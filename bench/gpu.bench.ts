// What a GPU adds to the pool, against the same work on one core: risk of weights over a set that lies in its memory
// already, the same with the copying of the set, and paths drawn. Where there is no GPU, software Vulkan plays one:
// it shows what the way there and back costs, not what a GPU gains. Best of rounds that alternate.

import { carryOut } from "../infra/pool/carry-out.ts";
import { newStopFlag } from "../infra/pool/device.ts";
import { workOf } from "../infra/pool/webgpu/testing/gpu-works.ts";
import { softwareVulkan } from "../infra/pool/webgpu/testing/software-vulkan.ts";
import { openWebGpu, type WebGpuDevice } from "../infra/pool/webgpu/webgpu-device.ts";
import type { ScenariosWork, Work } from "../infra/pool/work.ts";
import { report } from "./measured.ts";

const ROUNDS = 5;
const SIZES = [
  [50, 10_000],
  [200, 20_000],
  [500, 50_000],
] as const;

async function openAny(): Promise<WebGpuDevice> {
  try {
    return await openWebGpu({ name: "gpu" });
  } catch (error) {
    const environment = softwareVulkan();
    if (typeof environment === "string") throw error;
    return openWebGpu({ name: "gpu", software: true, environment });
  }
}

async function timed(run: () => unknown): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}

async function compare(device: WebGpuDevice, name: string, make: () => Work): Promise<void> {
  let [gpu, cpu, copied] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const work = make();
    const run = (): Promise<unknown> => device.run(work, newStopFlag());
    const first = await timed(run);
    const again = await timed(run);
    if (again < gpu) [gpu, copied] = [again, first];
    cpu = Math.min(cpu, await timed(() => carryOut(work, () => false)));
  }
  const against = "one core";
  report({ name, value: gpu, unit: "ms", reference: cpu, ratio: cpu / gpu, against });
  if (make().kind !== "measure") return;
  const once = `${name}, and copying it`;
  report({ name: once, value: copied, unit: "ms", reference: cpu, ratio: cpu / copied, against });
}

const device = await openAny().catch((error: Error) => {
  console.error(`left out: ${error.message}`);
  return null;
});
if (device !== null) {
  console.error(device.adapter.name);
  for (const [assets, count] of SIZES) {
    await compare(device, `risk of ${assets} × ${count}`, () => workOf(assets, count));
  }
  const { assets, count, returns } = workOf(50, 2000).scenarios;
  const paths: ScenariosWork = {
    kind: "scenarios",
    recipe: { kind: "PATH_BOOTSTRAP", count: 20_000, seed: 1, horizon: 21 },
    history: { assets, count, returns },
  };
  await compare(device, "20000 paths of 21 periods, 50 assets", () => paths);
  const { scenarios, again, passes } = device.counts;
  report({
    name: `share of losses computed again, ${passes} passes`,
    value: (100 * again) / scenarios,
    unit: "%",
    reference: null,
    ratio: null,
  });
  await device.close();
}
