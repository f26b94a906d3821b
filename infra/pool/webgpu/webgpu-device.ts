// A GPU as a device of the pool, through WebGPU. Promises: what it answers is bit for bit what the CPU answers: the
// GPU selects and draws (tail-pass.ts, path-pass.ts), the reference computes.

import { type Device, type DeviceDriver, DeviceFailure } from "../device.ts";
import type { Result, Work } from "../work.ts";
import { GpuClient, type GpuSettings } from "./gpu-client.ts";
import { HeldSets } from "./held-sets.ts";
import type { GpuDescription } from "./messages.ts";
import { acceptsPaths, pathScenariosBy } from "./path-pass.ts";
import { type PassCounts, TailPass } from "./tail-pass.ts";

export interface WebGpuSettings extends GpuSettings {
  readonly name: string;
  /** Of the GPU's memory, for scenario sets; 1 GiB if left out. */
  readonly memoryBytes?: number;
  /** A CPU that plays a GPU is slower than our own threads, and joins only where it is asked for: in tests. */
  readonly software?: boolean;
}

export interface WebGpuDevice extends Device {
  readonly adapter: GpuDescription;
  /** Since it was opened. */
  readonly counts: PassCounts;
}

const MEMORY_BYTES = 2 ** 30;

export const webGpuDriver = (settings: WebGpuSettings): DeviceDriver => ({
  name: settings.name,
  kind: "webgpu",
  open: () => openWebGpu(settings),
});

/** Rejects with a DeviceFailure where there is none, saying what is missing. */
export async function openWebGpu(settings: WebGpuSettings): Promise<WebGpuDevice> {
  const client = new GpuClient(settings);
  const adapter = await client.ready;
  if (adapter.software && settings.software !== true) {
    await client.close();
    const message = `the only WebGPU adapter, ${adapter.name}, is software: CPU threads are faster`;
    throw new DeviceFailure("CRASHED", message);
  }
  return new OpenDevice(settings, client, adapter);
}

class OpenDevice implements WebGpuDevice {
  readonly name: string;
  readonly kind = "webgpu";
  readonly adapter: GpuDescription;
  private readonly memoryBytes: number;
  private readonly client: GpuClient;
  private readonly sets: HeldSets;
  private readonly tail: TailPass;

  constructor(
    { name, memoryBytes = MEMORY_BYTES }: WebGpuSettings,
    client: GpuClient,
    adapter: GpuDescription,
  ) {
    this.name = name;
    this.adapter = adapter;
    this.memoryBytes = memoryBytes;
    this.client = client;
    this.sets = new HeldSets(client, adapter, memoryBytes);
    this.tail = new TailPass(client, this.sets);
  }

  get counts(): PassCounts {
    return this.tail.counts;
  }

  accepts(work: Work): boolean {
    if (work.kind === "measure") return this.sets.fits(work.scenarios);
    return work.kind === "scenarios" && acceptsPaths(work, this.adapter, this.memoryBytes);
  }

  tolerance(): number {
    return 0;
  }

  async run(work: Work): Promise<Result> {
    if (this.client.failure !== null) throw this.client.failure;
    try {
      if (work.kind === "measure") return await this.tail.measure(work);
      if (work.kind === "scenarios") return await pathScenariosBy(this.client, work);
    } catch (error) {
      if (error instanceof RangeError) throw new DeviceFailure("INVALID", error.message);
      if (error instanceof DeviceFailure) await this.client.close(error.message);
      throw error;
    }
    throw new DeviceFailure("INVALID", `${this.name} has no way to ${work.kind}`);
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
