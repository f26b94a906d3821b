// One partition of a fetcher: how far it is asked for and given, and what is held of it meanwhile.
// Promises: pieces are given in the order in which they came; all that is held is counted, and a sum
// for each batch beside its bytes.

import type { TapedeckError } from "../../../schemas/errors.ts";
import type { Fetched } from "./reading.ts";
import type { Partitioned } from "./requests.ts";

export interface FetchProgress extends Partitioned {
  /** Kafka offset after what `pull` gave last. */
  readonly nextOffset: number;
  /** Last stable offset as of the last answer; -1 before the first. */
  readonly stableEnd: number;
  readonly start: number;
  /** `performance.now()` when `nextOffset` last grew, or the partition was added or sought. */
  readonly lastMovedAt: number;
  /** `performance.now()` of the last answer; -1 before the first. */
  readonly answeredAt: number;
  readonly bufferedBytes: number;
}

/** One partition; a seek makes a new one, so that answers to the old one find nobody. */
export interface Lane extends Partitioned {
  fetchOffset: number;
  nextOffset: number;
  stableEnd: number;
  start: number;
  lastMovedAt: number;
  answeredAt: number;
  readonly pieces: { readonly fetched: Fetched; readonly bytes: number }[];
  bufferedBytes: number;
  paused: boolean;
  asked: boolean;
  /** The broker does not keep its offset: what it keeps is being looked up. */
  lost: boolean;
  /** Ends the lane until it is sought. */
  failure: TapedeckError | null;
  /** Since when nothing succeeded, how often, and when to ask again. */
  failing: { since: number; attempts: number; retryAt: number; last: unknown } | null;
}

/** What a batch costs beside its bytes, roughly: many tiny ones must count too. */
const BATCH_BYTES = 256;

export function laneAt(topic: string, partition: number, offset: number): Lane {
  return {
    topic,
    partition,
    fetchOffset: offset,
    nextOffset: offset,
    stableEnd: -1,
    start: -1,
    lastMovedAt: performance.now(),
    answeredAt: -1,
    pieces: [],
    bufferedBytes: 0,
    paused: false,
    asked: false,
    lost: false,
    failure: null,
    failing: null,
  };
}

export const progressOf = (lane: Lane): FetchProgress => ({
  topic: lane.topic,
  partition: lane.partition,
  nextOffset: lane.nextOffset,
  stableEnd: lane.stableEnd,
  start: lane.start,
  lastMovedAt: lane.lastMovedAt,
  answeredAt: lane.answeredAt,
  bufferedBytes: lane.bufferedBytes,
});

export function keepIn(lane: Lane, fetched: Fetched): void {
  lane.fetchOffset = fetched.nextOffset;
  const last = lane.pieces.at(-1);
  if (fetched.batches.length === 0 && last !== undefined) {
    // Markers alone: a long stretch of them takes no room.
    lane.pieces[lane.pieces.length - 1] = {
      fetched: { ...fetched, batches: last.fetched.batches },
      bytes: last.bytes,
    };
    return;
  }
  const size = fetched.batches.reduce((sum, { records }) => sum + records.length + BATCH_BYTES, 0);
  lane.pieces.push({ fetched, bytes: size });
  lane.bufferedBytes += size;
}

/** The piece that came first; null where none is held. */
export function takeFrom(lane: Lane): Fetched | null {
  const piece = lane.pieces.shift();
  if (piece === undefined) return null;
  lane.bufferedBytes -= piece.bytes;
  if (piece.fetched.nextOffset > lane.nextOffset) lane.lastMovedAt = performance.now();
  lane.nextOffset = piece.fetched.nextOffset;
  return piece.fetched;
}
