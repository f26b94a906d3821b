// One administrator's conversation with the cluster. Promises: it is closed whatever happens; what
// fails is told in our words, without a secret, and soon where it cannot get better.

import type { Admin } from "kafkajs";
import { TapedeckError } from "../../../schemas/errors.ts";
import { KafkaClient, logLevel } from "../client/kafkajs.ts";
import { type ClusterConfig, secretsOf } from "./cluster-config.ts";
import { kafkaOptions } from "./kafka-options.ts";
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
    await admin.connect();
    return await use(admin);
  } catch (error) {
    throw adminFailure(error, what, cluster);
  } finally {
    // A connection that cannot even be closed is of no use to anyone.
    await admin.disconnect().catch(() => undefined);
  }
}

/** What kafkajs threw, as an error of ours; what is none of Kafka's comes back as it is. */
export function adminFailure(error: unknown, what: string, cluster: ClusterConfig): unknown {
  if (!(error instanceof Error) || error instanceof TapedeckError) return error;
  const chain = causesOf(error);
  const known = chain.find((one) => one instanceof TapedeckError);
  if (known !== undefined) return known;
  if (!error.name.startsWith("KafkaJS")) return error;
  const innermost = chain.at(-1) ?? error;
  const brokers = cluster.brokers.join(", ");
  const mechanism = cluster.sasl?.mechanism ?? null;
  const said = redacted(innermost.message, secretsOf(cluster));
  const text = `could not ${what} at ${brokers}: ${said}`;
  const type = chain.map(typeOf).find((one) => one !== null) ?? null;
  if (chain.some(({ name }) => name === "KafkaJSSASLAuthenticationError") || isSasl(type)) {
    return new TapedeckError("KAFKA_AUTHENTICATION_FAILED", text, { brokers, mechanism }, error);
  }
  if (type?.endsWith("_AUTHORIZATION_FAILED")) {
    return new TapedeckError("KAFKA_AUTHORIZATION_FAILED", text, { error: type }, error);
  }
  if (type === "SECURITY_DISABLED") {
    const why = `${text}: its brokers have no authorizer (authorizer.class.name)`;
    return new TapedeckError("KAFKA_REFUSED", why, { error: type }, error);
  }
  if (type !== null) return new TapedeckError("KAFKA_REFUSED", text, { error: type }, error);
  return new TapedeckError(
    "KAFKA_UNREACHABLE",
    `${text}${hint(said, cluster)}`,
    { brokers },
    error,
  );
}

/** An error and what it came of, outermost first. */
function causesOf(error: Error): readonly Error[] {
  const chain: Error[] = [];
  let next: unknown = error;
  while (next instanceof Error && chain.length < 10 && !chain.includes(next)) {
    chain.push(next);
    next = next.cause;
  }
  return chain;
}

function typeOf(error: Error): string | null {
  const { type } = error as Error & { readonly type?: unknown };
  return typeof type === "string" ? type : null;
}

const isSasl = (type: string | null): boolean =>
  type !== null && /SASL|SSL_AUTHENTICATION/.test(type);

/** What a connection that ends early most often means. */
function hint(said: string, { tls, sasl }: ClusterConfig): string {
  if (/wrong version number|packet length too long/i.test(said)) {
    return ": the port does not speak TLS: leave `tls` out, or name the TLS port";
  }
  if (!/closed|timeout|timed out|ended|reset|disconnected/i.test(said)) return "";
  const lacks = [tls === null ? "tls" : "", sasl === null ? "sasl" : ""].filter(
    (one) => one !== "",
  );
  return lacks.length === 0 ? "" : `: does this port want ${lacks.join(" or ")}?`;
}
