// The anomalies that the checker knows, in the words of Jepsen's Kafka workload (jepsen.tests.kafka,
// K. Kingsbury) where it has one. Promises: each found anomaly carries the smallest evidence that
// shows it; all are counted, the first few of a kind are kept.

/** None of these may happen on a log that is read committed and written by idempotent producers. */
export const anomalyKinds = [
  /** Acknowledged, passed over by who read further, and read by nobody; or read, and gone later. */
  "lost-write",
  /** Acknowledged, and the whole of the partition, read in the end, lacks it. */
  "unseen",
  /** Read, though every attempt to write it failed or was aborted (G1a). */
  "aborted-read",
  /** Read, though nobody tried to write it. */
  "unwritten-read",
  /** Read before its transaction was asked to commit. */
  "precommitted-read",
  /** One value of a topic at two places. */
  "duplicate",
  /** Two values at one offset. */
  "inconsistent-offset",
  /** A process wrote a value, later another, and the later one lies before it. */
  "nonmonotonic-send",
  /** The same within one transaction. */
  "inversion-in-transaction-sends",
  /** Within a poll or transaction records were passed over, or the order went back. */
  "gap-in-transaction-reads",
  "inversion-in-transaction-reads",
  /** The same between one poll and the next of a process that kept its assignment. */
  "gap-between-reads",
  "inversion-between-reads",
  /** Of one transaction some is there and some is not. */
  "torn-transaction",
  /** Two committed transactions of a group polled the same record. */
  "consumed-twice",
  /** A group went on past a record that no committed transaction of it polled. */
  "consumed-never",
] as const;

export type AnomalyKind = (typeof anomalyKinds)[number];

export interface Anomaly {
  readonly kind: AnomalyKind;
  /** `<topic>/<partition>`. */
  readonly partition: string;
  readonly offsets: readonly number[];
  readonly values: readonly string[];
  /** Names of processes or transactions that took part. */
  readonly who: readonly string[];
}

const EXAMPLES_OF_A_KIND = 10;

/** Collects what the checks find. */
export class Findings {
  readonly counts = new Map<AnomalyKind, number>();
  readonly examples: Anomaly[] = [];

  add(anomaly: Anomaly): void {
    const count = (this.counts.get(anomaly.kind) ?? 0) + 1;
    this.counts.set(anomaly.kind, count);
    if (count <= EXAMPLES_OF_A_KIND) this.examples.push(anomaly);
  }
}

/** `lost-write orders/0 at 7: "v12" (task-1)` */
export function describeAnomaly({ kind, partition, offsets, values, who }: Anomaly): string {
  const at = offsets.length === 0 ? "" : ` at ${offsets.join(", ")}`;
  const by = who.length === 0 ? "" : ` (${who.join(", ")})`;
  return `${kind} ${partition}${at}: ${values.map((value) => JSON.stringify(value)).join(", ")}${by}`;
}
