// The faults that runs are made of, and the clusters they need.

import type { ClusterOptions } from "../../broker/cluster.ts";
import type { Fault } from "./fault.ts";
import { processFaults } from "./process-faults.ts";

export const allFaults: readonly Fault[] = [...processFaults];

/** A member that says nothing is given up as soon as a test asks for it. */
export const clusterOptions = (brokers: 1 | 3): ClusterOptions => ({
  brokers,
  config: { "group.min.session.timeout.ms": "200" },
});
