import { registryFaults } from "./registry-faults.ts";
import { requestFaults } from "./request-faults.ts";
import { testFaults } from "./testing/played-faults.ts";

testFaults("a live flow whose requests are hindered", requestFaults);
testFaults("a live flow without its registry", registryFaults);
