// What a task waits for that is computed outside of it. Promises: each event that the task awaits is prepared once at a
// time; the task's turns go on meanwhile, so that it reads, commits and answers Kafka; when the task ends, what is
// under way is called off.

import type { AnyEvent } from "../../../streams/event.ts";
import type { GroupTask } from "../../../streams/group-task.ts";

/** Work that a processor's decision takes long for, done elsewhere before it decides. */
export interface Asked {
  /** Of this processor each event is prepared. */
  readonly processor: string;
  /** Resolves when the decision is there, or where `signal` ends it. Rejects with what ends the task. */
  prepare(event: AnyEvent, signal: AbortSignal): Promise<void>;
}

export class Asking {
  /** What ended a preparation; null: nothing. */
  failure: unknown = null;
  private readonly asked: Asked;
  private readonly wake: () => void;
  private readonly ending = new AbortController();
  private under: AnyEvent | null = null;

  /** `wake` is called when the task may go on. */
  constructor(asked: Asked, wake: () => void) {
    this.asked = asked;
    this.wake = wake;
  }

  /** Whether an answer is still to come. */
  get busy(): boolean {
    return this.under !== null;
  }

  /** Has prepared what the group awaits. */
  look(group: GroupTask): void {
    const { awaited } = group;
    if (awaited === null || awaited === this.under) return;
    this.under = awaited;
    this.asked.prepare(awaited, this.ending.signal).then(
      () => {
        this.under = null;
        if (!this.ending.signal.aborted) group.goOn();
        this.wake();
      },
      (error) => {
        this.failure ??= error;
        this.wake();
      },
    );
  }

  close(): void {
    this.ending.abort();
  }
}
