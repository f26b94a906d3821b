// Single reads of one partition: a piece of it, or where it begins and ends. Promises: only what is
// committed; the leader is looked up again where it moved; bounded in time.

import { TapedeckError } from "../../../schemas/errors.ts";
import { type RawBatch, splitBatches } from "../wire/record-batch.ts";
import type { ClusterView } from "./cluster-view.ts";
import { committedPart } from "./committed.ts";
import { Refused, refuse } from "./failures.ts";
import type { Link } from "./link.ts";
import {
  EARLIEST,
  type FetchedPartition,
  fetchRecords,
  LATEST,
  listOffset,
  type Partitioned,
} from "./requests.ts";

/** THROTTLING_QUOTA_EXCEEDED. */
const THROTTLED = 89;

/** A piece of a partition, committed data only. */
export interface Fetched extends Partitioned {
  /**
   * Data batches; the first may begin before the offset that was asked for. Their bytes are views
   * of memory that nothing of ours writes to again: keep one, and the whole piece stays.
   */
  readonly batches: readonly RawBatch[];
  /** Kafka offset to go on from; markers and aborted records are passed. */
  readonly nextOffset: number;
  /** Last stable offset: every transaction before it is settled. */
  readonly stableEnd: number;
  /** First offset still kept. */
  readonly start: number;
}

export interface FetchOptions {
  /** 1 MiB; a single batch that is larger comes whole. */
  readonly maxBytes?: number;
  /** How long the broker may wait for something to come; 0. */
  readonly waitMs?: number;
}

/**
 * "stable-end": what is read as committed ends there. "end": everything ends there. A time: the
 * first committed record at or after it, -1 where there is none.
 */
export type OffsetAt = "start" | "stable-end" | "end" | { readonly timestampMs: number };

export async function offsetAt(
  cluster: ClusterView,
  place: Partitioned,
  at: OffsetAt,
): Promise<number> {
  const timestampMs = typeof at === "object" ? at.timestampMs : at === "start" ? EARLIEST : LATEST;
  const request = listOffset(place, timestampMs, at === "end" ? 0 : 1);
  return atLeader(cluster, place, "look offsets up in", async (link) => {
    const answer = await link.send(request);
    refuse(answer.error, "ListOffsets", place);
    return answer.offset;
  });
}

export async function fetchOnce(
  cluster: ClusterView,
  place: Partitioned,
  offset: number,
  { maxBytes = 1 << 20, waitMs = 0 }: FetchOptions,
): Promise<Fetched> {
  const request = fetchRecords([{ ...place, offset, maxBytes }], { waitMs, maxBytes });
  const part = await atLeader(cluster, place, "read", async (link) => {
    const answer = await link.send(request, waitMs);
    refuse(answer.error, "Fetch");
    const [fetched] = answer.partitions;
    // Over the client's quota the broker says nothing of any partition, and answers late from then on.
    if (fetched === undefined) throw new Refused(THROTTLED, "Fetch", place);
    const refused = fetched.error === 0 ? null : new Refused(fetched.error, "Fetch", place);
    if (refused !== null && refused.type !== "OFFSET_OUT_OF_RANGE") throw refused;
    return refused === null ? fetched : null;
  });
  if (part === null) throw await offsetOutOfRange(cluster, place, offset);
  return fetchedFrom(part, offset);
}

/** Throws what `splitBatches` throws where the bytes are damaged. */
export function fetchedFrom(part: FetchedPartition, offset: number): Fetched {
  const { topic, partition, start, stableEnd, highWatermark } = part;
  const read = committedPart(splitBatches(part.bytes), part.aborted, offset);
  return {
    topic,
    partition,
    ...read,
    stableEnd: stableEnd >= 0 ? stableEnd : highWatermark,
    start,
  };
}

export async function offsetOutOfRange(
  cluster: ClusterView,
  place: Partitioned,
  offset: number,
): Promise<TapedeckError> {
  const { topic, partition } = place;
  try {
    const start = await offsetAt(cluster, place, "start");
    const end = await offsetAt(cluster, place, "end");
    return new TapedeckError(
      "KAFKA_OFFSET_OUT_OF_RANGE",
      `${topic}/${partition} keeps Kafka offsets ${start} to ${end}, not ${offset}`,
      { topic, partition, offset, start, end },
    );
  } catch (error) {
    if (error instanceof TapedeckError) return error;
    throw error;
  }
}

async function atLeader<T>(
  cluster: ClusterView,
  place: Partitioned,
  verb: string,
  work: (link: Link) => Promise<T>,
): Promise<T> {
  return cluster.retrying(`${verb} ${place.topic}/${place.partition}`, async () => {
    const { host, port } = await cluster.leader(place);
    try {
      return await cluster.links.use({ host, port }, work);
    } catch (failure) {
      const stays = failure instanceof Refused && failure.failure !== "leader";
      if (!stays) cluster.forgetLeaders([place.topic]);
      throw failure;
    }
  });
}
