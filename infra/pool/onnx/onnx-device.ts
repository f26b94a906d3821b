// Models in ONNX files as a device of the pool: onnxruntime in a process of its own, since a run cannot be broken off
// inside of one, and ending its thread ends the process. Promises: close() ends it whatever it does; it accepts
// inference of its models and nothing else; on the CPU a row's bits are the same alone, in any batch and in any
// such process of a machine.

import { type ChildProcess, fork } from "node:child_process";
import { type Device, type DeviceDriver, DeviceFailure } from "../device.ts";
import { REFERENCE_MODEL } from "../models.ts";
import type { Inferred, Work } from "../work.ts";
import type { Provider } from "./onnx-api.ts";
import type { OnnxOrders, OnnxReply } from "./onnx-messages.ts";
import type { ModelFile } from "./onnx-models.ts";

export interface OnnxSettings {
  readonly name: string;
  readonly models: readonly ModelFile[];
  /** What computes; the CPU if left out. CUDA nobody has run yet: where it is missing, the slot says so and is out. */
  readonly provider?: Provider;
}

/** CUDA sums in another order than the CPU, and may multiply ten bits: its answers are held until one was checked. */
const CUDA_TOLERANCE = 1e-3;

export function onnxDriver(settings: OnnxSettings): DeviceDriver {
  const { name, provider = "cpu" } = settings;
  return {
    name,
    kind: provider,
    async open() {
      const device = new OnnxProcess(settings, provider);
      await device.ready;
      return device;
    },
  };
}

interface Waiting<Value> {
  resolve(value: Value): void;
  reject(failure: DeviceFailure): void;
}

class OnnxProcess implements Device {
  readonly name: string;
  readonly kind: Provider;
  inference: string | undefined = undefined;
  /** Rejects with what is missing. */
  readonly ready: Promise<void>;
  private readonly known: ReadonlySet<string>;
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private opening: Waiting<void> = { resolve() {}, reject() {} };
  private pending: Waiting<Inferred> | null = null;
  private ended: DeviceFailure | null = null;

  constructor({ name, models }: OnnxSettings, provider: Provider) {
    this.name = name;
    this.kind = provider;
    this.known = new Set([REFERENCE_MODEL, ...models.map(({ digest }) => digest)]);
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
    const module = new URL(`./onnx-main${extension}`, import.meta.url);
    // The flags of the process are its own. What the runtime prints comes with its errors.
    const stdio = ["ignore", "ignore", "ignore", "ipc"] as const;
    this.child = fork(module, { execArgv: [], serialization: "advanced", stdio: [...stdio] });
    this.exited = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        this.end("CRASHED", `onnxruntime's process ended by ${signal ?? `code ${code}`}`);
        resolve();
      });
    });
    this.ready = new Promise((resolve, reject) => {
      this.opening = { resolve, reject };
    });
    this.child.on("message", (reply: OnnxReply) => this.take(reply));
    this.child.once("error", (error) => this.end("CRASHED", error.message));
    this.send({ models, provider });
  }

  accepts(work: Work): boolean {
    return work.kind === "infer" && this.known.has(work.model);
  }

  tolerance(): number {
    return this.kind === "cpu" ? 0 : CUDA_TOLERANCE;
  }

  run(work: Work): Promise<Inferred> {
    if (this.ended !== null) return Promise.reject(this.ended);
    if (this.pending !== null) return Promise.reject(new Error(`${this.name} has a run already`));
    if (work.kind !== "infer") {
      const message = `${this.name} has no way to ${work.kind}`;
      return Promise.reject(new DeviceFailure("INVALID", message));
    }
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject };
      this.send(work);
    });
  }

  async close(): Promise<void> {
    this.end("CRASHED", `${this.name} was closed`);
    await this.exited;
  }

  private send(order: OnnxOrders): void {
    this.child.send(order, (error) => {
      if (error !== null) this.end("CRASHED", error.message);
    });
  }

  private take(reply: OnnxReply): void {
    if ("inference" in reply) {
      this.inference = reply.inference;
      this.opening.resolve();
    } else if ("result" in reply) {
      const { pending } = this;
      this.pending = null;
      pending?.resolve(reply.result);
    } else if (reply.failure === "INVALID") {
      const { pending } = this;
      this.pending = null;
      pending?.reject(new DeviceFailure("INVALID", reply.message));
    } else this.end(reply.failure, reply.message);
  }

  private end(reason: DeviceFailure["reason"], message: string): void {
    if (this.ended !== null) return;
    this.ended = new DeviceFailure(reason, message);
    this.opening.reject(this.ended);
    this.pending?.reject(this.ended);
    this.pending = null;
    this.child.kill("SIGKILL");
  }
}
