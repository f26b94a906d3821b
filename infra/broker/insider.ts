// The harness's own view of a cluster, through the listener that brokers use among themselves where
// clients need credentials. Promises: each question opens a connection and closes it, so that a broker
// that dies in between disturbs nobody.

import { type Admin, Kafka, logLevel } from "kafkajs";
import { patchKafkajs } from "../kafka/client/patches.ts";
import { within } from "./bounded.ts";
import { BROKER_USER } from "./server-properties.ts";

/** A broker and where it takes the harness's questions. */
export interface Asked {
  readonly id: number;
  readonly address: string;
}

export interface Insider {
  /** Ids of the brokers that the cluster counts in; asks one broker (by id) or any. */
  up(askedOf?: number): Promise<readonly number[]>;
  /** The leader's id of each partition; -1 where there is none. */
  leaders(topic: string): Promise<ReadonlyMap<number, number>>;
}

const ANSWER_MS = 3000;
/** With retries; kafkajs leaves some questions to a broker that dies without an end. */
const ASK_MS = 15_000;

/** `secured`: the addresses want the brokers' own login. */
export function insiderOf(nodes: readonly Asked[], secured: boolean): Insider {
  patchKafkajs();
  const ask = async <T>(asked: readonly Asked[], question: (admin: Admin) => Promise<T>) => {
    const kafka = new Kafka({
      clientId: "tapedeck-harness",
      brokers: asked.map(({ address }) => address),
      logLevel: logLevel.NOTHING,
      connectionTimeout: ANSWER_MS,
      requestTimeout: ANSWER_MS,
      retry: { retries: 2, initialRetryTime: 50, maxRetryTime: 200 },
      ...(secured
        ? { sasl: { mechanism: "plain" as const, username: BROKER_USER, password: BROKER_USER } }
        : {}),
    });
    const admin = kafka.admin();
    const answered = admin.connect().then(() => question(admin));
    try {
      return await within(ASK_MS, answered, "the harness's question to a broker");
    } finally {
      // One that was left without an answer may not end either.
      await within(ASK_MS, admin.disconnect(), "the end of its connection").catch(() => undefined);
    }
  };
  return {
    up: (askedOf) => {
      const asked = nodes.filter(({ id }) => askedOf === undefined || id === askedOf);
      return ask(asked, async (admin) =>
        (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId).sort(),
      );
    },
    leaders: (topic) =>
      ask(nodes, async (admin) => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        const partitions = topics[0]?.partitions ?? [];
        return new Map(partitions.map(({ partitionId, leader }) => [partitionId, leader]));
      }),
  };
}
