// When a task lets events in late in numbers: worth a line, for what it decides is no longer what a backtest
// decides. Pure: counters and time in, what to say out. Promises: a few in a minute say nothing; many
// are said at once the first time, then once a minute with all that came since.

export interface LateSpell {
  readonly late: number;
  /** Events that the task admitted meanwhile. */
  readonly admitted: number;
  /** As in "orders 7, fills 2". */
  readonly topics: string;
}

interface Since {
  admitted: number;
  late: ReadonlyMap<string, number>;
  fromMs: number;
  toldMs: number;
}

const MANY = 5;
const WINDOW_MS = 60_000;

export class LateWatch {
  private readonly tasks = new Map<string, Since>();

  /** Takes a task's counters as they stand. Call it every few seconds for each task. */
  observe(
    task: string,
    admitted: number,
    late: ReadonlyMap<string, number>,
    nowMs: number,
  ): LateSpell | null {
    const none: Since = { admitted: 0, late: new Map(), fromMs: nowMs, toldMs: -WINDOW_MS };
    const since = this.tasks.get(task) ?? none;
    this.tasks.set(task, since);
    const topics = [...late]
      .map(([topic, events]) => [topic, events - (since.late.get(topic) ?? 0)] as const)
      .filter(([, events]) => events > 0);
    const all = topics.reduce((sum, [, events]) => sum + events, 0);
    const many = all >= MANY;
    if (many && nowMs - since.toldMs < WINDOW_MS) return null;
    if (!many && nowMs - since.fromMs < WINDOW_MS) return null;
    const spell: LateSpell = {
      late: all,
      admitted: admitted - since.admitted,
      topics: topics.map(([topic, events]) => `${topic} ${events}`).join(", "),
    };
    const toldMs = many ? nowMs : since.toldMs;
    this.tasks.set(task, { admitted, late: new Map(late), fromMs: nowMs, toldMs });
    return many ? spell : null;
  }
}
