// Kafka, ready to be run. Promises: installed once per user, and with it an archive of its loaded
// classes, which the JVM maps instead of loading them again: a broker starts in half the time. The
// archive belongs to one Java and one place; with another the JVM goes on without it.

import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { BrokerNode } from "./broker-node.ts";
import { makeClusterFolder, type Runtime } from "./cluster-folder.ts";
import { insiderOf } from "./insider.ts";
import { installed, installKafka, KAFKA_VERSION } from "./install.ts";
import { requireJava } from "./java.ts";
import { freePorts } from "./ports.ts";
import { PLAIN_OPEN } from "./server-properties.ts";

const ARCHIVE = "broker.jsa";

/** What runs Kafka here. The first time it takes as long as loading does, and 5 s for the archive. */
export async function kafkaRuntime(): Promise<Runtime> {
  const java = requireJava();
  const classPath = await installKafka();
  const which = createHash("sha256").update(`${java.version} ${classPath}`).digest("hex");
  const name = `kafka-${KAFKA_VERSION}-classes-${which.slice(0, 12)}`;
  const folder = await installed(name, (into) => makeArchive({ java, classPath }, into));
  // An archive that does not fit is passed over; that need not be told at every start.
  return { java, classPath, classes: [`-XX:SharedArchiveFile=${join(folder, ARCHIVE)}`, QUIET] };
}

const QUIET = "-Xlog:cds=off";

/** Runs a broker up to its being up, and has the JVM write down at its end what it had loaded. */
async function makeArchive(kafka: Omit<Runtime, "classes">, into: string): Promise<void> {
  const root = join(into, "run");
  const [port = 0, controllerPort = 0] = await freePorts(2);
  const node = {
    id: 1,
    host: "127.0.0.1",
    port,
    controllerPort,
    internalPort: 0,
    dataDir: join(root, "broker-1", "data"),
  };
  const settings = { nodes: [node], security: PLAIN_OPEN, config: {} };
  const [files] = await makeClusterFolder(root, settings, "test", { ...kafka, classes: [] });
  if (files === undefined) throw new Error("a node has a folder");
  const args = [`-XX:ArchiveClassesAtExit=${join(into, ARCHIVE)}`, ...files.args];
  const insider = insiderOf([{ id: 1, address: `127.0.0.1:${port}` }], false);
  const broker = new BrokerNode({ ...files, args }, false, insider);
  try {
    await broker.launch();
    await broker.untilUp();
    await broker.shutdown();
  } finally {
    await broker.release();
  }
  rmSync(root, { recursive: true, force: true });
}
