import { brokerFaults } from "./broker-faults.ts";
import { testFaults } from "./testing/played-faults.ts";

testFaults(
  "a live flow whose brokers have no room left",
  brokerFaults.filter(({ name }) => name === "disk-full"),
);
