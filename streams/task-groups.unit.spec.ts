import { describe, expect, test } from "vitest";
import type { TopicName } from "../schemas/generated/facts.ts";
import { planGroups, taskGroups } from "./task-groups.ts";
import { type AnyProcessor, buildTopology, type Topology } from "./topology.ts";

/** "name symbol: inputs -> output latency, output latency". */
function processor(line: string): AnyProcessor {
  const [head = "", rest = ""] = line.split(": ");
  const [name = "", scope] = head.split(" ");
  const [inputs = "", outputs = ""] = rest.split(" -> ");
  return {
    name,
    version: 1,
    scope: scope === "symbol" ? "symbol" : "portfolio",
    inputs: inputs.split(", ") as TopicName[],
    outputs: Object.fromEntries(
      outputs.split(", ").map((output) => {
        const [topic = "", latencyUs = "0"] = output.split(" ");
        return [topic, Number(latencyUs)];
      }),
    ),
    onFailure: "stop",
    initial: () => null,
    evolve: (state) => state,
    decide: () => [],
  };
}

/** The shape of the trading flow. */
const flow = (): Topology =>
  buildTopology({
    sources: ["market.instruments", "market.ticks", "control.commands"],
    processors: [
      "bars symbol: market.ticks -> market.bars",
      "features symbol: market.bars -> features",
      "model symbol: features -> signals",
      "builder portfolio: signals, portfolio.snapshots -> weights.proposals",
      "gate portfolio: weights.proposals, portfolio.snapshots, market.bars -> risk.verdicts",
      "router portfolio: risk.verdicts, fills -> orders 1000",
      "venue symbol: orders, market.bars -> fills 500",
      "projector portfolio: fills, market.bars -> portfolio.snapshots",
    ].map(processor),
  });

const names = (isolate?: readonly string[]): readonly string[] =>
  taskGroups(flow(), isolate).map(
    ({ name, scope, processors }) =>
      `${name} ${scope}: ${processors.map((one) => one.name).join(" ")}`,
  );

describe("task groups", () => {
  test("join processors of one scope that feed each other without latency", () => {
    expect(names()).toEqual([
      "bars symbol: bars features venue model",
      "builder portfolio: projector builder gate router",
    ]);
  });

  test("leave a processor alone that is to be isolated, and cut a group that it held together", () => {
    expect(names(["venue"])).toEqual([
      "bars symbol: bars features model",
      "builder portfolio: projector builder gate router",
      "venue symbol: venue",
    ]);
    expect(names(["gate"])).toEqual([
      "bars symbol: bars features venue model",
      "builder portfolio: projector builder",
      "gate portfolio: gate",
      "router portfolio: router",
    ]);
  });

  test("are one processor each where all are isolated", () => {
    const all = flow().processors.map(({ name }) => name);
    expect(names(all).map((group) => group.split(":")[1]?.trim())).toEqual(all);
  });

  test("do not join over an edge with latency, or one that changes the scope", () => {
    const topology = buildTopology({
      sources: ["market.ticks"],
      processors: [
        "a symbol: market.ticks -> market.bars 1",
        "b symbol: market.bars -> features",
        "c portfolio: features -> weights.proposals",
      ].map(processor),
    });
    expect(taskGroups(topology).map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  test("put causes before consequences, in whatever order processors are listed", () => {
    const topology = buildTopology({
      sources: ["market.ticks"],
      processors: [
        "last symbol: features -> signals",
        "middle symbol: market.bars -> features",
        "first symbol: market.ticks -> market.bars",
      ].map(processor),
    });
    const [group] = taskGroups(topology);
    expect(group?.name).toBe("last");
    expect(group?.processors.map(({ name }) => name)).toEqual(["first", "middle", "last"]);
  });

  test("refuse to isolate what is not there, and say what is", () => {
    expect(() => taskGroups(flow(), ["risk"])).toThrow(
      /no processor is named risk; there are bars,/,
    );
  });
});

describe("a group's plan", () => {
  const plans = (isolate?: readonly string[], recorded = 2) =>
    planGroups(flow(), 2, () => recorded, isolate);

  test("has a task for each partition, or one for a portfolio's", () => {
    expect(plans().map(({ name }) => name)).toEqual(["bars/0", "bars/1", "builder"]);
    expect(plans()[1]).toMatchObject({ group: "bars", partition: 1 });
  });

  test("names each outside partition once, with who reads it", () => {
    const [first, , portfolio] = plans();
    expect(first?.external).toEqual([
      { topic: "market.ticks", partition: 0, source: true, readers: [0] },
      { topic: "orders", partition: 0, source: false, readers: [2] },
    ]);
    expect(
      portfolio?.external.map(({ topic, partition, readers }) => [topic, partition, ...readers]),
    ).toEqual([
      ["fills", 0, 0, 3],
      ["fills", 1, 0, 3],
      ["market.bars", 0, 0, 2],
      ["market.bars", 1, 0, 2],
      ["signals", 0, 1],
      ["signals", 1, 1],
    ]);
  });

  test("names what members write for each other", () => {
    const [first, , portfolio] = plans();
    expect(first?.internal).toEqual([
      { topic: "market.bars", partition: 0, writer: 0, readers: [1, 2], latencyUs: 0 },
      { topic: "features", partition: 0, writer: 1, readers: [3], latencyUs: 0 },
    ]);
    expect(
      portfolio?.internal.map(({ topic, writer, readers }) => [topic, writer, ...readers]),
    ).toEqual([
      ["portfolio.snapshots", 0, 1, 2],
      ["weights.proposals", 1, 2],
      ["risk.verdicts", 2, 3],
    ]);
  });

  test("reads every partition of a source that is cut otherwise", () => {
    const [first] = plans([], 3);
    expect(first?.external.filter(({ topic }) => topic === "market.ticks").length).toBe(3);
  });

  test("keeps a task's number, whatever the grouping", () => {
    const numbers = (isolate?: readonly string[]) =>
      new Map(
        plans(isolate)
          .flatMap(({ members }) => members)
          .map(({ name, number }) => [name, number] as const)
          .toSorted(([, a], [, b]) => a - b),
      );
    const all = flow().processors.map(({ name }) => name);
    expect([...numbers(all)]).toEqual([...numbers()]);
    expect([...numbers(["gate"]).values()]).toEqual(Array.from({ length: 12 }, (_, i) => i));
  });
});
