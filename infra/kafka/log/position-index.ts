// Where a partition's logical offsets lie in Kafka. Promises: an answer is a place at or before the
// record, never beyond it; memory is bounded, so a long stream only makes the answers coarser.
//
// Kafka's offsets have gaps where ours have none: a marker ends each transaction, and what was
// aborted stays in the log. An anchor (l, k) says: the first record at or after Kafka offset k has
// logical offset l. Between two anchors Kafka's offsets grow at least as fast as ours.

export interface Anchor {
  readonly logical: number;
  readonly kafka: number;
  /** Greatest effective time before it; 0 where that is not known. */
  readonly floorUs: number;
}

const LIMIT = 4096;

export class PositionIndex {
  private anchors: Anchor[] = [];

  /** Anchors mostly come in order; one that is known already changes nothing. */
  add(logical: number, kafka: number, floorUs = 0): void {
    const { anchors } = this;
    const last = anchors.at(-1);
    if (last === undefined || last.logical < logical) {
      anchors.push({ logical, kafka, floorUs });
      if (anchors.length > LIMIT) this.thin();
      return;
    }
    const at = this.indexAfter(logical);
    const before = anchors[at - 1];
    if (before?.logical === logical) {
      // The place nearest to the record saves reading what lies before it.
      if (kafka >= before.kafka) {
        anchors[at - 1] = { logical, kafka, floorUs: Math.max(floorUs, before.floorUs) };
      }
      return;
    }
    anchors.splice(at, 0, { logical, kafka, floorUs });
    if (anchors.length > LIMIT) this.thin();
  }

  /** The last anchor at or before `logical`; null where nothing is known. */
  floor(logical: number): Anchor | null {
    return this.anchors[this.indexAfter(logical) - 1] ?? null;
  }

  clear(): void {
    this.anchors = [];
  }

  /** How many anchors stand at or before `logical`. */
  private indexAfter(logical: number): number {
    let low = 0;
    let high = this.anchors.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.anchors[middle] as Anchor).logical <= logical) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Every second one goes; the newest hundred stay, they are asked for most. */
  private thin(): void {
    const recent = this.anchors.length - 100;
    this.anchors = this.anchors.filter((_, i) => i % 2 === 0 || i >= recent);
  }
}
