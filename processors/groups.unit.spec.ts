// Which processors of the flow share a task, and so a commit.

import { describe, expect, test } from "vitest";
import { taskGroups } from "../streams/task-groups.ts";
import type { FlowConfig } from "./flow-config.ts";
import { flowScenario } from "./simulation.ts";

/** The groups of a random flow, and what its market is. */
function groupsOf(seed: number, isolate?: readonly string[]) {
  const { topology } = flowScenario(seed);
  const ticks = topology.sources.includes("market.ticks");
  const venue = topology.processors.find(({ name }) => name === "paper-venue");
  const fill: FlowConfig["venue"]["fill"] = venue?.inputs.includes("market.ticks")
    ? "next-tick"
    : "next-open";
  const groups = taskGroups(topology, isolate).map(({ processors }) =>
    processors.map(({ name }) => name).toSorted(),
  );
  return { ticks, fill, groups };
}

const PORTFOLIO = ["order-router", "portfolio-builder", "portfolio-projector", "risk-gate"];

describe("the flow runs", () => {
  test("in two groups, or three where the venue shares nothing with the features", () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { ticks, fill, groups } = groupsOf(seed);
      const market = ["feature-builder", "signal-model", ...(ticks ? ["bar-builder"] : [])];
      const apart = !ticks || fill === "next-tick";
      const expected = apart
        ? [market.toSorted(), PORTFOLIO, ["paper-venue"]]
        : [[...market, "paper-venue"].toSorted(), PORTFOLIO];
      expect(groups, `seed ${seed}`).toEqual(expected);
      seen.add(`${ticks} ${fill}`);
    }
    expect(seen.size).toBe(3);
  });

  test("with the risk gate alone where it is isolated, and the router with it", () => {
    const { groups } = groupsOf(0, ["risk-gate"]);
    expect(groups).toContainEqual(["risk-gate"]);
    expect(groups).toContainEqual(["order-router"]);
    expect(groups).toContainEqual(["portfolio-builder", "portfolio-projector"]);
  });
});
