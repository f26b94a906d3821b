// One broker of a cluster, as a process. Promises: killed, stopped, continued and started again by its
// own process number, on the same port and data; a start that fails says why, from its log.

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../schemas/errors.ts";
import type { NodeFolder } from "./cluster-folder.ts";
import { launchGuarded, type Running } from "./guarded-process.ts";
import type { Insider } from "./insider.ts";

const START_MS = 60_000;
const POLL_MS = 40;

export class BrokerNode {
  readonly id: number;
  /** host:port, for clients. */
  readonly address: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly #folder: NodeFolder;
  readonly #mounted: boolean;
  readonly #insider: Insider;
  #running: Running | null = null;

  constructor(folder: NodeFolder, mounted: boolean, insider: Insider) {
    const { id, host, port, dataDir } = folder.node;
    this.id = id;
    this.address = `${host}:${port}`;
    this.dataDir = dataDir;
    this.logFile = folder.logFile;
    this.#folder = folder;
    this.#mounted = mounted;
    this.#insider = insider;
  }

  get pid(): number {
    return this.#running?.pid ?? 0;
  }

  get alive(): boolean {
    return this.#running?.alive ?? false;
  }

  /** Starts the process; it does not answer yet. */
  async launch(): Promise<void> {
    const { command, args, logFile, folder } = this.#folder;
    const mount = this.#mounted ? { mount: this.dataDir } : {};
    const before = this.#running;
    this.#running = await launchGuarded({ command, args, logFile, folder, ...mount });
    // Only now, so that at any moment somebody would remove the folder.
    await before?.release();
  }

  /** Resolves when the broker itself says that the cluster counts it in. BROKER_START_FAILED. */
  async untilUp(): Promise<void> {
    const deadline = performance.now() + START_MS;
    while (this.alive && performance.now() < deadline) {
      const up = await this.#insider.up(this.id).catch((): readonly number[] => []);
      if (up.includes(this.id)) return;
      await pause(POLL_MS);
    }
    const why = this.alive ? `is not up after ${START_MS / 1000} s` : "ended";
    throw new TapedeckError(
      "BROKER_START_FAILED",
      `broker ${this.id} ${why}: ${lastWords(this.logFile)}`,
    );
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill9(): Promise<void> {
    this.#running?.signal("SIGKILL");
    await this.#running?.ended;
  }

  /** SIGTERM: hands its partitions over first; resolves when the process is gone. */
  async shutdown(): Promise<void> {
    this.#running?.signal("SIGTERM");
    await this.#running?.ended;
  }

  /** SIGSTOP: it keeps its connections and answers nothing. */
  stop(): void {
    this.#running?.signal("SIGSTOP");
  }

  /** SIGCONT. */
  cont(): void {
    this.#running?.signal("SIGCONT");
  }

  /** Starts the dead broker again; resolves when the cluster counts it in. */
  async restart(): Promise<void> {
    await this.kill9();
    await this.launch();
    await this.untilUp();
  }

  /** Ends the process for good; its folder is then the caller's to remove. */
  async release(): Promise<void> {
    await this.#running?.release();
  }
}

/** What a log says last of what went wrong, or says last. */
export function lastWords(logFile: string): string {
  const lines = readFileSync(logFile, "utf8").trim().split("\n");
  const told = lines.filter((line) => /ERROR|FATAL|Exception|Error:/.test(line)).slice(-3);
  return (told.length > 0 ? told : lines.slice(-3)).join(" | ");
}
