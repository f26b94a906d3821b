// Many partitions read at once, ahead of the consumer. Promises: each partition's committed batches
// come in order and once; what is held is bounded, and a partition whose share is full is not asked
// for while the others are; what was asked before a seek or a removal is dropped when it comes; a
// cut connection or a moved leader is overcome without a word to the consumer, unless nothing
// helps for `retryForMs`.
//
// A broker holds a request until something comes for it. So that a partition which is added, sought
// or has room again need not wait for that, each broker has a second connection.

import { TapedeckError } from "../../../schemas/errors.ts";
import { type ClusterView, pauseMs } from "./cluster-view.ts";
import { kafkaError, mayRetry, Refused } from "./failures.ts";
import {
  type FetchProgress,
  keepIn,
  type Lane,
  laneAt,
  progressOf,
  takeFrom,
} from "./fetch-lane.ts";
import { retryForMs } from "./link.ts";
import { Links } from "./links.ts";
import { type Fetched, fetchedFrom, offsetOutOfRange } from "./reading.ts";
import { type FetchedPartition, fetchRecords, type Node, type Partitioned } from "./requests.ts";

export interface FetcherOptions {
  /** How long a broker may wait for something to come; 500 ms. */
  readonly waitMs?: number;
  /** Bound of what is held for the consumer, in all; 64 MiB. A single batch may go beyond it. */
  readonly maxBufferedBytes?: number;
  /** Most that one request brings of a partition; 1 MiB. */
  readonly partitionBytes?: number;
}

export interface Fetcher {
  add(topic: string, partition: number, offset: number): void;
  remove(topic: string, partition: number): void;
  /** Goes on from another offset; what is held of the partition is dropped. */
  seek(topic: string, partition: number, offset: number): void;
  /** `pull` gives nothing of it until `resume`; its share of the buffer still fills. */
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /**
   * The next piece, partitions in turn; null when nothing came within `timeoutMs`, or at once after
   * `close`. Throws KAFKA_OFFSET_OUT_OF_RANGE and what else ends a partition's reading until it is
   * sought or removed; KAFKA_UNREACHABLE while its broker is not reached, which goes on by itself.
   */
  pull(timeoutMs: number): Promise<Fetched | null>;
  progress(): readonly FetchProgress[];
  close(): void;
}

const REQUESTS_A_BROKER = 2;
const MAX_ANSWER_BYTES = 16 << 20;
const LEAST_SHARE_BYTES = 64 << 10;
const keyOf = ({ topic, partition }: Partitioned): string => `${topic}/${partition}`;

export class OpenFetcher implements Fetcher {
  private readonly cluster: ClusterView;
  private readonly links: Links;
  private readonly waitMs: number;
  private readonly maxBufferedBytes: number;
  private readonly partitionBytes: number;
  /** In the order in which they are served: who was served last comes last. */
  private readonly lanes = new Map<string, Lane>();
  private readonly asking = new Map<number, number>();
  private readonly waiting = new Set<() => void>();
  private lookingUp = false;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(cluster: ClusterView, options: FetcherOptions) {
    this.cluster = cluster;
    this.links = new Links(cluster.settings);
    this.waitMs = options.waitMs ?? 500;
    this.maxBufferedBytes = options.maxBufferedBytes ?? 64 << 20;
    this.partitionBytes = options.partitionBytes ?? 1 << 20;
  }

  add(topic: string, partition: number, offset: number): void {
    const key = keyOf({ topic, partition });
    this.lanes.set(key, laneAt(topic, partition, offset));
    this.ask();
  }

  remove(topic: string, partition: number): void {
    this.lanes.delete(keyOf({ topic, partition }));
    this.ask();
  }

  seek(topic: string, partition: number, offset: number): void {
    const { paused } = this.lane(topic, partition);
    this.add(topic, partition, offset);
    this.lane(topic, partition).paused = paused;
  }

  pause(topic: string, partition: number): void {
    this.lane(topic, partition).paused = true;
  }

  resume(topic: string, partition: number): void {
    this.lane(topic, partition).paused = false;
    this.wake();
  }

  async pull(timeoutMs: number): Promise<Fetched | null> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      if (this.closed) return null;
      const piece = this.take();
      if (piece !== null) return piece;
      const left = until - performance.now();
      if (left <= 0) return null;
      await this.woken(left);
    }
  }

  progress(): readonly FetchProgress[] {
    return [...this.lanes.values()].map(progressOf);
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.links.close();
    this.lanes.clear();
    this.wake();
  }

  private lane(topic: string, partition: number): Lane {
    const lane = this.lanes.get(keyOf({ topic, partition }));
    if (lane !== undefined) return lane;
    throw new TapedeckError(
      "KAFKA_TOPIC_MISSING",
      `${topic}/${partition} is not among the partitions that are read`,
      { topic, partition },
    );
  }

  private take(): Fetched | null {
    for (const lane of this.lanes.values()) {
      if (lane.failure !== null) throw lane.failure;
      const { failing } = lane;
      if (
        failing !== null &&
        performance.now() - failing.since > retryForMs(this.cluster.settings)
      ) {
        const spent = performance.now() - failing.since;
        // Said once each `retryForMs`; asking goes on meanwhile.
        failing.since = performance.now();
        throw kafkaError(failing.last, `read ${keyOf(lane)}`, spent);
      }
    }
    for (const [key, lane] of this.lanes) {
      if (lane.paused) continue;
      const fetched = takeFrom(lane);
      if (fetched === null) continue;
      this.lanes.delete(key);
      this.lanes.set(key, lane);
      this.ask();
      return fetched;
    }
    return null;
  }

  private woken(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.waiting.add(done);
    });
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }

  private get share(): number {
    const fair = Math.floor(this.maxBufferedBytes / Math.max(1, this.lanes.size));
    return Math.max(LEAST_SHARE_BYTES, fair);
  }

  /** Sends what can be asked for now. Cost: a pass over the partitions. */
  private ask(): void {
    if (this.closed) return;
    const now = performance.now();
    const { share } = this;
    const byNode = new Map<number, { node: Node; lanes: Lane[] }>();
    const leaderless = new Set<string>();
    let soonest = Number.POSITIVE_INFINITY;
    for (const lane of this.lanes.values()) {
      // Half a share is left to work on while the next piece is on its way.
      if (lane.asked || lane.lost || lane.failure !== null) continue;
      if (lane.bufferedBytes > share / 2) continue;
      if (lane.failing !== null && lane.failing.retryAt > now) {
        soonest = Math.min(soonest, lane.failing.retryAt);
        continue;
      }
      const node = this.cluster.knownLeader(lane);
      if (node === null) leaderless.add(lane.topic);
      else {
        const group = byNode.get(node.id);
        if (group === undefined) byNode.set(node.id, { node, lanes: [lane] });
        else group.lanes.push(lane);
      }
    }
    for (const { node, lanes } of byNode.values()) {
      if ((this.asking.get(node.id) ?? 0) < REQUESTS_A_BROKER) void this.fetch(node, lanes, share);
    }
    if (leaderless.size > 0) void this.lookUp([...leaderless]);
    if (soonest < Number.POSITIVE_INFINITY) this.askAgainAt(soonest);
  }

  private askAgainAt(at: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.ask();
      },
      Math.max(1, at - performance.now()),
    );
  }

  private async lookUp(topics: readonly string[]): Promise<void> {
    if (this.lookingUp) return;
    this.lookingUp = true;
    let failure: unknown = null;
    try {
      await this.cluster.refresh(topics);
    } catch (error) {
      failure = error;
    } finally {
      this.lookingUp = false;
    }
    for (const lane of this.lanes.values()) {
      if (!topics.includes(lane.topic) || this.cluster.knownLeader(lane) !== null) continue;
      this.failed(lane, failure ?? new Refused(3, "Metadata", lane));
    }
    this.ask();
  }

  private async fetch(node: Node, lanes: readonly Lane[], share: number): Promise<void> {
    this.asking.set(node.id, (this.asking.get(node.id) ?? 0) + 1);
    const asked = new Map(lanes.map((lane) => [keyOf(lane), { lane, from: lane.fetchOffset }]));
    for (const lane of lanes) lane.asked = true;
    const partitions = lanes.map((lane) => ({
      topic: lane.topic,
      partition: lane.partition,
      offset: lane.fetchOffset,
      maxBytes: Math.min(this.partitionBytes, share - lane.bufferedBytes),
    }));
    const request = fetchRecords(partitions, { waitMs: this.waitMs, maxBytes: MAX_ANSWER_BYTES });
    try {
      const address = { host: node.host, port: node.port };
      const answer = await this.links.use(address, (link) => link.send(request, this.waitMs));
      if (answer.error !== 0) throw new Refused(answer.error, "Fetch", null);
      const size = answer.partitions.reduce((sum, { bytes }) => sum + bytes.length, 0);
      for (const part of answer.partitions) {
        const place = asked.get(keyOf(part));
        if (place === undefined || this.lanes.get(keyOf(part)) !== place.lane) continue;
        this.receive(place.lane, place.from, part, size);
      }
    } catch (failure) {
      this.cluster.forgetLeaders(lanes.map(({ topic }) => topic));
      for (const lane of lanes) this.failed(lane, failure);
    } finally {
      this.asking.set(node.id, (this.asking.get(node.id) ?? 1) - 1);
      for (const lane of lanes) lane.asked = false;
    }
    this.wake();
    this.ask();
  }

  private receive(lane: Lane, from: number, part: FetchedPartition, answerBytes: number): void {
    if (part.error !== 0) {
      this.refused(lane, from, new Refused(part.error, "Fetch", lane));
      return;
    }
    lane.failing = null;
    lane.answeredAt = performance.now();
    lane.stableEnd = part.stableEnd >= 0 ? part.stableEnd : part.highWatermark;
    lane.start = part.start;
    if (part.bytes.length === 0) return;
    // A small view would keep the whole answer in memory, which the bound would not see.
    const bytes = part.bytes.length * 2 < answerBytes ? Uint8Array.from(part.bytes) : part.bytes;
    try {
      keepIn(lane, fetchedFrom({ ...part, bytes }, from));
    } catch (error) {
      if (!(error instanceof TapedeckError)) throw error;
      lane.failure = error;
    }
  }

  private refused(lane: Lane, from: number, refused: Refused): void {
    if (refused.failure === "leader") this.cluster.forgetLeaders([lane.topic]);
    if (refused.type !== "OFFSET_OUT_OF_RANGE") this.failed(lane, refused);
    else void this.lookRangeUp(lane, from);
  }

  /** Not waited for by the fetch that found it out: the broker's other partitions go on. */
  private async lookRangeUp(lane: Lane, from: number): Promise<void> {
    const begun = performance.now();
    lane.lost = true;
    const found = await offsetOutOfRange(this.cluster, lane, from);
    lane.lost = false;
    if (found.code === "KAFKA_OFFSET_OUT_OF_RANGE") lane.failure = found;
    // What kept it from being looked up may pass, as it may for a fetch: not the end of the lane.
    else this.failed(lane, found.cause ?? found, begun);
    this.wake();
    this.ask();
  }

  private failed(lane: Lane, failure: unknown, since = performance.now()): void {
    if (this.closed || this.lanes.get(keyOf(lane)) !== lane) return;
    if (!mayRetry(failure)) {
      lane.failure = kafkaError(failure, `read ${keyOf(lane)}`);
      this.wake();
      return;
    }
    lane.failing ??= { since, attempts: 0, retryAt: 0, last: failure };
    lane.failing.last = failure;
    lane.failing.retryAt = performance.now() + pauseMs(lane.failing.attempts++);
    this.wake();
  }
}
