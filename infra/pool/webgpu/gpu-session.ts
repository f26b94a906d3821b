// A GPU at work, inside its own process: sets of returns in its memory, passes over them, random words.
// Promises: what it refuses, cannot hold or loses is an error with its reason, never a wrong or empty answer.

import type { PathDraw } from "../../../quant/scenarios/path-bootstrap.ts";
import { philoxKey } from "../../../quant/scenarios/philox.ts";
import type { GpuDescription } from "./messages.ts";
import { GROUP, type Shaders } from "./shaders.ts";
import {
  type Gpu,
  type GpuAdapter,
  type GpuBuffer,
  type GpuDevice,
  type GpuPipeline,
  loadGpu,
  MAP_READ,
  USAGE,
} from "./webgpu-api.ts";

/** Out of memory; any other error of a session is a fault. */
export class GpuMemoryError extends Error {
  override readonly name = "GpuMemoryError";
}

interface HeldSet {
  readonly assets: number;
  readonly parts: readonly { readonly count: number; readonly returns: GpuBuffer }[];
}

export class GpuSession {
  readonly description: GpuDescription;
  /** Rejects when the driver gives the device up. */
  readonly lost: Promise<never>;
  /** Kept: Dawn ends with the last reference to it, under whatever still runs. */
  readonly gpu: Gpu;
  private readonly device: GpuDevice;
  private readonly lossesPass: GpuPipeline;
  private readonly placesPass: GpuPipeline;
  private readonly sets = new Map<number, HeldSet>();
  private readonly kept = new Map<string, GpuBuffer>();

  private constructor(
    gpu: Gpu,
    adapter: GpuAdapter,
    device: GpuDevice,
    passes: { readonly losses: GpuPipeline; readonly places: GpuPipeline },
  ) {
    const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
    const { limits } = adapter;
    this.gpu = gpu;
    this.device = device;
    this.lossesPass = passes.losses;
    this.placesPass = passes.places;
    this.description = {
      name: description || `${vendor} ${architecture}`,
      software: isFallbackAdapter,
      maxBufferBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
      maxPartScenarios: limits.maxComputeWorkgroupsPerDimension * GROUP,
    };
    this.lost = device.lost.then(({ reason, message }) => {
      throw new Error(`the GPU was lost (${reason}): ${message}`);
    });
  }

  /** Throws, saying what is missing, where there is no such GPU. */
  static async open(shaders: Shaders): Promise<GpuSession> {
    const gpu = await loadGpu();
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (adapter === null) {
      throw new Error("no WebGPU adapter: there is no driver of Vulkan, Metal or Direct3D 12");
    }
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    const device = await adapter.requestDevice({
      requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
    });
    const pass = (code: string): Promise<GpuPipeline> =>
      device.createComputePipelineAsync({
        layout: "auto",
        compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
      });
    const losses = await pass(shaders.losses);
    const places = await pass(shaders.places);
    return new GpuSession(gpu, adapter, device, { losses, places });
  }

  /** Ends the device, as its loss would. */
  destroy(): void {
    this.device.destroy();
  }

  async hold(set: number, assets: number, counts: readonly number[]): Promise<void> {
    const parts = await this.checked(() =>
      counts.map((count) => ({
        count,
        returns: this.buffer(4 * assets * count, USAGE.storage | USAGE.copyTarget),
      })),
    );
    this.sets.set(set, { assets, parts });
  }

  async fill(set: number, part: number, from: number, values: Float32Array): Promise<void> {
    const { returns } = this.held(set).parts[part] ?? absent(`part ${part} of set ${set}`);
    await this.checked(() => this.device.queue.writeBuffer(returns, 4 * from, values));
  }

  drop(set: number): void {
    for (const { returns } of this.held(set).parts) returns.destroy();
    this.sets.delete(set);
  }

  async losses(set: number, weights: Float32Array): Promise<Float32Array> {
    const { assets, parts } = this.held(set);
    const losses = new Float32Array(parts.reduce((sum, { count }) => sum + count, 0));
    let from = 0;
    for (const { count, returns } of parts) {
      const shape = Uint32Array.of(assets, count, 0, 0);
      const found = await this.pass(
        this.lossesPass,
        count,
        [returns, { storage: weights }, { uniform: shape }],
        4 * count,
      );
      losses.set(new Float32Array(found), from);
      from += count;
    }
    return losses;
  }

  async places(draw: PathDraw): Promise<Int32Array> {
    const { seed, paths, steps, periods, lastWord } = draw;
    const places = new Int32Array(paths * steps);
    const { maxPartScenarios, maxBufferBytes } = this.description;
    const most = Math.min(maxPartScenarios, Math.floor(maxBufferBytes / (4 * steps)));
    const key = Uint32Array.of(...philoxKey(seed), periods, lastWord);
    for (let from = 0; from < paths; from += most) {
      const count = Math.min(most, paths - from);
      const part = Uint32Array.of(from, count, steps, 0);
      const inputs = [{ uniform: part }, { uniform: key }];
      const found = await this.pass(this.placesPass, count, inputs, 4 * steps * count);
      places.set(new Int32Array(found), from * steps);
    }
    return places;
  }

  /** Runs a program with a thread for each of `threads`; its last binding is what it writes, which comes back. */
  private async pass(
    pipeline: GpuPipeline,
    threads: number,
    inputs: readonly (GpuBuffer | { storage: Float32Array } | { uniform: Uint32Array })[],
    bytes: number,
  ): Promise<ArrayBuffer> {
    const target = await this.checked(() => {
      const bound = inputs.map((input, place) => {
        if (!("storage" in input || "uniform" in input)) return input;
        const data = "storage" in input ? input.storage : input.uniform;
        const usage = "storage" in input ? USAGE.storage : USAGE.uniform;
        const buffer = this.scratch(`input ${place}`, data.byteLength, usage | USAGE.copyTarget);
        this.device.queue.writeBuffer(buffer, 0, data);
        return buffer;
      });
      const written = this.scratch("written", bytes, USAGE.storage | USAGE.copySource);
      const target = this.scratch("target", bytes, USAGE.mapRead | USAGE.copyTarget);
      const entries = [...bound, written].map((buffer, binding) => ({
        binding,
        resource: { buffer },
      }));
      const layout = pipeline.getBindGroupLayout(0);
      const encoder = this.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, this.device.createBindGroup({ layout, entries }));
      pass.dispatchWorkgroups(Math.ceil(threads / GROUP));
      pass.end();
      encoder.copyBufferToBuffer(written, 0, target, 0, bytes);
      this.device.queue.submit([encoder.finish()]);
      return target;
    });
    await target.mapAsync(MAP_READ, 0, bytes);
    const copy = target.getMappedRange(0, bytes).slice(0);
    target.unmap();
    return copy;
  }

  /** A buffer of at least so many bytes, kept from pass to pass. */
  private scratch(role: string, bytes: number, usage: number): GpuBuffer {
    const name = `${role}, ${usage}`;
    const kept = this.kept.get(name);
    if (kept !== undefined && kept.size >= bytes) return kept;
    kept?.destroy();
    const made = this.buffer(bytes, usage);
    this.kept.set(name, made);
    return made;
  }

  /** WebGPU tells of errors afterwards, to who asked: every step is asked about. */
  private async checked<T>(step: () => T): Promise<T> {
    const { device } = this;
    for (const filter of ["validation", "internal", "out-of-memory"] as const) {
      device.pushErrorScope(filter);
    }
    let done: T | undefined;
    let thrown: unknown;
    try {
      done = step();
    } catch (error) {
      thrown = error;
    }
    const memory = await device.popErrorScope();
    const internal = await device.popErrorScope();
    const invalid = await device.popErrorScope();
    if (memory !== null) throw new GpuMemoryError(memory.message);
    const fault = internal ?? invalid;
    if (fault !== null) throw new Error(fault.message);
    if (thrown !== undefined) throw thrown;
    return done as T;
  }

  private buffer(size: number, usage: number): GpuBuffer {
    return this.device.createBuffer({ size, usage });
  }

  private held(set: number): HeldSet {
    return this.sets.get(set) ?? absent(`set ${set}`);
  }
}

function absent(what: string): never {
  throw new Error(`${what} is not held`);
}
