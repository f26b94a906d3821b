// tapedeck doctor: can this machine run Tapedeck, and what will be missing?

import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { connect } from "node:net";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { topicNames } from "../../streams/catalogue.ts";
import { dockerAnswers } from "../broker/docker-engine.ts";
import { findJava, findMaven } from "../broker/java.ts";
import { findWay } from "../broker/shared-broker.ts";
import { type ClusterConfig, loadCluster } from "../kafka/cluster/cluster-config.ts";
import { readLocalSchemas } from "../kafka/registry/local-schemas.ts";
import { openRegistry, type RegistryClient } from "../kafka/registry/registry-client.ts";
import { openSchemaIds } from "../kafka/registry/schema-ids.ts";
import { registryOf } from "../kafka/registry/settings.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { findCompiler } from "../models/type-check.ts";

interface Finding {
  readonly check: string;
  readonly state: "ok" | "limited" | "failed";
  readonly found: string;
  /** What follows from it, where it is not ok. */
  readonly advice: string;
}

const MIN_FREE_BYTES = 1e9;
const SLOW_FSYNC_MS = 50;
const CONNECT_MS = 3000;

export function doctorCommand(): Command {
  return new Command("doctor")
    .option("--dir <folder>", "folder that tapes and runs will lie in", ".")
    .addHelpText(
      "after",
      "\nExit codes: 0 everything needed is there · 4 something needed is missing\n\nExample:\n  $ tapedeck doctor --dir /data/tapedeck",
    )
    .action(async (options: { dir: string }, command: Command) => {
      const findings = await examine(options.dir);
      if (command.optsWithGlobals().json === true) {
        process.stdout.write(`${JSON.stringify({ findings })}\n`);
      } else {
        for (const { check, state, found, advice } of findings) {
          process.stdout.write(`${state.padEnd(8)}${check.padEnd(22)}${found}\n`);
          if (state !== "ok") process.stdout.write(`${" ".repeat(30)}→ ${advice}\n`);
        }
      }
      if (findings.some(({ state }) => state === "failed")) process.exitCode = 4;
    });
}

async function examine(dir: string): Promise<readonly Finding[]> {
  return [
    nodeVersion(),
    typeScriptModels(),
    typeChecker(),
    machine(),
    disk(dir),
    await embeddedLog(dir),
    await serverParts(),
    ...(await cluster()),
  ];
}

const finding = (
  check: string,
  state: Finding["state"],
  found: string,
  advice: string,
): Finding => ({ check, state, found, advice });

function nodeVersion(): Finding {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  return finding("Node", enough ? "ok" : "failed", node, "install Node 20.19 or later");
}

function typeScriptModels(): Finding {
  const can = process.features.typescript !== false && process.features.typescript !== undefined;
  return finding(
    "models of your own",
    can ? "ok" : "limited",
    can ? "run as they are" : "this Node cannot strip types",
    "models of your own need Node 22.18 or later",
  );
}

function typeChecker(): Finding {
  const compiler = findCompiler(join(process.cwd(), "model.ts"));
  return finding(
    "type checks of models",
    compiler === null ? "limited" : "ok",
    compiler === null ? "typescript is not installed here" : `typescript ${compiler.version}`,
    "npm install --save-dev typescript: models are then checked before they run",
  );
}

function machine(): Finding {
  const gigabytes = totalmem() / 2 ** 30;
  return finding(
    "machine",
    gigabytes < 1 ? "limited" : "ok",
    `${availableParallelism()} cores, ${gigabytes.toFixed(1)} GiB memory, ${process.platform} ${process.arch}`,
    "a run wants about 400 MB",
  );
}

function disk(dir: string): Finding {
  try {
    return writableDisk(dir);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return finding("disk", "failed", why, "name a folder that can be written: --dir FOLDER");
  }
}

function writableDisk(dir: string): Finding {
  const { bavail, bsize } = statfsSync(dir);
  const free = bavail * bsize;
  const scratch = mkdtempSync(join(dir, ".tapedeck-doctor-"));
  try {
    const file = openSync(join(scratch, "fsync"), "w");
    const startedMs = performance.now();
    for (let i = 0; i < 10; i++) {
      writeSync(file, "x".repeat(4096));
      fsyncSync(file);
    }
    const syncMs = (performance.now() - startedMs) / 10;
    closeSync(file);
    const slow = syncMs > SLOW_FSYNC_MS;
    return finding(
      "disk",
      free < MIN_FREE_BYTES || slow ? "limited" : "ok",
      `${(free / 1e9).toFixed(1)} GB free, ${syncMs.toFixed(2)} ms to make a write durable`,
      slow ? "durable commits will be slow: use a local disk" : "free some space",
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function embeddedLog(dir: string): Promise<Finding> {
  let scratch: string | null = null;
  try {
    scratch = mkdtempSync(join(dir, ".tapedeck-doctor-"));
    const log = await openEmbeddedLog(scratch, { mode: "write" });
    await log.createTopic("market.ticks", 1);
    await log.close();
    return finding("embedded log", "ok", "opens, writes and closes", "");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return finding(
      "embedded log",
      "failed",
      why,
      "the folder must be writable, and the native part of lmdb match this machine",
    );
  } finally {
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  }
}

/** What a broker of one's own can be made of. Needed for Kafka alone, so never a failure. */
async function serverParts(): Promise<Finding> {
  const java = findJava();
  const found = [
    java === null ? "no Java" : `Java ${java.major}`,
    findMaven() === null ? "no Maven" : "Maven",
    (await dockerAnswers()) ? "Docker" : "no Docker engine",
  ].join(", ");
  const { kind } = await findWay();
  return finding(
    "servers for Kafka",
    kind === "none" ? "limited" : "ok",
    found,
    "without Java 17 and Maven, or Docker, a broker must be named: TAPEDECK_KAFKA=host:port",
  );
}

/** The cluster that commands would use, and its registry. */
async function cluster(): Promise<readonly Finding[]> {
  let named: ClusterConfig;
  try {
    named = await loadCluster();
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    const none = "none is named or up; in the repository: npm run kafka -- up";
    if (error.code === "KAFKA_NOT_CONFIGURED") return [finding("Kafka", "ok", none, "")];
    return [finding("Kafka", "limited", error.message, error.next)];
  }
  return [await kafka(named), await registry(named)];
}

async function kafka({ brokers, source }: ClusterConfig): Promise<Finding> {
  const broker = brokers[0] ?? "";
  const answers = await accepts(broker);
  const found = `${broker} ${answers ? "takes connections" : "does not answer"}`;
  const advice = `start it (your own: npm run kafka -- up), or mend what names it: ${source}`;
  return finding("Kafka", answers ? "ok" : "limited", found, advice);
}

async function registry(named: ClusterConfig): Promise<Finding> {
  const check = "schema registry";
  let client: RegistryClient | null = null;
  try {
    const access = registryOf(named, { requestTimeoutMs: CONNECT_MS, patienceMs: CONNECT_MS });
    client = openRegistry(access);
    await openSchemaIds(client, readLocalSchemas(topicNames));
    return finding(check, "ok", `${client.url} has our schemas`, "");
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    return finding(check, "limited", error.message, error.next);
  } finally {
    client?.close();
  }
}

/** Whether something takes connections at host:port. */
function accepts(address: string): Promise<boolean> {
  const at = address.lastIndexOf(":");
  const port = Number(address.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) return Promise.resolve(false);
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  return new Promise((done) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (accepted: boolean) => {
      socket.destroy();
      done(accepted);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
