// A cluster in memory, each topic of one partition, whose transactional producers fence each other
// as a broker's do: for what cannot be made to happen on a broker at a given moment.

import { TapedeckError } from "../../../../schemas/errors.ts";
import type { TransactionalProducer } from "../../client/connection.ts";
import { takeApart } from "../../wire/testing/messages.ts";
import type { LogConnection } from "../kafka-log.ts";
import { type FakePartition, fakePartition } from "./fake-partition.ts";

export interface FakeCluster {
  readonly connection: LogConnection;
  /** So many commits from now on are not told where their records lie. */
  untold: number;
  /** Called before a producer is opened; once. */
  beforeNextProducer: (() => Promise<void>) | null;
  /** Producers that were opened and not closed. */
  readonly open: ReadonlySet<TransactionalProducer>;
}

export function fakeCluster(): FakeCluster {
  const partitions = new Map<string, FakePartition>();
  const partitionOf = (topic: string): FakePartition => {
    const known = partitions.get(topic) ?? fakePartition();
    partitions.set(topic, known);
    return known;
  };
  const newest = new Map<string, TransactionalProducer>();
  const open = new Set<TransactionalProducer>();
  const producer = (id: string): TransactionalProducer => {
    let dead = false;
    const made: TransactionalProducer = {
      id: 1n,
      epoch: 0,
      get dead() {
        return dead;
      },
      async commit({ batches }) {
        if (dead || newest.get(id) !== made) {
          dead = true;
          throw new TapedeckError("STREAMS_FENCED", `${id} has another owner`);
        }
        const told = cluster.untold-- <= 0;
        return batches.map(({ topic, partition, records }) => {
          const baseOffset = partitionOf(topic).append(takeApart(records));
          return { topic, partition, baseOffset: told ? baseOffset : -1 };
        });
      },
      close() {
        dead = true;
        open.delete(made);
      },
    };
    newest.set(id, made);
    open.add(made);
    return made;
  };
  const cluster: FakeCluster = {
    untold: 0,
    beforeNextProducer: null,
    open,
    connection: {
      fetch: (topic, ...asked) => partitionOf(topic).connection.fetch(topic, ...asked),
      listOffset: (topic, ...asked) => partitionOf(topic).connection.listOffset(topic, ...asked),
      partitionsOf: async () => 1,
      admin: async () => {
        throw new Error("there is nothing to administer");
      },
      async producer(id) {
        const before = cluster.beforeNextProducer;
        cluster.beforeNextProducer = null;
        await before?.();
        return producer(id);
      },
    },
  };
  return cluster;
}
