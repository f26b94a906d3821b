// One broker and one registry for everyone who only needs some. Promises: servers that TAPEDECK_KAFKA
// and TAPEDECK_REGISTRY name come first, then containers where a Docker engine answers, then
// processes where Java and Maven are; else the reason why there is none. Never two ways tried in turn:
// a way that is there and fails is an error.

import { startCluster } from "./cluster.ts";
import { startDockerBroker, startDockerRegistry } from "./docker.ts";
import { dockerAnswers } from "./docker-engine.ts";
import { isInstalled, KAFKA_JAVA } from "./install.ts";
import { findJava, findMaven } from "./java.ts";
import { startRegistry } from "./registry.ts";

export interface Addresses {
  /** host:port of each broker. */
  readonly brokers: readonly string[];
  /** What clients of Confluent's registry take as its URL. */
  readonly registry: string;
}

export interface SharedBroker extends Addresses {
  close(): Promise<void>;
}

export type Way = { readonly kind: "docker" | "java" } | { readonly kind: "none"; reason: string };

const named = (variable: string): string | null => process.env[variable]?.trim() || null;

/** How servers that nobody named would be had on this machine. */
export async function findWay(): Promise<Way> {
  if (await dockerAnswers()) return { kind: "docker" };
  const reason = whyNoJava();
  return reason === null ? { kind: "java" } : { kind: "none", reason };
}

/** What keeps brokers from running as processes here, or null. */
export function whyNoJava(): string | null {
  const java = findJava();
  if (java === null) return "no Java (17 or later), and no Docker engine answers";
  if (java.major < KAFKA_JAVA) return `Java ${java.major} is too old: Kafka needs ${KAFKA_JAVA}`;
  if (findMaven() !== null || isInstalled(java)) return null;
  return "no Maven to load the broker with, and no Docker engine answers";
}

/** Starts what nobody named: about 4 s. The reason where there is no way. */
export async function startSharedBroker(): Promise<SharedBroker | { readonly reason: string }> {
  const kafka = named("TAPEDECK_KAFKA");
  const url = named("TAPEDECK_REGISTRY");
  const way: Way = kafka !== null && url !== null ? { kind: "java" } : await findWay();
  if (way.kind === "none") return { reason: way.reason };
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    await Promise.all(closers.map((one) => one()));
  };
  const brokers = async (): Promise<readonly string[]> => {
    if (kafka !== null) return kafka.split(",").map((part) => part.trim());
    const started = way.kind === "docker" ? await startDockerBroker() : await startCluster();
    closers.push(started.close);
    return started.brokers;
  };
  const registry = async (): Promise<string> => {
    if (url !== null) return url.replace(/\/+$/, "");
    const started = way.kind === "docker" ? await startDockerRegistry() : await startRegistry();
    closers.push(started.close);
    return started.url;
  };
  const [found, where] = await Promise.allSettled([brokers(), registry()]);
  if (found.status === "fulfilled" && where.status === "fulfilled") {
    return { brokers: found.value, registry: where.value, close };
  }
  await close();
  throw (found.status === "rejected" ? found : (where as PromiseRejectedResult)).reason;
}
