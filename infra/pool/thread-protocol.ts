// What a device's thread and the pool's say to each other. Scenario sets go to a thread once and are named by
// a number after that; all memory of theirs is shared.

import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import type { DeviceFailure, StopFlag } from "./device.ts";
import { NO_SCENARIOS, withScenarios } from "./shared-scenarios.ts";
import type { Result, Work } from "./work.ts";

export interface RunOrder {
  /** A scenario set in it is only a name: see `nameSets`. */
  readonly work: Work;
  /** A number for the work's set, and the set itself where the thread has not seen it. */
  readonly set: number | null;
  readonly content: ScenarioSet | null;
  readonly stop: StopFlag;
  /** Sets that no order names any more. */
  readonly forget: readonly number[];
}

export type ThreadAnswer =
  | { readonly result: Result }
  | { readonly failure: DeviceFailure["reason"]; readonly message: string };

/** A thread keeps so many sets: what it was given before is likely to come again. */
const KEPT = 8;

/** Not by content: the same memory holds another set later. */
const names = new WeakMap<ScenarioSet, number>();
let named = 0;

function nameOf(set: ScenarioSet): number {
  const known = names.get(set);
  if (known !== undefined) return known;
  names.set(set, ++named);
  return named;
}

/** On the pool's side: knows which sets the thread has. */
export class SetSender {
  private readonly sent = new Set<number>();

  order(work: Work, stop: StopFlag): RunOrder {
    let set: number | null = null;
    let content: ScenarioSet | null = null;
    const bare = withScenarios(work, (found) => {
      set = nameOf(found);
      content = this.sent.has(set) ? null : found;
      return NO_SCENARIOS;
    });
    const excess = this.sent.size + (content === null ? 0 : 1) - KEPT;
    const others = [...this.sent].filter((hash) => hash !== set);
    return { work: bare, set, content, stop, forget: others.slice(0, Math.max(0, excess)) };
  }

  /** The order has reached the thread. */
  reached({ set, forget }: RunOrder): void {
    if (set !== null) {
      this.sent.delete(set);
      this.sent.add(set);
    }
    for (const hash of forget) this.sent.delete(hash);
  }
}

/** On the thread's side: keeps them. */
export class SetKeeper {
  private readonly sets = new Map<number, ScenarioSet>();

  work({ work, set, content, forget }: RunOrder): Work {
    if (set !== null && content !== null) this.sets.set(set, content);
    const whole = withScenarios(work, () => this.sets.get(set ?? -1) ?? NO_SCENARIOS);
    for (const hash of forget) this.sets.delete(hash);
    return whole;
  }
}
