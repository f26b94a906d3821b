import { expect, test } from "vitest";
import { BehindLive } from "./behind-live.ts";

const ends = (end: number) => new Map([["orders/0", end]]);

test("is measured from the look that first saw a record, and not for what was there before", () => {
  const behind = new BehindLive();
  behind.seen(ends(10), 1_000);
  behind.compared("orders", 0, 10, 2_000);
  expect(behind.topics.size).toBe(0);
  behind.seen(ends(12), 3_000);
  behind.seen(ends(12), 3_500);
  behind.seen(ends(15), 4_000);
  behind.compared("orders", 0, 13, 5_000);
  behind.compared("orders", 0, 15, 9_000);
  const { seconds, worst } = behind.topics.get("orders") ?? {};
  expect(seconds?.count).toBe(5);
  expect(seconds?.sumSeconds).toBe(2 * 2 + 1 + 2 * 5);
  expect(worst).toBe(5);
});

test("a record is measured once, however often it is told", () => {
  const behind = new BehindLive();
  behind.seen(ends(0), 0);
  behind.seen(ends(1), 100);
  for (const nowMs of [200, 300, 400]) behind.compared("orders", 0, 1, nowMs);
  expect(behind.topics.get("orders")?.seconds.count).toBe(1);
});
