// The checker against histories of a correct log (it must find nothing) and the same with one
// anomaly planted (it must find that one): a checker without canaries proves nothing.

import { describe, expect, test } from "vitest";
import { Random } from "../../../quant/random.ts";
import { type AnomalyKind, describeAnomaly } from "./anomaly.ts";
import { checkHistory } from "./check-history.ts";
import type { Operation } from "./operation.ts";
import { plants } from "./testing/plants.ts";
import { validHistory } from "./testing/valid-history.ts";

const SEEDS = Number(process.env.TAPEDECK_HISTORY_SEEDS ?? 2_000);
const PLANTED_SEEDS = Math.ceil(SEEDS / 4);

describe("histories of a correct log", () => {
  test(`${SEEDS} of them show nothing`, () => {
    const met = { committed: 0, aborted: 0, unknown: 0, sendGaps: 0, records: 0, assigns: 0 };
    for (let seed = 0; seed < SEEDS; seed++) {
      const { operations } = validHistory(seed);
      const { examples, seen } = checkHistory(operations);
      expect(examples.map(describeAnomaly), `seed ${seed}`).toEqual([]);
      expect(seen.notReadToTheEnd).toEqual([]);
      met.committed += seen.transactions.committed;
      met.aborted += seen.transactions.aborted;
      met.unknown += seen.transactions.unknown;
      met.sendGaps += seen.sendGaps;
      met.records += seen.records;
      met.assigns += operations.filter(({ op }) => op === "assign").length;
    }
    // What a checker could mistake for an anomaly has been there.
    for (const count of Object.values(met)) expect(count).toBeGreaterThan(SEEDS / 2);
  });

  test("cut off at any moment they show nothing either", () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { operations } = validHistory(seed);
      const until = new Random(seed).integer(operations.length);
      const { examples } = checkHistory(operations.slice(0, until));
      expect(examples.map(describeAnomaly), `seed ${seed}`).toEqual([]);
    }
  });
});

test("what was read after the first of two requests to commit was not read too early", () => {
  const [process, transaction] = ["writer", "t1"];
  const place = { topic: "fills", partition: 0 };
  const reads = (atUs: number): Operation => {
    const records = [[0, "a"]] as const;
    return { op: "poll", process: "reader", transaction: null, ...place, records, atUs };
  };
  const history = (readUs: number): readonly Operation[] => [
    { op: "begin", process, transaction, atUs: 1 },
    { op: "send", process, id: 0, transaction, ...place, values: ["a"], atUs: 2 },
    { op: "sent", process, id: 0, outcome: "ok", atUs: 3 },
    { op: "ending", process, transaction, commit: true, atUs: 10 },
    { op: "ending", process, transaction, commit: true, atUs: 30 },
    { op: "ended", process, transaction, outcome: "committed", atUs: 40 },
    reads(readUs),
  ];
  expect([...checkHistory(history(20)).counts]).toEqual([]);
  expect([...checkHistory(history(9)).counts]).toEqual([["precommitted-read", 1]]);
});

describe.each(Object.entries(plants))("%s", (kind, ways) => {
  test.each(Object.entries(ways))("is found: %s", (_, plant) => {
    let planted = 0;
    for (let seed = 0; seed < PLANTED_SEEDS; seed++) {
      const changed = plant(validHistory(seed), new Random(seed));
      if (changed === null) continue;
      planted++;
      const { counts, examples } = checkHistory(changed.operations);
      const found = examples.filter((each) => each.kind === kind);
      const named = found.flatMap(({ values }) => values);
      // One change can show in many places: of a kind only the first ones are kept.
      if ((counts.get(kind as AnomalyKind) ?? 0) > found.length) continue;
      expect(named, `seed ${seed}`).toContain(changed.value);
    }
    expect(planted).toBeGreaterThan(PLANTED_SEEDS / 50);
  });
});

describe("evidence", () => {
  const read = (process: string, ...records: [number, string][]): Operation => {
    return { op: "poll", process, transaction: null, topic: "a", partition: 0, records };
  };
  const wrote = (id: number, values: string[], offsets: number[]): Operation[] => [
    { op: "send", process: "w", id, transaction: null, topic: "a", partition: 0, values },
    { op: "sent", process: "w", id, outcome: "ok", offsets },
  ];

  test("names place, values and who, and nothing more", () => {
    const { examples, counts } = checkHistory([
      ...wrote(1, ["x", "y", "z"], [4, 6, 7]),
      read("r", [4, "x"], [7, "z"]),
    ]);
    expect(examples).toEqual([
      { kind: "lost-write", partition: "a/0", offsets: [6], values: ["y"], who: ["w"] },
    ]);
    expect([...counts]).toEqual([["lost-write", 1]]);
    expect(examples.map(describeAnomaly)).toEqual(['lost-write a/0 at 6: "y" (w)']);
  });

  test("of a kind that is everywhere is kept for ten, and counted for all", () => {
    const values = Array.from({ length: 50 }, (_, i) => `v${i}`);
    const { counts, examples } = checkHistory([
      ...wrote(
        1,
        values,
        values.map((_, i) => i),
      ),
      ...wrote(2, ["last"], [50]),
      read("r", [50, "last"]),
      { op: "caught-up", process: "r", topic: "a", partition: 0 },
    ]);
    expect(counts.get("lost-write")).toBe(50);
    expect(examples.length).toBe(10);
  });

  test("without a reader to the end nothing counts as unseen, and the report says so", () => {
    const { counts, seen } = checkHistory(wrote(1, ["x"], [0]));
    expect([...counts]).toEqual([]);
    expect(seen.notReadToTheEnd).toEqual(["a/0"]);
  });
});

test("what a reader passed over and nobody read is lost, even where nobody read to the end", () => {
  const read = (...records: [number, string][]): Operation => {
    return { op: "poll", process: "r", transaction: null, topic: "a", partition: 0, records };
  };
  const place = { process: "w", topic: "a", partition: 0 };
  const told = checkHistory([
    { op: "send", ...place, id: 1, transaction: null, values: ["x", "y", "z", "last"] },
    { op: "sent", process: "w", id: 1, outcome: "ok", offsets: [0, 1, 2, 3] },
    // Where a reader began it may have been put, and beyond its last record it did not read.
    read([1, "y"]),
    { op: "assign", process: "r" },
    read([2, "z"]),
  ]);
  expect([...told.counts]).toEqual([]);
});

test("a million operations take seconds", () => {
  const operations: Operation[] = [];
  for (let round = 0; operations.length < 1_000_000; round++) {
    for (const operation of validHistory(round % 50).operations) {
      operations.push(renamed(operation, `r${round}`));
    }
  }
  // Of this process, not of a machine that does other things too.
  const before = process.cpuUsage();
  const { counts, seen } = checkHistory(operations);
  expect([...counts]).toEqual([]);
  expect(seen.operations).toBeGreaterThanOrEqual(1_000_000);
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(20);
}, 300_000);

/** The same operation in topics, transactions and processes of its own. */
function renamed(operation: Operation, by: string): Operation {
  const topic = "topic" in operation ? { topic: `${operation.topic}-${by}` } : {};
  const transaction =
    "transaction" in operation && operation.transaction !== null
      ? { transaction: `${operation.transaction}-${by}` }
      : {};
  return {
    ...operation,
    process: `${operation.process}-${by}`,
    ...topic,
    ...transaction,
  } as Operation;
}
