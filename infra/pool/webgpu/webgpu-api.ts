// What this folder uses of WebGPU, and how it gets it: from the npm package `webgpu` (Dawn), an optional peer.
// Types of our own, because who builds or runs Tapedeck without a GPU has neither the package nor its types.

export interface Gpu {
  requestAdapter(options: { powerPreference: "high-performance" }): Promise<GpuAdapter | null>;
}

export interface GpuAdapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    readonly isFallbackAdapter: boolean;
  };
  readonly limits: GpuLimits;
  requestDevice(options: { requiredLimits: Partial<GpuLimits> }): Promise<GpuDevice>;
}

export interface GpuLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
}

export type ErrorFilter = "validation" | "out-of-memory" | "internal";

export interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  readonly queue: GpuQueue;
  createBuffer(settings: { size: number; usage: number }): GpuBuffer;
  createShaderModule(settings: { code: string }): object;
  createComputePipelineAsync(settings: {
    layout: "auto";
    compute: { module: object; entryPoint: string };
  }): Promise<GpuPipeline>;
  createBindGroup(settings: {
    layout: object;
    entries: readonly { binding: number; resource: { buffer: GpuBuffer } }[];
  }): object;
  createCommandEncoder(): GpuEncoder;
  pushErrorScope(filter: ErrorFilter): void;
  popErrorScope(): Promise<{ readonly message: string } | null>;
  destroy(): void;
}

export interface GpuQueue {
  writeBuffer(buffer: GpuBuffer, byteOffset: number, data: Float32Array | Uint32Array): void;
  submit(commands: readonly object[]): void;
}

export interface GpuBuffer {
  readonly size: number;
  mapAsync(mode: number, byteOffset: number, bytes: number): Promise<void>;
  getMappedRange(byteOffset: number, bytes: number): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

export interface GpuPipeline {
  getBindGroupLayout(group: number): object;
}

export interface GpuEncoder {
  beginComputePass(): {
    setPipeline(pipeline: GpuPipeline): void;
    setBindGroup(group: number, bindings: object): void;
    dispatchWorkgroups(x: number): void;
    end(): void;
  };
  copyBufferToBuffer(
    from: GpuBuffer,
    fromByte: number,
    to: GpuBuffer,
    toByte: number,
    bytes: number,
  ): void;
  finish(): object;
}

/** Bits of the specification (GPUBufferUsage, GPUMapMode). */
export const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 };
export const MAP_READ = 1;

const isPackage = (loaded: unknown): loaded is { create(options: readonly string[]): Gpu } =>
  typeof loaded === "object" &&
  loaded !== null &&
  "create" in loaded &&
  typeof loaded.create === "function";

/** Throws, saying what to install, where the package or its build for this platform is missing. */
export async function loadGpu(): Promise<Gpu> {
  const name = "webgpu";
  let loaded: unknown;
  try {
    loaded = await import(name);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the npm package webgpu cannot be loaded (npm install webgpu): ${why}`);
  }
  if (!isPackage(loaded)) throw new Error("the npm package webgpu has no function create");
  return loaded.create([]);
}
