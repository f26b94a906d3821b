// How to reach the cluster. Promises: one place says it (a file, the environment or the
// developer's own broker), and what it lacks is told with all three ways; secrets are held as
// `Secret` and so are never printed, whatever prints the configuration.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { configError, nowhere, type Problem, problem } from "../../config/problem.ts";
import { readText } from "../../config/read-text.ts";
import { brokerProblem, type ClusterFile, type Environment, readCluster } from "./cluster-file.ts";
import { type Secret, withoutUserinfo } from "./secret.ts";

export interface TlsSettings {
  /** PEM; null trusts what Node trusts. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: Secret | null;
  readonly passphrase: Secret | null;
  readonly serverName: string | null;
  readonly verify: boolean;
}

export type TokenSource =
  | { readonly kind: "file"; readonly path: string }
  | {
      readonly kind: "endpoint";
      readonly url: string;
      readonly clientId: string;
      readonly clientSecret: Secret;
      readonly scope: string | null;
    };

export type SaslSettings =
  | {
      readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
      readonly username: string;
      readonly password: Secret;
    }
  | { readonly mechanism: "oauthbearer"; readonly token: TokenSource };

export interface RegistrySettings {
  readonly url: string;
  readonly auth:
    | { readonly kind: "basic"; readonly username: string; readonly password: Secret }
    | { readonly kind: "bearer"; readonly token: Secret }
    | null;
}

export interface ClusterConfig {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  /** How long Kafka keeps a topic's records; for ever where a topic is left out. */
  readonly retentionMs: Readonly<Partial<Record<TopicName, number>>>;
  readonly tls: TlsSettings | null;
  readonly sasl: SaslSettings | null;
  readonly registry: RegistrySettings | null;
  /** What named the brokers: a file's path, TAPEDECK_KAFKA, or the developer's broker. */
  readonly source: string;
  /** To be told to the user; none holds a secret. */
  readonly warnings: readonly string[];
}

export interface ClusterOptions {
  /** The cluster file; left out, TAPEDECK_CLUSTER names it or there is none. */
  readonly file?: string | undefined;
  readonly env?: Environment;
  /** Where the developer's broker is looked for. */
  readonly cwd?: string;
}

/** Written by `npm run kafka -- up`. */
const DEVELOPER_STATE = join(".tapedeck", "kafka", "state.json");

/**
 * The cluster to use. The file is `file` or TAPEDECK_CLUSTER; TAPEDECK_KAFKA (host:port, comma
 * between) and TAPEDECK_REGISTRY (a URL) take the place of its brokers and registry; with none of
 * them it is the developer's broker. Throws CONFIG_CLUSTER_INVALID with every finding, or
 * KAFKA_NOT_CONFIGURED.
 */
export async function loadCluster(options: ClusterOptions = {}): Promise<ClusterConfig> {
  const { env = process.env, cwd = process.cwd() } = options;
  const path = options.file ?? nonEmpty(env.TAPEDECK_CLUSTER);
  const file = path === null ? null : readFile(path, env);
  const problems: Problem[] = [...(file?.problems ?? [])];
  const named = brokersOf(env, problems) ?? file?.brokers ?? null;
  const url = registryOf(env, problems) ?? file?.registry?.url ?? null;
  if (file !== null && named === null && problems.length === 0) {
    problems.push(invalid("brokers", "missing: name some here, or set TAPEDECK_KAFKA"));
  }
  if (problems.length > 0) throw configError(path ?? "environment", problems);
  const developer = named === null ? developerBroker(cwd) : null;
  const brokers = named ?? developer?.brokers;
  if (brokers === undefined) {
    throw new TapedeckError("KAFKA_NOT_CONFIGURED", "nothing says which Kafka to use");
  }
  const registryUrl = url ?? developer?.registry ?? null;
  const isMany = brokers.length >= 3;
  return {
    brokers,
    clientId: file?.clientId ?? "tapedeck",
    requestTimeoutMs: file?.requestTimeoutMs ?? 30_000,
    // Without a file it is a developer's cluster or a test's: one copy, unless three brokers are
    // named.
    replicationFactor: file?.replicationFactor ?? (isMany ? 3 : 1),
    minInsyncReplicas: file?.minInsyncReplicas ?? (isMany ? 2 : 1),
    retentionMs: file?.retentionMs ?? {},
    tls: file?.tls ?? null,
    sasl: file?.sasl ?? null,
    registry:
      registryUrl === null ? null : { url: registryUrl, auth: file?.registry?.auth ?? null },
    source: nonEmpty(env.TAPEDECK_KAFKA) === null ? (path ?? DEVELOPER_STATE) : "TAPEDECK_KAFKA",
    warnings: file?.warnings ?? [],
  };
}

/** Every secret of the configuration: what a library's message must not show. */
export function secretsOf({ tls, sasl, registry }: ClusterConfig): readonly Secret[] {
  const held = [
    tls?.key,
    tls?.passphrase,
    sasl === null || sasl.mechanism === "oauthbearer" ? null : sasl.password,
    sasl?.mechanism === "oauthbearer" && sasl.token.kind === "endpoint"
      ? sasl.token.clientSecret
      : null,
    registry?.auth?.kind === "basic" ? registry.auth.password : null,
    registry?.auth?.kind === "bearer" ? registry.auth.token : null,
  ];
  return held.filter((secret) => secret !== null && secret !== undefined);
}

const nonEmpty = (text: string | undefined): string | null =>
  text === undefined || text.trim() === "" ? null : text;

const invalid = (key: string, message: string): Problem =>
  problem("CONFIG_CLUSTER_INVALID", nowhere, key, message);

function readFile(path: string, env: Environment): ClusterFile {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    throw new TapedeckError("CONFIG_CLUSTER_INVALID", error.message, error.facts, error.cause);
  }
  return readCluster(text, path, env);
}

function brokersOf(env: Environment, problems: Problem[]): readonly string[] | null {
  const text = nonEmpty(env.TAPEDECK_KAFKA);
  if (text === null) return null;
  const brokers = text.split(",").map((part) => part.trim());
  for (const broker of brokers) {
    const why = brokerProblem(broker);
    if (why === null) continue;
    const shown = withoutUserinfo(broker);
    problems.push(invalid("TAPEDECK_KAFKA", `found "${shown}"; ${why}`));
  }
  return brokers;
}

function registryOf(env: Environment, problems: Problem[]): string | null {
  const text = nonEmpty(env.TAPEDECK_REGISTRY);
  if (text === null) return null;
  if (/^https?:\/\/[^\s@]+$/.test(text)) return text.replace(/\/+$/, "");
  const rule = "must be a URL such as http://127.0.0.1:8081, without a name or password in it";
  problems.push(invalid("TAPEDECK_REGISTRY", `found "${withoutUserinfo(text)}"; ${rule}`));
  return null;
}

/** The broker that `npm run kafka -- up` started here; null if none was. */
function developerBroker(
  cwd: string,
): { readonly brokers: readonly string[]; readonly registry: string | null } | null {
  const path = join(cwd, DEVELOPER_STATE);
  if (!existsSync(path)) return null;
  let state: unknown;
  try {
    state = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
  const { brokers, registry } = (state ?? {}) as { brokers?: unknown; registry?: unknown };
  const isList = Array.isArray(brokers) && brokers.length > 0;
  if (!isList || !brokers.every((one) => typeof one === "string" && brokerProblem(one) === null)) {
    return null;
  }
  return { brokers: brokers as string[], registry: typeof registry === "string" ? registry : null };
}
