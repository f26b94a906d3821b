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
 * A member that says nothing, or a broker, is given up as soon as a test asks for it. A broker that hangs
 * holds the others up for half a minute by default: a coordinator waits `request.timeout.ms` for it to
 * write its markers (the task's next transaction is told CONCURRENT_TRANSACTIONS), a leader waits
 * `controller.socket.timeout.ms` for the controller that it was to change its in-sync replicas.
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
    "controller.socket.timeout.ms": "3000",
    "log.segment.bytes": "4194304",
  },
  ...(name === "disk-full" ? { diskMegabytes: 480 } : {}),
});
