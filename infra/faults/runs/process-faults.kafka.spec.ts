import { processFaults } from "./process-faults.ts";
import { testFaults } from "./testing/played-faults.ts";

testFaults("a live flow whose processes fail", processFaults);
