// Before the first *.kafka.spec.ts file: one broker and one registry for all of them, gone after the
// last. Where there is none the files are told why, and skip; TAPEDECK_REQUIRE_KAFKA=1 makes that a
// failure.

import type { TestProject } from "vitest/node";
import { TapedeckError } from "../../schemas/errors.ts";
import { startSharedBroker } from "./shared-broker.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = await startSharedBroker();
  if ("reason" in shared) {
    if (process.env.TAPEDECK_REQUIRE_KAFKA === "1") {
      throw new TapedeckError("BROKER_UNAVAILABLE", `TAPEDECK_REQUIRE_KAFKA=1: ${shared.reason}`);
    }
    process.stderr.write(`Kafka tests are skipped: ${shared.reason}\n`);
    project.provide("kafka", { reason: shared.reason });
    return async () => undefined;
  }
  const { brokers, registry, close } = shared;
  project.provide("kafka", { brokers, registry });
  return close;
}
