// Plans against a cluster that is a Map: what is done, what is never done, and that doing it once
// is enough.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isChangelogOf, namespaceOf } from "./names.ts";
import { planText, summary } from "./plan-text.ts";
import {
  type FoundTopic,
  isOurs,
  isPending,
  type Permitted,
  planTopics,
  type TopicPlan,
} from "./topic-plan.ts";
import { changelogSettings, tapeSettings } from "./topic-settings.ts";
import type { WantedTopic } from "./wanted-topics.ts";

const live = namespaceOf("");
const nothing: Permitted = { repartition: false, remove: [] };

const wanted = (name: string, other: Partial<WantedTopic> = {}): WantedTopic => ({
  name,
  kind: "derived",
  partitions: 4,
  replicationFactor: 3,
  settings: { "cleanup.policy": "delete", "retention.ms": "-1" },
  ...other,
});

function found(topic: WantedTopic, other: Partial<FoundTopic> = {}): FoundTopic {
  const { name, partitions, replicationFactor } = topic;
  const own = new Map(Object.entries(topic.settings));
  const settings = new Map([["segment.bytes", "1073741824"], ...own]);
  return { name, partitions, replicationFactor, settings, own, ...other };
}

const planOne = (topic: WantedTopic, there: FoundTopic, permitted = nothing): TopicPlan =>
  planTopics([topic], [there], live, permitted)[0] as TopicPlan;

describe("a topic that is wanted", () => {
  test("and not there is created as it is wanted", () => {
    const [plan] = planTopics([wanted("orders")], [], live, nothing);
    expect(plan).toMatchObject({
      action: "create",
      partitions: { from: null, to: 4 },
      replicationFactor: 3,
      settings: [
        { name: "cleanup.policy", from: null, to: "delete" },
        { name: "retention.ms", from: null, to: "-1" },
      ],
    });
  });

  test("and there is kept, whatever else is set on it", () => {
    const orders = wanted("orders");
    const own = new Map([...Object.entries(orders.settings), ["segment.bytes", "1"]]);
    const plan = planOne(orders, found(orders, { own }));
    expect(plan).toMatchObject({ action: "keep", settings: [], drift: [] });
    expect(isPending(plan)).toBe(false);
  });

  test("with other settings is changed, old and new told", () => {
    const orders = wanted("orders");
    const settings = new Map([
      ["cleanup.policy", "delete"],
      ["retention.ms", "604800000"],
    ]);
    const plan = planOne(orders, found(orders, { settings }));
    expect(plan).toMatchObject({
      action: "change",
      settings: [{ name: "retention.ms", from: "604800000", to: "-1" }],
    });
    expect(planText([plan])).toContain("    retention.ms: 604800000 → -1\n");
  });

  test("with fewer partitions grows only where that was asked for, and says what breaks", () => {
    const orders = wanted("orders");
    const plan = planOne(orders, found(orders, { partitions: 2 }));
    expect(plan).toMatchObject({ action: "keep", partitions: { from: 2, to: 2 } });
    expect(plan.drift).toMatchObject([{ flag: "--allow-repartition", blocks: true }]);
    expect(isPending(plan)).toBe(true);
    const grown = planOne(orders, found(orders, { partitions: 2 }), {
      ...nothing,
      repartition: true,
    });
    expect(grown).toMatchObject({ action: "change", partitions: { from: 2, to: 4 } });
    expect(grown.drift[0]?.why).toContain("another partition than its past");
    expect(planText([grown, planOne(orders, found(orders))])).toMatch(
      /^WARNING: partitions are added to 1 topic, for good.*\n.*verify --live.* stop all its/m,
    );
    expect(planText([plan])).not.toContain("WARNING");
  });

  test("with more partitions is never shrunk, whatever is allowed", () => {
    const orders = wanted("orders");
    const permitted = { repartition: true, remove: ["orders"] };
    const plan = planOne(orders, found(orders, { partitions: 8 }), permitted);
    expect(plan).toMatchObject({ action: "keep", partitions: { from: 8, to: 8 } });
    expect(plan.drift).toMatchObject([{ flag: null, blocks: true }]);
  });

  test("a source with another count works, and is only remarked on", () => {
    const ticks = wanted("market.ticks", { kind: "source" });
    for (const partitions of [2, 8]) {
      const plan = planOne(ticks, found(ticks, { partitions }));
      expect(plan.action).toBe("keep");
      expect(plan.drift).toHaveLength(1);
      expect(isPending(plan)).toBe(false);
    }
  });

  test("with fewer replicas differs; with more it is only remarked on", () => {
    const orders = wanted("orders");
    expect(isPending(planOne(orders, found(orders, { replicationFactor: 1 })))).toBe(true);
    expect(isPending(planOne(orders, found(orders, { replicationFactor: 5 })))).toBe(false);
  });
});

describe("a topic that is not wanted", () => {
  const fills = found(wanted("fills"));

  test("is left alone, and goes only where it was named", () => {
    expect(planTopics([], [fills], live, nothing)).toMatchObject([
      { kind: "unused", action: "keep", drift: [{ flag: "--delete fills", blocks: false }] },
    ]);
    expect(planTopics([], [fills], live, { ...nothing, remove: ["fills"] })).toMatchObject([
      { kind: "unused", action: "delete", partitions: { from: 4, to: null } },
    ]);
  });

  test("and of somebody else is not even looked at", () => {
    const others = [
      "payments",
      "tapedeckx.risk-gate.changelog",
      "shadow.x.orders",
      "__consumer_offsets",
    ];
    const there = others.map((name) => ({ ...fills, name }));
    expect(planTopics([], there, live, { ...nothing, remove: others })).toEqual([]);
  });
});

describe("namespaces", () => {
  test.each<[string, string, boolean]>([
    ["", "orders", true],
    ["", "tapedeck.risk-gate.changelog", true],
    ["", "tapedeck.risk-gate.changelog.old", false],
    ["", "tapedeck.a.b.changelog", false],
    ["", "shadow.x.orders", false],
    ["shadow.x.", "shadow.x.orders", true],
    ["shadow.x.", "shadow.x.risk-gate.changelog", true],
    ["shadow.x.", "shadow.xy.orders", false],
    ["shadow.x.", "orders", false],
    ["shadow.x.", "tapedeck.risk-gate.changelog", false],
  ])("%s has %s: %s", (prefix, name, ours) => {
    expect(isOurs(namespaceOf(prefix), name)).toBe(ours);
  });

  test("outside live everything begins with the prefix", () => {
    expect(namespaceOf("shadow.x.")).toEqual({ app: "shadow.x", prefix: "shadow.x." });
    expect(isChangelogOf(namespaceOf("shadow.x."), "shadow.x.risk-gate.changelog")).toBe(true);
  });
});

describe("any cluster", () => {
  const names = ["orders", "fills", "signals", "features", "regimes"];
  const topics = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...names),
      partitions: fc.integer({ min: 1, max: 5 }),
      replicationFactor: fc.constantFrom(1, 3),
      kind: fc.constantFrom("source", "derived", "runtime", "changelog"),
      settings: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2")),
    }),
    { selector: ({ name }) => name },
  );
  const permits = fc.record({
    repartition: fc.boolean(),
    remove: fc.subarray(names),
  });

  /** What the cluster would be after the plan. */
  function applied(there: readonly FoundTopic[], plans: readonly TopicPlan[]): FoundTopic[] {
    const cluster = new Map(there.map((topic) => [topic.name, topic]));
    for (const { name, action, partitions, replicationFactor, settings } of plans) {
      if (action === "delete") cluster.delete(name);
      if (action !== "create" && action !== "change") continue;
      const before = cluster.get(name);
      const pairs = settings.map(({ name: key, to }) => [key, to] as const);
      cluster.set(name, {
        name,
        partitions: partitions.to as number,
        replicationFactor: replicationFactor as number,
        settings: new Map([...(before?.settings ?? []), ...pairs]),
        own: new Map([...(before?.own ?? []), ...pairs]),
      });
    }
    return [...cluster.values()];
  }

  test("is as wanted once the plan is done, but for what was left alone; nothing else is lost", () => {
    fc.assert(
      fc.property(topics, topics, permits, (want, have, permitted) => {
        const there = have.map((topic) => found(topic));
        const plans = planTopics(want, there, live, permitted);
        const after = applied(there, plans);
        const again = planTopics(want, after, live, permitted);
        expect(again.filter(({ action }) => action !== "keep")).toEqual([]);
        for (const topic of there) {
          const left = after.find(({ name }) => name === topic.name);
          if (left === undefined) expect(permitted.remove).toContain(topic.name);
          else expect(left.partitions).toBeGreaterThanOrEqual(topic.partitions);
          if (left !== undefined && !permitted.repartition) {
            expect(left.partitions).toBe(topic.partitions);
          }
        }
        for (const topic of want) {
          const left = after.find(({ name }) => name === topic.name);
          expect(Object.fromEntries(left?.settings ?? [])).toMatchObject(topic.settings);
        }
        expect(summary(again).startsWith("nothing to do")).toBe(!again.some(isPending));
      }),
      { numRuns: 500 },
    );
  });
});

describe("the settings", () => {
  test("no topic of the tape is compacted: its offsets would have gaps", () => {
    expect(tapeSettings(2)).toMatchObject({
      "cleanup.policy": "delete",
      "retention.ms": "-1",
      "retention.bytes": "-1",
      "message.timestamp.type": "CreateTime",
      "min.insync.replicas": "2",
    });
    expect(tapeSettings(1, 86_400_000)["retention.ms"]).toBe("86400000");
    expect(changelogSettings(2)).toMatchObject({
      "cleanup.policy": "compact",
      "min.insync.replicas": "2",
    });
  });
});
