// 1,000 requests as a day of several portfolios asks for them, for the bench of the pool and for its limit. Promises: the same
// in every thread.

import { randomInfer, randomMeasure, randomSet } from "../infra/pool/testing/random-work.ts";
import type { Work } from "../infra/pool/work.ts";
import { Random } from "../quant/random.ts";

const REQUESTS = 1000;

/** Solves, passes over larger sets, scenarios and rows. */
export function mixedWorks(): readonly Work[] {
  const random = new Random(1);
  const sets = [
    randomSet(random, 20, 1000),
    randomSet(random, 40, 2000),
    randomSet(random, 50, 10_000),
  ];
  const history = { ...randomSet(random, 20, 1000) };
  return Array.from({ length: REQUESTS }, (_, index): Work => {
    const set = sets[random.integer(3)] ?? history;
    switch (random.integer(4)) {
      case 0: {
        const tailMass = 0.02 + 0.1 * random.uniform();
        const small = sets[random.integer(2)] ?? history;
        return {
          kind: "solve",
          problem: { objective: { kind: "MINIMUM_CVAR", tailMass } },
          scenarios: small,
        };
      }
      case 1:
        return {
          kind: "scenarios",
          recipe: { kind: "BOOTSTRAP", count: 10_000, seed: index },
          history,
        };
      case 2:
        return randomInfer(random, 1 + random.integer(100));
      default:
        return randomMeasure(random, set);
    }
  });
}
