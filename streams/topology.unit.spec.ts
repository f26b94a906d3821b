import { describe, expect, test } from "vitest";
import type { TapedeckError } from "../schemas/errors.ts";
import type { TopicName } from "../schemas/generated/facts.ts";
import { mermaidOf, printTopology } from "./print-topology.ts";
import { nothing } from "./processor.ts";
import { type AnyProcessor, buildTopology } from "./topology.ts";

const processor = (
  name: string,
  inputs: TopicName[],
  outputs: Partial<Record<TopicName, number>>,
  scope: "symbol" | "portfolio" = "portfolio",
): AnyProcessor => ({
  name,
  version: 1,
  scope,
  inputs,
  outputs,
  onFailure: "stop",
  initial: () => null,
  evolve: (state) => state,
  decide: () => nothing,
});

const errorOf = (build: () => unknown): TapedeckError => {
  try {
    build();
  } catch (error) {
    return error as TapedeckError;
  }
  throw new Error("it was accepted");
};

const flow = [
  processor("feature-builder", ["market.bars"], { features: 0 }, "symbol"),
  processor("signal-model", ["features"], { signals: 0 }, "symbol"),
  processor("portfolio-builder", ["signals", "portfolio.snapshots"], { "weights.proposals": 0 }),
  processor("risk-gate", ["weights.proposals"], { "risk.verdicts": 0 }),
  processor("order-router", ["risk.verdicts"], { orders: 0 }),
  processor("paper-venue", ["orders", "market.bars"], { fills: 1000 }, "symbol"),
  processor("portfolio-projector", ["fills", "market.bars"], { "portfolio.snapshots": 0 }),
];

describe("a topology", () => {
  test("ranks each topic after its zero-latency causes", () => {
    const topology = buildTopology({ sources: ["market.bars"], processors: flow });
    const rank = (topic: TopicName) => topology.rank.get(topic) as number;
    for (const { inputs, outputs } of flow) {
      for (const [topic, latencyUs] of Object.entries(outputs) as [TopicName, number][]) {
        for (const input of latencyUs === 0 ? inputs : []) {
          expect(rank(topic), `${input} before ${topic}`).toBeGreaterThan(rank(input));
        }
      }
    }
    expect(new Set(topology.rank.values()).size).toBe(topology.topics.length);
  });

  test("does not depend on the order in which processors are listed", () => {
    const forwards = buildTopology({ sources: ["market.bars"], processors: flow });
    const backwards = buildTopology({ sources: ["market.bars"], processors: flow.toReversed() });
    expect(backwards.topics).toEqual(forwards.topics);
  });

  test("refuses two writers of a topic, by name", () => {
    const twice = [...flow, processor("second-gate", ["signals"], { "risk.verdicts": 0 })];
    const error = errorOf(() => buildTopology({ sources: ["market.bars"], processors: twice }));
    expect(error.code).toBe("STREAMS_TWO_WRITERS");
    expect(error.message).toBe("risk.verdicts is written by risk-gate and by second-gate");
  });

  test("refuses a processor that writes a source topic", () => {
    const error = errorOf(() =>
      buildTopology({ sources: ["market.bars", "signals"], processors: flow }),
    );
    expect(error.code).toBe("STREAMS_TWO_WRITERS");
  });

  test("refuses a cycle without latency and prints the cycle", () => {
    const instant = flow.map((each) =>
      each.name === "paper-venue" ? processor("paper-venue", ["orders"], { fills: 0 }) : each,
    );
    const error = errorOf(() => buildTopology({ sources: ["market.bars"], processors: instant }));
    expect(error.code).toBe("STREAMS_ZERO_LATENCY_CYCLE");
    for (const topic of ["fills", "orders", "weights.proposals", "portfolio.snapshots"]) {
      expect(error.message).toContain(topic);
    }
  });

  test("refuses a task of one symbol partition that reads or writes a portfolio's topic", () => {
    for (const wrong of [
      processor("a", ["portfolio.snapshots"], { regimes: 0 }, "symbol"),
      processor("a", ["market.bars"], { "models.events": 0 }, "symbol"),
    ]) {
      const spec = { sources: ["market.bars"] as const, processors: [...flow, wrong] };
      expect(errorOf(() => buildTopology(spec)).code).toBe("STREAMS_NOT_COPARTITIONED");
    }
  });

  test("refuses an input that nobody writes, a topic it does not know, a name used twice", () => {
    const code = (...processors: AnyProcessor[]) =>
      errorOf(() => buildTopology({ sources: ["market.bars"], processors })).code;
    expect(code(processor("a", ["signals"], {}))).toBe("STREAMS_INPUT_UNWRITTEN");
    expect(code(processor("a", ["market.bar" as TopicName], {}))).toBe("STREAMS_TOPIC_UNKNOWN");
    expect(code(processor("a", ["market.bars"], { feature: 0 } as never))).toBe(
      "STREAMS_TOPIC_UNKNOWN",
    );
    const twin = processor("a", ["market.bars"], {});
    expect(code(twin, twin)).toBe("STREAMS_DUPLICATE_PROCESSOR");
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses latency %s", (latencyUs) => {
    const spec = {
      sources: ["market.bars"] as const,
      processors: [processor("a", ["market.bars"], { features: latencyUs })],
    };
    expect(errorOf(() => buildTopology(spec)).code).toBe("STREAMS_LATENCY_INVALID");
  });

  test("prints as text and as a Mermaid flowchart, every processor and latency in both", () => {
    const topology = buildTopology({ sources: ["market.bars"], processors: flow });
    const printed = printTopology(topology);
    for (const text of [printed, mermaidOf(printed)]) {
      for (const { name } of flow) expect(text).toContain(name);
      for (const topic of topology.topics) expect(text).toContain(topic);
      expect(text).toContain("+1000 µs");
    }
  });
});
