// Gathers commits into groups for the writer thread. Promises: groups are written in the order they
// were asked for; a caller hears of success only after the sync; when one group fails, everything
// asked for after it fails too, since it was built on it.

import { Worker } from "node:worker_threads";
import { TapedeckError } from "../../schemas/errors.ts";
import { closed } from "../../streams/log-errors.ts";
import { Arena } from "./arena.ts";
import type { FromWriter, ToWriter } from "./writer-messages.ts";

/** A group is closed when it holds this much: more would only make the next caller wait. */
const GROUP_BYTES = 4 << 20;
/** One is written while the next waits at the thread's door. */
const GROUPS_UNDER_WAY = 2;
const FIRST_BYTES = 256 << 10;
const POOLED = 3;
const POOLED_BYTES = 8 << 20;
/** Openings that may each meet another process just as it leaves. */
const ATTEMPTS = 5;

interface Request {
  readonly durable: () => void;
  readonly resolve: () => void;
  readonly reject: (error: TapedeckError) => void;
}

interface Group {
  readonly arena: Arena;
  readonly requests: Request[];
}

/** The part of a worker thread that is used here. */
export interface WriterPort {
  postMessage(message: ToWriter, transfer?: ArrayBuffer[]): void;
  on(event: "message", listener: (message: FromWriter) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  ref(): void;
  unref(): void;
}

export class LogWriter {
  private readonly port: WriterPort;
  /** Called when a failed write has undone everything that was not yet durable. */
  private readonly undone: () => void;
  private readonly underWay: Group[] = [];
  private readonly ready: Group[] = [];
  private filling: Group | null = null;
  private scheduled = false;
  private readonly pool: ArrayBuffer[] = [];
  private failing: TapedeckError | null = null;
  private readonly failed: Request[] = [];
  private halted: TapedeckError | null = null;
  private isClosed = false;
  private idle: (() => void)[] = [];
  private onClosed: (() => void) | null = null;

  constructor(port: WriterPort, undone: () => void) {
    this.port = port;
    this.undone = undone;
    port.on("message", (message) => this.hear(message));
    port.on("error", (error) => this.halt(error.message));
    port.unref();
  }

  /** Throws why nothing can be asked for now. */
  check(): void {
    if (this.isClosed) throw closed();
    if (this.halted !== null) throw this.halted;
    if (this.failing !== null) throw this.failing;
  }

  /** `fill` puts the rows of one commit; `durable` is called, in order, before it resolves. */
  submit(fill: (arena: Arena) => void, durable: () => void): Promise<void> {
    this.filling ??= {
      arena: new Arena(this.pool.pop() ?? new ArrayBuffer(FIRST_BYTES)),
      requests: [],
    };
    const { arena, requests } = this.filling;
    fill(arena);
    const promise = new Promise<void>((resolve, reject) => {
      requests.push({ durable, resolve, reject });
    });
    if (arena.length >= GROUP_BYTES) {
      this.ready.push(this.filling);
      this.filling = null;
    }
    if (!this.scheduled) {
      this.scheduled = true;
      // Everything that is asked for before this turn ends goes in one transaction.
      queueMicrotask(() => {
        this.scheduled = false;
        this.send();
      });
    }
    return promise;
  }

  private send(): void {
    while (this.underWay.length < GROUPS_UNDER_WAY && this.failing === null) {
      let group = this.ready.shift();
      if (group === undefined && this.filling !== null) {
        group = this.filling;
        this.filling = null;
      }
      if (group === undefined) break;
      if (this.underWay.length === 0) this.port.ref();
      this.underWay.push(group);
      // One that is empty goes the same way: answered here, it would be taken for those before it.
      const { bytes, length } = group.arena;
      this.port.postMessage({ kind: "write", buffer: bytes.buffer, length }, [bytes.buffer]);
    }
    if (this.pending) return;
    this.port.unref();
    for (const wake of this.idle.splice(0)) wake();
  }

  private get pending(): boolean {
    return this.underWay.length > 0 || this.ready.length > 0 || this.filling !== null;
  }

  /** Resolves when everything asked for so far is durable or has failed. */
  drained(): Promise<void> {
    if (!this.pending) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private hear(message: FromWriter): void {
    if (message.kind === "closed") this.onClosed?.();
    else if (message.kind === "done") this.done(message.buffer);
    else if (message.kind === "failed") this.fail(message.full, message.message);
  }

  private done(buffer: ArrayBuffer): void {
    const group = this.underWay.shift();
    if (this.pool.length < POOLED && buffer.byteLength <= POOLED_BYTES) this.pool.push(buffer);
    for (const { durable } of group?.requests ?? []) durable();
    for (const { resolve } of group?.requests ?? []) resolve();
    this.send();
  }

  private fail(full: boolean, reason: string): void {
    if (this.failing === null) {
      this.failing = full
        ? new TapedeckError("STORE_FULL", `the disk is full: ${reason}`)
        : haltedBy(reason);
      if (!full) this.halted = this.failing;
    }
    this.failed.push(...(this.underWay.shift()?.requests ?? []));
    if (this.underWay.length === 0) this.undo();
  }

  /** The thread died: nothing more can be known to be on disk. */
  private halt(reason: string): void {
    this.halted ??= haltedBy(reason);
    this.failing ??= this.halted;
    for (const group of this.underWay.splice(0)) this.failed.push(...group.requests);
    this.undo();
    this.onClosed?.();
  }

  private undo(): void {
    const waiting = [...this.ready.splice(0), ...(this.filling === null ? [] : [this.filling])];
    this.filling = null;
    for (const group of waiting) this.failed.push(...group.requests);
    this.undone();
    const error = this.failing as TapedeckError;
    if (this.halted === null) {
      this.failing = null;
      this.port.postMessage({ kind: "resume" });
    }
    for (const { reject } of this.failed.splice(0)) reject(error);
    this.send();
  }

  /** Writes what was asked for, gives the log up, ends the thread. */
  async close(): Promise<void> {
    await this.drained();
    this.isClosed = true;
    if (this.halted !== null && this.onClosed === null) {
      this.port.postMessage({ kind: "close" });
      return;
    }
    await new Promise<void>((resolve) => {
      this.onClosed = resolve;
      this.port.ref();
      this.port.postMessage({ kind: "close" });
    });
  }
}

const haltedBy = (reason: string): TapedeckError =>
  new TapedeckError("STORE_HALTED", `the log stopped, a write failed: ${reason}`, { reason });

/** Starts the thread on the data file; throws why the log cannot be written. */
export async function startWriter(path: string): Promise<Worker> {
  for (let attempt = 1; ; attempt++) {
    const { worker, refused, ended } = await startThread(path);
    if (refused === null) return worker;
    if (!refused.crossed || attempt === ATTEMPTS) {
      throw new TapedeckError(refused.code, refused.message, { path });
    }
    // Only the end of the thread gives its hold on the lock file back.
    await ended;
  }
}

type Refused = Extract<FromWriter, { kind: "refused" }>;

interface Started {
  readonly worker: Worker;
  readonly refused: Refused | null;
  readonly ended: Promise<unknown>;
}

function startThread(path: string): Promise<Started> {
  // The file beside this one: TypeScript in the repository, JavaScript in a package.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  const worker = new Worker(new URL(`./writer-thread${extension}`, import.meta.url), {
    workerData: { path },
    // The flags of the process are its own: some, such as --input-type, a thread cannot take.
    execArgv: [],
  });
  // Asked for now: what a thread said last may be heard with its end, and nothing comes after that.
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  return new Promise((resolve, reject) => {
    worker.once("message", (message: FromWriter) => {
      worker.removeAllListeners("error");
      resolve({ worker, refused: message.kind === "refused" ? message : null, ended });
    });
    const failed = (why: string, cause?: unknown): void =>
      reject(new TapedeckError("STORE_UNAVAILABLE", why, { path }, cause));
    worker.once("error", (error) => failed(error.message, error));
    ended.then((code) => failed(`the thread that writes ended with ${code} and said nothing`));
  });
}
