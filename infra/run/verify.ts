// The proof: replays a run's inputs through today's code and compares every byte with what the run
// recorded. Nothing of the run is changed; the replay goes to a scratch log that is removed, also when
// the process is told to stop.

import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { diffConfigs } from "../config/diff.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { Comparator, type Difference } from "./comparator.ts";
import { type OpenPlan, type ReplayOptions, replay } from "./execute.ts";
import { engineOf, type Manifest } from "./manifest.ts";
import type { RunFolder } from "./run-folder.ts";

export interface Verdict {
  readonly identical: boolean;
  readonly records: number;
  /** The first of each partition, in the order of time. */
  readonly differences: readonly Difference[];
  /** Why the two may differ: inputs, code, schemas, engine that are not the run's. */
  readonly changes: readonly Change[];
}

export interface Change {
  readonly what: string;
  readonly recorded: string;
  readonly now: string;
}

/** What is said on the way, and how often it is written. */
export type ReplayPace = Pick<ReplayOptions, "onProgress" | "eventsPerCommit">;

/** SIGINT and SIGTERM end the process with 128 + their number, as they do by default. */
export async function verifyRun(
  folder: RunFolder,
  manifest: Manifest,
  open: OpenPlan,
  options: ReplayPace = {},
): Promise<Verdict> {
  const scratch = mkdtempSync(join(tmpdir(), "tapedeck-verify-"));
  const release = removeOnSignal(scratch);
  try {
    const recorded = await openEmbeddedLog(folder.log, { mode: "read" });
    try {
      const comparator = new Comparator(recorded);
      await compareReplay(comparator, scratch, manifest, open, options);
      const { differences, records } = comparator;
      const changes = changesBetween(manifest, open);
      return { identical: differences.length === 0, records, differences, changes };
    } finally {
      await recorded.close();
    }
  } finally {
    release();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function compareReplay(
  comparator: Comparator,
  scratch: string,
  { outputs }: Manifest,
  open: OpenPlan,
  options: ReplayPace,
): Promise<void> {
  const target = await openEmbeddedLog(scratch, { mode: "write" });
  try {
    await replay(open, target, {
      ...options,
      onBatch: (batch) => comparator.add(batch),
    });
    await comparator.finish(
      target,
      outputs.map(({ topic }) => topic),
    );
  } finally {
    await target.close();
  }
}

/** A replay may have written gigabytes by then. */
function removeOnSignal(folder: string): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(128 + constants.signals[signal]);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/** What of a run's identity is not the same today. Empty where both are one run. */
export function changesBetween(manifest: Manifest, { identity }: OpenPlan): readonly Change[] {
  const changes: Change[] = [];
  const add = (what: string, recorded: unknown, now: unknown) => {
    if (recorded !== now) changes.push({ what, recorded: String(recorded), now: String(now) });
  };
  for (const [index, phase] of manifest.phases.entries()) {
    const other = identity.phases[index];
    if (other === undefined) continue;
    for (const { key, a, b } of diffConfigs(phase.config, other.config)) {
      changes.push({ what: `setting ${key}`, recorded: JSON.stringify(a), now: JSON.stringify(b) });
    }
    add(`model ${phase.model.name}`, phase.model.digest, other.model.digest);
    add("fork time", phase.fromUs, other.fromUs);
  }
  add("phases", manifest.phases.length, identity.phases.length);
  const inputs = new Map(identity.inputs.map((i) => [`${i.topic}/${i.partition}`, i]));
  for (const input of manifest.inputs) {
    const name = `${input.topic}/${input.partition}`;
    const other = inputs.get(name);
    add(`input ${name} from offset`, input.from, other?.from);
    add(`input ${name} to offset`, input.to, other?.to);
    add(`input ${name} bytes`, input.sha256, other?.sha256);
  }
  add("version", manifest.code.version, identity.code.version);
  add("code", manifest.code.digest, identity.code.digest);
  for (const [topic, digest] of Object.entries(manifest.schemas)) {
    add(`schema ${topic}`, digest, identity.schemas[topic]);
  }
  const engine = engineOf();
  add("engine", `node ${manifest.engine.node}`, `node ${engine.node}`);
  add("platform", manifest.engine.platform, engine.platform);
  return changes;
}
