import { brokerFaults } from "./broker-faults.ts";
import { registryFaults } from "./registry-faults.ts";
import { requestFaults } from "./request-faults.ts";
import { testFaults } from "./testing/played-faults.ts";

testFaults("a live flow whose requests are hindered", requestFaults);
testFaults("a live flow without its registry", registryFaults);
const onSmallDisks = brokerFaults.filter(({ name }) => name === "disk-full");
testFaults(
  "a live flow whose brokers fail",
  brokerFaults.filter((fault) => !onSmallDisks.includes(fault)),
);
testFaults("a live flow whose brokers have no room left", onSmallDisks);
