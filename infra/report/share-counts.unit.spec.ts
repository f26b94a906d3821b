import { expect, test } from "vitest";
import { dividend, split } from "../../streams/testing/facts.ts";
import { ShareCounts } from "./share-counts.ts";

test("a share is what splits have made of it, from their own time on", () => {
  const shares = new ShareCounts();
  shares.act(split("A", 2, 1), 10);
  shares.act(dividend("A", 5), 15);
  shares.act(split("A", 1, 20), 20);
  expect([0, 9, 10, 19, 20].map((timeUs) => shares.at("A", timeUs))).toEqual([1, 1, 2, 2, 0.1]);
  expect([shares.now("A"), shares.now("B"), shares.at("B", 5)]).toEqual([0.1, 1, 1]);
  expect([shares.splitsOf("A"), shares.splitsOf("B")]).toEqual([2, 0]);
});
