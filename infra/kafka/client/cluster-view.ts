// Who leads which partition and coordinates what. Promises: an answer comes from the cluster, not
// from the brokers named in the settings; it is kept until somebody finds it wrong; the retries of
// whoever asks are bounded in time, with pauses that grow.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import { errorName, kafkaError, LinkFailure, mayRetry, Refused, refuse } from "./failures.ts";
import { type Address, type KafkaSettings, type Link, retryForMs, textOf } from "./link.ts";
import { Links } from "./links.ts";
import {
  finalizedFeatures,
  findCoordinator,
  metadata,
  type Node,
  type Partitioned,
} from "./requests.ts";

const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 500;

/** Pauses of 2, 4, 8 … ms, at most half a second. */
export const pauseMs = (attempt: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 16));

export class ClusterView {
  readonly settings: KafkaSettings;
  /** Connections for single requests. */
  readonly links: Links;
  private nodes = new Map<number, Node>();
  /** By topic: the leader of each partition; -1 where there is none. */
  private readonly leaders = new Map<string, readonly number[]>();
  private readonly coordinators = new Map<string, Node>();
  private readonly refreshing = new Map<string, Promise<void>>();
  /** Addresses that failed since they answered last, the one that failed last at the end. */
  private readonly failing = new Set<string>();
  private features: ReadonlyMap<string, number> | null = null;
  private readonly stopping = new AbortController();

  constructor(settings: KafkaSettings) {
    this.settings = settings;
    this.links = new Links(settings);
  }

  /** Fails where no broker answers. */
  async connect(): Promise<void> {
    await this.retrying("connect to Kafka", () => this.refresh([]));
  }

  close(): void {
    this.stopping.abort();
    this.links.close();
  }

  get closed(): boolean {
    return this.stopping.signal.aborted;
  }

  /** The leader as it is known; null: refresh. */
  knownLeader({ topic, partition }: Partitioned): Node | null {
    const leader = this.leaders.get(topic)?.[partition];
    return leader === undefined ? null : (this.nodes.get(leader) ?? null);
  }

  async leader(place: Partitioned): Promise<Node> {
    const known = this.knownLeader(place);
    if (known !== null) return known;
    await this.refresh([place.topic]);
    const leader = this.knownLeader(place);
    if (leader !== null) return leader;
    const exists = this.leaders.get(place.topic)?.[place.partition] !== undefined;
    throw new Refused(exists ? 5 : 3, "Metadata", place);
  }

  /** Null where there is no such topic. */
  async partitionsOf(topic: string): Promise<number | null> {
    return this.retrying(`look ${topic} up`, async () => {
      this.leaders.delete(topic);
      await this.refresh([topic]);
      return this.leaders.get(topic)?.length ?? null;
    });
  }

  async coordinator(kind: number, key: string): Promise<Node> {
    const known = this.coordinators.get(`${kind} ${key}`);
    if (known !== undefined) return known;
    const answer = await this.ask((link) => link.send(findCoordinator(key, kind)));
    refuse(answer.error, "FindCoordinator", null, answer.message);
    this.coordinators.set(`${kind} ${key}`, answer.node);
    return answer.node;
  }

  forgetCoordinator(kind: number, key: string): void {
    this.coordinators.delete(`${kind} ${key}`);
  }

  forgetLeaders(topics: readonly string[]): void {
    for (const topic of topics) this.leaders.delete(topic);
  }

  /** Reads the topics' leaders again; calls for the same topics at the same time are one. */
  refresh(topics: readonly string[]): Promise<void> {
    const key = [...topics].sort().join(" ");
    const running = this.refreshing.get(key);
    if (running !== undefined) return running;
    const started = this.readMetadata(topics).finally(() => this.refreshing.delete(key));
    this.refreshing.set(key, started);
    return started;
  }

  /** Runs `work` until it succeeds, cannot, or `retryForMs` is over; `what` completes "could not …". */
  async retrying<T>(what: string, work: () => Promise<T>): Promise<T> {
    const forMs = retryForMs(this.settings);
    const begun = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (failure) {
        const spent = performance.now() - begun;
        if (this.closed) throw closedByUs(what);
        const wait = pauseMs(attempt);
        if (!mayRetry(failure) || spent + wait > forMs) {
          throw kafkaError(failure, what, attempt === 0 ? undefined : spent);
        }
        await this.pause(wait);
      }
    }
  }

  /** Ends early, without an error, when the view is closed. */
  async pause(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /** Whether each transaction gets an epoch of its own (KIP-890). Asked once. */
  async hasTransactionsV2(): Promise<boolean> {
    this.features ??= await this.retrying("learn the cluster's features", () =>
      this.ask((link) => link.send(finalizedFeatures())),
    );
    return (this.features.get("transaction.version") ?? 0) >= 2;
  }

  /**
   * Asks any broker: the ones known first, then the ones of the settings. One that failed comes last
   * until it has answered: a broker that hangs would else cost every question a time-out.
   */
  private async ask<T>(work: (link: Link) => Promise<T>): Promise<T> {
    const known = [...this.nodes.values()].map((node) => ({ host: node.host, port: node.port }));
    const addresses = new Map<string, Address>();
    for (const address of [...known, ...this.settings.brokers.map(parseAddress)]) {
      addresses.set(textOf(address), address);
    }
    const failures: LinkFailure[] = [];
    for (const [text, address] of this.answeringFirst(addresses)) {
      try {
        const answer = await this.links.use(address, work);
        this.failing.delete(text);
        return answer;
      } catch (failure) {
        if (!(failure instanceof LinkFailure)) throw failure;
        this.failing.delete(text);
        this.failing.add(text);
        failures.push(failure);
      }
    }
    const [only] = failures;
    if (only !== undefined && failures.length === 1) throw only;
    const said = failures.map((failure) => failure.message).join("; ");
    const tried = [...addresses.keys()].join(", ");
    throw new LinkFailure("unreachable", tried, `none of them answers: ${said}`, only);
  }

  private answeringFirst(
    addresses: ReadonlyMap<string, Address>,
  ): readonly (readonly [string, Address])[] {
    const order = [...this.failing];
    return [...addresses].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  }

  private async readMetadata(topics: readonly string[]): Promise<void> {
    const answer = await this.ask((link) => link.send(metadata(topics)));
    this.nodes = new Map(answer.nodes.map((node) => [node.id, node]));
    for (const { error, topic, partitions } of answer.topics) {
      const type = errorName(error);
      if (type === "UNKNOWN_TOPIC_OR_PARTITION" || type === "INVALID_TOPIC_EXCEPTION") {
        this.leaders.delete(topic);
        continue;
      }
      refuse(error, "Metadata", null, topic);
      const leaders: number[] = [];
      for (const { partition, leader } of partitions) leaders[partition] = leader;
      this.leaders.set(topic, leaders);
    }
  }
}

export const closedByUs = (what: string): TapedeckError =>
  new TapedeckError("STORE_CLOSED", `could not ${what}: the connection to Kafka was closed`);

export function parseAddress(broker: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(broker.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    const text = `"${broker}" is no broker's address: write host:port`;
    throw new TapedeckError("KAFKA_BROKER_INVALID", text, { broker });
  }
  return { host, port };
}
