// Scenario sets in memory that threads share. Promises: a content is copied there once while it is kept, however
// many requests and objects bring it; equal contents are the same object; memory is used again once nobody holds
// it. That is not left to the collector: a thread that has seen a set keeps its memory alive until its own next
// collection, which shared memory does not bring on.

import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import { rememberHash, setHash } from "./input-hash.ts";
import type { Work } from "./work.ts";

/** Counted: whoever retains releases, and the last one gives the memory back. */
export interface Lease {
  retain(): void;
  release(): void;
}

export const NO_LEASE: Lease = { retain() {}, release() {} };

interface Held extends Lease {
  readonly set: ScenarioSet;
  readonly bytes: number;
}

export class SharedScenarios {
  private readonly limitBytes: number;
  /** By hash, in the order of last use. */
  private readonly kept = new Map<string, Held>();
  /** Memory that nobody holds, the one freed longest ago first. */
  private readonly free: SharedArrayBuffer[] = [];
  private freeBytes = 0;
  private peakBytes = 0;
  private keptBytes = 0;
  /** In use, or kept for the next request. */
  heldBytes = 0;
  copies = 0;

  /** Bounds what is kept for the next request. All memory together is bounded by it and by the most ever held. */
  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** The work with its set in shared memory, and the lease of it, retained once. */
  share<W extends Work>(work: W): { readonly work: W; readonly lease: Lease } {
    let lease = NO_LEASE;
    const shared = withScenarios(work, (set) => {
      const held = this.holdOf(set);
      lease = held;
      return held.set;
    });
    lease.retain();
    return { work: shared, lease };
  }

  private holdOf(set: ScenarioSet): Held {
    const hash = setHash(set);
    const known = this.kept.get(hash);
    if (known !== undefined) {
      this.kept.delete(hash);
      this.kept.set(hash, known);
      return known;
    }
    const made = isShared(set) ? { ...NO_LEASE, set, bytes: 0 } : this.copy(set);
    rememberHash(made.set, hash);
    this.keep(hash, made);
    return made;
  }

  private copy({ assets, count, returns, probabilities }: ScenarioSet): Held {
    this.copies++;
    const memory = this.memory(returns.byteLength + probabilities.byteLength);
    const set = {
      assets: [...assets],
      count,
      returns: new Float64Array(memory, 0, returns.length),
      probabilities: new Float64Array(memory, returns.byteLength, probabilities.length),
    };
    set.returns.set(returns);
    set.probabilities.set(probabilities);
    let holders = 0;
    return {
      set,
      bytes: memory.byteLength,
      retain: () => void holders++,
      release: () => {
        if (--holders === 0) this.giveBack(memory);
      },
    };
  }

  private keep(hash: string, held: Held): void {
    held.retain();
    this.kept.set(hash, held);
    this.keptBytes += held.bytes;
    for (const [oldest, old] of this.kept) {
      if (this.keptBytes <= this.limitBytes || oldest === hash) break;
      this.kept.delete(oldest);
      this.keptBytes -= old.bytes;
      old.release();
    }
  }

  /** Free memory that is not much too large, else new. */
  private memory(bytes: number): SharedArrayBuffer {
    const found = this.fromFree(bytes);
    this.heldBytes += found.byteLength;
    this.peakBytes = Math.max(this.peakBytes, this.heldBytes);
    this.trim();
    return found;
  }

  private fromFree(bytes: number): SharedArrayBuffer {
    const place = this.free.findIndex(
      ({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes,
    );
    // A little more than is asked for: the next set is of about this size, seldom of just this.
    if (place < 0) return new SharedArrayBuffer(Math.ceil(bytes / 8 + bytes / 64 + 8) * 8);
    const [found] = this.free.splice(place, 1) as [SharedArrayBuffer];
    this.freeBytes -= found.byteLength;
    return found;
  }

  private giveBack(memory: SharedArrayBuffer): void {
    this.free.push(memory);
    this.freeBytes += memory.byteLength;
    this.heldBytes -= memory.byteLength;
    this.trim();
  }

  /** What does not fit any more is left to the collectors. */
  private trim(): void {
    const most = Math.max(this.limitBytes, this.peakBytes);
    while (this.freeBytes + this.heldBytes > most && this.free.length > 0) {
      this.freeBytes -= this.free.shift()?.byteLength ?? 0;
    }
  }
}

const isShared = ({ returns, probabilities }: ScenarioSet): boolean =>
  returns.buffer instanceof SharedArrayBuffer && probabilities.buffer instanceof SharedArrayBuffer;

/** Stands for a set that travels by its name. */
export const NO_SCENARIOS: ScenarioSet = {
  assets: [],
  count: 0,
  returns: new Float64Array(0),
  probabilities: new Float64Array(0),
};

/** The work with its scenario set replaced; the work itself where it has none. */
export function withScenarios<W extends Work>(
  work: W,
  replace: (set: ScenarioSet) => ScenarioSet,
): W {
  if (work.kind === "solve" && "probabilities" in work.scenarios) {
    return { ...work, scenarios: replace(work.scenarios) };
  }
  if (work.kind === "measure") return { ...work, scenarios: replace(work.scenarios) };
  if (work.kind === "minimise" && work.program.tail !== undefined) {
    const { program } = work;
    const tail = { ...work.program.tail, scenarios: replace(work.program.tail.scenarios) };
    return { ...work, program: { ...program, tail } };
  }
  return work;
}
