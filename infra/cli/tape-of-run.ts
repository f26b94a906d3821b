// Finds again what a run was read from, for verify and fork.

import type { Override } from "../config/load-config.ts";
import type { RunPlan } from "../run/execute.ts";
import { prefixOfTape } from "../run/kafka-tape-name.ts";
import type { Manifest } from "../run/manifest.ts";

interface Where {
  readonly cluster?: string;
  readonly set?: readonly Override[];
}

/**
 * What of the tape goes into a plan: nothing where it is a folder, which the configuration names. A run
 * from topics may be given a folder that holds the same: `--set tape=FOLDER`.
 */
export async function tapeOfRun(
  { tape }: Pick<Manifest, "tape">,
  { cluster, set = [] }: Where,
): Promise<Pick<RunPlan, "tape">> {
  const prefix = prefixOfTape(tape);
  if (prefix === null || set.some(({ key }) => key === "tape")) return {};
  // Kafka is loaded only where the tape is there.
  const { kafkaTapeAt } = await import("../kafka/run-tape.ts");
  return { tape: kafkaTapeAt(prefix, cluster) };
}
