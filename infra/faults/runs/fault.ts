// What a fault is to the runner: a play on a stage, in rounds. A play notes each round under the name of
// a row of the table, with how long it took until every task had committed work again.

import type { Random } from "../../../quant/random.ts";
import type { Cluster } from "../../broker/cluster.ts";
import type { Registry } from "../../broker/registry.ts";
import type { FaultProcess } from "../processes.ts";
import type { FaultProxy } from "../proxy.ts";
import type { Stage, StageOptions } from "./stage.ts";

export interface Play {
  readonly stage: Stage;
  readonly cluster: Cluster;
  /** Before the brokers; null where the fault has none. */
  readonly proxy: FaultProxy | null;
  /** With our schemas; null where the fault has none, and schema ids are fixed. */
  readonly registry: Registry | null;
  readonly random: Random;
  /** Of each row. */
  readonly rounds: number;
  /** Rows whose name does not have it are left out, where a fault has several. */
  readonly only: string;
  /** A round that takes longer shows that the flow stands still. */
  readonly patienceMs: number;
  /** `recoveryMs` null: there was nothing to recover from. */
  readonly note: (row: string, recoveryMs: number | null) => void;
  /** A line under the table. */
  readonly tell: (line: string) => void;
}

export interface Fault {
  readonly name: string;
  readonly about: string;
  readonly brokers: 1 | 3;
  readonly proxy: boolean;
  readonly registry?: boolean;
  /** Rows of the table. Tests share their rounds out among them. */
  readonly rows: number;
  /** Rounds of one stage; more are played on further ones. */
  readonly stageRounds: number;
  readonly stage: Omit<StageOptions, "brokers" | "seed">;
  readonly play: (play: Play) => Promise<void>;
}

/** In an order drawn from the seed. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = random.nextUint32() % (i + 1);
    [mixed[i], mixed[j]] = [mixed[j] as T, mixed[i] as T];
  }
  return mixed;
}

/** From `least` to `most`, both included. */
export const between = (random: Random, least: number, most: number): number =>
  least + (random.nextUint32() % (most - least + 1));

/** Two services, the feed, and every task at work. */
export async function beginWith(
  { stage, patienceMs }: Play,
  names: readonly string[],
): Promise<readonly FaultProcess[]> {
  const services: FaultProcess[] = [];
  for (const name of names) services.push(await stage.start(name));
  await Promise.all(services.map((service) => service.line(/^ready/)));
  stage.feed.start();
  await stage.reader.recovered(Date.now(), patienceMs);
  return services;
}
