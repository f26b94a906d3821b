// A broker (or three) and a registry for a developer, in the background. Promises: up twice is harmless,
// and starts again, on its data, what has died in between; down leaves nothing; status asks the servers
// themselves. One of these at a time.

import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../schemas/errors.ts";
import { ownerOf } from "../log/owner.ts";
import { lastWords } from "./broker-node.ts";
import { makeClusterFolder } from "./cluster-folder.ts";
import {
  alive,
  type DeveloperState,
  readState,
  type Server,
  STATE_FOLDER,
  writeState,
} from "./developer-state.ts";
import { launchDetached } from "./guarded-process.ts";
import { insiderOf } from "./insider.ts";
import { kafkaRuntime } from "./kafka-runtime.ts";
import { whileLocked } from "./lock-file.ts";
import { freePorts, isFree } from "./ports.ts";
import { answers, CONFLUENT_PATH, registryCommand, untilAnswers } from "./registry.ts";
import { PLAIN_OPEN } from "./server-properties.ts";
import { whyNoJava } from "./shared-broker.ts";

const HOST = "127.0.0.1";
const BROKER_PORT = 9092;
const REGISTRY_PORT = 8081;
const START_MS = 60_000;
const END_MS = 10_000;
const POLL_MS = 50;

export interface Wanted {
  /** null: as many as are there, else one. */
  readonly brokers: 1 | 3 | null;
  readonly registry: boolean;
}

export interface Up {
  readonly state: DeveloperState;
  /** Names of the servers that were started now; none where all were there. */
  readonly started: readonly string[];
}

/**
 * Starts what is missing and waits until it answers: about 4 s. `tell` hears what takes long.
 * BROKER_UNAVAILABLE, BROKER_INSTALL_FAILED, BROKER_START_FAILED, USAGE_INVALID where another number of
 * brokers is up.
 */
export async function up(wanted: Wanted, tell: (line: string) => void): Promise<Up> {
  const reason = whyNoJava();
  if (reason !== null) throw new TapedeckError("BROKER_UNAVAILABLE", reason);
  return locked(async () => {
    const before = readState();
    const other = wanted.brokers !== null && wanted.brokers !== before?.brokers.length;
    if (before !== null && other) {
      throw new TapedeckError(
        "USAGE_INVALID",
        `--brokers ${wanted.brokers}: a cluster of ${before.brokers.length} is there: \`npm run kafka -- down\` removes it`,
      );
    }
    const there = before?.servers ?? [];
    const dead = there.filter((server) => !alive(server));
    for (const { name } of dead) tell(`${name} had died: starting it again`);
    try {
      const servers = there.map((server) => (alive(server) ? server : launched(server)));
      const added = await missing(wanted, servers);
      const state = writeState([...servers, ...added.map(launched)]);
      await untilReady(state);
      return { state, started: [...dead, ...added].map(({ name }) => name) };
    } catch (error) {
      // A first start that failed leaves nothing; one more server that failed leaves the others.
      if (before === null) await removeAll();
      throw error;
    }
  });
}

/** Kills all that runs and removes its data. Names what ran. */
export const down = (): Promise<readonly string[]> => locked(removeAll);

export interface Health {
  readonly server: Server;
  /** dead: its process is gone. silent: it runs and does not answer as it should. */
  readonly state: "up" | "silent" | "dead";
}

/** null where nothing was started. */
export async function status(): Promise<readonly Health[] | null> {
  const state = readState();
  if (state === null) return null;
  const insider = insiderOf(askedOf(state), false);
  return Promise.all(
    state.servers.map(async (server): Promise<Health> => {
      if (!alive(server)) return { server, state: "dead" };
      if (server.kind === "registry") {
        return { server, state: (await answers(server.address)) ? "up" : "silent" };
      }
      const id = idOf(server);
      const counted = await insider.up(id).catch((): readonly number[] => []);
      return { server, state: counted.includes(id) ? "up" : "silent" };
    }),
  );
}

async function locked<T>(work: () => Promise<T>): Promise<T> {
  // Beside the folder, which `down` removes.
  mkdirSync(join(STATE_FOLDER, ".."), { recursive: true });
  return whileLocked(`${STATE_FOLDER}.lock`, work);
}

/** A server as it will be, before it runs. */
type Planned = Omit<Server, "process">;

const launched = (planned: Planned): Server => {
  const { name, kind, address, logFile, command, args } = planned;
  const process = ownerOf(launchDetached({ command, args, logFile }));
  return { name, kind, address, process, logFile, command, args };
};

async function missing(wanted: Wanted, there: readonly Server[]): Promise<readonly Planned[]> {
  const wantsBrokers = !there.some(({ kind }) => kind === "broker");
  const wantsRegistry = wanted.registry && !there.some(({ kind }) => kind === "registry");
  return [
    ...(wantsBrokers ? await plannedBrokers(wanted.brokers ?? 1) : []),
    ...(wantsRegistry ? [await plannedRegistry()] : []),
  ];
}

async function plannedBrokers(count: number): Promise<readonly Planned[]> {
  const root = resolve(STATE_FOLDER);
  const usual = Array.from({ length: count }, (_, index) => BROKER_PORT + index);
  const areFree = (await Promise.all(usual.map(isFree))).every((free) => free);
  const chosen = await freePorts(2 * count);
  const nodes = usual.map((port, index) => ({
    id: index + 1,
    host: HOST,
    port: areFree ? port : (chosen[index] ?? 0),
    controllerPort: chosen[count + index] ?? 0,
    internalPort: 0,
    dataDir: join(root, `broker-${index + 1}`, "data"),
  }));
  const folders = await makeClusterFolder(
    root,
    { nodes, security: PLAIN_OPEN, config: {} },
    "load",
    await kafkaRuntime(),
  );
  return folders.map(({ node, command, args, logFile }) => ({
    name: `broker-${node.id}`,
    kind: "broker" as const,
    address: `${HOST}:${node.port}`,
    logFile,
    command,
    args,
  }));
}

async function plannedRegistry(): Promise<Planned> {
  const folder = resolve(STATE_FOLDER, "registry");
  mkdirSync(folder, { recursive: true });
  const [other = 0] = await freePorts(1);
  const port = (await isFree(REGISTRY_PORT)) ? REGISTRY_PORT : other;
  const address = `http://${HOST}:${port}${CONFLUENT_PATH}`;
  const logFile = join(folder, "server.log");
  return {
    name: "registry",
    kind: "registry",
    address,
    logFile,
    ...(await registryCommand(port, folder)),
  };
}

const idOf = ({ name }: Server): number => Number(name.split("-")[1]);

const askedOf = ({ servers }: DeveloperState) =>
  servers
    .filter(({ kind }) => kind === "broker")
    .map((server) => ({ id: idOf(server), address: server.address }));

async function untilReady(state: DeveloperState): Promise<void> {
  const insider = insiderOf(askedOf(state), false);
  const ready = async (server: Server) => {
    if (server.kind === "registry") {
      await untilAnswers(server.address, () => alive(server), server.logFile);
      return;
    }
    const deadline = performance.now() + START_MS;
    while (alive(server) && performance.now() < deadline) {
      const counted = await insider.up(idOf(server)).catch((): readonly number[] => []);
      if (counted.length === state.brokers.length) return;
      await pause(POLL_MS);
    }
    const why = alive(server) ? `is not up after ${START_MS / 1000} s` : "ended";
    const words = lastWords(server.logFile);
    throw new TapedeckError("BROKER_START_FAILED", `${server.name} ${why}: ${words}`);
  };
  await Promise.all(state.servers.map(ready));
}

async function removeAll(): Promise<readonly string[]> {
  let servers: readonly Server[] = [];
  try {
    servers = readState()?.servers ?? [];
  } catch (error) {
    // A file that nobody can read names no process to end, and goes with its folder.
    if (!(error instanceof TapedeckError)) throw error;
  }
  const running = servers.filter(alive);
  for (const { process: owner } of running) process.kill(owner.pid, "SIGKILL");
  const deadline = performance.now() + END_MS;
  while (running.some(alive)) {
    if (performance.now() > deadline) {
      const names = running.filter(alive).map(({ name, process: { pid } }) => `${name} (${pid})`);
      throw new TapedeckError("BROKER_STATE_INVALID", `${names.join(", ")} does not end`);
    }
    await pause(POLL_MS);
  }
  rmSync(STATE_FOLDER, { recursive: true, force: true });
  return servers.map(({ name }) => name);
}
