// In each worker of the Kafka tests: the run's servers in the variables that Tapedeck itself reads, so
// that a command started by a test finds them.

import { inject } from "vitest";
import "./testing.ts";

const kafka = inject("kafka");
if (!("reason" in kafka)) {
  process.env.TAPEDECK_KAFKA = kafka.brokers.join(",");
  process.env.TAPEDECK_REGISTRY = kafka.registry;
}
