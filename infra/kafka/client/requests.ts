// Requests of Kafka's protocol as bytes, and their answers as plain data. Promises: no sockets, no
// waiting; error codes are passed on, not judged. Versions are the last before the "flexible"
// encoding (KIP-482), which brokers from 2.4 to 4.x take; what only newer brokers have is marked.
// Source: https://kafka.apache.org/protocol

import { BodyReader, BodyWriter } from "./body.ts";

export interface Api {
  readonly key: number;
  readonly name: string;
  readonly version: number;
}

/** Taken by all brokers that we work with; checked when a connection is opened. */
export const api = {
  produce: { key: 0, name: "Produce", version: 8 },
  fetch: { key: 1, name: "Fetch", version: 11 },
  listOffsets: { key: 2, name: "ListOffsets", version: 5 },
  metadata: { key: 3, name: "Metadata", version: 4 },
  findCoordinator: { key: 10, name: "FindCoordinator", version: 2 },
  initProducerId: { key: 22, name: "InitProducerId", version: 1 },
  addPartitionsToTxn: { key: 24, name: "AddPartitionsToTxn", version: 2 },
  addOffsetsToTxn: { key: 25, name: "AddOffsetsToTxn", version: 2 },
  endTxn: { key: 26, name: "EndTxn", version: 2 },
  txnOffsetCommit: { key: 28, name: "TxnOffsetCommit", version: 2 },
} as const satisfies Record<string, Api>;

/** Taken by newer brokers only; both in the flexible encoding. */
export const newerApi = {
  apiVersions: { key: 18, name: "ApiVersions", version: 3 },
  endTxn: { key: 26, name: "EndTxn", version: 5 },
} as const satisfies Record<string, Api>;

/** A request's body in pieces, which are sent without being joined. */
export interface Request<Answer> {
  readonly api: Api;
  readonly body: readonly Uint8Array[];
  decode(payload: Buffer): Answer;
}

/** Features by name that the cluster has switched on, with their level (KIP-584). */
export function finalizedFeatures(): Request<ReadonlyMap<string, number>> {
  return {
    api: newerApi.apiVersions,
    body: [new BodyWriter().untagged().compact("tapedeck").compact("1").untagged().take()],
    decode(payload) {
      const from = new BodyReader(payload);
      const features = new Map<string, number>();
      // An older broker answers with an error in an older form.
      if (from.i16() !== 0) return features;
      from.compactList(() => {
        from.i16();
        from.i16();
        from.i16();
        from.tagged();
      });
      from.i32();
      from.tagged((tag) => {
        if (tag !== FINALIZED) return;
        from.compactList(() => {
          const name = from.compact();
          features.set(name, from.i16());
          from.i16();
          from.tagged();
        });
      });
      return features;
    },
  };
}

const FINALIZED = 2;

export interface Partitioned {
  readonly topic: string;
  readonly partition: number;
}

/** Items by topic, in the order in which topics and items first come. */
export function byTopic<T extends Partitioned>(items: readonly T[]): [string, T[]][] {
  const topics = new Map<string, T[]>();
  for (const item of items) {
    const list = topics.get(item.topic);
    if (list === undefined) topics.set(item.topic, [item]);
    else list.push(item);
  }
  return [...topics];
}

export const COORDINATES_GROUPS = 0;
export const COORDINATES_TRANSACTIONS = 1;

export interface Node {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export interface MetadataAnswer {
  readonly nodes: readonly Node[];
  readonly topics: readonly {
    readonly error: number;
    readonly topic: string;
    readonly partitions: readonly {
      readonly error: number;
      readonly partition: number;
      /** -1: none at the moment. */
      readonly leader: number;
    }[];
  }[];
}

export function metadata(topics: readonly string[]): Request<MetadataAnswer> {
  const body = new BodyWriter();
  body.list(topics, (topic) => body.text(topic)).bool(false);
  return {
    api: api.metadata,
    body: [body.take()],
    decode(payload) {
      const from = new BodyReader(payload);
      from.i32();
      const nodes = from.list(() => {
        const node = { id: from.i32(), host: from.text() ?? "", port: from.i32() };
        from.text();
        return node;
      });
      from.text();
      from.i32();
      const described = from.list(() => {
        const error = from.i16();
        const topic = from.text() ?? "";
        from.bool();
        const partitions = from.list(() => {
          const state = { error: from.i16(), partition: from.i32(), leader: from.i32() };
          from.list(() => from.i32());
          from.list(() => from.i32());
          return state;
        });
        return { error, topic, partitions };
      });
      return { nodes, topics: described };
    },
  };
}

export function findCoordinator(
  key: string,
  kind: number,
): Request<{ readonly error: number; readonly message: string | null; readonly node: Node }> {
  return {
    api: api.findCoordinator,
    body: [new BodyWriter().text(key).i8(kind).take()],
    decode(payload) {
      const from = new BodyReader(payload);
      from.i32();
      const error = from.i16();
      const message = from.text();
      return {
        error,
        message,
        node: { id: from.i32(), host: from.text() ?? "", port: from.i32() },
      };
    },
  };
}

export const LATEST = -1;
export const EARLIEST = -2;

/** Isolation: 0 up to the high watermark, 1 up to the last stable offset. */
export function listOffset(
  { topic, partition }: Partitioned,
  timestampMs: number,
  isolation: 0 | 1,
): Request<{ readonly error: number; readonly offset: number }> {
  const body = new BodyWriter().i32(-1).i8(isolation).i32(1).text(topic).i32(1);
  body.i32(partition).i32(-1).i64(timestampMs);
  return {
    api: api.listOffsets,
    body: [body.take()],
    decode(payload) {
      const from = new BodyReader(payload);
      from.i32();
      const [answer] = from
        .list(() => {
          from.text();
          return from.list(() => {
            from.i32();
            const error = from.i16();
            from.i64();
            const offset = from.i64();
            from.i32();
            return { error, offset };
          });
        })
        .flat();
      if (answer === undefined) throw new RangeError("ListOffsets answered nothing");
      return answer;
    },
  };
}

export interface FetchPartition extends Partitioned {
  readonly offset: number;
  readonly maxBytes: number;
}

export interface FetchedPartition extends Partitioned {
  readonly error: number;
  readonly highWatermark: number;
  /** -1 where the broker gives none. */
  readonly stableEnd: number;
  readonly start: number;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[];
  /** A view of the answer. */
  readonly bytes: Uint8Array;
}

/** Committed records only; `waitMs` and `maxBytes` for the whole answer. */
export function fetchRecords(
  partitions: readonly FetchPartition[],
  { waitMs, maxBytes }: { readonly waitMs: number; readonly maxBytes: number },
): Request<{ readonly error: number; readonly partitions: readonly FetchedPartition[] }> {
  const body = new BodyWriter(64 + partitions.length * 48);
  body.i32(-1).i32(waitMs).i32(1).i32(maxBytes).i8(1).i32(0).i32(-1);
  body.list(byTopic(partitions), ([topic, items]) => {
    body.text(topic).list(items, (item) => {
      body.i32(item.partition).i32(-1).i64(item.offset).i64(-1).i32(item.maxBytes);
    });
  });
  body.i32(0).text("");
  return { api: api.fetch, body: [body.take()], decode: fetchAnswer };
}

function fetchAnswer(payload: Buffer) {
  const from = new BodyReader(payload);
  from.i32();
  const error = from.i16();
  from.i32();
  const partitions = from.list(() => {
    const topic = from.text() ?? "";
    return from.list((): FetchedPartition => {
      const head = {
        topic,
        partition: from.i32(),
        error: from.i16(),
        highWatermark: from.i64(),
        stableEnd: from.i64(),
        start: from.i64(),
        aborted: from.list(() => ({ producerId: from.big(), firstOffset: from.i64() })),
      };
      from.i32();
      return { ...head, bytes: from.blob() };
    });
  });
  return { error, partitions: partitions.flat() };
}
