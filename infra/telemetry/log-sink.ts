// Where log lines go: a file descriptor that may be slow, full or gone. Promises: writing never waits and never
// throws; lines keep their order; what may wait is bounded; what could not be written is counted. Not
// pino's own sink: its flush at the end of a process goes on for ever on a full disk or a closed pipe.

import { close, write, writeSync } from "node:fs";
import { setImmediate, setTimeout } from "node:timers/promises";

/** Characters that may wait for a slow reader; beyond it lines are lost. */
const WAITING = 1 << 20;
/** A pipe that takes nothing just now is asked again after this. */
const AGAIN_MS = 20;

export class LogSink {
  /** Lines that were not written. */
  lost = 0;
  private readonly fd: number;
  private lines: string[] = [];
  private waiting = 0;
  /** Lines in the write that is under way. */
  private begun = 0;
  private closed = false;
  private pumping: Promise<void> | null = null;
  private readonly atExit = (): void => {
    this.writeAtExit();
  };

  constructor(fd: number) {
    this.fd = fd;
    process.once("exit", this.atExit);
  }

  /** Takes one line with its end. */
  write(line: string): void {
    if (this.closed || this.waiting + line.length > WAITING) {
      this.lost++;
      return;
    }
    this.waiting += line.length;
    this.lines.push(line);
    this.pumping ??= this.pump().finally(() => {
      this.pumping = null;
    });
  }

  private async pump(): Promise<void> {
    // What is said in one turn of the event loop goes in one write, or, where the process ends in
    // that turn, whole at its exit.
    await setImmediate();
    while (this.lines.length > 0) {
      const lines = this.lines;
      this.lines = [];
      this.begun = lines.length;
      const text = lines.join("");
      const written = await this.writeAll(Buffer.from(text));
      if (this.closed) return;
      if (!written) this.lost += lines.length;
      this.begun = 0;
      this.waiting -= text.length;
    }
  }

  /** False where the descriptor refuses; a full disk may have taken a part. */
  private async writeAll(bytes: Buffer): Promise<boolean> {
    for (let from = 0; from < bytes.length && !this.closed; ) {
      const taken = await new Promise<number | NodeJS.ErrnoException>((resolve) => {
        write(this.fd, bytes, from, bytes.length - from, null, (error, count) =>
          resolve(error ?? count),
        );
      });
      if (typeof taken === "number") from += taken;
      else if (taken.code === "EAGAIN") await setTimeout(AGAIN_MS, undefined, { ref: false });
      else return false;
    }
    return true;
  }

  /** The process ends now: one attempt, of what was not begun. */
  private writeAtExit(): void {
    if (this.lines.length === 0) return;
    try {
      writeSync(this.fd, this.lines.join(""));
    } catch {
      this.lost += this.lines.length;
    }
    this.lines = [];
  }

  /** Waits for what is left, at most so long; closes a descriptor that is not stdout's or stderr's. */
  async close(patienceMs = 2000): Promise<void> {
    const patience = new AbortController();
    const { signal } = patience;
    const late = setTimeout(patienceMs, undefined, { signal }).catch(() => undefined);
    await Promise.race([this.pumping, late]);
    patience.abort();
    process.removeListener("exit", this.atExit);
    this.closed = true;
    this.lost += this.begun + this.lines.length;
    this.lines = [];
    if (this.fd > 2) await new Promise<void>((resolve) => close(this.fd, () => resolve()));
  }
}
