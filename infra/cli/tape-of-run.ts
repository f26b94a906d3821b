// Opens again what a run was read from, for verify and fork. Kafka is loaded only where it is there.

import type { Override } from "../config/load-config.ts";
import type { RunPlan } from "../run/execute.ts";
import { prefixOfTape } from "../run/kafka-tape-name.ts";
import type { Manifest } from "../run/manifest.ts";

interface Where {
  readonly cluster?: string;
  readonly set?: readonly Override[];
}

/**
 * Gives `use` what of the tape goes into a plan: nothing where it is a folder, which the configuration
 * names; a run from topics may be given a folder that holds the same by `--set tape=FOLDER`.
 */
export async function withTapeOf<T>(
  { tape }: Pick<Manifest, "tape">,
  { cluster, set = [] }: Where,
  use: (tape: Pick<RunPlan, "tape">) => Promise<T>,
): Promise<T> {
  const prefix = prefixOfTape(tape);
  if (prefix === null || set.some(({ key }) => key === "tape")) return use({});
  const { openKafka } = await import("../kafka/session.ts");
  const { kafkaTape } = await import("../kafka/run-tape.ts");
  const session = await openKafka({ cluster });
  try {
    return await use({ tape: kafkaTape(session, prefix) });
  } finally {
    await session.close();
  }
}
