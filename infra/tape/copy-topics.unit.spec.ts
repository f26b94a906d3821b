// Copies between memory logs, whole and cut short, against the plain bytes of the source; the pace by a
// clock that only moves when somebody waits.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TapedeckError } from "../../schemas/errors.ts";
import type { Commit, EventLog, PartitionRange, RecordBatch } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { batchAt, readAll } from "../../streams/testing/log-fixtures.ts";
import { copyTopics } from "./copy-topics.ts";
import { Pace, type PaceClock } from "./pace.ts";

/** Of each partition its batches, each a list of times. */
type Tape = readonly {
  readonly topic: string;
  readonly partition: number;
  readonly batches: readonly (readonly number[])[];
}[];

const SECOND = 1_000_000;

async function tapeOf(tape: Tape): Promise<EventLog> {
  const log = createMemoryLog();
  for (const { topic } of tape) {
    await log.createTopic(topic, tape.filter((one) => one.topic === topic).length);
  }
  for (const { topic, partition, batches } of tape) {
    let offset = 0;
    let floorUs = 0;
    for (const times of batches) {
      const fill = offset + partition;
      const batch = batchAt(topic, partition, offset, times, { floorUs, fill, payload: 3 });
      await log.commit({ produced: [batch], checkpoints: [] });
      offset += times.length;
      floorUs = batch.maxTimeUs;
    }
  }
  return log;
}

const batches = fc.array(
  fc.array(fc.integer({ min: 0, max: 100 * SECOND }), { minLength: 1, maxLength: 6 }),
  { maxLength: 8 },
);
const tapes: fc.Arbitrary<Tape> = fc.tuple(batches, batches, batches).map(([a, b, c]) => [
  { topic: "market.instruments", partition: 0, batches: a },
  { topic: "market.ticks", partition: 0, batches: b },
  { topic: "market.ticks", partition: 1, batches: c },
]);

async function expectSame(from: EventLog, to: EventLog): Promise<void> {
  expect(await to.partitions()).toEqual(await from.partitions());
  for (const { topic, partition } of await from.partitions()) {
    expect(await readAll(to, topic, partition, 0)).toEqual(
      await readAll(from, topic, partition, 0),
    );
  }
}

const whole = async (from: EventLog, to: EventLog) => ({
  from,
  to,
  ranges: await from.partitions(),
  createTopics: true,
});

/** A log whose commits can be looked at, and made to fail. */
function watched(
  log: EventLog,
  onCommit: (commit: Commit, carry: () => Promise<void>) => Promise<void>,
): EventLog {
  return { ...log, commit: (commit) => onCommit(commit, () => log.commit(commit)) };
}

describe("a copy", () => {
  test("holds the same bytes, effective times and partitions", async () => {
    await fc.assert(
      fc.asyncProperty(tapes, async (tape) => {
        const from = await tapeOf(tape);
        const to = createMemoryLog();
        const copied = await copyTopics(await whole(from, to));
        expect(copied).toMatchObject({ completed: true, resumed: 0, recoveries: 0 });
        expect(copied.records).toBe(tape.flatMap((one) => one.batches.flat()).length);
        await expectSame(from, to);
      }),
    );
  });

  test("that was stopped anywhere goes on from there, and its records are handed over once", async () => {
    await fc.assert(
      fc.asyncProperty(tapes, fc.array(fc.nat(4)), async (tape, stops) => {
        const from = await tapeOf(tape);
        const log = createMemoryLog();
        let handed = 0;
        const to = watched(log, async ({ produced }, carry) => {
          handed += produced.reduce((sum, { count }) => sum + count, 0);
          await carry();
        });
        for (const steps of [...stops, Number.POSITIVE_INFINITY]) {
          let asked = 0;
          const stopRequested = () => asked++ >= steps;
          await copyTopics({ ...(await whole(from, to)), stopRequested });
        }
        await expectSame(from, log);
        expect(handed).toBe(tape.flatMap((one) => one.batches.flat()).length);
      }),
    );
  });

  test("of a range begins with offset 0, and its times count from there", async () => {
    const tape: Tape = [{ topic: "market.ticks", partition: 0, batches: [[9, 3], [4, 5, 6], [7]] }];
    const from = await tapeOf(tape);
    const to = createMemoryLog();
    const ranges: PartitionRange[] = [{ topic: "market.ticks", partition: 0, start: 1, end: 5 }];
    await copyTopics({ from, to, ranges, createTopics: true });
    const all = await readAll(from, "market.ticks", 0, 0);
    const copied = await readAll(to, "market.ticks", 0, 0);
    expect(copied).toEqual({ bytes: all.bytes.slice(15, 75), end: 4, maxTimeUs: 6 });
    expect(await to.offsetAt("market.ticks", 0, 4)).toBe(1);
  });

  test("keeps topics in step: what goes first is nowhere later than what goes after", async () => {
    const single = fc
      .uniqueArray(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 30 })
      .map((times) => times.sort((a, b) => a - b).map((timeUs) => [timeUs]));
    await fc.assert(
      fc.asyncProperty(single, single, async (a, b) => {
        const from = await tapeOf([
          { topic: "market.quotes", partition: 0, batches: a },
          { topic: "market.ticks", partition: 0, batches: b },
        ]);
        const commits: RecordBatch[][] = [];
        const to = watched(createMemoryLog(), async ({ produced }, carry) => {
          commits.push([...produced]);
          await carry();
        });
        // Each look stops the copy: what was handed over by then is a commit of its own.
        for (let done = false; !done; ) {
          let asked = 0;
          const stopRequested = () => asked++ >= 1;
          done = (await copyTopics({ ...(await whole(from, to)), stopRequested })).completed;
        }
        const latest = commits.map((list) => Math.max(...list.map(({ maxTimeUs }) => maxTimeUs)));
        expect(latest).toEqual(latest.toSorted((x, y) => x - y));
      }),
    );
  });

  test("follows its source until it is told to stop", async () => {
    const from = await tapeOf([
      { topic: "market.quotes", partition: 0, batches: [] },
      { topic: "market.ticks", partition: 0, batches: [[1, 2]] },
    ]);
    const to = createMemoryLog();
    const follow = { aborted: false, onabort: null as (() => void) | null };
    const grow: (readonly [string, number, number])[] = [
      ["market.quotes", 0, 3],
      ["market.ticks", 2, 4],
      ["market.ticks", 3, 5],
    ];
    const copied = await copyTopics({
      ...(await whole(from, to)),
      follow,
      onProgress: () => {
        const next = grow.shift();
        if (next === undefined) {
          follow.aborted = true;
          follow.onabort?.();
          return;
        }
        const [topic, offset, timeUs] = next;
        void from.commit({ produced: [batchAt(topic, 0, offset, [timeUs])], checkpoints: [] });
      },
    });
    expect(copied).toMatchObject({ completed: true, records: 5 });
    await expectSame(from, to);
  });
});

const unknown = () => new TapedeckError("KAFKA_OUTCOME_UNKNOWN", "nobody can say");

describe("a target that fails", () => {
  test("is gone on with from what it really holds", async () => {
    const fates = fc.array(fc.constantFrom("done", "lost", "done but unknown"), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(tapes, fates, async (tape, list) => {
        const from = await tapeOf(tape);
        const log = createMemoryLog();
        const left = [...list];
        const to = watched(log, async (_, carry) => {
          const fate = left.shift() ?? "done";
          if (fate !== "lost") await carry();
          if (fate !== "done") throw unknown();
        });
        await copyTopics(await whole(from, to));
        await expectSame(from, log);
      }),
    );
  });

  test("again and again without getting on ends the copy with its error", async () => {
    const from = await tapeOf([{ topic: "market.ticks", partition: 0, batches: [[1]] }]);
    let tries = 0;
    const to = watched(createMemoryLog(), async () => {
      tries++;
      throw unknown();
    });
    await expect(copyTopics(await whole(from, to))).rejects.toMatchObject({
      code: "KAFKA_OUTCOME_UNKNOWN",
    });
    expect(tries).toBe(11);
  });

  test("because another process copies there ends the copy at once", async () => {
    const from = await tapeOf([{ topic: "market.ticks", partition: 0, batches: [[1], [2]] }]);
    let tries = 0;
    const to = watched(createMemoryLog(), async () => {
      tries++;
      throw new TapedeckError("STREAMS_FENCED", "another owner came");
    });
    await expect(copyTopics(await whole(from, to))).rejects.toMatchObject({
      code: "STREAMS_FENCED",
    });
    expect(tries).toBe(1);
  });
});

describe("a target that holds something else", () => {
  const from = () =>
    tapeOf([
      {
        topic: "market.ticks",
        partition: 0,
        batches: [
          [1, 2],
          [3, 4, 5],
        ],
      },
    ]);

  test.each([
    [
      "another record",
      [
        [1, 2],
        [3, 9],
      ],
      3,
    ],
    [
      "more than the source",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      5,
    ],
  ])("%s is refused, with its place", async (_, held, offset) => {
    const to = await tapeOf([{ topic: "market.ticks", partition: 0, batches: held }]);
    await expect(copyTopics(await whole(await from(), to))).rejects.toMatchObject({
      code: "TAPE_COPY_DIFFERS",
      facts: { topic: "market.ticks", partition: 0, offset },
    });
  });

  test("other numbers of partitions are refused", async () => {
    const other = createMemoryLog();
    await other.createTopic("market.ticks", 2);
    await expect(copyTopics(await whole(await from(), other))).rejects.toMatchObject({
      code: "STREAMS_PARTITIONS_CHANGED",
      facts: { topic: "market.ticks", has: 2, wanted: 1 },
    });
  });

  test("missing topics are all named, by the names that the target has for them", async () => {
    const topics = ["market.instruments", "market.ticks"];
    const both = topics.map((topic) => ({ topic, partition: 0, batches: [[1]] }));
    const copy = await whole(await tapeOf(both), createMemoryLog());
    await expect(
      copyTopics({ ...copy, toPrefix: "k.", createTopics: false }),
    ).rejects.toMatchObject({
      code: "KAFKA_TOPIC_MISSING",
      message: "there is no topic k.market.instruments, k.market.ticks to copy to",
    });
  });

  test("a place with other partitions is told by its own name", async () => {
    const other = createMemoryLog();
    await other.createTopic("market.ticks", 2);
    const copy = await whole(await from(), other);
    await expect(copyTopics({ ...copy, toPrefix: "k." })).rejects.toThrow(
      "k.market.ticks has 2 partitions; what is to be copied there has 1",
    );
  });
});

/** A clock that moves when somebody waits, and each wait takes a little longer than was asked. */
class SteppedClock implements PaceClock {
  private ms = 5_000;
  pauses = 0;

  nowMs(): number {
    return this.ms;
  }

  async pause(ms: number): Promise<void> {
    this.pauses++;
    this.ms += ms + 1;
  }
}

describe("a pace", () => {
  test("lets nothing go before its time, and nothing wait for longer than a step", async () => {
    const sorted = batches.map((list) => {
      const times = list.flat().sort((a, b) => a - b);
      return list.map((batch) => times.splice(0, batch.length));
    });
    await fc.assert(
      fc.asyncProperty(sorted, sorted, fc.constantFrom(0.5, 1, 10), async (a, b, speed) => {
        const from = await tapeOf([
          { topic: "market.ticks", partition: 0, batches: a },
          { topic: "market.ticks", partition: 1, batches: b },
        ]);
        const clock = new SteppedClock();
        const startedMs = clock.nowMs();
        const firstUs = Math.min(...[...a, ...b].flat());
        const log = createMemoryLog();
        const to = watched(log, async ({ produced }, carry) => {
          for (const { bytes, count } of produced) {
            for (let i = 0; i < count; i++) {
              const timeUs = timeOf(bytes, i);
              const dueMs = startedMs + (timeUs - firstUs) / (1000 * speed);
              expect(clock.nowMs()).toBeGreaterThanOrEqual(dueMs - 0.001);
              expect(clock.nowMs()).toBeLessThan(dueMs + 12);
            }
          }
          await carry();
        });
        const pace = new Pace(speed, clock);
        const copied = await copyTopics({ ...(await whole(from, to)), pace });
        expect(copied.mostLateMs).toBeLessThan(12);
        await expectSame(from, log);
      }),
    );
  });

  test("starts with the market, not with instruments that were listed long before", async () => {
    const from = await tapeOf([
      { topic: "market.instruments", partition: 0, batches: [[1 * SECOND]] },
      { topic: "market.ticks", partition: 0, batches: [[50_000 * SECOND], [50_001 * SECOND]] },
    ]);
    const clock = new SteppedClock();
    const to = createMemoryLog();
    const copied = await copyTopics({ ...(await whole(from, to)), pace: new Pace(1, clock) });
    expect(clock.nowMs() - 5_000).toBeGreaterThanOrEqual(1_000);
    expect(clock.nowMs() - 5_000).toBeLessThan(1_020);
    expect(copied.mostLateMs).toBeLessThan(12);
  });

  test("is asked whether to stop while nothing is due", async () => {
    const from = await tapeOf([
      { topic: "market.ticks", partition: 0, batches: [[0], [90_000 * SECOND]] },
    ]);
    const clock = new SteppedClock();
    const to = createMemoryLog();
    const copied = await copyTopics({
      ...(await whole(from, to)),
      pace: new Pace(1, clock),
      stopRequested: () => clock.pauses === 3,
    });
    expect(copied).toMatchObject({ completed: false, records: 1 });
    expect(clock.nowMs()).toBeLessThan(5_400);
  });
});

/** Frames of the fixture are 15 bytes: size, time, three of payload. */
function timeOf(bytes: Uint8Array, index: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + 15 * index, 15);
  return view.getUint32(4, true) + view.getUint32(8, true) * 2 ** 32;
}
