// A partition that a group reads from outside, as its owner sees it: where to read on, how far everything
// that was read has been worked on, and whether more may come.

import type { TopicName } from "../schemas/generated/facts.ts";
import type { InputLane } from "./input-lane.ts";
import type { ExternalPartition } from "./task-groups.ts";

/** A partition that the group reads from outside. */
export class GroupInput {
  readonly topic: TopicName;
  readonly partition: number;
  readonly source: boolean;
  private readonly lanes: readonly InputLane[];
  private readonly room: number;

  constructor(
    { topic, partition, source }: ExternalPartition,
    lanes: readonly InputLane[],
    room: number,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.source = source;
    this.lanes = lanes;
    this.room = room;
  }

  /** Offset to read next. */
  get wanted(): number {
    return least(this.lanes, ({ wanted }) => wanted);
  }

  /** Offset up to which every reader is done. */
  get consumed(): number {
    return least(this.lanes, ({ consumed }) => consumed);
  }

  /** Records received that a reader has not taken yet. */
  get held(): number {
    return this.lanes.reduce((most, { held }) => Math.max(most, held), 0);
  }

  /** Effective time that every reader has reached. */
  get reachedUs(): number {
    return least(this.lanes, ({ reached }) => reached[0]);
  }

  /** What comes now would only be kept: deliver when it is false again. */
  get full(): boolean {
    return this.lanes.some(({ held }) => held >= this.room);
  }
}

export const least = (lanes: readonly InputLane[], of: (lane: InputLane) => number): number =>
  lanes.reduce((found, lane) => Math.min(found, of(lane)), Number.POSITIVE_INFINITY);
