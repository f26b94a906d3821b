import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testLogContract } from "../../../streams/testing/log-contract.ts";
import type { LogSubject } from "../../../streams/testing/log-fixtures.ts";
import { describeKafka } from "../../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "../client/connection.ts";
import { KafkaLog } from "./kafka-log.ts";

interface Opened {
  readonly connection: KafkaConnection;
  readonly log: KafkaLog;
}

/** A log under a name of its own; `cached`: with a folder for its tasks' states. */
async function subject(brokers: readonly string[], cached: boolean): Promise<LogSubject> {
  const app = `test.${randomUUID().slice(0, 8)}`;
  const stateDir = cached ? mkdtempSync(join(tmpdir(), "tapedeck-state-")) : null;
  const open = async (): Promise<Opened> => {
    const connection = await connectKafka({ brokers, clientId: "contract" });
    const common = { schemaIds: null, replicationFactor: 1, minInsyncReplicas: 1, stateDir };
    return { connection, log: new KafkaLog({ connection, app, prefix: `${app}.`, ...common }) };
  };
  let last = await open();
  const before: Opened[] = [];
  return {
    log: last.log,
    reopen: async () => {
      await last.log.close();
      before.push(last);
      last = await open();
      return last.log;
    },
    dispose: async () => {
      const admin = await last.connection.admin();
      const topics = (await admin.listTopics()).filter((name) => name.startsWith(`${app}.`));
      await last.log.close();
      await admin.deleteTopics({ topics });
      for (const { connection } of [...before, last]) await connection.close();
      if (stateDir !== null) rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

for (const cached of [false, true]) {
  const name = cached ? "Kafka with a local cache of states" : "Kafka";
  const brokersOf: { brokers: readonly string[] } = { brokers: [] };
  const describe = (title: string, body: () => void) =>
    describeKafka(title, ({ brokers }) => {
      brokersOf.brokers = brokers;
      body();
    });
  testLogContract({ describe, test, expect }, name, () => subject(brokersOf.brokers, cached));
}
