// What brokers are told, for one and for three, open and secured, as a file and as a container's
// environment.

import { describe, expect, test } from "vitest";
import { containerEnvironment, variableOf } from "./docker.ts";
import {
  type ClusterSettings,
  PLAIN_OPEN,
  propertiesText,
  scramArguments,
  serverProperties,
} from "./server-properties.ts";

const node = (id: number) => ({
  id,
  host: "127.0.0.1",
  port: 100 * id,
  controllerPort: 100 * id + 1,
  internalPort: 100 * id + 2,
  dataDir: `/data/${id}`,
});

const cluster = (count: number, changes: Partial<ClusterSettings> = {}): ClusterSettings => ({
  nodes: Array.from({ length: count }, (_, index) => node(index + 1)),
  security: PLAIN_OPEN,
  config: {},
  ...changes,
});

const REPLICATED = [
  "default.replication.factor",
  "offsets.topic.replication.factor",
  "transaction.state.log.replication.factor",
];

test("one broker keeps everything once", () => {
  const properties = serverProperties(node(1), cluster(1));
  for (const key of REPLICATED) expect(properties[key]).toBe("1");
  expect(properties["min.insync.replicas"]).toBe("1");
  expect(properties["controller.quorum.voters"]).toBe("1@127.0.0.1:101");
  expect(properties["advertised.listeners"]).toBe("CLIENT://127.0.0.1:100");
});

test("three brokers keep everything three times and acknowledge at two", () => {
  const properties = serverProperties(node(2), cluster(3));
  for (const key of REPLICATED) expect(properties[key]).toBe("3");
  expect(properties["min.insync.replicas"]).toBe("2");
  expect(properties["transaction.state.log.min.isr"]).toBe("2");
  expect(properties["controller.quorum.voters"]).toBe(
    "1@127.0.0.1:101,2@127.0.0.1:201,3@127.0.0.1:301",
  );
  expect(properties["node.id"]).toBe("2");
});

describe("clients' listener", () => {
  const sasl = [{ name: "gate", password: "secret" }];
  const tls = { ca: "/ca.pem", keystore: "/store.pem", clientAuth: "required" } as const;
  const protocolOf = (security: Partial<ClusterSettings["security"]>) => {
    const settings = cluster(1, { security: { ...PLAIN_OPEN, ...security } });
    const map = serverProperties(node(1), settings)["listener.security.protocol.map"];
    return /CLIENT:(\w+)/.exec(map ?? "")?.[1];
  };

  test.each([
    [{}, "PLAINTEXT"],
    [{ sasl }, "SASL_PLAINTEXT"],
    [{ tls }, "SSL"],
    [{ sasl, tls }, "SASL_SSL"],
    [{ acls: { superUsers: [] } }, "PLAINTEXT"],
  ])("%j is %s", (security, protocol) => {
    expect(protocolOf(security)).toBe(protocol);
  });

  test("wants a login, and brokers log in among themselves too: nobody is anonymous", () => {
    const security = { sasl, tls: null, acls: { superUsers: ["admin"] } };
    const properties = serverProperties(node(1), cluster(1, { security }));
    expect(properties["inter.broker.listener.name"]).toBe("INTERNAL");
    expect(properties["listener.security.protocol.map"]).not.toContain("INTERNAL:PLAINTEXT");
    expect(properties["listener.security.protocol.map"]).not.toContain("CONTROLLER:PLAINTEXT");
    expect(properties["super.users"]).toBe("User:broker;User:admin");
    expect(scramArguments(security).filter((word) => word.startsWith("SCRAM"))).toHaveLength(2);
  });
});

test("a test's own properties replace ours", () => {
  const config = { "min.insync.replicas": "3", "message.max.bytes": "100" };
  const properties = serverProperties(node(1), cluster(3, { config }));
  expect(properties).toMatchObject(config);
});

test("a value cannot begin another line of the file", () => {
  expect(propertiesText({ a: "one\ntwo", b: "c:\\d" })).toBe("a=one\\ntwo\nb=c:\\\\d\n");
});

describe("a container", () => {
  test.each([
    ["log.dirs", "KAFKA_LOG_DIRS"],
    ["a.b-c_d", "KAFKA_A_B___C__D"],
  ])("takes %s as %s", (property, variable) => {
    expect(variableOf(property)).toBe(variable);
  });

  test("listens to everyone and tells clients the host's port", () => {
    const environment = containerEnvironment(15_000);
    expect(environment.KAFKA_LISTENERS).toContain("CLIENT://0.0.0.0:15000");
    expect(environment.KAFKA_ADVERTISED_LISTENERS).toBe("CLIENT://127.0.0.1:15000");
    expect(environment.KAFKA_PROCESS_ROLES).toBe("broker,controller");
  });
});
