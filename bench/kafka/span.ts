// What a process used between two moments of a steady run: time, processor time of all its threads,
// and what it did meanwhile. Every peer is measured between the same two counts.

export interface Span {
  readonly messages: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Feed it the count so far; it starts at the first at or after `from`, ends at `until`. */
export class SpanMeter {
  private readonly from: number;
  private readonly until: number;
  private start: { count: number; ms: number; cpu: NodeJS.CpuUsage } | null = null;

  constructor(from: number, until: number) {
    this.from = from;
    this.until = until;
  }

  /** The span once it is over; null before. */
  reached(count: number): Span | null {
    const { start } = this;
    if (start === null) {
      if (count < this.from) return null;
      this.start = { count, ms: performance.now(), cpu: process.cpuUsage() };
      return null;
    }
    if (count < this.until) return null;
    const used = process.cpuUsage(start.cpu);
    return {
      messages: count - start.count,
      seconds: (performance.now() - start.ms) / 1000,
      cpuSeconds: (used.user + used.system) / 1e6,
    };
  }
}
