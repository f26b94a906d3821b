// Batches on their way to the brokers that lead their partitions. Promises: each partition's batches
// go one after the other, numbered without a gap; one that may have arrived is sent again with the
// same bytes and number, so that its broker takes it once; brokers are written to at the same time.

import { type EncodedRecords, HEADER_BYTES, sealBatch } from "../wire/record-batch.ts";
import type { ClusterView } from "./cluster-view.ts";
import { mayRetry, Refused, throwWorst } from "./failures.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import type { Node, Partitioned } from "./requests.ts";
import { splitRecords } from "./split-records.ts";
import { type Producer, produce } from "./transaction-requests.ts";

export interface TransactionBatch extends Partitioned {
  readonly records: EncodedRecords;
  /**
   * Kafka offset that the partition's first record must get. Where another producer's came first, in
   * a transaction that is still open too, nothing is committed: STREAMS_OFFSET_CONFLICT.
   */
  readonly at?: number;
}

const PRODUCE_LANE = "produce";
const MAX_REQUEST_BYTES = 16 << 20;
const SEQUENCES = 2 ** 31;

/** What goes to one partition, and how far it has come. */
export interface Outgoing extends Partitioned {
  readonly parts: EncodedRecords[];
  readonly at: number | null;
  /** Sealed and perhaps sent: sent again it must be the same. */
  sealed: { readonly bytes: Uint8Array; readonly count: number } | null;
  baseOffset: number;
}

/** By partition; no batch of it is larger than `maxBytes`, but one of a single record. */
export function outgoingOf(batches: readonly TransactionBatch[], maxBytes: number): Outgoing[] {
  const places = new Map<string, Outgoing>();
  for (const { topic, partition, records, at = null } of batches) {
    if (records.count === 0) continue;
    const parts = splitRecords(records, maxBytes - HEADER_BYTES);
    const known = places.get(`${topic}/${partition}`);
    if (known !== undefined) known.parts.push(...parts);
    else {
      const fresh = { topic, partition, parts: [...parts], at, sealed: null, baseOffset: -1 };
      places.set(`${topic}/${partition}`, fresh);
    }
  }
  return [...places.values()];
}

export class ProduceRounds {
  private readonly cluster: ClusterView;
  private readonly links: Links;
  private readonly timeoutMs: number;
  /** Each partition's next number. */
  private readonly sequences = new Map<string, number>();

  constructor(cluster: ClusterView, links: Links, timeoutMs: number) {
    this.cluster = cluster;
    this.links = links;
    this.timeoutMs = timeoutMs;
  }

  /** The numbers start at 0 in each epoch of the producer. */
  beginEpoch(): void {
    this.sequences.clear();
  }

  /** Sends what of `outgoing` was not taken yet; throws the worst failure once all brokers are done. */
  async send(outgoing: readonly Outgoing[], producer: Producer): Promise<void> {
    const leaders = await this.byLeader(outgoing.filter(isLeft));
    const sent = await Promise.allSettled(
      leaders.map(([node, items]) => this.produceTo(node, items, producer)),
    );
    throwWorst(sent.flatMap((one) => (one.status === "rejected" ? [one.reason] : [])));
  }

  private async byLeader(items: readonly Outgoing[]): Promise<[Node, Outgoing[]][]> {
    const leaders = new Map<number, [Node, Outgoing[]]>();
    for (const item of items) {
      const node = await this.cluster.leader(item);
      const group = leaders.get(node.id);
      if (group === undefined) leaders.set(node.id, [node, [item]]);
      else group[1].push(item);
    }
    return [...leaders.values()];
  }

  /** Everything for one broker, request after request, each with one batch a partition. */
  private async produceTo(
    node: Node,
    items: readonly Outgoing[],
    producer: Producer,
  ): Promise<void> {
    const topics = items.map(({ topic }) => topic);
    try {
      const link = await this.links.get({ host: node.host, port: node.port }, PRODUCE_LANE);
      for (let left = items; left.length > 0; ) {
        await this.produceRound(link, left, producer);
        left = left.filter(isLeft);
      }
    } catch (failure) {
      const moved = failure instanceof Refused ? failure.failure === "leader" : true;
      if (moved) this.cluster.forgetLeaders(topics);
      throw failure;
    }
  }

  private async produceRound(
    link: Link,
    items: readonly Outgoing[],
    producer: Producer,
  ): Promise<void> {
    const batches: (Outgoing & { readonly bytes: Uint8Array })[] = [];
    const chosen = new Map<string, Outgoing>();
    let size = 0;
    for (const item of items) {
      item.sealed ??= this.seal(item, producer);
      const { bytes } = item.sealed;
      if (size > 0 && size + bytes.length > MAX_REQUEST_BYTES) continue;
      size += bytes.length;
      chosen.set(`${item.topic}/${item.partition}`, item);
      batches.push({ ...item, bytes });
    }
    const answers = await link.send(produce(producer.transactionalId, this.timeoutMs, batches));
    let worst: Refused | null = null;
    for (const answer of answers) {
      const key = `${answer.topic}/${answer.partition}`;
      const item = chosen.get(key);
      if (item === undefined) continue;
      const refused =
        answer.error === 0 ? null : new Refused(answer.error, "Produce", item, answer.detail);
      // Sent again after a lost answer: the broker has it from the first time.
      if (refused !== null && refused.type !== "DUPLICATE_SEQUENCE_NUMBER") {
        if (worst === null || mayRetry(worst)) worst = refused;
        continue;
      }
      if (item.baseOffset < 0) item.baseOffset = answer.baseOffset;
      const sequence = (this.sequences.get(key) ?? 0) + (item.sealed?.count ?? 0);
      this.sequences.set(key, sequence % SEQUENCES);
      item.sealed = null;
    }
    if (worst !== null) throw worst;
  }

  private seal(item: Outgoing, { id, epoch }: Producer): { bytes: Uint8Array; count: number } {
    const records = item.parts.shift();
    if (records === undefined) throw new Error("a partition without records is not sent");
    const baseSequence = this.sequences.get(`${item.topic}/${item.partition}`) ?? 0;
    const bytes = sealBatch(records, { id, epoch, baseSequence, transactional: true });
    return { bytes, count: records.count };
  }
}

const isLeft = ({ sealed, parts }: Outgoing): boolean => sealed !== null || parts.length > 0;
