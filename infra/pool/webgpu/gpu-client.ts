// The parent's side of a GPU process. Promises: every request is answered or rejects with a DeviceFailure; close()
// kills the process whatever it does and resolves once it is gone; so does the end of this process.

import { type ChildProcess, fork } from "node:child_process";
import { DeviceFailure } from "../device.ts";
import type { GpuDescription, GpuGreeting, GpuReply, GpuRequest } from "./messages.ts";

export interface GpuSettings {
  /** Variables for the process beside those of this one: where its drivers lie. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A module that calls `serveGpu`; a test's may serve faulty programs. */
  readonly module?: URL;
}

type Answered<Ask extends GpuRequest["ask"]> = Extract<
  GpuReply,
  { reply: Ask extends "losses" | "places" ? Ask : "done" }
>;

interface Pending {
  resolve(reply: GpuReply): void;
  reject(failure: DeviceFailure): void;
}

interface Greeted {
  resolve(adapter: GpuDescription): void;
  reject(failure: DeviceFailure): void;
}

/** A driver that says nothing for so long while it starts never will. */
const START_MS = 30_000;

export class GpuClient {
  /** Resolves when the process can be asked; rejects with what is missing. */
  readonly ready: Promise<GpuDescription>;
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private greeted: Greeted = { resolve() {}, reject() {} };
  private pending: Pending | null = null;
  private ended: DeviceFailure | null = null;

  constructor({ environment = {}, module = ownModule() }: GpuSettings) {
    this.child = fork(module, {
      env: { ...process.env, ...environment },
      // The flags of the process are its own.
      execArgv: [],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    // What drivers print is of use only when the process ends for no other reason.
    let said = "";
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-1000);
    });
    this.exited = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        this.end(
          "CRASHED",
          `the GPU's process ended by ${signal ?? `code ${code}`}. ${said}`.trim(),
        );
        resolve();
      });
    });
    const late = setTimeout(() => {
      this.end("CRASHED", `the GPU's process did not start within ${START_MS} ms`);
    }, START_MS);
    this.ready = new Promise<GpuDescription>((resolve, reject) => {
      this.greeted = { resolve, reject };
    }).finally(() => clearTimeout(late));
    this.child.on("message", (message: GpuGreeting | GpuReply) => this.take(message));
    this.child.once("error", (error) => this.end("CRASHED", error.message));
  }

  ask<Request extends GpuRequest>(request: Request): Promise<Answered<Request["ask"]>> {
    if (this.ended !== null) return Promise.reject(this.ended);
    if (this.pending !== null) return Promise.reject(new Error("the GPU has a request already"));
    return new Promise((resolve, reject) => {
      this.pending = { resolve: (reply) => resolve(reply as Answered<Request["ask"]>), reject };
      this.child.send(request, (error) => {
        if (error !== null) this.end("CRASHED", error.message);
      });
    });
  }

  /** Why it answers no more; null: it does. */
  get failure(): DeviceFailure | null {
    return this.ended;
  }

  /** Ends it whatever it does; whoever asks again is told why. */
  async close(why = "the GPU's process was ended"): Promise<void> {
    this.end("CRASHED", why);
    await this.exited;
  }

  private take(message: GpuGreeting | GpuReply): void {
    if (message.reply === "ready") this.greeted.resolve(message.adapter);
    else if (message.reply === "missing") this.end("CRASHED", message.message);
    else if (message.reply === "trouble") this.end(message.reason, message.message);
    else {
      const { pending } = this;
      this.pending = null;
      pending?.resolve(message);
    }
  }

  private end(reason: DeviceFailure["reason"], message: string): void {
    if (this.ended !== null) return;
    this.ended = new DeviceFailure(reason, message);
    this.greeted.reject(this.ended);
    this.pending?.reject(this.ended);
    this.pending = null;
    this.child.kill("SIGKILL");
  }
}

function ownModule(): URL {
  // The sources run as .ts, the installed package as .js.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  return new URL(`./gpu-main${extension}`, import.meta.url);
}
