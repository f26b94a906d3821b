// The broker and the schema registry from Maven Central, once per user. Promises: a folder that is
// there is whole (it is made beside and renamed); processes that start at once wait for one of them;
// nothing is loaded again. TAPEDECK_CACHE names another place than ~/.cache/tapedeck.

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../schemas/errors.ts";
import { decodeOwner, isAlive, thisProcess } from "../log/owner.ts";
import { findMaven, type Java } from "./java.ts";

export const KAFKA_VERSION = "4.3.0";

/** The registry's newest release, and the last one that runs on Java 17. Both speak ccompat v7. */
const REGISTRY_RELEASES = [
  { version: "3.3.3", java: 21 },
  { version: "2.6.13.Final", java: 17 },
] as const;

export const NEWEST_REGISTRY = REGISTRY_RELEASES[0].version;

/** The oldest Java that Kafka's brokers run on. */
export const KAFKA_JAVA = 17;

const POM = join(import.meta.dirname, "pom.xml");
const WAIT_MS = 200;
const UNWRITTEN_MS = 60_000;

export function cacheFolder(): string {
  const named = process.env.TAPEDECK_CACHE;
  if (named !== undefined && named !== "") return named;
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tapedeck");
}

export const registryVersion = (java: Java): string =>
  REGISTRY_RELEASES.find((release) => java.major >= release.java)?.version ?? "";

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

/** The registry's program file. Loads about 150 MB the first time. BROKER_INSTALL_FAILED. */
export async function installRegistry(java: Java): Promise<string> {
  const version = registryVersion(java);
  const folder = await installed(`registry-${version}`, (into) =>
    maven(
      "registry",
      `-Dregistry.version=${version}`,
      "dependency:unpack-dependencies",
      `-DoutputDirectory=${into}`,
      // Otherwise it remembers beside the pom that it was unpacked, wherever that was.
      `-DmarkersDirectory=${into}`,
    ),
  );
  const programs = ["quarkus-run.jar", `apicurio-registry-app-${version}-runner.jar`];
  const program = programs.map((name) => join(folder, name)).find(existsSync);
  if (program === undefined) {
    throw new TapedeckError("BROKER_INSTALL_FAILED", `${folder} holds no ${programs.join(" or ")}`);
  }
  return program;
}

/** The folder of that name in the cache, made by `make` where it is not there yet. */
export async function installed(
  name: string,
  make: (into: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const lock = `${folder}.lock`;
  while (!acquire(lock)) {
    await pause(WAIT_MS);
    if (existsSync(folder)) return folder;
  }
  try {
    // The one before us may have finished between our look and our lock.
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
  } finally {
    rmSync(lock, { force: true });
  }
}

function moveUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

/**
 * Whether the lock is ours now. A dead owner's is taken away, for the next try. Two who take it away
 * at once may both load: that costs time only, since what counts is the renaming.
 */
function acquire(lock: string): boolean {
  try {
    writeFileSync(lock, JSON.stringify(thisProcess()), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (isStale(lock)) rmSync(lock, { force: true });
  return false;
}

function isStale(lock: string): boolean {
  try {
    const owner = decodeOwner(readFileSync(lock));
    // Made and not yet written, unless whoever made it died in between.
    if (owner === null) return Date.now() - statSync(lock).mtimeMs > UNWRITTEN_MS;
    return !isAlive(owner);
  } catch {
    return false;
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
