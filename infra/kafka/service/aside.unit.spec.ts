// A task that is killed anywhere, over partitions full of what is no event: each message becomes one
// letter, and each event is read once, as if it had never stopped.

import fc from "fast-check";
import { expect, test } from "vitest";
import { PartitionView } from "../log/partition-view.ts";
import { type FakePartition, fakePartition } from "../log/testing/fake-partition.ts";
import {
  earlyTick,
  repeatedTick,
  TICKS,
  tickMessage,
  tombstone,
} from "../log/testing/hostile-ticks.ts";
import { testIds } from "../wire/testing/messages.ts";
import { TopicDecoder } from "../wire/topic-decoder.ts";
import { Aside } from "./aside.ts";

type Step = "tick" | "early" | "repeated" | "tombstone";
/** Of one batch each. */
const batches = fc.array(
  fc.array(fc.constantFrom<Step>("tick", "early", "repeated", "tombstone"), {
    minLength: 1,
    maxLength: 4,
  }),
  { maxLength: 80, size: "max" },
);
/** What the task does after a piece. */
type Act = { readonly admit: number; readonly next: "go on" | "commit" | "die" };
const acts = fc.array(
  fc.record<Act>({
    admit: fc.integer({ min: 0, max: 6 }),
    next: fc.constantFrom("go on", "commit", "commit", "die"),
  }),
  { maxLength: 120, size: "max" },
);

interface Life {
  consumed: number;
  saved: Uint8Array | undefined;
  readonly letters: number[];
}

/** Runs until it dies or has read all; what is left over of `script` is the next one's. */
async function live(
  view: PartitionView,
  connection: ReturnType<typeof fakePartition>["connection"],
  life: Life,
  script: Act[],
): Promise<boolean> {
  const aside = new Aside(life.saved);
  const decoder = new TopicDecoder(TICKS, testIds);
  const place = await aside.start(view, life.consumed);
  decoder.seek(place.logical, place.floorUs);
  let [wanted, consumed] = [life.consumed, life.consumed];
  let letters: number[] = [];
  const commit = (): void => {
    life.saved = aside.take(consumed) ?? life.saved;
    life.consumed = consumed;
    life.letters.push(...letters);
    letters = [];
  };
  for (let next = place.kafka; ; ) {
    const fetched = await connection.fetch(TICKS.topic, TICKS.partition, next);
    for (const raw of fetched.batches) {
      const { batch, poison } = decoder.decode(raw);
      for (const each of poison) if (aside.isNew(each)) letters.push(each.kafkaOffset);
      if (batch === null) continue;
      expect(batch.baseOffset).toBeLessThanOrEqual(wanted);
      wanted = Math.max(wanted, batch.baseOffset + batch.count);
    }
    next = fetched.nextOffset;
    const done = next >= fetched.stableEnd;
    const act = script.shift();
    if (act?.next === "die") return false;
    consumed = done && act === undefined ? wanted : Math.min(wanted, consumed + (act?.admit ?? 1));
    if (act?.next === "commit") commit();
    if (!done) continue;
    if (act !== undefined) continue;
    commit();
    return true;
  }
}

/** So many that a task which has consumed them looks for its place in the middle. */
const MANY = 6_000;

/** What `plan` puts behind the ticks that are there: its ticks, and where the others lie. */
function play(partition: FakePartition, before: number, plan: readonly (readonly Step[])[]) {
  const hostile: number[] = [];
  let ticks = before;
  for (const steps of plan) {
    const base = partition.end;
    const messages = steps.map((step, i) => {
      if (step === "tick") return tickMessage(ticks++);
      hostile.push(base + i);
      if (step === "tombstone" || ticks === 0) return tombstone();
      return step === "early" ? earlyTick(ticks) : repeatedTick(ticks >> 1);
    });
    partition.append(messages, !steps.some((step) => step !== "tick"));
  }
  return { ticks, hostile };
}

const long = fakePartition();
for (let ticks = 0; ticks < MANY; ) {
  long.append(Array.from({ length: 500 }, () => tickMessage(ticks++)));
}

test.each([
  [0, fakePartition()],
  [MANY, long],
])(
  "each message becomes one letter, each event is read, wherever the task is killed, after %i events",
  async (before, start) => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        acts,
        fc.integer({ min: 1, max: 4 }),
        async (plan, acts, pieces) => {
          const partition = fakePartition(pieces, start);
          const { ticks, hostile } = play(partition, before, plan);
          const life: Life = { consumed: before, saved: undefined, letters: [] };
          const left = [...acts];
          for (let ended = false; !ended; ) {
            const ids = { ...testIds, resolve: async () => undefined };
            const view = new PartitionView(partition.connection, "t", TICKS.topic, 0, ids);
            ended = await live(view, partition.connection, life, left);
          }
          expect(life.letters).toEqual(hostile);
          expect(life.consumed).toBe(ticks);
        },
      ),
      { numRuns: 200 },
    );
  },
);

test("saves nothing where all are events", () => {
  expect(new Aside(undefined).take(100)).toBe(null);
});

test("saves where to begin as soon as all before it is done", () => {
  const aside = new Aside(undefined);
  const poison = { count: 1, timestampMs: 0, code: "WIRE_TOMBSTONE", detail: "" } as const;
  for (let kafkaOffset = 0; kafkaOffset < 10_000; kafkaOffset++) {
    aside.isNew({ ...poison, raw: new Uint8Array(0), kafkaOffset, next: 5, reachedUs: 7 });
  }
  expect(aside.take(4)?.toString()).toBe('{"last":9999,"from":null}');
  expect(aside.take(5)?.toString()).toBe('{"last":9999,"from":[5,10000,7]}');
  expect(aside.take(6)).toBe(null);
});
