// Late admissions: live, a task may have to go on without an input that then brings an event with
// a lesser sort key. The task records where it let that event in (topic tape.admissions); a replay
// holds the event back until there, and so repeats what happened.

import type { LateAdmission } from "../schemas/generated/tape.admissions.ts";
import type { AnyEvent } from "./event.ts";

const place = (topic: string, partition: number, offset: number): string =>
  `${topic}/${partition}/${offset}`;

/** Puts one task's events into the order in which it saw them live. */
export class AdmissionOrder {
  /** Late event → the event that it followed. */
  private readonly follows = new Map<string, string>();
  private readonly held = new Map<string, AnyEvent[]>();

  /** `admissions` of this task, in the order in which they were written. */
  constructor(admissions: readonly LateAdmission[]) {
    for (const late of admissions) {
      this.follows.set(
        place(late.topic, late.partition, late.offset),
        place(late.afterTopic, late.afterPartition, late.afterOffset),
      );
    }
  }

  /** True while an event waits for its place: the run must not be cut here. */
  get holding(): boolean {
    return this.held.size > 0;
  }

  /** The events to process now that `event`'s turn has come in the one order. */
  release(event: AnyEvent): readonly AnyEvent[] {
    const own = place(event.topic, event.partition, event.offset);
    const after = this.follows.get(own);
    if (after === undefined) return this.withFollowers(event, own, []);
    this.follows.delete(own);
    const waiting = this.held.get(after);
    if (waiting === undefined) this.held.set(after, [event]);
    else waiting.push(event);
    return [];
  }

  private withFollowers(event: AnyEvent, own: string, released: AnyEvent[]): AnyEvent[] {
    released.push(event);
    const waiting = this.held.get(own);
    if (waiting !== undefined) {
      this.held.delete(own);
      for (const late of waiting) {
        this.withFollowers(late, place(late.topic, late.partition, late.offset), released);
      }
    }
    return released;
  }
}
