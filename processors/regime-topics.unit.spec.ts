import { describe, expect, test } from "vitest";
import type { TopicName } from "../schemas/generated/facts.ts";
import { flowScenario } from "./simulation.ts";
import type { IntegratedSizing, RegimeWeights } from "./sizing-config.ts";

const flowWith = (changes: Partial<IntegratedSizing>) =>
  flowScenario(1, {
    sizing: {
      method: "INTEGRATED",
      grossBps: 10_000,
      confidenceBps: 5_000,
      allowShort: true,
      ...changes,
    },
  }).topology;
const regimes = (from: RegimeWeights["from"]) => ({ regimes: { from, band: 1, weights: {} } });

describe("regimes and forecasts in the flow", () => {
  test("are before the signals of their instant, whoever writes them", () => {
    for (const from of ["features", "tape"] as const) {
      const { rank } = flowWith({ ...regimes(from), forecasts: true });
      const place = (topic: TopicName) => rank.get(topic) as number;
      expect(place("regimes")).toBeLessThan(place("signals"));
      expect(place("forecasts")).toBeLessThan(place("signals"));
    }
  });

  test("are in it only where the sizing goes by them", () => {
    const namesOf = (changes: Partial<IntegratedSizing>) => {
      const { sources, processors } = flowWith(changes);
      return [
        sources.filter((topic) => topic === "regimes" || topic === "forecasts"),
        processors.some(({ name }) => name === "regime-router"),
      ];
    };
    expect(namesOf({})).toEqual([[], false]);
    expect(namesOf(regimes("features"))).toEqual([[], true]);
    expect(namesOf(regimes("tape"))).toEqual([["regimes"], false]);
    expect(namesOf({ forecasts: true })).toEqual([["forecasts"], false]);
  });
});
