// What `npm run kafka -- up` left running, as a file. Promises: what is read was written whole; a
// server counts as alive only if it is the very process that was started, not one that has its number
// by now. `brokers` and `registry` are what other commands read from it.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";
import { isAlive, type Owner } from "../log/owner.ts";

export interface Server {
  /** broker-1, broker-2, broker-3 or registry. */
  readonly name: string;
  readonly kind: "broker" | "registry";
  /** host:port of a broker, a registry's URL. */
  readonly address: string;
  readonly process: Owner;
  readonly logFile: string;
  /** What starts it again where it lies. */
  readonly command: string;
  readonly args: readonly string[];
}

export interface DeveloperState {
  readonly brokers: readonly string[];
  readonly registry: string | null;
  readonly pids: Readonly<Record<string, number>>;
  readonly dataDir: string;
  readonly servers: readonly Server[];
}

/** Below the folder that a command runs in. */
export const STATE_FOLDER = join(".tapedeck", "kafka");
const STATE_FILE = join(STATE_FOLDER, "state.json");

export const alive = (server: Server): boolean => isAlive(server.process);

/** null where nothing was started. BROKER_STATE_INVALID where the file is no state. */
export function readState(): DeveloperState | null {
  if (!existsSync(STATE_FILE)) return null;
  try {
    const state = JSON.parse(readFileSync(STATE_FILE, "utf8")) as Partial<DeveloperState> | null;
    if (Array.isArray(state?.brokers) && Array.isArray(state.servers)) {
      return state as DeveloperState;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new TapedeckError("BROKER_STATE_INVALID", `${STATE_FILE} is no state of servers`);
}

export function writeState(servers: readonly Server[]): DeveloperState {
  const brokers = servers.filter(({ kind }) => kind === "broker");
  const state: DeveloperState = {
    brokers: brokers.map(({ address }) => address),
    registry: servers.find(({ kind }) => kind === "registry")?.address ?? null,
    pids: Object.fromEntries(servers.map(({ name, process }) => [name, process.pid])),
    dataDir: STATE_FOLDER,
    servers,
  };
  mkdirSync(STATE_FOLDER, { recursive: true });
  const beside = `${STATE_FILE}.new`;
  writeFileSync(beside, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(beside, STATE_FILE);
  return state;
}
