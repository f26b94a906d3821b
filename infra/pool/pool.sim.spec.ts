// The pool with fake devices, in simulated time.

import { fakeDriver } from "./testing/fake-device.ts";
import { testPool } from "./testing/pool-contract.spec.ts";
import { SimClock } from "./testing/sim-clock.ts";

testPool("a pool of fakes", () => {
  const clock = new SimClock();
  return {
    driver: (name, plan) => fakeDriver({ name, plan, clock }),
    settings: { clock },
    until: (promise) => clock.until(promise),
  };
});
