// Node processes that a fault run starts, kills, stops and continues. Promises: each is waited for by
// what it says, never by time; none outlives this process, however this one ends (kill -9 too) and
// whatever state the other is in; each incarnation has a history file of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { TapedeckError } from "../../schemas/errors.ts";

export interface ProcessOptions {
  /** Who it is; started again under the same name it is the next incarnation. */
  readonly name: string;
  /** Path of a script that Node runs. */
  readonly script: string;
  readonly args?: readonly string[];
  /** On top of this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ended {
  /** null: ended by a signal. */
  readonly code: number | null;
  readonly signal: number | null;
}

export interface FaultProcess {
  readonly name: string;
  /** 1 for the first process of its name. */
  readonly incarnation: number;
  readonly pid: number;
  /** Whole lines of its standard output so far. */
  readonly lines: readonly string[];
  /** Its standard error so far. */
  readonly errors: () => string;
  readonly ended: Promise<Ended>;
  /** The first line that matches, past ones included. FAULTS_PROCESS_ENDED if it ends without one. */
  line(pattern: RegExp): Promise<string>;
  /** SIGKILL, stopped or not; resolves when it is gone. */
  kill(): Promise<Ended>;
  /** SIGTERM; resolves when it is gone. */
  terminate(): Promise<Ended>;
  /** SIGSTOP: it does nothing and notices nothing, until SIGCONT. */
  stop(): void;
  resume(): void;
}

/**
 * A shell stands between. It holds the other end of a pipe that only this process keeps open, so the
 * end of that file is the end of this process: then it kills what it started.
 */
const GUARD = `
trap '' INT TERM HUP
exec 4<&0
"$@" </dev/null 3>&- 4<&- &
child=$!
echo "$child" >&3
exec 1>&- 2>&- 3>&-
( read -r _ <&4; kill -KILL "$child" ) &
watcher=$!
wait "$child"; code=$?
kill -KILL "$watcher"
exit "$code"
`;

export class FaultProcesses {
  private readonly folder: string;
  private readonly incarnations = new Map<string, number>();
  private readonly running = new Set<RunningProcess>();
  private readonly files: string[] = [];

  /** `folder` is made if it is missing; histories go there. */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /**
   * Resolves when the process exists; wait for a `line` of it. It finds the path of its history, a
   * file that is not there yet, in TAPEDECK_HISTORY.
   */
  async start(options: ProcessOptions): Promise<FaultProcess> {
    const { name } = options;
    const incarnation = (this.incarnations.get(name) ?? 0) + 1;
    this.incarnations.set(name, incarnation);
    const history = join(this.folder, `${name}-${incarnation}.jsonl`);
    this.files.push(history);
    const process = await RunningProcess.start(options, incarnation, history);
    this.running.add(process);
    process.ended.then(() => this.running.delete(process));
    return process;
  }

  /** Paths of all histories that were begun, the dead's included. */
  histories(): string[] {
    return this.files.filter((path) => existsSync(path));
  }

  /** Kills whoever still runs. */
  async close(): Promise<void> {
    await Promise.all([...this.running].map((process) => process.kill()));
  }
}

class RunningProcess implements FaultProcess {
  readonly name: string;
  readonly incarnation: number;
  readonly pid: number;
  readonly lines: string[] = [];
  readonly ended: Promise<Ended>;
  private readonly errorText: string[] = [];
  private readonly waiting = new Set<() => void>();
  private isEnded = false;

  private constructor(name: string, incarnation: number, pid: number, guard: ChildProcess) {
    this.name = name;
    this.incarnation = incarnation;
    this.pid = pid;
    let rest = "";
    guard.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() as string;
      this.lines.push(...lines);
      this.wake();
    });
    guard.stderr?.setEncoding("utf8").on("data", (text: string) => this.errorText.push(text));
    this.ended = new Promise((resolve) => {
      // "close" comes after the last of its output.
      guard.once("close", (code) => {
        this.isEnded = true;
        // A shell gives the number of a signal as 128 and more.
        const signal = code !== null && code > 128 ? code - 128 : null;
        resolve({ code: signal === null ? code : null, signal });
        this.wake();
      });
    });
  }

  static async start(
    { name, script, args = [], env = {} }: ProcessOptions,
    incarnation: number,
    history: string,
  ): Promise<RunningProcess> {
    const command = [process.execPath, "--no-warnings", script, ...args];
    const guard = spawn("/bin/sh", ["-c", GUARD, "tapedeck-guard", ...command], {
      env: { ...process.env, ...env, TAPEDECK_HISTORY: history },
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      // Ctrl-C reaches this process, and its end reaches the guard.
      detached: true,
    });
    guard.stdin?.on("error", () => {});
    const told = guard.stdio[3] as Readable;
    // What it says before its number is known stays in the pipe: nobody reads it yet.
    const pid = await new Promise<number>((resolve, reject) => {
      guard.once("error", reject);
      told.once("data", (text) => resolve(Number(String(text))));
    });
    return new RunningProcess(name, incarnation, pid, guard);
  }

  errors = (): string => this.errorText.join("");

  async line(pattern: RegExp): Promise<string> {
    for (let seen = 0; ; ) {
      const found = this.lines.slice(seen).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      seen = this.lines.length;
      if (this.isEnded) {
        const { name } = this;
        throw new TapedeckError(
          "FAULTS_PROCESS_ENDED",
          `${name} ended and had not said ${pattern}: ${this.errors()}`,
          { name },
        );
      }
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  kill(): Promise<Ended> {
    return this.signal("SIGKILL");
  }

  terminate(): Promise<Ended> {
    return this.signal("SIGTERM");
  }

  stop(): void {
    void this.signal("SIGSTOP");
  }

  resume(): void {
    void this.signal("SIGCONT");
  }

  private signal(name: NodeJS.Signals): Promise<Ended> {
    // Until it is waited for its number belongs to nobody else.
    if (!this.isEnded) {
      try {
        process.kill(this.pid, name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    return this.ended;
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
