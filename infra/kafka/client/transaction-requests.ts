// The requests of a transactional producer, as requests.ts has the others. They are what KIP-98
// describes; a producer's id and epoch stand in each, so that a fenced one is refused.

import { BodyReader, BodyWriter } from "./body.ts";
import { api, byTopic, newerApi, type Partitioned, type Request } from "./requests.ts";

/** Who asks. */
export interface Producer {
  readonly transactionalId: string;
  readonly id: bigint;
  readonly epoch: number;
}

export interface Refusal extends Partitioned {
  readonly error: number;
}

const owner = (body: BodyWriter, { transactionalId, id, epoch }: Producer): BodyWriter =>
  body.text(transactionalId).big(id).i16(epoch);

export function initProducerId(
  transactionalId: string,
  timeoutMs: number,
): Request<{ readonly error: number; readonly id: bigint; readonly epoch: number }> {
  return {
    api: api.initProducerId,
    body: [new BodyWriter().text(transactionalId).i32(timeoutMs).take()],
    decode(payload) {
      const from = new BodyReader(payload);
      from.i32();
      return { error: from.i16(), id: from.big(), epoch: from.i16() };
    },
  };
}

const perPartition = (payload: Buffer): readonly Refusal[] => {
  const from = new BodyReader(payload);
  from.i32();
  return from
    .list(() => {
      const topic = from.text() ?? "";
      return from.list(() => ({ topic, partition: from.i32(), error: from.i16() }));
    })
    .flat();
};

const single = (payload: Buffer): number => {
  const from = new BodyReader(payload);
  from.i32();
  return from.i16();
};

export function addPartitionsToTxn(
  producer: Producer,
  partitions: readonly Partitioned[],
): Request<readonly Refusal[]> {
  const body = owner(new BodyWriter(), producer);
  body.list(byTopic(partitions), ([topic, items]) => {
    body.text(topic).list(items, ({ partition }) => body.i32(partition));
  });
  return { api: api.addPartitionsToTxn, body: [body.take()], decode: perPartition };
}

export function addOffsetsToTxn(producer: Producer, groupId: string): Request<number> {
  const body = owner(new BodyWriter(), producer).text(groupId);
  return { api: api.addOffsetsToTxn, body: [body.take()], decode: single };
}

export interface CommittedOffset extends Partitioned {
  /** Kafka's: the one wanted next. */
  readonly offset: number;
}

export function txnOffsetCommit(
  producer: Producer,
  groupId: string,
  offsets: readonly CommittedOffset[],
): Request<readonly Refusal[]> {
  const { transactionalId, id, epoch } = producer;
  const body = new BodyWriter().text(transactionalId).text(groupId).big(id).i16(epoch);
  body.list(byTopic(offsets), ([topic, items]) => {
    body.text(topic).list(items, ({ partition, offset }) => {
      body.i32(partition).i64(offset).i32(-1).text(null);
    });
  });
  return { api: api.txnOffsetCommit, body: [body.take()], decode: perPartition };
}

export function endTxn(producer: Producer, committed: boolean): Request<number> {
  const body = owner(new BodyWriter(), producer).bool(committed);
  return { api: api.endTxn, body: [body.take()], decode: single };
}

/**
 * Ends a transaction and gives the producer a new epoch (or a new id, when epochs run out), so that
 * nothing which was sent for this transaction can touch the next one (KIP-890).
 */
export function endTxnWithNewEpoch(
  { transactionalId, id, epoch }: Producer,
  committed: boolean,
): Request<{ readonly error: number; readonly id: bigint; readonly epoch: number }> {
  const body = new BodyWriter().untagged().compact(transactionalId).big(id).i16(epoch);
  return {
    api: newerApi.endTxn,
    body: [body.bool(committed).untagged().take()],
    decode(payload) {
      const from = new BodyReader(payload);
      from.tagged();
      from.i32();
      return { error: from.i16(), id: from.big(), epoch: from.i16() };
    },
  };
}

export interface SealedBatch extends Partitioned {
  readonly bytes: Uint8Array;
}

export interface ProducedBatch extends Refusal {
  /** -1 where the broker has the batch already and forgot where. */
  readonly baseOffset: number;
  readonly detail: string | null;
}

const ALL_REPLICAS = -1;

/** One batch a partition at most: the protocol has no more (KIP-98). */
export function produce(
  transactionalId: string,
  timeoutMs: number,
  batches: readonly SealedBatch[],
): Request<readonly ProducedBatch[]> {
  const pieces: Uint8Array[] = [];
  const body = new BodyWriter().text(transactionalId).i16(ALL_REPLICAS).i32(timeoutMs);
  body.list(byTopic(batches), ([topic, items]) => {
    body.text(topic).list(items, ({ partition, bytes }) => {
      // The batch itself is sent from where it lies.
      pieces.push(body.i32(partition).i32(bytes.length).take(), bytes);
    });
  });
  return { api: api.produce, body: [...pieces, body.take()], decode: produceAnswer };
}

function produceAnswer(payload: Buffer): readonly ProducedBatch[] {
  const from = new BodyReader(payload);
  return from
    .list(() => {
      const topic = from.text() ?? "";
      return from.list(() => {
        const head = { topic, partition: from.i32(), error: from.i16(), baseOffset: from.i64() };
        from.i64();
        from.i64();
        const reasons = from.list(() => {
          from.i32();
          return from.text();
        });
        const detail = from.text() ?? reasons.find((reason) => reason !== null) ?? null;
        return { ...head, detail };
      });
    })
    .flat();
}
