import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { testLogContract } from "../../../streams/testing/log-contract.ts";
import type { LogSubject } from "../../../streams/testing/log-fixtures.ts";
import { connectKafka } from "../client/connection.ts";
import { KafkaLog } from "./kafka-log.ts";

const brokers = process.env["TAPEDECK_KAFKA"]?.split(",") ?? [];

async function subject(stateDir: string | null): Promise<LogSubject> {
  const app = `test.${randomUUID().slice(0, 8)}`;
  const folder = stateDir === null ? null : mkdtempSync(join(tmpdir(), "tapedeck-state-"));
  const open = async () => {
    const connection = await connectKafka({ brokers, clientId: "contract" });
    const log = new KafkaLog({
      connection,
      app,
      prefix: `${app}.`,
      schemaIds: null,
      replicationFactor: 1,
      minInsyncReplicas: 1,
      stateDir: folder,
    });
    return { connection, log };
  };
  const logs = [await open()];
  return {
    log: logs[0]!.log,
    reopen: async () => {
      await logs.at(-1)?.log.close();
      logs.push(await open());
      return logs.at(-1)!.log;
    },
    dispose: async () => {
      for (const { log } of logs) await log.close();
      const { connection } = logs.at(-1)!;
      const admin = await connection.admin();
      const topics = (await admin.listTopics()).filter((name) => name.startsWith(`${app}.`));
      await admin.deleteTopics({ topics });
      for (const each of logs) await each.connection.close();
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

testLogContract({ describe, test, expect }, "Kafka", () => subject(null));
testLogContract({ describe, test, expect }, "Kafka with a local cache", () => subject("yes"));
