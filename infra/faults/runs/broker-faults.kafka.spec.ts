import { brokerFaults } from "./broker-faults.ts";
import { testFaults } from "./testing/played-faults.ts";

testFaults(
  "a live flow whose brokers fail",
  brokerFaults.filter(({ name }) => name !== "disk-full"),
);
