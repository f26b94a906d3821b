// What is not near against a look at every scenario, along ways that wind, jump, and take up names on the way.

import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import type { Looked } from "./scenario-part.ts";
import { ScenarioReach } from "./scenario-reach.ts";
import { randomReturns } from "./testing/random-scenarios.ts";

const ASSETS = 8;
/** Enough for a ring that is not all of them. */
const COUNT = 6000;

function drawn(random: Random): ScenarioSet {
  return {
    assets: Array.from({ length: ASSETS }, (_, a) => `A${a}`),
    count: COUNT,
    returns: randomReturns(random, "NORMAL", ASSETS, COUNT),
    probabilities: new Float64Array(COUNT).fill(1 / COUNT),
  };
}

/** 1 where a scenario loses more than t. */
function sidesAt({ returns }: ScenarioSet, scale: number, net: Float64Array, t: number) {
  return Uint8Array.from({ length: COUNT }, (_, s) => {
    let loss = 0;
    for (let a = 0; a < ASSETS; a++) {
      loss -= scale * (net[a] as number) * (returns[a * COUNT + s] as number);
    }
    return loss > t ? 1 : 0;
  });
}

/** A walk's beginning: a set, its reach, and two names held. */
function begun(seed: number) {
  const random = new Random(seed);
  const set = drawn(random);
  const scale = 64;
  const net = new Float64Array(ASSETS);
  net[0] = 0.6;
  net[1] = 0.4;
  return { random, set, scale, reach: new ScenarioReach(set, scale), net };
}

/** Scenarios that changed sides and were not looked at. */
const crossed = (before: Uint8Array, now: Uint8Array, looked: Uint8Array): number[] =>
  Array.from(now.keys()).filter((s) => looked[s] === 0 && before[s] !== now[s]);

describe("the reach of scenarios", () => {
  test.each([1, 2, 3])("keeps all that is not near on its side while it covers (%i)", (seed) => {
    const { random, set, scale, reach, net } = begun(seed);
    let t = 1;
    let known = new Uint8Array(COUNT);
    let isNear = new Uint8Array(COUNT);
    let covered = 0;
    for (let step = 0; step < 300; step++) {
      const size = step % 60 === 59 ? 0.1 : 0.001;
      for (let a = 0; a < ASSETS; a++) {
        const isHeld = (net[a] as number) !== 0 || step > 40 * a;
        if (isHeld) net[a] = (net[a] as number) + size * random.normal();
      }
      t += size * random.normal();
      const sides = sidesAt(set, scale, net, t);
      if (reach.covers(net, t)) {
        covered++;
        expect(crossed(known, sides, isNear)).toEqual([]);
        continue;
      }
      const { ids, count } = reach.surround(net, t);
      const looked = new Uint8Array(COUNT);
      for (let k = 0; k < count; k++) looked[ids[k] as number] = 1;
      expect(crossed(known, sides, looked)).toEqual([]);
      known = sides;
      isNear = new Uint8Array(COUNT);
      for (let k = 0; k < reach.near.count; k++) isNear[reach.near.ids[k] as number] = 1;
      expect(reach.near.count).toBeLessThan(COUNT / 4);
    }
    expect(covered).toBeGreaterThan(100);
  });

  test.each([4, 5, 6])("tells all sides by what it says may have crossed (%i)", (seed) => {
    const { random, set, scale, reach, net } = begun(seed);
    let t = 1;
    const known = new Uint8Array(COUNT);
    const put = ({ ids, losses }: Looked, count: number, at: number): void => {
      for (let k = 0; k < count; k++) {
        known[ids[k] as number] = (losses[k] as number) > at ? 1 : 0;
      }
    };
    let measured = 0;
    let covered = 0;
    for (let step = 0; step < 600; step++) {
      for (let a = 0; a < ASSETS; a++) {
        const isHeld = (net[a] as number) !== 0 || step > 80 * a;
        if (isHeld) net[a] = (net[a] as number) + 0.0005 * random.normal();
      }
      t += 0.0005 * random.normal();
      if (!reach.covers(net, t)) {
        // All are looked at elsewhere at times, as before a long way.
        if (step % 3 === 0) {
          const there = net.map((own) => 1.001 * own);
          const all = reach.lookAround(there, t, net);
          put(all, all.count, t);
        }
        const looked = reach.surround(net, t);
        put(looked, looked.count, t);
        reach.arrange();
      } else {
        const count = reach.crossableAt(net, t);
        put(reach.near, count, t);
        measured += count / reach.near.count;
        covered++;
      }
      expect(known).toEqual(sidesAt(set, scale, net, t));
    }
    expect(covered).toBeGreaterThan(200);
    expect(measured / covered).toBeLessThan(0.9);
  });
});
