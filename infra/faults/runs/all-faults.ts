// The faults that runs are made of, and the clusters they need.

import type { ClusterOptions } from "../../broker/cluster.ts";
import { brokerFaults } from "./broker-faults.ts";
import type { Fault } from "./fault.ts";
import { processFaults } from "./process-faults.ts";
import { registryFaults } from "./registry-faults.ts";
import { requestFaults } from "./request-faults.ts";

export const allFaults: readonly Fault[] = [
  ...processFaults,
  ...requestFaults,
  ...brokerFaults,
  ...registryFaults,
];

/**
 * A member that says nothing, or a broker, is given up as soon as a test asks for it. A coordinator that
 * waits for a stopped broker to write its markers asks the next leader after `request.timeout.ms`: until
 * then the task's next transaction is told CONCURRENT_TRANSACTIONS.
 */
export const clusterOptions = ({
  brokers,
  name,
}: Pick<Fault, "brokers" | "name">): ClusterOptions => ({
  brokers,
  config: {
    "group.min.session.timeout.ms": "200",
    "broker.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "200",
    "request.timeout.ms": "3000",
    "log.segment.bytes": "4194304",
  },
  ...(name === "disk-full" ? { diskMegabytes: 120 } : {}),
});
