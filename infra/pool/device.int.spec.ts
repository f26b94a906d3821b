// Every device that needs nothing but this machine passes the same suite.

import { Random } from "../../quant/random.ts";
import { cpuDriver } from "./cpu-device.ts";
import { testDevice } from "./testing/device-contract.spec.ts";
import { fakeDriver } from "./testing/fake-device.ts";
import { FaultPlan } from "./testing/faults.ts";
import { faultyDriver } from "./testing/faulty-driver.ts";
import { randomSet } from "./testing/random-work.ts";
import { SimClock } from "./testing/sim-clock.ts";
import type { Work } from "./work.ts";

/** Its answer is so large that its memory is handed over, not copied. */
function largeAnswer(): Work {
  const { assets, count, returns } = randomSet(new Random(8), 3, 200);
  const recipe = { kind: "GAUSSIAN", count: 10_000, seed: 1 } as const;
  return { kind: "scenarios", recipe, history: { assets, count, returns } };
}

testDevice("a CPU thread", () => ({ driver: cpuDriver({ name: "cpu-0" }) }), [largeAnswer()]);

testDevice("a CPU thread that could be made to fail", () => ({
  driver: faultyDriver("faulty", new FaultPlan()),
}));

testDevice("a fake", () => {
  const clock = new SimClock();
  return {
    driver: fakeDriver({ name: "fake", clock }),
    until: (promise) => clock.until(promise),
  };
});
