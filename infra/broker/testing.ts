// What a test file (*.kafka.spec.ts) gets: the addresses of the run's broker and registry, or the
// reason why there are none; clusters of its own where it kills brokers; names that nobody else has.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, inject, test } from "vitest";
import { TapedeckError } from "../../schemas/errors.ts";
import { type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
import { type Addresses, whyNoJava } from "./shared-broker.ts";
import { whyNoSmallDisk } from "./small-disk.ts";

declare module "vitest" {
  interface ProvidedContext {
    kafka: Addresses | { readonly reason: string };
  }
}

/** The run's broker and registry; null where this machine can have none. */
export function useBroker(): Addresses | null {
  const kafka = inject("kafka");
  return "reason" in kafka ? null : kafka;
}

/** A describe that is skipped, with the reason, where there is no broker. */
export function describeKafka(name: string, body: (kafka: Addresses) => void): void {
  const kafka = inject("kafka");
  if ("reason" in kafka) skipped(name, kafka.reason);
  else describe(name, () => body(kafka));
}

/** One test that is counted as skipped and says why; the body's own cannot be known without a broker. */
function skipped(name: string, reason: string): void {
  describe.skip(name, () => {
    test(reason, () => undefined);
  });
}

/**
 * A describe whose tests start servers as processes, to kill or stop them. It takes Java, whatever the
 * run's broker is; skipped, with the reason, where there is none, or failed where
 * TAPEDECK_REQUIRE_KAFKA=1.
 */
export function describeProcesses(name: string, body: () => void): void {
  const reason = whyNoJava();
  if (reason === null) describe(name, body);
  else if (process.env.TAPEDECK_REQUIRE_KAFKA !== "1") skipped(name, reason);
  else
    throw new TapedeckError("BROKER_UNAVAILABLE", `${name}: TAPEDECK_REQUIRE_KAFKA=1: ${reason}`);
}

/** The same with a cluster of its own, started before its tests and gone after them. */
export function describeCluster(
  name: string,
  options: ClusterOptions,
  body: (cluster: () => Cluster) => void,
): void {
  const noDisk = options.diskMegabytes === undefined ? null : whyNoSmallDisk();
  if (noDisk !== null) {
    skipped(name, noDisk);
    return;
  }
  describeProcesses(name, () => {
    let cluster: Cluster | null = null;
    beforeAll(async () => {
      cluster = await startCluster(options);
    });
    afterAll(() => cluster?.close());
    body(() => {
      if (cluster === null) throw new Error("the cluster runs from the first test on, not before");
      return cluster;
    });
  });
}

/** A topic prefix (also good for groups and transactional ids) that no other test has. */
export const freshPrefix = (): string => `test.${randomUUID().slice(0, 8)}.`;
