// The clock mark behind tick-to-verdict latency. The tick's wall-clock arrival must reach the commit of
// the verdict, two transactions and perhaps two machines later, without a byte in a frame and unseen
// by any decision. Arrivals are kept by batch, not by tick: the first task's owner notes when a
// batch came in; where a record leaves that task, the arrival of the tick that its trace begins with goes
// along as a member of W3C `tracestate` (w3.org/TR/trace-context, section 3.3), which records that lead to
// nothing never carry. It is a measurement, not a proof: between two machines it holds their clocks' offset.

/** Batches remembered of a partition: at ten fetches a second, some minutes. */
const REMEMBERED = 4096;

interface Arrivals {
  /** Rings: offset after a batch, and when the batch came. */
  readonly nexts: Float64Array;
  readonly times: Float64Array;
  written: number;
}

/** When the records of source partitions came in. Memory: 64 KiB a partition. */
export class TickArrivals {
  private readonly partitions = new Map<string, Arrivals>();

  /** A batch that ends before `next` came at `atUs`, a wall clock in µs. Cost: one Map look-up. */
  arrived(topic: string, partition: number, next: number, atUs: number): void {
    const name = `${topic}/${partition}`;
    let ring = this.partitions.get(name);
    if (ring === undefined) {
      const empty = () => new Float64Array(REMEMBERED);
      ring = { nexts: empty(), times: empty(), written: 0 };
      this.partitions.set(name, ring);
    }
    const newest =
      ring.written === 0 ? -1 : (ring.nexts[(ring.written - 1) % REMEMBERED] as number);
    // Read again after a restart: the first arrival of what is already known stands.
    if (next <= newest) return;
    ring.nexts[ring.written % REMEMBERED] = next;
    ring.times[ring.written % REMEMBERED] = atUs;
    ring.written++;
  }

  /** When the record came, in µs; null where it came too long ago, or not here. */
  arrivalOf(topic: string, partition: number, offset: number): number | null {
    const ring = this.partitions.get(`${topic}/${partition}`);
    if (ring === undefined) return null;
    let low = Math.max(0, ring.written - REMEMBERED);
    const oldest = low;
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
}

const MEMBER = "tapedeck=t";

/** The arrival as a value of `tracestate`. */
export const traceState = (arrivedUs: number): string =>
  `${MEMBER}${Math.floor(arrivedUs).toString(36)}`;

/** The arrival that a `tracestate` carries, in µs; null where there is none of ours. */
export function arrivalIn(state: string): number | null {
  for (const member of state.split(",")) {
    const text = member.trim();
    if (!text.startsWith(MEMBER)) continue;
    const digits = text.slice(MEMBER.length);
    const arrivedUs = /^[0-9a-z]{1,11}$/.test(digits) ? Number.parseInt(digits, 36) : Number.NaN;
    return Number.isSafeInteger(arrivedUs) ? arrivedUs : null;
  }
  return null;
}
