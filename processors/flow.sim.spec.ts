// The whole flow under seeded faults: TAPEDECK_SIM_SEEDS of them (2,000 unless told), and every seed
// that once found something. A finding is printed with the command that repeats it.

import { describe, expect, test } from "vitest";
import { simulate } from "../streams/simulator/simulate.ts";
import { flowScenario } from "./simulation.ts";
import { pastSeeds } from "./simulation-seeds.ts";

const SEEDS = Number(process.env.TAPEDECK_SIM_SEEDS ?? 2000);
const SEEDS_PER_REPORT = 500;
/** Nothing here may be so rare that a thousand seeds do not meet it. */
const EXPECTED = [
  "late",
  "crashed",
  "restarted",
  "outlived",
  "fenced",
  "stopped",
  "redelivered",
  "reordered",
  "clogged",
  "refused",
  "lost",
  "hidden",
  "deferred",
] as const;

const run = (seed: number) => simulate({ seed, scenario: flowScenario(seed) });

const report = (seed: number, finding: string | null): string | null =>
  finding === null ? null : `seed ${seed}: ${finding} (npm run sim -- --seed ${seed} --trace)`;

describe("the flow under faults", () => {
  test.each(pastSeeds)("seed $seed, which found: $found", async ({ seed }) => {
    expect(report(seed, (await run(seed)).finding)).toBeNull();
  });

  test(`equals its closed run, byte for byte, in ${SEEDS} seeds`, {
    timeout: 3_600_000,
  }, async () => {
    const findings: string[] = [];
    const seen = new Map<string, number>();
    let withoutLate = 0;
    const started = performance.now();
    for (let seed = 0; seed < SEEDS && findings.length < 10; seed++) {
      const { finding, counts } = await run(seed);
      const found = report(seed, finding);
      if (found !== null) findings.push(found);
      for (const [what, times] of counts) seen.set(what, (seen.get(what) ?? 0) + times);
      if (!counts.has("late")) withoutLate++;
      if ((seed + 1) % SEEDS_PER_REPORT === 0) {
        const seconds = ((performance.now() - started) / 1000).toFixed(0);
        console.log(`${seed + 1} of ${SEEDS} seeds, ${findings.length} found, ${seconds} s`);
      }
    }
    expect(findings).toEqual([]);
    if (SEEDS < 1000) return;
    for (const what of EXPECTED) expect(seen.get(what) ?? 0, what).toBeGreaterThan(0);
    // Both kinds of seed prove something: without late events the plain closed run must agree.
    expect(withoutLate).toBeGreaterThan(SEEDS / 10);
    expect(withoutLate).toBeLessThan(SEEDS * 0.9);
  });

  test("equals its closed run with corporate actions too", { timeout: 3_600_000 }, async () => {
    for (let seed = 0; seed < SEEDS / 10; seed++) {
      const { finding } = await simulate({ seed, scenario: flowScenario(seed, { actions: true }) });
      expect(report(seed, finding)).toBeNull();
    }
  });

  test("has the same history each time a seed is run", async () => {
    const hashes = new Set<string>();
    for (let seed = 0; seed < 25; seed++) {
      const [first, second] = [await run(seed), await run(seed)];
      expect(second.hash).toBe(first.hash);
      hashes.add(first.hash);
    }
    expect(hashes.size).toBe(25);
  });
});
