// One administrator's conversation with the cluster. Promises: it is closed whatever happens; what
// fails is told in our words, without a secret, and soon where it cannot get better.

import type { Admin } from "kafkajs";
import { adminFailure } from "../client/admin-failure.ts";
import { KafkaClient, logLevel } from "../client/kafkajs.ts";
import { type ClusterConfig, secretsOf } from "./cluster-config.ts";
import { kafkaOptions } from "./kafka-options.ts";
import { sayWaiting } from "./say-waiting.ts";
import { redacted } from "./secret.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** Four tries in about two seconds. */
const RETRY = { retries: 3, initialRetryTime: 200, factor: 0, multiplier: 2 };

/**
 * Connects, runs `use`, disconnects. `what` completes "could not …". Throws KAFKA_UNREACHABLE,
 * KAFKA_AUTHENTICATION_FAILED, KAFKA_AUTHORIZATION_FAILED, KAFKA_TOKEN_UNAVAILABLE or KAFKA_REFUSED.
 */
export async function withAdmin<T>(
  cluster: ClusterConfig,
  what: string,
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const kafka = new KafkaClient({
    ...kafkaOptions(cluster),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    logLevel: logLevel.NOTHING,
    retry: RETRY,
  });
  const admin = kafka.admin();
  try {
    await sayWaiting(`Kafka at ${cluster.brokers.join(", ")}`, admin.connect());
    return await use(admin);
  } catch (error) {
    const { brokers, tls, sasl } = cluster;
    const mechanism = sasl?.mechanism ?? null;
    const shown = (text: string): string => redacted(text, secretsOf(cluster));
    throw adminFailure(error, what, { brokers, mechanism, tls: tls !== null, shown });
  } finally {
    // A connection that cannot even be closed is of no use to anyone.
    await admin.disconnect().catch(() => undefined);
  }
}
