// A read-committed log as simple as can be, for histories that a correct log can have: records take
// offsets when they are written, ends of transactions take one too, readers see nothing at or beyond
// the first record of an open transaction and nothing of an aborted one.

/** What became of the records written under one of these. */
export interface Writing {
  state: "open" | "committed" | "aborted";
}

interface Slot {
  readonly offset: number;
  /** null: the end of a transaction. */
  readonly value: string | null;
  readonly writing: Writing;
}

export class PartitionModel {
  readonly topic: string;
  readonly partition: number;
  private readonly slots: Slot[] = [];

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  append(value: string | null, writing: Writing): number {
    const offset = this.slots.length;
    this.slots.push({ offset, value, writing });
    return offset;
  }

  /** At most `limit` records from `offset` on that may be read now. */
  read(offset: number, limit: number): [offset: number, value: string][] {
    const records: [number, string][] = [];
    for (let at = offset; at < this.slots.length && records.length < limit; at++) {
      const { value, writing } = this.slots[at] as Slot;
      if (writing.state === "open") break;
      if (writing.state === "committed" && value !== null) records.push([at, value]);
    }
    return records;
  }

  /** Takes back what is still open. */
  settleOpen(): void {
    for (const { writing } of this.slots) {
      if (writing.state === "open") writing.state = "aborted";
    }
  }

  /**
   * Offsets counted without what lies between committed records: of each record the number of those
   * before it that are committed, or open together with it. So what was taken back had an offset that
   * another record has now.
   */
  logicalOffsets(): Map<number, number> {
    const offsets = new Map<number, number>();
    const own = new Map<Writing, number>();
    let committed = 0;
    for (const { offset, value, writing } of this.slots) {
      if (value === null) continue;
      if (writing.state === "committed") offsets.set(offset, committed++);
      else {
        const before = own.get(writing) ?? 0;
        own.set(writing, before + 1);
        offsets.set(offset, committed + before);
      }
    }
    return offsets;
  }
}
