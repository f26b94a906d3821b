import { expect, test } from "vitest";
import { lateShares } from "./verify-live.ts";

test("late events count once each, by topic, the topic that was latest first", () => {
  const after = { afterTopic: "fills", afterPartition: 0, afterOffset: 3, admittedAfter: 0 };
  const at = (topic: string, partition: number, offset: number, task: string) => ({
    ...{ task, topic, partition, offset, sequence: 0 },
    ...after,
  });
  const admissions = [
    at("market.bars", 0, 7, "a/0"),
    at("orders", 0, 1, "a/0"),
    at("orders", 0, 1, "a/1"),
    at("orders", 1, 1, "a/0"),
  ];
  const range = (topic: string, partition: number, end: number) => ({
    ...{ topic, partition, start: 0, end },
  });
  const ranges = [range("market.bars", 0, 100), range("orders", 0, 2), range("orders", 1, 2)];
  expect(lateShares(admissions, ranges)).toEqual([
    { topic: "orders", late: 2, events: 4 },
    { topic: "market.bars", late: 1, events: 100 },
  ]);
});
