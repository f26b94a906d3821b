import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AnyEvent, emit } from "./event.ts";
import { eventAt, lastBefore } from "./event-at.ts";
import { joinLogs } from "./joined-log.ts";
import { type Projected, projectAt } from "./project.ts";
import type { Projection } from "./projection.ts";
import { decodeState, encodeState } from "./state.ts";
import { equity } from "./testing/given.ts";
import { bar, eventsOf, fill, logOf, order, START_US, type Told } from "./testing/tape.ts";

/** Remembers what it saw, in order: any other order or subset shows. */
const seen: Projection<string[], "market.bars" | "fills"> = {
  name: "seen",
  version: 1,
  inputs: ["market.bars", "fills"],
  initial: () => [],
  evolve: (state, event) => {
    state.push(`${event.topic}/${event.partition}/${event.offset}`);
    return state;
  },
};

const kinds = fc.constantFrom("market.bars", "fills", "orders");
const steps = fc.array(
  fc.tuple(kinds, fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
);

/** Events over three partitions with many at one instant, in time order. */
function tapeOf(list: readonly (readonly ["market.bars" | "fills" | "orders", number, number])[]) {
  let timeUs = START_US;
  return eventsOf(
    list.map(([topic, partition, step]) => {
      timeUs += step;
      const place = { timeUs, partition };
      if (topic === "fills") return { ...emit("fills", fill(1, 100)), ...place };
      if (topic === "orders") return { ...emit("orders", order(1)), ...place };
      return { ...emit("market.bars", bar("IBM", timeUs, 100)), ...place };
    }) as readonly Told<"market.bars" | "fills" | "orders">[],
  );
}

describe("projectAt", () => {
  test("going on from any snapshot, stored and read, gives what folding from 0 gives", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (list, cut) => {
        const events = tapeOf(list);
        const log = await logOf(events, 3);
        const whole = await projectAt(log, seen);
        const position = events[cut % Math.max(events.length, 1)];
        if (position === undefined) return;
        const half = await projectAt(log, seen, { until: { position } });
        const stored = decodeState(encodeState(half)) as Projected<string[]>;
        expect(whole.state.slice(0, stored.state.length)).toEqual(stored.state);
        expect(await projectAt(log, seen, { from: stored })).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  test("a time includes its whole instant; the offsets say what is covered", async () => {
    const events = tapeOf([
      ["market.bars", 0, 0],
      ["fills", 1, 5],
      ["market.bars", 0, 0],
      ["market.bars", 0, 1],
    ]);
    const at = await projectAt(await logOf(events), seen, { until: { timeUs: START_US + 5 } });
    expect(at.state).toEqual(["market.bars/0/0", "market.bars/0/1", "fills/1/0"]);
    expect(at).toMatchObject({ events: 3, lastUs: START_US + 5 });
    expect(at.consumed).toEqual([
      { topic: "market.bars", partition: 0, next: 2 },
      { topic: "fills", partition: 1, next: 1 },
    ]);
  });

  test("a position of a topic that it does not read still cuts the order there", async () => {
    const events = tapeOf([
      ["fills", 0, 1],
      ["orders", 0, 1],
      ["fills", 0, 1],
    ]);
    const position = { topic: "orders", partition: 0, offset: 0 } as const;
    const at = await projectAt(await logOf(events), seen, { until: { position } });
    expect(at.state).toEqual(["fills/0/0"]);
  });

  test("the rank order that is given decides within an instant", async () => {
    const log = await logOf(
      tapeOf([
        ["fills", 0, 0],
        ["market.bars", 0, 0],
      ]),
    );
    const order = ["fills", "market.bars"] as const;
    expect((await projectAt(log, seen, { order })).state).toEqual(["fills/0/0", "market.bars/0/0"]);
    expect((await projectAt(log, seen)).state).toEqual(["market.bars/0/0", "fills/0/0"]);
  });

  test("a position without an event is refused", async () => {
    const log = await logOf(tapeOf([["fills", 0, 0]]));
    const at = (topic: "fills" | "orders", offset: number) =>
      projectAt(log, seen, { until: { position: { topic, partition: 0, offset } } });
    const refusal = expect.objectContaining({ code: "STREAMS_OFFSET_OUT_OF_RANGE" });
    await expect(at("fills", 1)).rejects.toThrowError(refusal);
    await expect(at("orders", 0)).rejects.toThrowError(refusal);
  });
});

describe("finding events", () => {
  test("by position, wherever a batch begins", async () => {
    const events = tapeOf(Array.from({ length: 50 }, () => ["fills", 0, 1] as const));
    const log = await logOf(events, 7);
    for (const event of events) expect(await eventAt(log, event)).toEqual(event);
  });

  test("the last that fits before a time, however far back", async () => {
    const facts = Array.from({ length: 2000 }, (_, i) => emit("orders", order(i)));
    const log = await logOf(eventsOf(facts), 100);
    const find = (orderId: number, untilUs: number) =>
      lastBefore(log, "orders", 0, untilUs, ({ value }) => value.orderId === orderId);
    for (const id of [0, 1, 63, 64, 1500, 1999]) {
      expect((await find(id, START_US + 5000))?.offset).toBe(id);
      expect((await find(id, START_US + id))?.offset).toBe(id);
      expect(await find(id, START_US + id - 1)).toBeNull();
    }
    expect(await find(7, 0)).toBeNull();
  });
});

describe("joined logs", () => {
  test("serve a topic from the first log that has it, within its ranges, read only", async () => {
    const run = await logOf(tapeOf([["fills", 0, 0]]));
    const tape = await logOf(
      eventsOf([
        ...["A", "B", "C"].map((symbol) => emit("market.instruments", equity(symbol))),
        emit("fills", fill(9, 9)),
        emit("fills", fill(9, 9)),
      ]) as readonly AnyEvent[],
    );
    const ranges = [{ topic: "market.instruments", partition: 0, start: 0, end: 2 }];
    const joined = await joinLogs([
      { log: run, ranges: null },
      { log: tape, ranges },
    ]);
    expect(await joined.partitions()).toEqual([
      { topic: "fills", partition: 0, start: 0, end: 1 },
      { topic: "market.instruments", partition: 0, start: 0, end: 2 },
    ]);
    expect(await joined.offsetAt("market.instruments", 0, START_US + 100)).toBe(2);
    expect(await joined.read("market.instruments", 0, 2)).toBeNull();
    await expect(joined.commit({ produced: [], checkpoints: [] })).rejects.toThrowError();
    await expect(joined.read("orders", 0, 0)).resolves.toBeNull();
  });
});
