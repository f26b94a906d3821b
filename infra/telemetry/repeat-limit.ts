// A line that repeats is written a few times, then counted: a broker that is away must not fill a disk. Promises:
// nothing is left out without being told, as `suppressed` on the next line of its kind or, when none
// comes, when the window ends. Pure: time comes in.

interface Window<Line> {
  readonly fromMs: number;
  written: number;
  /** Left out since the last line written, and the last of them. */
  left: number;
  last: Line | null;
}

export interface Told<Line> {
  readonly line: Line;
  /** Lines like it that were left out before it. */
  readonly suppressed: number;
}

/** Kinds of line remembered; beyond it the one seen first is told and forgotten. */
const KINDS = 500;

export class RepeatLimit<Line> {
  private readonly burst: number;
  private readonly windowMs: number;
  private readonly windows = new Map<string, Window<Line>>();
  private overdue: Told<Line>[] = [];

  constructor(burst = 5, windowMs = 10_000) {
    this.burst = burst;
    this.windowMs = windowMs;
  }

  /** What to write of a line of this kind: with what was left out before it, or null for nothing. */
  take(kind: string, line: Line, nowMs: number): Told<Line> | null {
    const seen = this.windows.get(kind);
    if (seen === undefined || nowMs - seen.fromMs >= this.windowMs) {
      this.windows.delete(kind);
      this.windows.set(kind, { fromMs: nowMs, written: 1, left: 0, last: null });
      this.forgetOldest();
      return { line, suppressed: seen?.left ?? 0 };
    }
    if (seen.written < this.burst) {
      seen.written++;
      return { line, suppressed: 0 };
    }
    seen.left++;
    seen.last = line;
    return null;
  }

  /** Of each window that has ended since: the last line left out, with how many before it. */
  due(nowMs: number): readonly Told<Line>[] {
    const told = this.overdue;
    this.overdue = [];
    for (const [kind, seen] of this.windows) {
      if (nowMs - seen.fromMs < this.windowMs) continue;
      this.windows.delete(kind);
      if (seen.last !== null) told.push({ line: seen.last, suppressed: seen.left - 1 });
    }
    return told;
  }

  private forgetOldest(): void {
    if (this.windows.size <= KINDS) return;
    const [[kind, seen]] = this.windows as unknown as [[string, Window<Line>]];
    this.windows.delete(kind);
    if (seen.last !== null) this.overdue.push({ line: seen.last, suppressed: seen.left - 1 });
  }
}
