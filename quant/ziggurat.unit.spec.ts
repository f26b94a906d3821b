import { describe, expect, test } from "vitest";
import { normalCdf } from "./normal.ts";
import { Random } from "./random.ts";
import { fillNormals } from "./ziggurat.ts";

const COUNT = 2_000_000;
const draws = new Float64Array(COUNT);
fillNormals(draws, new Random(12));

describe("normals by the ziggurat", () => {
  test("have the moments of a standard normal within four standard errors", () => {
    const moment = (power: number): number => draws.reduce((sum, x) => sum + x ** power, 0) / COUNT;
    // Variances of z, z², z³, z⁴ are 1, 2, 15, 96; of z⁶ 10170.
    const error = (variance: number): number => 4 * Math.sqrt(variance / COUNT);
    expect(Math.abs(moment(1))).toBeLessThan(error(1));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(error(2));
    expect(Math.abs(moment(3))).toBeLessThan(error(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(error(96));
    expect(Math.abs(moment(6) - 15)).toBeLessThan(error(10_170));
  });

  test("follow the distribution everywhere: Kolmogorov's distance is that of chance", () => {
    const sorted = draws.slice().sort();
    let distance = 0;
    for (let i = 0; i < COUNT; i += 20) {
      distance = Math.max(distance, Math.abs(normalCdf(sorted[i] as number) - i / COUNT));
    }
    // 1.95 / √n is passed by chance once in a thousand; 20 / n is the step.
    expect(distance).toBeLessThan(1.95 / Math.sqrt(COUNT) + 20 / COUNT);
  });

  test("reach the tail beyond the last layer as often as they should, on both sides", () => {
    const edge = 3.6541528853610088;
    const chance = normalCdf(-edge);
    for (const side of [-1, 1]) {
      const beyond = draws.reduce((n, x) => n + (side * x > edge ? 1 : 0), 0);
      expect(Math.abs(beyond - COUNT * chance)).toBeLessThan(4 * Math.sqrt(COUNT * chance));
    }
    const far = draws.reduce((n, x) => n + (Math.abs(x) > 4.5 ? 1 : 0), 0);
    expect(Math.abs(far - 2 * COUNT * normalCdf(-4.5))).toBeLessThan(4 * Math.sqrt(14));
  });

  test("do not hang together from one to the next", () => {
    for (const lag of [1, 2, 3, 4, 5]) {
      let sum = 0;
      for (let i = lag; i < COUNT; i++) sum += (draws[i] as number) * (draws[i - lag] as number);
      expect(Math.abs(sum / COUNT)).toBeLessThan(4 / Math.sqrt(COUNT));
    }
  });

  test("are the same for a seed, however many are asked for at once in fours", () => {
    const random = new Random(12);
    const parts = new Float64Array(1000);
    for (let at = 0; at < 1000; at += 4) fillNormals(parts.subarray(at, at + 4), random);
    expect(parts).toEqual(draws.slice(0, 1000));
    expect(parts[0]).toBe(draws[0]);
  });
});
