// A run whose tape is Kafka topics, and a run's own topics there. Promises: opening the tape changes
// nothing in the cluster; what a run is made of stays the same as from a folder with the same records,
// for its name is no part of it; topics are removed only by their namespace's prefix, which is never
// empty.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../schemas/errors.ts";
import type { EventLog } from "../../streams/log.ts";
import type { TapeSource } from "../run/execute.ts";
import { kafkaTapeName } from "../run/kafka-tape-name.ts";
import { readOnce } from "../tape/read-once-log.ts";
import { type KafkaSession, openKafka } from "./session.ts";
import { namespaceOf } from "./topics/names.ts";

const GONE_ATTEMPTS = 500;
const GONE_PAUSE_MS = 20;

/** The topics under a prefix, as a run's tape; the session stays open. */
export const kafkaTape = (session: KafkaSession, prefix: string): TapeSource => ({
  name: kafkaTapeName(prefix),
  open: async () => readOnce(logOf(session, prefix)),
});

/** The same over a session of its own, which ends with the tape. */
export const kafkaTapeAt = (prefix: string, cluster: string | undefined): TapeSource => ({
  name: kafkaTapeName(prefix),
  async open() {
    const session = await openKafka({ cluster });
    return readOnce(logOf(session, prefix), () => session.close());
  },
});

const logOf = (session: KafkaSession, prefix: string): EventLog =>
  session.log(namespaceOf(prefix).app, prefix);

export const runPrefix = (runId: string): string => `run.${runId}.`;

/** A run's own topics, to write. `afresh`: those that an earlier run of it left are removed first. */
export async function openRunTopics(
  session: KafkaSession,
  runId: string,
  afresh: boolean,
): Promise<EventLog> {
  const prefix = runPrefix(runId);
  if (afresh) await removeTopics(session, prefix);
  return logOf(session, prefix);
}

/** Deletes every topic and consumer group under a prefix; resolves when they are gone. How many topics. */
export async function removeTopics(session: KafkaSession, prefix: string): Promise<number> {
  if (!/^[^.].*\.$/.test(prefix)) throw new Error(`"${prefix}" is the prefix of no namespace`);
  const admin = await session.connection.admin();
  const isIn = (name: string): boolean => name.startsWith(prefix);
  const { groups } = await admin.listGroups();
  const own = groups.map(({ groupId }) => groupId).filter(isIn);
  if (own.length > 0) await admin.deleteGroups(own);
  const topics = (await admin.listTopics()).filter(isIn);
  if (topics.length === 0) return 0;
  await admin.deleteTopics({ topics });
  // A name is free again only when every broker has heard of its end.
  for (let attempt = 0; (await admin.listTopics()).some(isIn); attempt++) {
    if (attempt === GONE_ATTEMPTS) {
      throw new TapedeckError("KAFKA_REFUSED", `the cluster did not remove ${topics.join(", ")}`, {
        prefix,
      });
    }
    await pause(GONE_PAUSE_MS);
  }
  return topics.length;
}
