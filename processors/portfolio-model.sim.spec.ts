// A model that sees several symbols at once, in the whole flow: faults, restarts and late events change
// nothing of what a closed run says, nor does the number of partitions.

import { describe, expect, test } from "vitest";
import { runClosed } from "../streams/closed-run.ts";
import { createMemoryLog } from "../streams/memory-log.ts";
import { mergeTopics } from "../streams/merge.ts";
import { publishAll } from "../streams/simulator/published.ts";
import { simulate } from "../streams/simulator/simulate.ts";
import type { PortfolioModel } from "./portfolio-model.ts";
import { flowScenario } from "./simulation.ts";

const SEEDS = Math.ceil(Number(process.env.TAPEDECK_SIM_SEEDS ?? 2000) / 10);

interface State {
  instants: number;
  last: Map<string, number>;
  leader: string;
}

/** Long what rose most since its last bar, short the others: each view depends on who else was there. */
const leading: PortfolioModel<State> = {
  name: "leading",
  version: 1,
  scope: "portfolio",
  initial: () => ({ instants: 0, last: new Map(), leader: "" }),
  evolve(state, bars) {
    state.instants++;
    let most = Number.NEGATIVE_INFINITY;
    for (const [symbol, { price }] of bars) {
      const rise = price / (state.last.get(symbol) ?? price);
      state.last.set(symbol, price);
      if (rise <= most) continue;
      most = rise;
      state.leader = symbol;
    }
    return state;
  },
  signal: ({ instants, leader }, { symbol, warm }) =>
    !warm || instants % 7 === 0 ? null : symbol === leader ? 1 : -1 / (1 + (instants % 3)),
};

const scenarioOf = (seed: number, partitions?: number) =>
  flowScenario(seed, { model: leading, ...(partitions === undefined ? {} : { partitions }) });

/** Every signal, order and fill of a closed run, in the one order. */
async function answers(seed: number, partitions: number): Promise<readonly string[]> {
  const scenario = scenarioOf(seed, partitions);
  const tape = createMemoryLog();
  await publishAll(tape, { ...scenario, sourcePartitions: () => 1 });
  const target = createMemoryLog();
  await runClosed({ topology: scenario.topology, partitions, sourceOf: () => tape, target });
  const told: string[] = [];
  for await (const chunk of mergeTopics(target, ["signals", "orders", "fills"])) {
    for (const { topic, timeUs, value } of chunk) {
      told.push(
        JSON.stringify([topic, timeUs, value], (_, each) =>
          typeof each === "bigint" ? `${each}n` : each,
        ),
      );
    }
  }
  return told;
}

describe("a model of scope portfolio in the flow", () => {
  test("equals its closed run under faults, byte for byte", { timeout: 600_000 }, async () => {
    let late = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const { finding, counts } = await simulate({ seed, scenario: scenarioOf(seed) });
      expect(finding, `seed ${seed}`).toBeNull();
      if (counts.has("late")) late++;
    }
    expect(late).toBeGreaterThan(0);
  });

  test("says the same on any number of partitions", { timeout: 600_000 }, async () => {
    let signals = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const one = await answers(seed, 1);
      signals += one.filter((line) => line.startsWith('["signals"')).length;
      for (const partitions of [2, 3, 8]) {
        expect(await answers(seed, partitions), `seed ${seed} on ${partitions}`).toEqual(one);
      }
    }
    expect(signals).toBeGreaterThan(SEEDS);
  });
});
