// The broker and the schema registry from Maven Central, once per user. Promises: a folder that is
// there is whole (it is made beside and renamed); processes that start at once wait for one of them;
// nothing is loaded again. TAPEDECK_CACHE names another place than ~/.cache/tapedeck.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";
import { findMaven, type Java } from "./java.ts";
import { whileLocked } from "./lock-file.ts";

export const KAFKA_VERSION = "4.3.0";

/** The registry's newest release, and the last one that runs on Java 17. Both speak ccompat v7. */
const REGISTRY_RELEASES = [
  {
    version: "3.3.3",
    java: 21,
    program: "quarkus-run.jar",
    store: "apicurio.datasource.url",
  },
  {
    version: "2.6.13.Final",
    java: 17,
    program: "apicurio-registry-app-2.6.13.Final-runner.jar",
    store: "quarkus.datasource.jdbc.url",
  },
] as const;

export interface InstalledRegistry {
  /** What `java -jar` takes. */
  readonly program: string;
  /** The property that says where its database lies. */
  readonly store: string;
}

export const NEWEST_REGISTRY = REGISTRY_RELEASES[0].version;

/** The oldest Java that Kafka's brokers run on. */
export const KAFKA_JAVA = 17;

const POM = join(import.meta.dirname, "pom.xml");

export function cacheFolder(): string {
  const named = process.env.TAPEDECK_CACHE;
  if (named !== undefined && named !== "") return named;
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tapedeck");
}

const releaseFor = (java: Java) => REGISTRY_RELEASES.find((release) => java.major >= release.java);

/** The registry's release that runs on this Java. */
export const registryVersion = (java: Java): string => releaseFor(java)?.version ?? "";

/** Whether nothing has to be loaded any more. */
export const isInstalled = (java: Java): boolean =>
  [`kafka-${KAFKA_VERSION}`, `registry-${registryVersion(java)}`].every((name) =>
    existsSync(join(cacheFolder(), name)),
  );

/** The broker's class path. Loads about 115 MB the first time. BROKER_INSTALL_FAILED. */
export async function installKafka(): Promise<string> {
  const folder = await installed(`kafka-${KAFKA_VERSION}`, (into) =>
    maven(
      "kafka",
      `-Dkafka.version=${KAFKA_VERSION}`,
      "dependency:copy-dependencies",
      `-DoutputDirectory=${into}`,
    ),
  );
  return `${folder}/*`;
}

/** The registry for this Java. Loads about 150 MB the first time. BROKER_INSTALL_FAILED. */
export async function installRegistry(java: Java): Promise<InstalledRegistry> {
  const release = releaseFor(java);
  if (release === undefined) {
    throw new TapedeckError("BROKER_UNAVAILABLE", `no registry runs on Java ${java.major}`);
  }
  const folder = await installed(`registry-${release.version}`, (into) =>
    maven(
      "registry",
      `-Dregistry.version=${release.version}`,
      "dependency:unpack-dependencies",
      `-DoutputDirectory=${into}`,
      // Otherwise it remembers beside the pom that it was unpacked, wherever that was.
      `-DmarkersDirectory=${into}`,
    ),
  );
  return { program: join(folder, release.program), store: release.store };
}

/** The folder of that name in the cache, made by `make` where it is not there yet. */
export async function installed(
  name: string,
  make: (into: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  return whileLocked(`${folder}.lock`, async () => {
    // The one before us may have made it.
    if (existsSync(folder)) return folder;
    const beside = `${folder}.${process.pid}`;
    rmSync(beside, { recursive: true, force: true });
    mkdirSync(beside);
    try {
      await make(beside);
      moveUnlessThere(beside, folder);
    } finally {
      rmSync(beside, { recursive: true, force: true });
    }
    return folder;
  });
}

function moveUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

/** Runs Maven quietly. BROKER_INSTALL_FAILED with its first lines where it fails. */
async function maven(profile: string, ...args: readonly string[]): Promise<void> {
  const command = findMaven();
  if (command === null) {
    throw new TapedeckError("BROKER_INSTALL_FAILED", "there is no `mvn` on the path");
  }
  const child = spawn(command, ["-q", "-B", "-f", POM, `-P${profile}`, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const code = await new Promise<number | null>((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  if (code === 0) return;
  const first =
    said.split("\n").filter((line) => line.includes("[ERROR]"))[0] ?? said.slice(0, 300);
  throw new TapedeckError("BROKER_INSTALL_FAILED", `Maven exited with ${code}: ${first.trim()}`, {
    exit: code ?? -1,
  });
}
