// How partitions reach tasks: each task sees each partition after its own delay, sometimes much later,
// sometimes twice, sometimes in the wrong order. Promises: what a task sees is committed; a record
// that it cannot see yet, it will.

import type { Random } from "../../quant/random.ts";
import type { ExternalPartition } from "../task-groups.ts";

/** What was committed to a partition, and when. */
export class Feed {
  readonly ends: number[] = [];
  readonly times: number[] = [];
  readonly links: Link[] = [];
}

/** One partition as one task sees it. */
export class Link {
  readonly input: ExternalPartition;
  readonly owner: { wake(atUs: number): void };
  clogUntilUs = 0;
  private readonly feed: Feed;
  private readonly delayUs: number;
  private seen = 0;

  /** `delayUs` 0: it sees everything at once. */
  constructor(
    input: ExternalPartition,
    feed: Feed,
    delayUs: number,
    owner: { wake(atUs: number): void },
  ) {
    this.input = input;
    this.feed = feed;
    this.delayUs = delayUs;
    this.owner = owner;
    feed.links.push(this);
  }

  /** Offset before which everything is visible now. */
  visibleEnd(nowUs: number): number {
    const { times, ends } = this.feed;
    if (nowUs >= this.clogUntilUs) {
      while (this.seen < times.length && (times[this.seen] as number) + this.delayUs <= nowUs) {
        this.seen++;
      }
    }
    return this.seen === 0 ? 0 : (ends[this.seen - 1] as number);
  }

  /** What is committed, seen or not. */
  get end(): number {
    return this.feed.ends.at(-1) ?? 0;
  }

  /** When more will be visible; Infinity if nothing more is committed. */
  get nextUs(): number {
    const committed = this.feed.times[this.seen];
    if (committed === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(committed + this.delayUs, this.clogUntilUs);
  }

  clog(untilUs: number): boolean {
    if (this.delayUs === 0) return false;
    this.clogUntilUs = untilUs;
    return true;
  }
}

/** Exponential with the given mean, in whole microseconds, at least 1. */
export function drawDelay(random: Random, meanUs: number): number {
  // 16 halvings of chance are enough of an exponential, and need no logarithm.
  let delay = 0;
  while (random.integer(2) === 1 && delay < 16) delay++;
  return 1 + Math.floor((delay + random.uniform()) * meanUs * 0.7);
}
