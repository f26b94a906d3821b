// The tape on Kafka. Promises what EventLog promises, for any number of processes: a commit is one
// Kafka transaction over outputs, consumed offsets, state and keyed entries; what is read is
// committed; a task's earlier owners are fenced by the broker before its state is read.
//
// Offsets are logical here (each record carries its own), so a record has the same bytes and the
// same place as on any other log; Kafka's own offsets stay inside this folder.
//
// Who may write what: a task's commits go through the task's own transactional producer. Commits
// without a checkpoint go through one producer of the application, "writer": a second process that
// commits so fences the first one. A partition has one writer (streams/topology.ts); where several
// share one by agreement (a feed, and an operator who redrives letters), each opens its log as
// `shared`: a commit then goes through only if nothing came between the end that it was made for and
// its records, by the order in which the broker appended them, and is STREAMS_OFFSET_CONFLICT else.
// Of a commit with the checkpoints of several tasks, the first task's producer writes it all: the
// others' zombies in other processes are not fenced by it. (Services commit one task at a time.)

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import { isTopicName } from "../../../streams/catalogue.ts";
import { type StopSignal, whenStopped } from "../../../streams/followers.ts";
import type {
  Checkpoint,
  Commit,
  EventLog,
  OpenedTask,
  PartitionRange,
  RecordBatch,
} from "../../../streams/log.ts";
import {
  closed,
  MAX_PARTITIONS,
  partitionCountInvalid,
  partitionsChanged,
  partitionUnknown,
  topicUnknown,
} from "../../../streams/log-errors.ts";
import type { KafkaConnection } from "../client/connection.ts";
import { changelogSettings, tapeSettings } from "../topics/topic-settings.ts";
import { CommitQueue } from "./commit-queue.ts";
import type { ResolvingSchemaIds } from "./decode-resolved.ts";
import { PartitionView } from "./partition-view.ts";
import { type OwnersOptions, TaskOwners } from "./task-owners.ts";
import { Transactions } from "./transactions.ts";

/** What a log takes of a connection. */
export type LogConnection = OwnersOptions["connection"] & Pick<KafkaConnection, "admin">;

export interface KafkaLogOptions {
  readonly connection: LogConnection;
  /** Prefixes consumer groups, transactional ids and changelogs. */
  readonly app: string;
  /** Before every topic's name in Kafka: "", "run.<id>.", "shadow.<name>.". */
  readonly prefix: string;
  /** Null: nothing is typed, all of it travels as it is. */
  readonly schemaIds: ResolvingSchemaIds | null;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  /** Folder for local caches of tasks' states; null: none. */
  readonly stateDir: string | null;
  /** Partitions of a changelog that is not there yet. */
  readonly tasksOf?: (group: string) => number;
  /** Of all that decides what tasks write: one that saved under another is refused. */
  readonly digest?: string;
  readonly transactionTimeoutMs?: number;
  /** Others write to the same partitions, under other names. */
  readonly shared?: boolean;
}

const CHANGELOG = ".changelog";
const SEEN_MS = 2_000;
const CREATED_ATTEMPTS = 250;
const CREATED_PAUSE_MS = 20;

/** What a cluster says to a topic that it will never make as it was asked for. */
const REFUSALS: readonly string[] = [
  "INVALID_TOPIC_EXCEPTION",
  "INVALID_PARTITIONS",
  "INVALID_CONFIG",
  "POLICY_VIOLATION",
  "TOPIC_AUTHORIZATION_FAILED",
];

/** How long one request waits for a partition to grow. */
const FOLLOW_MS = 500;

export class KafkaLog implements EventLog {
  private readonly options: KafkaLogOptions;
  private readonly counts = new Map<string, number>();
  private readonly views = new Map<string, PartitionView>();
  private readonly owners: TaskOwners;
  private readonly transactions: Transactions;
  private readonly queue: CommitQueue;
  private readonly following = new Set<() => void>();
  private open = true;

  constructor(options: KafkaLogOptions) {
    this.options = options;
    this.owners = new TaskOwners(options, (topic) => this.makeChangelog(topic));
    const view = (topic: string, partition: number) => this.view(topic, partition);
    this.transactions = new Transactions(options, this.owners, view);
    this.queue = new CommitQueue((waiting) => this.transactions.carry(waiting));
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    this.checkOpen();
    const known = await this.countOf(topic);
    if (known === null) {
      if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
        throw partitionCountInvalid(topic, partitions);
      }
      await this.make(
        this.kafkaName(topic),
        partitions,
        tapeSettings(this.options.minInsyncReplicas),
      );
    }
    const has = known ?? (await this.countOf(topic)) ?? partitions;
    if (has !== partitions) throw partitionsChanged(topic, has, partitions);
  }

  async partitions(): Promise<readonly PartitionRange[]> {
    this.checkOpen();
    const ranges: PartitionRange[] = [];
    for (const topic of await this.topics()) {
      const count = (await this.countOf(topic)) ?? 0;
      const views = Array.from({ length: count }, (_, partition) => this.view(topic, partition));
      const found = await Promise.all(
        views.map(async (each, partition) => {
          const view = await each;
          const [start, { logical }] = await Promise.all([view.start(), view.end()]);
          return { topic, partition, start, end: logical };
        }),
      );
      ranges.push(...found);
    }
    return ranges;
  }

  commit(commit: Commit): Promise<void> {
    if (!this.open) return Promise.reject(closed());
    return this.queue.commit(commit);
  }

  async read(topic: string, partition: number, offset: number): Promise<RecordBatch | null> {
    this.checkOpen();
    return (await this.view(topic, partition)).read(offset);
  }

  async offsetAt(topic: string, partition: number, timeUs: number): Promise<number> {
    this.checkOpen();
    return (await this.view(topic, partition)).offsetAt(timeUs);
  }

  async follow(
    topic: string,
    partition: number,
    offset: number,
    stop: StopSignal,
  ): Promise<boolean> {
    this.checkOpen();
    const view = await this.view(topic, partition);
    if (stop.aborted) return false;
    return new Promise((resolve, reject) => {
      const end = (): void => resolve(false);
      this.following.add(end);
      const release = whenStopped(stop, end);
      const look = async (): Promise<void> => {
        while (this.open && !stop.aborted) {
          if (await view.grown(offset, FOLLOW_MS)) {
            resolve(true);
            break;
          }
        }
      };
      look()
        .catch(reject)
        .finally(() => {
          release();
          this.following.delete(end);
        });
    });
  }

  /** Also reads what the last owner left: seconds where there is much and no local cache. */
  async openTask(task: string): Promise<OpenedTask> {
    this.checkOpen();
    return this.queue.after(() => {
      this.transactions.forget();
      return this.owners.take(task);
    });
  }

  /** What a task committed last; it stays its owner's. Cost: reads the end of its changelog. */
  async getCheckpoint(task: string): Promise<Checkpoint | null> {
    this.checkOpen();
    return this.owners.look(task);
  }

  /** Throws LIVE_CHANGED where a task saved what other decisions led to; it stays its owner's. */
  async requireSame(task: string, digest: string): Promise<void> {
    this.checkOpen();
    return this.owners.requireSame(task, digest);
  }

  /** Throws STREAMS_FENCED where a later owner than `epoch` has announced itself. */
  async requireOwned(task: string, epoch: number): Promise<void> {
    this.checkOpen();
    return this.owners.requireOwned(task, epoch);
  }

  /** How the last task that was opened got its state; null before. */
  get lastRestore(): TaskOwners["lastRestore"] {
    return this.owners.lastRestore;
  }

  /** The connection stays open: it is whoever's opened it. */
  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    for (const end of this.following) end();
    await this.queue.idle();
    await this.seen();
    await this.owners.close();
    this.transactions.close();
  }

  /**
   * Who opens the log next finds what was committed here: a commit is answered before its markers are
   * written. Not waited for at any price: the cluster may be gone.
   */
  private async seen(): Promise<void> {
    const views = [...this.views.values()];
    const settled = Promise.allSettled(views.map((view) => view.settled()));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SEEN_MS);
    });
    await Promise.race([settled, late]);
    clearTimeout(timer);
  }

  /** One partition by logical offsets. Throws where there is no such partition. */
  async view(topic: string, partition: number): Promise<PartitionView> {
    const key = `${topic}/${partition}`;
    const known = this.views.get(key);
    if (known !== undefined) return known;
    const count = await this.countOf(topic);
    if (count === null) throw topicUnknown(topic);
    if (!(partition >= 0 && partition < count)) throw partitionUnknown(topic, partition, count);
    // Two who ask at once wait for the count both: what one of them wrote the other must know.
    const meanwhile = this.views.get(key);
    if (meanwhile !== undefined) return meanwhile;
    const { connection, schemaIds } = this.options;
    const name = this.kafkaName(topic);
    const view = new PartitionView(connection, name, topic, partition, schemaIds);
    this.views.set(key, view);
    return view;
  }

  kafkaName(topic: string): string {
    return `${this.options.prefix}${topic}`;
  }

  /** Partitions of a topic; null if there is none. They never change: a known one is not asked for. */
  private async countOf(topic: string): Promise<number | null> {
    const known = this.counts.get(topic);
    if (known !== undefined) return known;
    const count = await this.options.connection.partitionsOf(this.kafkaName(topic));
    if (count !== null) this.counts.set(topic, count);
    return count;
  }

  private async topics(): Promise<readonly string[]> {
    const admin = await this.options.connection.admin();
    const { prefix } = this.options;
    // Live topics have no prefix: a cluster's other topics are told from them by the catalogue.
    const isOurs = (name: string): boolean =>
      prefix === "" ? isTopicName(name) : name.startsWith(prefix) && !name.endsWith(CHANGELOG);
    return (await admin.listTopics())
      .filter(isOurs)
      .map((name) => name.slice(prefix.length))
      .sort();
  }

  private async makeChangelog(topic: string): Promise<void> {
    if ((await this.options.connection.partitionsOf(topic)) !== null) return;
    const settings = changelogSettings(this.options.minInsyncReplicas);
    const group = topic.slice(this.options.app.length + 1, -CHANGELOG.length);
    await this.make(topic, this.options.tasksOf?.(group) ?? 1, settings);
  }

  private async make(
    name: string,
    partitions: number,
    config: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { connection, replicationFactor } = this.options;
    const admin = await connection.admin();
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
    const wanted = { topic: name, numPartitions: partitions, replicationFactor, configEntries };
    // False where another process was first: that its count is another shows when it is read.
    await admin.createTopics({ topics: [wanted], waitForLeaders: false }).catch((cause) => {
      if (cause instanceof TapedeckError) throw cause;
      const [first] = (cause as { readonly errors?: readonly Error[] }).errors ?? [];
      const why = (first ?? (cause as Error)).message;
      const { type = "" } = (first ?? {}) as { readonly type?: string };
      if (REFUSALS.includes(type)) throw refusedTopic(name, why, type, cause);
      throw new TapedeckError(
        "KAFKA_TOPIC_NOT_CREATED",
        `the cluster did not make ${name}: ${why}`,
        { topic: name },
        cause,
      );
    });
    // Brokers hear of a new topic one after the other.
    for (let attempt = 0; (await connection.partitionsOf(name)) === null; attempt++) {
      if (attempt < CREATED_ATTEMPTS) {
        await pause(CREATED_PAUSE_MS);
        continue;
      }
      throw new TapedeckError("KAFKA_TOPIC_NOT_CREATED", `the cluster did not make ${name}`, {
        topic: name,
      });
    }
  }

  private checkOpen(): void {
    if (!this.open) throw closed();
  }
}

const refusedTopic = (topic: string, why: string, type: string, cause: unknown): TapedeckError =>
  new TapedeckError(
    type.endsWith("_AUTHORIZATION_FAILED") ? "KAFKA_AUTHORIZATION_FAILED" : "KAFKA_TOPIC_REFUSED",
    `the cluster refuses to make ${topic}: ${why}`,
    { topic, error: type },
    cause,
  );
