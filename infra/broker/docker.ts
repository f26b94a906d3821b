// A broker and a registry in containers, where a Docker engine answers. Promises: the same settings as
// the broker that runs as a process; testcontainers' own reaper takes them away when we end. One
// broker, no control of its process: what needs that runs it as a process.

import type { StartedTestContainer } from "testcontainers";
import { KAFKA_VERSION, NEWEST_REGISTRY } from "./install.ts";
import { freePorts } from "./ports.ts";
import { CONFLUENT_PATH } from "./registry.ts";
import { PLAIN_OPEN, serverProperties } from "./server-properties.ts";

export const KAFKA_IMAGE = `apache/kafka:${KAFKA_VERSION}`;
export const REGISTRY_IMAGE = `apicurio/apicurio-registry:${NEWEST_REGISTRY}`;

const REGISTRY_PORT = 8080;
const START_MS = 240_000;

export interface Containers {
  readonly brokers: readonly string[];
  readonly close: () => Promise<void>;
}

export async function startDockerBroker(): Promise<Containers> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const [port = 0] = await freePorts(1);
  const container = await new GenericContainer(KAFKA_IMAGE)
    .withExposedPorts({ container: port, host: port })
    .withEnvironment(containerEnvironment(port))
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(START_MS)
    .start();
  return { brokers: [`${container.getHost()}:${port}`], close: closing(container) };
}

export async function startDockerRegistry(): Promise<{ url: string; close: () => Promise<void> }> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const container = await new GenericContainer(REGISTRY_IMAGE)
    .withExposedPorts(REGISTRY_PORT)
    .withWaitStrategy(Wait.forHttp(`${CONFLUENT_PATH}/subjects`, REGISTRY_PORT))
    .withStartupTimeout(START_MS)
    .start();
  const address = `${container.getHost()}:${container.getMappedPort(REGISTRY_PORT)}`;
  return { url: `http://${address}${CONFLUENT_PATH}`, close: closing(container) };
}

const closing = (container: StartedTestContainer) => async () => {
  await container.stop();
};

/** The broker's properties as its image takes them. Clients come from outside: it listens everywhere. */
export function containerEnvironment(port: number): Record<string, string> {
  const controllerPort = port + 1;
  const node = {
    id: 1,
    host: "127.0.0.1",
    port,
    controllerPort,
    internalPort: 0,
    dataDir: "/var/lib/kafka/data",
  };
  const everywhere = `CLIENT://0.0.0.0:${port},CONTROLLER://127.0.0.1:${controllerPort}`;
  const properties = serverProperties(node, {
    nodes: [node],
    security: PLAIN_OPEN,
    config: { listeners: everywhere },
  });
  const named = Object.entries(properties).map(([key, value]) => [variableOf(key), value]);
  return Object.fromEntries(named) as Record<string, string>;
}

/** A server property's name as the image's start script expects it. */
export const variableOf = (property: string): string =>
  `KAFKA_${property.replaceAll("_", "__").replaceAll("-", "___").replaceAll(".", "_").toUpperCase()}`;
