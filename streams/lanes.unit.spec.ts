import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AnyEvent, compareKeys } from "./event.ts";
import { LaneHeap, QueueLane } from "./lanes.ts";

const event = (partition: number, offset: number, timeUs: number, origin: number) =>
  ({ topic: "signals", partition, offset, timeUs, origin }) as AnyEvent;

/** A partition's events: times and, at one time, origins that do not fall. */
const partitionOfEvents = (partition: number) =>
  fc
    .array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 40 })
    .map((keys) =>
      keys
        .toSorted((a, b) => a[0] - b[0] || a[1] - b[1])
        .map(([timeUs, origin], offset) => event(partition, offset, timeUs, origin)),
    );

const drain = (heap: LaneHeap): AnyEvent[] => {
  const out: AnyEvent[] = [];
  for (let lane = heap.first; lane !== undefined; lane = heap.first) {
    out.push(lane.head as AnyEvent);
    lane.advance();
    heap.settle();
  }
  return out;
};

describe("the heap of lanes", () => {
  test("yields the sorted order of all events, whatever lanes hold them", () => {
    const lists = fc
      .integer({ min: 1, max: 9 })
      .chain((n) =>
        fc.tuple(...Array.from({ length: n }, (_, partition) => partitionOfEvents(partition))),
      );
    fc.assert(
      fc.property(lists, (partitions) => {
        const heap = new LaneHeap();
        for (const [partition, events] of partitions.entries()) {
          const lane = new QueueLane(0, partition);
          for (const each of events) if (lane.add(each)) heap.push(lane);
        }
        const key = (e: AnyEvent) => ({ ...e, rank: 0 });
        const sorted = partitions.flat().toSorted((a, b) => compareKeys(key(a), key(b)));
        expect(drain(heap)).toEqual(sorted);
      }),
    );
  });

  test("keeps a partition's offset order where a time falls back", () => {
    const heap = new LaneHeap();
    const lane = new QueueLane(0, 0);
    for (const each of [event(0, 0, 5, 0), event(0, 1, 3, 1), event(0, 2, 9, 2)]) {
      if (lane.add(each)) heap.push(lane);
    }
    expect(drain(heap).map(({ offset }) => offset)).toEqual([0, 1, 2]);
  });
});

describe("a queue lane", () => {
  test("is first in, first out over any mix of adding and taking", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), (adds) => {
        const lane = new QueueLane(0, 0);
        const model: number[] = [];
        let offset = 0;
        for (const add of adds) {
          if (add) {
            lane.add(event(0, offset, 0, 0));
            model.push(offset++);
          } else if (model.length > 0) {
            model.shift();
            lane.advance();
          }
          expect(lane.length).toBe(model.length);
          expect(lane.head?.offset).toBe(model[0]);
        }
      }),
    );
  });
});
