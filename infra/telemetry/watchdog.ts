// Finds what stands still although there is work: a client that fetches no more and says nothing, a task that
// fails at the same record over and over. Pure: time comes in, trips go out; the owner decides what
// a trip does. Promises: a partition with nothing to read never trips; one that moves never trips; one that
// stands trips once each bound, so that the owner can do more each time.
//
// The lag must come from another request than the fetch that is watched (listOffset): a client that
// stalled shows the lag that it saw last, which is often 0.

export interface Watched {
  readonly task: string;
  readonly topic: string;
  readonly partition: number;
}

/** `still`: no movement. `circling`: it moves, falls back and moves again, and gets no further. */
export interface Trip extends Watched {
  readonly what: "still" | "circling";
  readonly lag: number;
  readonly position: number;
  /** Since it last got further. */
  readonly sinceMs: number;
  /** 1 at the first trip, one more at each that follows without recovery between. */
  readonly times: number;
}

interface Partition extends Watched {
  lag: number;
  position: number;
  /** Greatest position seen. */
  best: number;
  bestMs: number;
  movedMs: number;
  /** Times that it fell back since it last got further. */
  falls: number;
  trips: number;
  trippedMs: number;
}

/** Falling back is usual when a task is opened again; this often without getting further is not. */
const CIRCLES = 3;

export class Watchdog {
  private readonly boundMs: number;
  private readonly partitions = new Map<string, Partition>();

  constructor(boundMs = 30_000) {
    this.boundMs = boundMs;
  }

  /**
   * Takes what is known of a partition: the records that lie before its reader, and the offset that the
   * reader wants next. Gives a trip, or null. Call it every second or so for each partition.
   */
  observe(of: Watched, lag: number, position: number, nowMs: number): Trip | null {
    const name = keyOf(of);
    let seen = this.partitions.get(name);
    if (seen === undefined) {
      seen = begin(of, lag, position, nowMs);
      this.partitions.set(name, seen);
    }
    // What a partition was asked to do begins when there is something to do.
    const idle = seen.lag <= 0 && seen.trips === 0;
    if (position > seen.best || lag <= 0 || idle)
      recover(seen, Math.max(position, seen.best), nowMs);
    if (position !== seen.position) seen.movedMs = nowMs;
    if (position < seen.position) seen.falls++;
    seen.lag = lag;
    seen.position = position;
    return lag > 0 ? this.judge(seen, nowMs) : null;
  }

  private judge(seen: Partition, nowMs: number): Trip | null {
    const still = nowMs - seen.movedMs >= this.boundMs;
    const circling = seen.falls >= CIRCLES && nowMs - seen.bestMs >= this.boundMs;
    if (!still && !circling) return null;
    if (seen.trips > 0 && nowMs - seen.trippedMs < this.boundMs) return null;
    seen.trips++;
    seen.trippedMs = nowMs;
    return tripOf(seen, still ? "still" : "circling", nowMs);
  }

  /** What has tripped and not recovered; `what` as judged now. */
  stuck(nowMs: number): readonly Trip[] {
    return [...this.partitions.values()]
      .filter(({ trips }) => trips > 0)
      .map((seen) =>
        tripOf(seen, nowMs - seen.movedMs >= this.boundMs ? "still" : "circling", nowMs),
      );
  }

  /** The task's partitions belong to another instance now. Not for a task that is opened again here. */
  forget(task: string): void {
    for (const [name, seen] of this.partitions) {
      if (seen.task === task) this.partitions.delete(name);
    }
  }
}

const keyOf = ({ task, topic, partition }: Watched): string => `${task} ${topic}/${partition}`;

const begin = (of: Watched, lag: number, position: number, nowMs: number): Partition => ({
  task: of.task,
  topic: of.topic,
  partition: of.partition,
  lag,
  position,
  best: position,
  bestMs: nowMs,
  movedMs: nowMs,
  falls: 0,
  trips: 0,
  trippedMs: nowMs,
});

function recover(seen: Partition, best: number, nowMs: number): void {
  seen.best = best;
  seen.bestMs = nowMs;
  seen.movedMs = nowMs;
  seen.falls = 0;
  seen.trips = 0;
}

function tripOf(seen: Partition, what: Trip["what"], nowMs: number): Trip {
  const { task, topic, partition, lag, position, trips } = seen;
  return {
    task,
    topic,
    partition,
    what,
    lag,
    position,
    sinceMs: nowMs - seen.bestMs,
    times: trips,
  };
}
