import { expect, test } from "vitest";
import { LateWatch } from "./late-watch.ts";

const late = (orders: number, fills = 0) =>
  new Map([
    ["orders", orders],
    ["fills", fills],
  ]);

test("many late events are told at once, then once a minute with all that came since", () => {
  const watch = new LateWatch();
  expect(watch.observe("risk-gate", 100, late(4), 0)).toBeNull();
  const first = watch.observe("risk-gate", 300, late(4, 3), 2_000);
  expect(first).toEqual({ late: 7, admitted: 300, topics: "orders 4, fills 3" });
  for (let second = 4; second < 62; second += 2) {
    expect(watch.observe("risk-gate", 400, late(second * 10, 3), second * 1000)).toBeNull();
  }
  const next = watch.observe("risk-gate", 900, late(640, 3), 62_000);
  expect(next).toEqual({ late: 636, admitted: 600, topics: "orders 636" });
});

test("a few now and then are told never, and tasks are told apart", () => {
  const watch = new LateWatch();
  for (let minute = 0; minute < 100; minute++) {
    expect(watch.observe("a/0", minute * 50, late(minute * 4), minute * 60_000)).toBeNull();
    expect(watch.observe("a/1", minute * 50, late(minute * 4), minute * 60_000)).toBeNull();
  }
});
