// Shadows beside the live flow of a live-fixture, for tests on a real broker.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAll, same } from "../../../streams/testing/log-fixtures.ts";
import { loadConfig } from "../../config/load-config.ts";
import type { KafkaConnection } from "../../kafka/client/connection.ts";
import { KafkaLog } from "../../kafka/log/kafka-log.ts";
import { flowYaml, type LiveFixture, silent } from "../../kafka/service/testing/live-fixture.ts";
import { planShadow, type ShadowPlan } from "../shadow-plan.ts";
import { ShadowService, type StartShadowOptions } from "../start-shadow.ts";

export interface ShadowFixture {
  /** `change` makes the candidate's configuration of live's. Of one name all go on with each other. */
  shadow(
    name: string,
    change?: (yaml: string) => string,
    options?: Partial<StartShadowOptions>,
  ): Promise<{ readonly plan: ShadowPlan; readonly service: ShadowService }>;
  /** Partitions in which a shadow's bytes are not live's. */
  differing(plan: ShadowPlan): Promise<readonly string[]>;
  /** Takes the shadows' topics away. */
  close(): Promise<void>;
}

/** `connection`: whose rights the shadows have. */
export function shadowsBeside(live: LiveFixture, connection: KafkaConnection): ShadowFixture {
  const folder = mkdtempSync(join(tmpdir(), "tapedeck-shadow-"));
  const cluster = { replicationFactor: 1, minInsyncReplicas: 1, stateDir: null };
  const { schemaIds } = live;
  const log = (app: string, prefix: string): KafkaLog =>
    new KafkaLog({ connection, schemaIds, app, prefix, ...cluster });
  return {
    async shadow(name, change = (yaml) => yaml, options = {}) {
      const path = join(folder, `${name}.yaml`);
      writeFileSync(path, change(flowYaml(live.folder, live.config.partitions)));
      const partitionsOf = (topic: string) => connection.partitionsOf(topic);
      const candidate = await loadConfig(path);
      const plan = await planShadow(`${live.app}.${name}`, live.run, null, candidate, partitionsOf);
      const service = new ShadowService(
        {
          plan,
          session: { connection, log },
          root: folder,
          createTopics: true,
          fromLive: false,
          untilCaughtUp: true,
          reportPath: null,
          pollMs: 20,
          metrics: null,
          logs: { level: "error", file: null },
          ...options,
        },
        silent,
      );
      return { plan, service };
    },
    async differing({ prefix, topology }) {
      const own = log("reader", prefix);
      const found: string[] = [];
      for (const { topic, partition, end } of await own.partitions()) {
        if (!topology.derived.some((name) => name === topic)) continue;
        const shadow = await readAll(own, topic, partition, 0);
        const beside = await readAll(live.live, topic, partition, 0);
        if (!same(shadow.bytes, beside.bytes)) found.push(`${topic}/${partition} ${end}`);
      }
      await own.close();
      return found;
    },
    async close() {
      const admin = await live.connection.admin();
      const topics = (await admin.listTopics()).filter((one) =>
        one.startsWith(`shadow.${live.app}.`),
      );
      await admin.deleteTopics({ topics });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
