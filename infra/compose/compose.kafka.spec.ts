// Parts of docker-compose.yml against the real servers, which run here as processes: Kafka takes the
// broker's settings, the registry keeps its schemas in Kafka, and its health check tells up from down.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BrokerNode } from "../broker/broker-node.ts";
import { makeClusterFolder } from "../broker/cluster-folder.ts";
import { variableOf } from "../broker/docker.ts";
import { launchGuarded } from "../broker/guarded-process.ts";
import { insiderOf } from "../broker/insider.ts";
import { kafkaRuntime } from "../broker/kafka-runtime.ts";
import { freePorts } from "../broker/ports.ts";
import { CONFLUENT_PATH, registryCommand, untilAnswers } from "../broker/registry.ts";
import { PLAIN_OPEN, serverProperties } from "../broker/server-properties.ts";
import { describeCluster } from "../broker/testing.ts";
import { runCommand } from "../cli/testing/run-command.ts";
import { serviceOf } from "./testing/compose-file.ts";

const scratch = mkdtempSync(join(tmpdir(), "tapedeck-compose-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The broker's environment as server properties, as its image turns them. */
function composeProperties(): Record<string, string> {
  const node = { id: 1, host: "h", port: 1, controllerPort: 2, internalPort: 3, dataDir: "/d" };
  const ours = serverProperties(node, { nodes: [node], security: PLAIN_OPEN, config: {} });
  const names = new Map(Object.keys(ours).map((property) => [variableOf(property), property]));
  return Object.fromEntries(
    Object.entries(serviceOf("kafka").environment ?? {}).map(([variable, value]) => {
      const property = names.get(variable);
      if (property === undefined)
        throw new Error(`${variable} is no property that our brokers have`);
      return [property, value];
    }),
  );
}

const HERE = ["listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"];

describeCluster("docker-compose.yml", {}, (cluster) => {
  test("gives the broker settings that Kafka starts with", async () => {
    const properties = composeProperties();
    const [inside = 0, controller = 0, outside = 0] = await freePorts(3);
    // The same listeners at other ports: everything else as it is.
    const here = (text: string) =>
      text
        .replaceAll("0.0.0.0", "127.0.0.1")
        .replaceAll(/kafka:|localhost:/g, "127.0.0.1:")
        .replaceAll(":19092", `:${inside}`)
        .replaceAll(":9093", `:${controller}`)
        .replaceAll(":9092", `:${outside}`);
    const config = Object.fromEntries(
      Object.entries(properties)
        .filter(([name]) => name !== "log.dirs")
        .map(([name, value]) => [name, HERE.includes(name) ? here(value) : value]),
    );
    const node = {
      id: 1,
      host: "127.0.0.1",
      port: outside,
      controllerPort: controller,
      internalPort: inside,
      dataDir: join(scratch, "broker-1", "data"),
    };
    const settings = { nodes: [node], security: PLAIN_OPEN, config };
    const [files] = await makeClusterFolder(scratch, settings, "test", await kafkaRuntime());
    if (files === undefined) throw new Error("a node has a folder");
    const insider = insiderOf([{ id: 1, address: `127.0.0.1:${outside}` }], false);
    const broker = new BrokerNode(files, false, insider);
    try {
      await broker.launch();
      await broker.untilUp();
      expect(await insider.up()).toEqual([1]);
    } finally {
      await broker.release();
    }
  });

  test("gives the registry a store in Kafka, and tells when it is healthy", async () => {
    const environment = serviceOf("registry").environment ?? {};
    const [port = 0] = await freePorts(1);
    const { command, args } = await registryCommand(port, scratch);
    const url = `http://127.0.0.1:${port}${CONFLUENT_PATH}`;
    const logFile = join(scratch, "log");
    const variables = Object.entries(environment).map(
      ([name, value]) => `${name}=${value.replace("kafka:19092", cluster().brokers.join(","))}`,
    );
    const start = async () => {
      const words = [...variables, command, ...args.filter((word) => !word.includes("jdbc:"))];
      const running = await launchGuarded({
        command: "env",
        args: words,
        logFile,
        folder: scratch,
      });
      await untilAnswers(url, () => running.alive, logFile);
      return running;
    };
    const [kind, shell = "", ...words] = serviceOf("registry").healthcheck?.test ?? [];
    expect(kind).toBe("CMD");
    const health = () =>
      runCommand(
        shell,
        words.map((word) => word.replace("8080", String(port))),
      ).status === 0;

    const first = await start();
    expect(health()).toBe(true);
    const answer = await fetch(`${url}/subjects/kept-value/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema: JSON.stringify({ type: "string" }) }),
    });
    expect(answer.status).toBe(200);
    await first.release();
    expect(health()).toBe(false);

    const second = await start();
    expect(await (await fetch(`${url}/subjects`)).json()).toEqual(["kept-value"]);
    await second.release();
  });
});
