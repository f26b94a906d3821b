// The way to a Kafka cluster: reading, writing in transactions, and kafkajs for the rest. Promises:
// what hangs ends by a time-out; errors say which broker, topic or credential; `close` ends all that
// was opened through it.

import type { Admin, Kafka, Mechanism, SASLOptions } from "kafkajs";
import { TapedeckError } from "../../../schemas/errors.ts";
import { type Administered, adminFailure, inOurWords } from "./admin-failure.ts";
import { ClusterView, closedByUs, parseAddress } from "./cluster-view.ts";
import { type Fetcher, type FetcherOptions, OpenFetcher } from "./fetcher.ts";
import { GroupMembership, type GroupSettings } from "./group-membership.ts";
import { KafkaClient, logLevel } from "./kafkajs.ts";
import {
  connectTimeoutMs,
  type KafkaSettings,
  requestTimeoutMs,
  socketFactory,
  textOf,
} from "./link.ts";
import { type Fetched, type FetchOptions, fetchOnce, type OffsetAt, offsetAt } from "./reading.ts";
import { openProducer, type TransactionalProducer } from "./transactional-producer.ts";

export type { Fetcher, FetcherOptions } from "./fetcher.ts";
export type { KafkaSettings } from "./link.ts";
export type { Fetched, FetchOptions, OffsetAt } from "./reading.ts";
export type { Transaction, TransactionalProducer, Written } from "./transactional-producer.ts";

export interface KafkaConnection {
  /** For consumer groups; patched. Whoever makes a consumer of it also ends it. */
  readonly kafka: Kafka;
  /**
   * One for all who ask; ended by `close`. It and its calls fail with KAFKA_UNREACHABLE,
   * KAFKA_AUTHENTICATION_FAILED, KAFKA_AUTHORIZATION_FAILED or KAFKA_REFUSED; what is said of each of
   * several topics comes as kafkajs has it.
   */
  admin(): Promise<Admin>;
  close(): Promise<void>;
  /** Null where there is no such topic. Cost: a request. */
  partitionsOf(topic: string): Promise<number | null>;
  listOffset(topic: string, partition: number, at: OffsetAt): Promise<number>;
  /** A piece of a partition from `offset` on. KAFKA_OFFSET_OUT_OF_RANGE names what is kept. */
  fetch(topic: string, partition: number, offset: number, options?: FetchOptions): Promise<Fetched>;
  fetcher(options?: FetcherOptions): Fetcher;
  /** Fences earlier owners of the id; resolves when what they left is settled. */
  producer(transactionalId: string, timeoutMs: number): Promise<TransactionalProducer>;
  /** Not yet joined: `start` it. Whoever makes one also lets it `leave`. */
  membership(settings: GroupSettings): GroupMembership;
}

/** Resolves when a broker has answered. KAFKA_UNREACHABLE, KAFKA_AUTHENTICATION_FAILED. */
export async function connectKafka(settings: KafkaSettings): Promise<KafkaConnection> {
  if (settings.brokers.length === 0) {
    throw new TapedeckError("KAFKA_BROKER_INVALID", "no broker is named: write host:port");
  }
  const addresses = settings.brokers.map(parseAddress);
  const cluster = new ClusterView(settings);
  try {
    await cluster.connect();
  } catch (error) {
    cluster.close();
    throw error;
  }
  return new OpenConnection(settings, addresses.map(textOf), cluster);
}

class OpenConnection implements KafkaConnection {
  readonly kafka: Kafka;
  private readonly cluster: ClusterView;
  private readonly opened = new Set<{ close(): void }>();
  private connectedAdmin: Promise<Admin> | null = null;

  constructor(settings: KafkaSettings, brokers: string[], cluster: ClusterView) {
    this.cluster = cluster;
    const { log, ssl, sasl, clientId } = settings;
    this.kafka = new KafkaClient({
      brokers,
      clientId,
      ssl: ssl || false,
      ...(sasl ? { sasl: { ...sasl } as SASLOptions | Mechanism } : {}),
      connectionTimeout: connectTimeoutMs(settings),
      authenticationTimeout: connectTimeoutMs(settings),
      requestTimeout: requestTimeoutMs(settings),
      socketFactory,
      logLevel: log === undefined ? logLevel.NOTHING : logLevel.WARN,
      logCreator: () => (entry) => log?.(entry),
    });
  }

  admin(): Promise<Admin> {
    if (this.cluster.closed) throw closedByUs("administer");
    this.connectedAdmin ??= this.connectAdmin();
    return this.connectedAdmin;
  }

  async close(): Promise<void> {
    for (const one of this.opened) one.close();
    this.cluster.close();
    const admin = await this.connectedAdmin?.catch(() => null);
    await admin?.disconnect();
  }

  partitionsOf(topic: string): Promise<number | null> {
    return this.cluster.partitionsOf(topic);
  }

  listOffset(topic: string, partition: number, at: OffsetAt): Promise<number> {
    return offsetAt(this.cluster, { topic, partition }, at);
  }

  fetch(
    topic: string,
    partition: number,
    offset: number,
    options: FetchOptions = {},
  ): Promise<Fetched> {
    return fetchOnce(this.cluster, { topic, partition }, offset, options);
  }

  fetcher(options: FetcherOptions = {}): Fetcher {
    if (this.cluster.closed) throw closedByUs("read");
    return this.own(new OpenFetcher(this.cluster, options));
  }

  async producer(transactionalId: string, timeoutMs: number): Promise<TransactionalProducer> {
    return this.own(await openProducer(this.cluster, transactionalId, timeoutMs));
  }

  membership(settings: GroupSettings): GroupMembership {
    return new GroupMembership(this.cluster, settings);
  }

  private own<T extends { close(): void }>(one: T): T {
    const { opened } = this;
    const close = one.close.bind(one);
    one.close = () => {
      opened.delete(one);
      close();
    };
    opened.add(one);
    return one;
  }

  private async connectAdmin(): Promise<Admin> {
    const admin = this.kafka.admin();
    const cluster = administered(this.cluster.settings);
    try {
      await admin.connect();
      return inOurWords(admin, cluster);
    } catch (error) {
      this.connectedAdmin = null;
      throw adminFailure(error, "administer Kafka", cluster);
    }
  }
}

function administered({ brokers, ssl, sasl }: KafkaSettings): Administered {
  const password = sasl && "password" in sasl ? sasl.password : null;
  const secrets = [password, ...(ssl ? [ssl.passphrase, ssl.key] : [])];
  const shown = (text: string): string => {
    let left = text;
    for (const secret of secrets) {
      if (typeof secret === "string" && secret !== "") left = left.replaceAll(secret, "[secret]");
    }
    return left;
  };
  return { brokers, mechanism: sasl?.mechanism ?? null, tls: Boolean(ssl), shown };
}
