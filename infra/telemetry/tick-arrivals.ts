// The clock mark behind tick-to-verdict latency: when the tick came in that a verdict goes back to. It
// must not lie in a frame, nor cost anything for each tick, nor be seen by a decision. So arrivals are kept by
// batch, and the verdict's trace says which tick it was: a source's trace id is a hash of the tick's
// place that can be undone (infra/kafka/wire/trace.ts). What came in at another instance is not measured but
// counted: there the clocks of two machines would be compared.

import { placesOf } from "../kafka/wire/trace.ts";
import type { ServiceGauges } from "./service-gauges.ts";

/** Batches remembered of a partition: at ten fetches a second, some minutes. */
const REMEMBERED = 4096;

interface Arrivals {
  readonly topic: string;
  readonly partition: number;
  /** Rings: offset after a batch, and when the batch came. */
  readonly nexts: Float64Array;
  readonly times: Float64Array;
  written: number;
}

/** When the records of source partitions came in. Memory: 64 KiB a partition. */
export class TickArrivals {
  private readonly partitions = new Map<string, Arrivals>();

  /**
   * A batch of a source that ends before the logical offset `next` came at `atMs`, by a clock that
   * never goes back (performance.now). Cost: one look-up in a Map.
   */
  arrived(topic: string, partition: number, next: number, atMs: number): void {
    const name = `${topic}/${partition}`;
    let ring = this.partitions.get(name);
    if (ring === undefined) {
      const empty = () => new Float64Array(REMEMBERED);
      ring = { topic, partition, nexts: empty(), times: empty(), written: 0 };
      this.partitions.set(name, ring);
    }
    const newest =
      ring.written === 0 ? -1 : (ring.nexts[(ring.written - 1) % REMEMBERED] as number);
    // Read again after a restart of the task: the first arrival of what is known stands.
    if (next <= newest) return;
    ring.nexts[ring.written % REMEMBERED] = next;
    ring.times[ring.written % REMEMBERED] = atMs;
    ring.written++;
  }

  /** When the tick came that the trace begins with; null where it came elsewhere, or too long ago. */
  arrivalOf(traceparent: string): number | null {
    const traceId = traceparent.slice(3, 35);
    for (const ring of this.partitions.values()) {
      const offset = placesOf(ring.topic, ring.partition).offsetOf(traceId);
      if (offset !== null) return timeIn(ring, offset);
    }
    return null;
  }
}

function timeIn(ring: Arrivals, offset: number): number | null {
  const oldest = Math.max(0, ring.written - REMEMBERED);
  let low = oldest;
  let high = ring.written;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((ring.nexts[middle % REMEMBERED] as number) > offset) high = middle;
    else low = middle + 1;
  }
  // The oldest batch remembered may reach back over forgotten ones: it cannot vouch for the record.
  if (low === ring.written || (low === oldest && oldest > 0)) return null;
  return ring.times[low % REMEMBERED] as number;
}

/** Verdicts with these traces are known, at `nowMs`, to be committed. */
export function measureVerdicts(
  service: ServiceGauges,
  arrivals: TickArrivals,
  traces: readonly (string | null)[],
  nowMs: number,
): void {
  for (const trace of traces) {
    const cameMs = trace === null ? null : arrivals.arrivalOf(trace);
    if (cameMs === null) service.verdictsUnmeasured++;
    else service.tickToVerdictSeconds.add((nowMs - cameMs) / 1000);
  }
}
