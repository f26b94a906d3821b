// A real schema registry as a process of this machine: Apicurio, which speaks Confluent's interface.
// Promises: it answers when startRegistry returns; killed and started again it still holds what it
// acknowledged, under the same ids; nothing of it outlives our process, killed or not.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../schemas/errors.ts";
import { launchGuarded, type Running } from "./guarded-process.ts";
import { installRegistry } from "./install.ts";
import { requireJava } from "./java.ts";
import { freePorts } from "./ports.ts";
import { makeScratchFolder } from "./scratch-folder.ts";

/** Below this path lies what Confluent's clients call. */
export const CONFLUENT_PATH = "/apis/ccompat/v7";

export interface Registry {
  /** For clients of Confluent's registry. */
  readonly url: string;
  readonly pid: number;
  readonly alive: boolean;
  kill9(): Promise<void>;
  stop(): void;
  cont(): void;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const START_MS = 90_000;
const POLL_MS = 100;

/** Starts a registry: about 3 s after the first time. BROKER_UNAVAILABLE, BROKER_INSTALL_FAILED, BROKER_START_FAILED. */
export async function startRegistry(): Promise<Registry> {
  const root = makeScratchFolder("registry");
  const folder = join(root, "registry");
  mkdirSync(folder);
  const logFile = join(folder, "server.log");
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}${CONFLUENT_PATH}`;
  const { command, args } = await registryCommand(port, folder);
  let running: Running | null = null;
  const start = async () => {
    const before = running;
    running = await launchGuarded({ command, args, logFile, folder });
    await before?.release();
    await untilAnswers(url, () => running?.alive ?? false, logFile);
  };
  const close = async () => {
    await running?.release();
    rmSync(root, { recursive: true, force: true });
  };
  const kill9 = async () => {
    running?.signal("SIGKILL");
    await running?.ended;
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url,
    get pid() {
      return running?.pid ?? 0;
    },
    get alive() {
      return running?.alive ?? false;
    },
    kill9,
    stop: () => running?.signal("SIGSTOP"),
    cont: () => running?.signal("SIGCONT"),
    async restart() {
      await kill9();
      await start();
    },
    close,
  };
}

/** What starts a registry on the port, with its data and temporary files in the folder. */
export async function registryCommand(
  port: number,
  folder: string,
): Promise<{ command: string; args: readonly string[] }> {
  const java = requireJava();
  const { program, store } = await installRegistry(java);
  return {
    command: java.path,
    args: [
      "-XX:TieredStopAtLevel=1",
      "-XX:+UseSerialGC",
      "-Xmx256m",
      "-XX:-UsePerfData",
      `-Djava.io.tmpdir=${folder}`,
      "-Dquarkus.http.host=127.0.0.1",
      `-Dquarkus.http.port=${port}`,
      // Its own port for health and metrics, which would be 9000 for everyone.
      "-Dquarkus.management.host=127.0.0.1",
      "-Dquarkus.management.port=0",
      // The database is on disk before an answer is given, not a second later.
      `-D${store}=jdbc:h2:file:${join(folder, "schemas")};WRITE_DELAY=0`,
      "-jar",
      program,
    ],
  };
}

/** Resolves when the registry lists its subjects. BROKER_START_FAILED when it ended or takes too long. */
export async function untilAnswers(
  url: string,
  alive: () => boolean,
  logFile: string,
): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (alive() && performance.now() < deadline) {
    if (await answers(url)) return;
    await pause(POLL_MS);
  }
  const why = alive() ? `does not answer after ${START_MS / 1000} s` : "ended";
  const told = readFileSync(logFile, "utf8").trim().split("\n").slice(-3).join(" | ");
  throw new TapedeckError("BROKER_START_FAILED", `the registry ${why}: ${told}`);
}

export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
