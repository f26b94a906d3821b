// What kafkajs 2.2.4 gets wrong and nobody will mend there. Promises: each patch is applied once, in
// whatever order kafkajs' modules were loaded, and leaves the rest of kafkajs as it is.
//
// 1. RequestQueue.scheduleCheckPendingRequests starts a timer of at most 1 ms on every answer, for
//    ever, though nothing waits: an idle connection burns 2 to 3 % of a core.
// 2. filterAbortedMessages opens one aborted transaction a record at most, so a fetch that starts
//    inside two of them hands out records of the second; and it takes any record whose key is four
//    zero bytes for an abort marker, so the rest of that aborted transaction is handed out.
// 3. ZSTD is missing, though Node has it.

import { createRequire } from "node:module";
import { promisify } from "node:util";
import * as zlib from "node:zlib";

const require = createRequire(import.meta.url);

interface PendingQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
}

type Schedule = (this: PendingQueue) => void;

export interface ConsumedMessage {
  readonly offset: string;
  readonly key: Uint8Array | null;
  isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

export interface ConsumedPartition {
  readonly messages: readonly ConsumedMessage[];
  abortedTransactions?:
    | readonly { readonly producerId: string; readonly firstOffset: string }[]
    | null;
}

type Fetch = (
  this: unknown,
  request: unknown,
) => Promise<{
  readonly responses: readonly { readonly partitions: readonly ConsumedPartition[] }[];
}>;

interface Codec {
  compress(encoder: { readonly buffer: Uint8Array }): Promise<Uint8Array>;
  decompress(bytes: Uint8Array): Promise<Uint8Array>;
}

const applied = Symbol.for("tapedeck.kafkajs.patched");

interface Markable {
  [applied]?: true;
}

const ZSTD = 4;

/** Applies all of them; the second call does nothing. Cost: loads a few modules of kafkajs. */
export function patchKafkajs(): void {
  patchIdleTimer();
  patchAbortedFilter();
  patchZstd();
}

function patchIdleTimer(): void {
  const { prototype } = require("kafkajs/src/network/requestQueue") as {
    readonly prototype: { scheduleCheckPendingRequests: Schedule & Markable };
  };
  const original = prototype.scheduleCheckPendingRequests;
  if (original[applied]) return;
  const patched: Schedule & Markable = function (this: PendingQueue) {
    // Without anything pending the next push looks at the throttle itself.
    if (this.pending.length > 0) original.call(this);
  };
  patched[applied] = true;
  prototype.scheduleCheckPendingRequests = patched;
}

/**
 * kafkajs' modules hold its filter by value, in whatever order they were loaded; what they all read
 * from is `Broker.fetch`. So the aborted records are marked there, and the filter finds nothing left.
 */
function patchAbortedFilter(): void {
  const { prototype } = require("kafkajs/src/broker") as {
    readonly prototype: { fetch: Fetch & Markable };
  };
  const original = prototype.fetch;
  if (original[applied]) return;
  const patched: Fetch & Markable = async function (this: unknown, request: unknown) {
    const answer = await original.call(this, request);
    for (const { partitions } of answer.responses) partitions.forEach(hideAborted);
    return answer;
  };
  patched[applied] = true;
  prototype.fetch = patched;
}

/**
 * Marks the records of aborted transactions as control records, which kafkajs hands to nobody but
 * counts as read. By the protocol: a transaction is open from its first offset on, until its
 * producer's abort marker.
 */
export function hideAborted(partition: ConsumedPartition): void {
  const { messages, abortedTransactions } = partition;
  if (!abortedTransactions || abortedTransactions.length === 0) return;
  const waiting = [...abortedTransactions].sort(
    (a, b) => Number(a.firstOffset) - Number(b.firstOffset),
  );
  const open = new Set<string>();
  for (const message of messages) {
    while (waiting[0] !== undefined && Number(waiting[0].firstOffset) <= Number(message.offset)) {
      open.add(String(waiting.shift()?.producerId));
    }
    const producerId = String(message.batchContext.producerId);
    if (!message.isControlRecord) {
      if (message.batchContext.inTransaction && open.has(producerId))
        message.isControlRecord = true;
      continue;
    }
    // The marker's key: version int16, type int16, where 0 is abort.
    const { key } = message;
    if (key !== null && key.length >= 4 && key[2] === 0 && key[3] === 0) open.delete(producerId);
  }
  partition.abortedTransactions = [];
}

function patchZstd(): void {
  // Node 20 has no zstd: kafkajs goes on to say that the codec is missing.
  if (typeof zlib.zstdCompress !== "function") return;
  const { Codecs } = require("kafkajs/src/protocol/message/compression") as {
    readonly Codecs: Record<number, () => Codec>;
  };
  const compress = promisify(zlib.zstdCompress);
  const decompress = promisify(zlib.zstdDecompress);
  const codec: Codec = {
    compress: (encoder) => compress(encoder.buffer),
    decompress: (bytes) => decompress(bytes),
  };
  Codecs[ZSTD] = () => codec;
}
