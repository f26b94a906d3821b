// A leader that never shows what the cluster says is there is given up, in bounded time.

import { expect, test, vi } from "vitest";
import type { Fetched } from "../client/connection.ts";
import { piecesUntil } from "./read-until.ts";

const waited = vi.hoisted(() => ({ ms: 0 }));
vi.mock("node:timers/promises", () => ({
  setTimeout: async (ms: number) => {
    waited.ms += ms;
  },
}));

const place = { topic: "app.group.changelog", partition: 0 };
const nothingFrom = (nextOffset: number): Fetched => ({
  ...place,
  batches: [],
  nextOffset,
  stableEnd: nextOffset,
  start: 0,
});

test("is given up after about half a minute without progress, and says where", async () => {
  waited.ms = 0;
  const read = async (): Promise<number> => {
    let pieces = 0;
    const fetch = async (from: number) => nothingFrom(Math.max(from, 3));
    for await (const { nextOffset } of piecesUntil(place, 0, 7, fetch)) pieces += nextOffset;
    return pieces;
  };
  await expect(read()).rejects.toMatchObject({ code: "KAFKA_UNREACHABLE", facts: { offset: 3 } });
  expect(waited.ms).toBeGreaterThan(20_000);
  expect(waited.ms).toBeLessThan(40_000);
});

test("goes on for as long as something comes now and then", async () => {
  let fetches = 0;
  // Every hundredth fetch leads on by one.
  const fetch = async (from: number) => nothingFrom(++fetches % 100 === 0 ? from + 1 : from);
  const seen: number[] = [];
  for await (const { nextOffset } of piecesUntil(place, 0, 9, fetch)) seen.push(nextOffset);
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("fetches nothing where it begins at the end", async () => {
  const fetch = async (): Promise<Fetched> => {
    throw new Error("nothing is to be fetched");
  };
  for await (const piece of piecesUntil(place, 5, 5, fetch)) expect(piece).toBeNull();
});
