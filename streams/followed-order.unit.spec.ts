import { describe, expect, test } from "vitest";
import type { TopicName } from "../schemas/generated/facts.ts";
import type { AnyEvent, Position } from "./event.ts";
import { type FollowedAdmission, FollowedOrder } from "./followed-order.ts";

const rank = new Map<TopicName, number>([
  ["market.bars", 0],
  ["signals", 1],
]);

const at = (topic: TopicName, offset: number): Position => ({ topic, partition: 0, offset });

const bar = (offset: number, timeUs = 10 * offset): AnyEvent =>
  ({ ...at("market.bars", offset), timeUs, origin: offset, cause: null, ordinal: 0 }) as AnyEvent;

/** What follows from the bar of that offset. */
const signal = (offset: number, of: number, timeUs = 10 * of): AnyEvent =>
  ({
    ...at("signals", offset),
    timeUs,
    origin: of,
    cause: at("market.bars", of),
    ordinal: 0,
  }) as AnyEvent;

const byPosition = (late: Position, after: Position): FollowedAdmission => ({
  late,
  after,
  lateBy: null,
  afterBy: null,
});

const names = (events: readonly AnyEvent[]): readonly string[] =>
  events.map(({ topic, offset }) => `${topic === "signals" ? "s" : "b"}${offset}`);

/** What comes out for each that goes in. */
const through = (order: FollowedOrder, ...events: readonly AnyEvent[]) =>
  events.map((event) => names(order.release(event)).join(" "));

describe("a task's order, followed", () => {
  test("is the one order where nothing was late", () => {
    const order = new FollowedOrder({ rank, byDescent: false });
    expect(through(order, bar(1), signal(0, 1), bar(2))).toEqual(["b1", "s0", "b2"]);
  });

  test("holds a late event until the event that it followed, and those after it in their order", () => {
    const order = new FollowedOrder({ rank, byDescent: false });
    const third = at("market.bars", 3);
    order.learn([
      byPosition(at("signals", 1), third),
      byPosition(at("signals", 0), at("signals", 1)),
    ]);
    const came = [bar(1), signal(0, 1), bar(2), signal(1, 2), bar(3), bar(4)];
    expect(through(order, ...came)).toEqual(["b1", "", "b2", "", "b3 s1 s0", "b4"]);
    expect([order.followed, order.missed, order.waiting]).toEqual([2, 0, 0]);
  });

  test("lets in at once what comes when its place is reached", () => {
    const order = new FollowedOrder({ rank, byDescent: false });
    through(order, bar(1), bar(2));
    order.learn([byPosition(at("signals", 0), at("market.bars", 2))]);
    expect(through(order, signal(0, 1), bar(3))).toEqual(["s0", "b3"]);
  });

  test("keeps what waits over a stop, with what was learnt", () => {
    const before = new FollowedOrder({ rank, byDescent: false });
    const late = [
      byPosition(at("signals", 0), at("market.bars", 2)),
      byPosition(at("signals", 1), at("market.bars", 3)),
    ];
    before.learn(late);
    through(before, bar(1), signal(0, 1));
    const saved = before.save();
    expect(saved.held).toEqual([{ ...at("signals", 0), timeUs: 10 }]);
    const after = new FollowedOrder({ rank, byDescent: false });
    after.restore(saved, [signal(0, 1)]);
    expect(after.wanted).toBe(0);
    after.learn(late);
    expect(through(after, bar(2), signal(1, 2), bar(3))).toEqual(["b2 s0", "", "b3 s1"]);
    expect(after.followed).toBe(2);
  });

  test("gives up on a late event that does not come before its place is passed", () => {
    const order = new FollowedOrder({ rank, byDescent: true });
    const lost = { cause: at("market.bars", 1), ordinal: 7 };
    const afterBy = { cause: at("market.bars", 1), ordinal: 0, timeUs: 10 };
    order.learn([
      { late: at("signals", 5), after: at("signals", 0), lateBy: lost, afterBy },
      byPosition(at("signals", 1), at("market.bars", 3)),
    ]);
    const came = [bar(1), signal(0, 1), bar(2), signal(1, 2), bar(3)];
    expect(through(order, ...came)).toEqual(["b1", "s0", "b2", "", "b3 s1"]);
    expect([order.followed, order.missed]).toEqual([1, 1]);
  });

  test("knows events by what they follow from, wherever they lie", () => {
    const order = new FollowedOrder({ rank, byDescent: true });
    const descent = (of: number) => ({ cause: at("market.bars", of), ordinal: 0, timeUs: 10 * of });
    order.learn([
      {
        late: at("signals", 70),
        after: at("signals", 71),
        lateBy: descent(1),
        afterBy: descent(3),
      },
    ]);
    const came = [bar(1), signal(0, 1), bar(2), bar(3), signal(1, 3), bar(4)];
    expect(through(order, ...came)).toEqual(["b1", "", "b2", "b3", "s1 s0", "b4"]);
  });

  test("lets in before what is later, where the event before it is missing here", () => {
    const order = new FollowedOrder({ rank, byDescent: true });
    const descent = (of: number) => ({ cause: at("market.bars", of), ordinal: 0, timeUs: 10 * of });
    order.learn([
      {
        late: at("signals", 70),
        after: at("signals", 71),
        lateBy: descent(1),
        afterBy: descent(3),
      },
    ]);
    expect(through(order, bar(1), signal(0, 1), bar(3), bar(4))).toEqual(["b1", "", "b3", "s0 b4"]);
  });

  test("begins where it is told to", () => {
    const seen = new Map([["market.bars/0", 5]]);
    const order = new FollowedOrder({ rank, byDescent: false, first: 9, seen });
    expect(order.wanted).toBe(9);
    order.learn([byPosition(at("signals", 0), at("market.bars", 4))]);
    expect(through(order, signal(0, 3, 60))).toEqual(["s0"]);
  });
});
