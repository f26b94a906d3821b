// How long after live the shadow has decided the same, as one who watches both sees it: from the look that
// first saw a live record committed to when the shadow's was committed and compared. Promises: what
// lay there before the first look is not measured; memory grows with the looks that are not done with.

import { LatencyHistogram } from "../telemetry/latency-histogram.ts";

interface Mark {
  readonly end: number;
  readonly nowMs: number;
}

interface Watched {
  readonly marks: Mark[];
  /** End of what is measured or was there before. */
  done: number;
}

export class BehindLive {
  readonly topics = new Map<string, { readonly seconds: LatencyHistogram; worst: number }>();
  private readonly places = new Map<string, Watched>();

  /** At a look: ends of the live partitions, by "topic/partition". */
  seen(ends: ReadonlyMap<string, number>, nowMs: number): void {
    for (const [place, end] of ends) {
      const known = this.places.get(place);
      if (known === undefined) this.places.set(place, { marks: [], done: end });
      else if (end > (known.marks.at(-1)?.end ?? known.done)) known.marks.push({ end, nowMs });
    }
  }

  /** After a step: live records of the partition before `offset` have been compared. */
  compared(topic: string, partition: number, offset: number, nowMs: number): void {
    const watched = this.places.get(`${topic}/${partition}`);
    if (watched === undefined) return;
    let all = this.topics.get(topic);
    for (let mark = watched.marks[0]; mark !== undefined; mark = watched.marks[0]) {
      const to = Math.min(mark.end, offset);
      if (to <= watched.done) return;
      all ??= { seconds: new LatencyHistogram(), worst: 0 };
      this.topics.set(topic, all);
      const seconds = (nowMs - mark.nowMs) / 1000;
      for (; watched.done < to; watched.done++) all.seconds.add(seconds);
      all.worst = Math.max(all.worst, seconds);
      if (mark.end > offset) return;
      watched.marks.shift();
    }
  }
}
