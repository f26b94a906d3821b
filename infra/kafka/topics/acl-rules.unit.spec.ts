// Who may do what, held against an authorizer of a few lines: the duties stay apart, however the
// processors are grouped.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SignalModel } from "../../../processors/signal-model.ts";
import { flowTopology } from "../../../processors/topology.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { taskGroups } from "../../../streams/task-groups.ts";
import { outputsOf } from "../../../streams/topology.ts";
import { configFromText } from "../../config/load-config.ts";
import {
  type AclFlow,
  type AclResource,
  DEFAULT_PRINCIPAL,
  type Grant,
  leastGrants,
  type Operation,
} from "./acl-rules.ts";
import { aclCommands } from "./acl-text.ts";
import { changelogIn, namespaceOf } from "./names.ts";
import { wantedTopics } from "./wanted-topics.ts";

/** Which one is no matter here: a model can be taken out of the tree. */
const anyModel: SignalModel<null> = {
  name: "any",
  version: 1,
  initial: () => null,
  evolve: (state) => state,
  signal: () => null,
};

const { flow } = configFromText("tape: .\nsource: ticks\n", "defaults");
const topology = flowTopology({ ...flow, model: anyModel });
const processors = topology.processors.map(({ name }) => name);
const live = namespaceOf("");

const grantsOf = (other: Partial<AclFlow> = {}): readonly Grant[] =>
  leastGrants({
    topology,
    isolate: [],
    namespace: live,
    shadows: [],
    principal: DEFAULT_PRINCIPAL,
    ...other,
  });

/** Kafka's rule: some grant of the principal covers resource and operation. */
const may = (
  grants: readonly Grant[],
  principal: string,
  operation: Operation,
  type: AclResource["type"],
  name: string,
): boolean =>
  grants.some(
    ({ principal: who, resource, operations }) =>
      who === principal &&
      operations.includes(operation) &&
      resource.type === type &&
      (resource.pattern === "literal" ? resource.name === name : name.startsWith(resource.name)),
  );

const user = (role: string): string => `User:tapedeck-${role}`;
const isolations = fc.subarray(processors);

describe("task groups", () => {
  test("each does all that it needs and writes nothing else, however it is grouped", () => {
    fc.assert(
      fc.property(isolations, (isolate) => {
        const grants = grantsOf({ isolate });
        const groups = taskGroups(topology, isolate);
        for (const group of groups) {
          const can = (operation: Operation, type: AclResource["type"], name: string): boolean =>
            may(grants, user(group.name), operation, type, name);
          const writes = new Set<string>([
            ...group.processors.flatMap(outputsOf),
            "tape.admissions",
            "tape.dead-letters",
            changelogIn(live, group.name),
          ]);
          const reads = new Set<string>([
            ...group.processors.flatMap(({ inputs }) => inputs),
            ...writes,
          ]);
          const all = [
            ...topology.topics,
            "tape.admissions",
            "tape.dead-letters",
            ...groups.map(({ name }) => changelogIn(live, name)),
            "payments",
          ];
          for (const topic of all) {
            expect([topic, can("Write", "topic", topic)]).toEqual([topic, writes.has(topic)]);
            expect([topic, can("Read", "topic", topic)]).toEqual([topic, reads.has(topic)]);
          }
          for (const other of groups) {
            const id = `tapedeck.${other.name}`;
            const task = other.scope === "symbol" ? `${id}/7` : id;
            expect(can("Read", "group", id)).toBe(other === group);
            expect(can("Write", "transactional-id", task)).toBe(other === group);
          }
        }
      }),
    );
  });

  test("with the risk gate alone, it alone writes verdicts, and it writes no order and no fill", () => {
    const grants = grantsOf({ isolate: ["risk-gate", "order-router", "paper-venue"] });
    const writers = (topic: string): readonly string[] =>
      [...new Set(grants.map(({ principal }) => principal))].filter((principal) =>
        may(grants, principal, "Write", "topic", topic),
      );
    expect(writers("risk.verdicts")).toEqual([user("risk-gate")]);
    expect(writers("orders")).toEqual([user("order-router")]);
    expect(writers("fills")).toEqual([user("paper-venue")]);
    expect(writers("control.commands")).toEqual([user("operator")]);
    expect(writers("market.ticks")).toEqual([user("feed"), user("redriver")]);
  });

  test("every topic that is made has a writer", () => {
    fc.assert(
      fc.property(isolations, (isolate) => {
        const grants = grantsOf({ isolate });
        const principals = [...new Set(grants.map(({ principal }) => principal))];
        const durability = { replicationFactor: 1, minInsyncReplicas: 1, retentionMs: {} };
        const onKafka = { topology, partitions: 4, isolate, namespace: live };
        for (const { name } of wantedTopics(onKafka, durability)) {
          const writers = principals.filter((who) => may(grants, who, "Write", "topic", name));
          const isShared = name === "tape.admissions" || name === "tape.dead-letters";
          // What was mended goes where the feed writes, and nowhere else.
          const others = writers.filter((who) => who !== user("redriver"));
          if (isShared) expect(writers.length).toBeGreaterThan(0);
          else expect([name, others.length]).toEqual([name, 1]);
          if (writers.length > others.length) expect(others).toEqual([user("feed")]);
        }
      }),
    );
  });
});

describe("roles", () => {
  const grants = grantsOf({ shadows: ["x"] });
  const shadow = user("shadow-x");

  test("a shadow reads what is live and writes inside its own namespace alone", () => {
    for (const topic of [...topology.topics, "tape.admissions", "tape.dead-letters"]) {
      expect(may(grants, shadow, "Read", "topic", topic)).toBe(true);
      expect(may(grants, shadow, "Write", "topic", topic)).toBe(false);
      expect(may(grants, shadow, "Write", "topic", `shadow.x.${topic}`)).toBe(true);
      expect(may(grants, shadow, "Write", "topic", `shadow.xy.${topic}`)).toBe(false);
    }
    for (const group of ["bar-builder", "portfolio-builder"]) {
      const changelog = `tapedeck.${group}.changelog`;
      expect(may(grants, shadow, "Read", "topic", changelog)).toBe(true);
      expect(may(grants, shadow, "Write", "topic", changelog)).toBe(false);
    }
    expect(may(grants, shadow, "Read", "group", "shadow.x.risk-gate")).toBe(true);
    expect(may(grants, shadow, "Read", "group", "tapedeck.risk-gate")).toBe(false);
    expect(may(grants, shadow, "Write", "transactional-id", "shadow.x.bar-builder/0")).toBe(true);
    expect(may(grants, shadow, "Write", "transactional-id", "tapedeck.risk-gate")).toBe(false);
  });

  test("an auditor writes nothing, makes nothing and reads everything", () => {
    const own = grants.filter(({ principal }) => principal === user("auditor"));
    expect(new Set(own.flatMap(({ operations }) => operations))).toEqual(
      new Set(["Read", "DescribeConfigs", "Describe"]),
    );
    for (const topic of topology.topics) {
      expect(may(own, user("auditor"), "Read", "topic", topic)).toBe(true);
    }
  });

  test("a feed brings the market, an operator commands, and neither does the other's", () => {
    expect(may(grants, user("feed"), "Write", "topic", "control.commands")).toBe(false);
    expect(may(grants, user("operator"), "Write", "topic", "market.ticks")).toBe(false);
    expect(may(grants, user("feed"), "Write", "transactional-id", "tapedeck.feed.writer")).toBe(
      true,
    );
    expect(may(grants, user("feed"), "Write", "transactional-id", "tapedeck.operator")).toBe(false);
  });

  test("who sends dead letters again writes the market's topics, and gives no command", () => {
    const who = user("redriver");
    expect(may(grants, who, "Write", "topic", "market.ticks")).toBe(true);
    expect(may(grants, who, "Read", "topic", "tape.dead-letters")).toBe(true);
    for (const topic of ["control.commands", "orders", "fills", "tape.dead-letters"]) {
      expect(may(grants, who, "Write", "topic", topic)).toBe(false);
    }
    const id = "tapedeck.operator.dlq-redrive";
    expect(may(grants, who, "Write", "transactional-id", id)).toBe(true);
    expect(may(grants, who, "Create", "topic", `${id}.changelog`)).toBe(true);
    expect(may(grants, who, "Write", "transactional-id", "tapedeck.operator.writer")).toBe(false);
  });

  test("no principal's transactions reach into a task group's", () => {
    const who = user("bar-builder");
    expect(may(grants, who, "Write", "transactional-id", "tapedeck.bar-builder/0")).toBe(true);
    expect(may(grants, who, "Write", "transactional-id", "tapedeck.bar-builder-2/0")).toBe(false);
    for (const role of ["feed", "operator", "redriver", "auditor", "backtest", "shadow-x"]) {
      for (const name of processors) {
        for (const id of [`tapedeck.${name}`, `tapedeck.${name}/0`]) {
          expect(may(grants, user(role), "Write", "transactional-id", id)).toBe(false);
        }
      }
    }
  });
});

describe("names", () => {
  test("a namespace that follows live reads the live sources", () => {
    const grants = grantsOf({ namespace: namespaceOf("shadow.x.") });
    const who = "User:shadow.x-bar-builder";
    expect(may(grants, who, "Read", "topic", "market.ticks")).toBe(true);
    expect(may(grants, who, "Write", "topic", "shadow.x.market.bars")).toBe(true);
    expect(may(grants, who, "Write", "topic", "market.bars")).toBe(false);
  });

  test("a principal is as the template says", () => {
    const principal = "User:CN={role},OU={app}";
    expect(grantsOf({ principal })[0]?.principal).toBe("User:CN=bar-builder,OU=tapedeck");
  });

  test.each(["User:same-for-all", "{role}", "User: {role}"])("%s is refused", (principal) => {
    expect(() => grantsOf({ principal })).toThrow(TapedeckError);
  });

  test("a shadow's name that would leave its namespace is refused", () => {
    for (const name of ["", "a b", "*", "x'; rm -rf /"]) {
      expect(() => grantsOf({ shadows: [name] })).toThrow(/--shadow/);
    }
  });
});

test("commands name the principal, each operation and how the name is meant", () => {
  const lines = aclCommands(grantsOf()).trimEnd().split("\n");
  expect(lines).toHaveLength(grantsOf().length);
  const begin =
    'kafka-acls.sh --bootstrap-server "$BOOTSTRAP" --command-config admin.properties --add';
  expect(lines).toContain(
    `${begin} --allow-principal 'User:tapedeck-bar-builder' --operation Read --operation Write --topic 'market.bars' --resource-pattern-type literal`,
  );
  expect(lines).toContain(
    `${begin} --allow-principal 'User:tapedeck-bar-builder' --operation Write --transactional-id 'tapedeck.bar-builder/' --resource-pattern-type prefixed`,
  );
});
