import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { LossPlaces } from "./loss-places.ts";
import type { Tail } from "./program.ts";
import { RoundedTail } from "./rounded-tail.ts";
import { ScenarioRows } from "./scenario-rows.ts";
import { TailCurvature } from "./tail-curvature.ts";

const ASSETS = 5;
const COUNT = 400;

function tailOf(random: Random): Tail {
  const returns = new Float64Array(ASSETS * COUNT).map(() => random.normal());
  const probabilities = new Float64Array(COUNT).map(() => 0.5 + random.uniform());
  const total = probabilities.reduce((sum, p) => sum + p, 0);
  const assets = Array.from({ length: ASSETS }, (_, a) => `A${a}`);
  return {
    weight: 1,
    mass: 0.1,
    scenarios: {
      assets,
      count: COUNT,
      returns,
      probabilities: probabilities.map((p) => p / total),
    },
  };
}

const holdings = {
  assets: ASSETS,
  asset: Int32Array.from({ length: ASSETS }, (_, a) => a),
  sign: new Float64Array(ASSETS).fill(1),
};

/** Σ weight · rounded max(0, z), written out. */
function roundedSum({ z, weight }: LossPlaces, h: number): number {
  let sum = 0;
  for (let b = 0; b < z.length; b++) {
    const over = z[b] as number;
    const part = over >= h ? over : over <= -h ? 0 : (over + h) ** 2 / (4 * h);
    sum += (weight[b] as number) * part;
  }
  return sum;
}

function setUp() {
  const random = new Random(4);
  const tail = tailOf(random);
  const { scenarios } = tail;
  const places = new LossPlaces(tail, holdings, 1, 1, new ScenarioRows(scenarios));
  const net = new Float64Array(ASSETS).map(() => random.uniform());
  places.stand(net, 0.4);
  return { random, places, net, returns: scenarios.returns };
}

describe("the rounded tail", () => {
  test("has the slopes that differences of its value have, at each of several points", () => {
    const { random, places, net } = setUp();
    const rounded = new RoundedTail(places);
    const h = 0.3;
    const by = 1e-6;
    for (let point = 0; point < 4; point++) {
      const t = 0.4 + 0.3 * point;
      for (let a = 0; a < ASSETS; a++) net[a] = (net[a] as number) + random.normal();
      places.stand(net, t);
      rounded.look(h);
      rounded.differentiate(h);
      for (let a = 0; a < ASSETS; a++) {
        const moved = net.slice();
        moved[a] = (net[a] as number) + by;
        places.stand(moved, t);
        const above = roundedSum(places, h);
        moved[a] = (net[a] as number) - by;
        places.stand(moved, t);
        const slope = (above - roundedSum(places, h)) / (2 * by);
        // More is held: losses fall by the return.
        expect(-(rounded.means[a] as number)).toBeCloseTo(slope, 6);
      }
    }
  });

  test("tells its slope along a step at any length of it", () => {
    const { random, places } = setUp();
    const rounded = new RoundedTail(places);
    places.setRates(
      new Float64Array(ASSETS).map(() => random.normal()),
      0.2,
    );
    const before = places.z.slice();
    const value = (length: number): number => {
      places.z.set(before.map((z, b) => z + length * (places.rate[b] as number)));
      return roundedSum(places, 0.2);
    };
    const difference = (value(0.7 + 1e-6) - value(0.7 - 1e-6)) / 2e-6;
    places.z.set(before);
    expect(rounded.slopeAt(0.7, 0.2)).toBeCloseTo(difference, 6);
  });

  test("finds a width within which as many lie as are wanted", () => {
    const { places } = setUp();
    const rounded = new RoundedTail(places);
    rounded.look(rounded.widthOf(50));
    expect(rounded.count).toBeGreaterThanOrEqual(49);
    expect(rounded.count).toBeLessThanOrEqual(50);
  });
});

describe("its curvature", () => {
  test("is the same whether scenarios and assets come and go or are all new", () => {
    const { places, returns } = setUp();
    const kept = new TailCurvature(places);
    const subsets = [
      { from: 0, to: 200, assets: [0, 2] },
      { from: 10, to: 210, assets: [0, 2] },
      { from: 15, to: 190, assets: [0, 2, 3] },
      { from: 300, to: 320, assets: [4, 1] },
      { from: 300, to: 330, assets: [4, 1, 0, 3, 2] },
    ];
    for (const { from, to, assets } of subsets) {
      const within = Int32Array.from({ length: to - from }, (_, k) => from + k);
      kept.update(within, within.length, assets);
      for (const a of [...assets, -1]) {
        for (const b of [...assets, -1]) {
          let sum = 0;
          for (let s = from; s < to; s++) {
            const left = a < 0 ? 1 : (returns[a * COUNT + s] as number);
            const right = b < 0 ? 1 : (returns[b * COUNT + s] as number);
            sum += (places.weight[s] as number) * left * right;
          }
          expect(kept.at(a, b)).toBeCloseTo(sum, 12);
        }
      }
    }
  });

  test("holds more assets than it first has room for", () => {
    const random = new Random(9);
    const assets = 90;
    const returns = new Float64Array(assets * 30).map(() => random.normal());
    const names = Array.from({ length: assets }, (_, a) => `A${a}`);
    const probabilities = new Float64Array(30).fill(1 / 30);
    const scenarios = { assets: names, count: 30, returns, probabilities };
    const wide = { ...holdings, assets };
    const rows = new ScenarioRows(scenarios);
    const places = new LossPlaces({ weight: 1, mass: 1, scenarios }, wide, 1, 1, rows);
    const curvature = new TailCurvature(places);
    const within = Int32Array.from({ length: 30 }, (_, k) => k);
    curvature.update(within, 30, [3, 4]);
    curvature.update(within, 30, [...returns.subarray(0, assets).keys()]);
    let sum = 0;
    for (let s = 0; s < 30; s++) {
      sum += ((returns[3 * 30 + s] as number) * (returns[89 * 30 + s] as number)) / 30;
    }
    expect(curvature.at(89, 3)).toBeCloseTo(sum, 12);
  });
});
