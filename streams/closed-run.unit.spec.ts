import { describe, expect, test } from "vitest";
import { Reader } from "../schemas/avro.ts";
import { TapedeckError } from "../schemas/errors.ts";
import { codecs, type TopicName } from "../schemas/generated/facts.ts";
import type { LateAdmission } from "../schemas/generated/tape.admissions.ts";
import { type ClosedRunOptions, runClosed } from "./closed-run.ts";
import type { EmitOf, EventOf } from "./event.ts";
import type { EventLog } from "./log.ts";
import { createMemoryLog } from "./memory-log.ts";
import { partitionOf } from "./partition.ts";
import { readWritten } from "./simulator/written.ts";
import { barAt, smallFlow, tapeOf, UNLUCKY } from "./testing/small-flow.ts";
import { type AnyProcessor, buildTopology, type Topology } from "./topology.ts";

const SECOND_US = 1_000_000;

async function run(
  topology: Topology,
  tape: EventLog,
  changes: Partial<ClosedRunOptions> = {},
): Promise<EventLog> {
  const target = changes.target ?? createMemoryLog();
  await runClosed({ topology, partitions: 1, sourceOf: () => tape, target, ...changes });
  return target;
}

async function eventsOf<T extends TopicName>(log: EventLog, topic: T): Promise<EventOf<T>[]> {
  return [...(await readWritten(log)).values()]
    .filter((written) => written.topic === topic)
    .flatMap(({ events }) => events as EventOf<T>[]);
}

/** What the teller saw, in order: "topic symbol". */
const told = async (log: EventLog): Promise<readonly string[]> =>
  (await eventsOf(log, "weights.proposals")).map(
    ({ value }) => value.targets[0]?.symbol.replace("market.", "") ?? "",
  );

const failureOf = async (run: Promise<unknown>): Promise<TapedeckError> => {
  const error = await run.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TapedeckError);
  return error as TapedeckError;
};

/** Answers each bar by what it is told to. */
const answering = (
  answer: (timeUs: number) => Omit<EmitOf<"regimes">, "topic"> | null,
): AnyProcessor => ({
  name: "answering",
  version: 1,
  scope: "symbol",
  inputs: ["market.bars"],
  outputs: { regimes: SECOND_US },
  onFailure: "stop",
  initial: () => null,
  evolve: (state) => state,
  decide: (_, { timeUs }) => {
    const emit = answer(timeUs);
    return emit === null ? [] : [{ topic: "regimes", ...emit }];
  },
});
const regime = { symbol: "A", model: "m", regime: "r", probability: 1 };

describe("a closed run times events", () => {
  test("by the cause and the declared latency, so that what is later in time comes later", async () => {
    const facts = [barAt(10, "A"), barAt(12, "B"), barAt(20, "C")];
    for (const [latencyUs, order] of [
      [0, ["bars A", "signals A", "bars B", "signals B", "bars C", "signals C"]],
      [5, ["bars A", "bars B", "signals A", "signals B", "bars C", "signals C"]],
    ] as const) {
      const topology = smallFlow({ latencyUs });
      const target = await run(topology, await tapeOf(topology, facts));
      const times = (await eventsOf(target, "signals")).map(({ timeUs }) => timeUs);
      expect(times).toEqual([10 + latencyUs, 12 + latencyUs, 20 + latencyUs]);
      expect(await told(target)).toEqual(order);
    }
  });

  test("later where atUs asks for it, and the partition's later events with it", async () => {
    const late = answering((timeUs) => ({
      value: regime,
      ...(timeUs === 10 ? { atUs: 10 + 3 * SECOND_US } : {}),
    }));
    const topology = buildTopology({ sources: ["market.bars"], processors: [late] });
    const target = await run(topology, await tapeOf(topology, [barAt(10, "A"), barAt(20, "A")]));
    const times = (await eventsOf(target, "regimes")).map(({ timeUs }) => timeUs);
    expect(times).toEqual([10 + 3 * SECOND_US, 10 + 3 * SECOND_US]);
  });

  test("never before the cause and the latency", async () => {
    const hasty = answering(() => ({ value: regime, atUs: 10 + SECOND_US - 1 }));
    const topology = buildTopology({ sources: ["market.bars"], processors: [hasty] });
    const failure = await failureOf(run(topology, await tapeOf(topology, [barAt(10, "A")])));
    expect(failure.code).toBe("STREAMS_TIME_REVERSED");
    expect(failure.facts).toMatchObject({ atUs: 10 + SECOND_US - 1, earliest: 10 + SECOND_US });
  });

  test.each([10.5 + SECOND_US, 2 ** 53, Number.POSITIVE_INFINITY, Number.NaN])(
    "never at %d: no record holds it exactly",
    async (atUs) => {
      const inexact = answering(() => ({ value: regime, atUs }));
      const topology = buildTopology({ sources: ["market.bars"], processors: [inexact] });
      const failure = await failureOf(run(topology, await tapeOf(topology, [barAt(10, "A")])));
      expect(failure.code).toBe("STREAMS_TIME_REVERSED");
    },
  );

  test("of the source by what came before them in their partition", async () => {
    const topology = smallFlow();
    const facts = [barAt(30, "A"), barAt(10, "A"), barAt(40, "A")];
    const target = await run(topology, await tapeOf(topology, facts));
    const times = (await eventsOf(target, "signals")).map(({ timeUs }) => timeUs);
    expect(times).toEqual([30, 30, 40]);
  });
});

describe("a closed run whose processor fails", () => {
  const facts = [barAt(10, "A"), barAt(20, "B", { volume: UNLUCKY }), barAt(30, "A")];

  test("puts the event away where the policy is dead-letter, and goes on", async () => {
    const topology = smallFlow({ onFailure: "dead-letter" });
    const target = await run(topology, await tapeOf(topology, facts));
    expect((await eventsOf(target, "signals")).length).toBe(2);
    const [letter, ...others] = await eventsOf(target, "tape.dead-letters");
    expect(others).toEqual([]);
    expect(letter?.value).toMatchObject({
      origin: "market.bars",
      partition: 0,
      position: 1,
      code: "PROCESSOR_FAILED",
      detail: "watcher failed on market.bars/0 offset 1: volume 13",
    });
    const raw = letter?.value.raw as Uint8Array;
    expect(codecs["market.bars"].decode(new Reader(raw))).toEqual(facts[1]?.value);
  });

  test("on a value that its schema does not hold is told with the processor and the event", async () => {
    const torn = answering(() => ({ value: { ...regime, model: "\ud800" } }));
    const topology = buildTopology({
      sources: ["market.bars"],
      processors: [{ ...torn, onFailure: "dead-letter" }],
    });
    const failure = await failureOf(run(topology, await tapeOf(topology, facts)));
    expect(failure.code).toBe("PROCESSOR_FAILED");
    expect(failure.message).toMatch(/answering failed on market.bars\/0 offset 0: .*surrogate/);
    expect(failure.cause).toMatchObject({ code: "CODEC_STRING_INVALID" });
  });

  test("stops where the policy is stop: the error has the event, what was committed stays", async () => {
    const topology = smallFlow();
    const tape = await tapeOf(topology, facts);
    const target = createMemoryLog();
    const failure = await failureOf(run(topology, tape, { target, eventsPerCommit: 1 }));
    expect(failure.code).toBe("PROCESSOR_FAILED");
    expect(failure.facts).toEqual({
      processor: "watcher",
      topic: "market.bars",
      partition: 0,
      offset: 1,
      timeUs: 20,
      key: "B",
    });
    expect((failure.cause as Error).message).toBe(`volume ${UNLUCKY}`);
    expect(await told(target)).toEqual(["bars A", "signals A"]);
    // A processor that was mended goes on from there.
    await run(smallFlow({ onFailure: "dead-letter" }), tape, { target });
    expect(await told(target)).toEqual(["bars A", "signals A", "bars B", "bars A", "signals A"]);
  });

  test("refuses an answer to an input that the processor says it never answers", async () => {
    const sly = { ...answering(() => ({ value: regime })), unanswered: ["market.bars"] };
    const topology = buildTopology({
      sources: ["market.bars"],
      processors: [sly as unknown as AnyProcessor],
    });
    const failure = await failureOf(run(topology, await tapeOf(topology, [barAt(10, "A")])));
    expect([failure.code, failure.message]).toEqual([
      "STREAMS_OUTPUT_UNDECLARED",
      expect.stringContaining("answered market.bars"),
    ]);
  });

  test("refuses an event of a topic that the processor did not declare", async () => {
    const sly = { ...answering(() => null), decide: () => [{ topic: "fills", value: {} }] };
    const topology = buildTopology({
      sources: ["market.bars"],
      processors: [sly as unknown as AnyProcessor],
    });
    const failure = await failureOf(run(topology, await tapeOf(topology, [barAt(10, "A")])));
    expect(failure.code).toBe("STREAMS_OUTPUT_UNDECLARED");
    expect(failure.facts).toEqual({ processor: "answering", topic: "fills" });
  });
});

describe("a closed run that is cut", () => {
  const facts = Array.from({ length: 40 }, (_, i) => barAt(10 + 3 * i, "ABCDE"[i % 5] as string));

  test.each([1, 2, 7, 39, 1000])(
    "goes on to the same bytes, %i events a commit",
    async (events) => {
      const topology = smallFlow({ latencyUs: 7 });
      const tape = await tapeOf(topology, facts, 3);
      const whole = await readWritten(await run(topology, tape, { partitions: 2 }));
      const target = createMemoryLog();
      let completed = false;
      let last = 0;
      while (!completed) {
        let commits = 0;
        const result = await runClosed({
          topology,
          partitions: 2,
          sourceOf: () => tape,
          target,
          eventsPerCommit: events,
          stopRequested: () => ++commits === 2,
        });
        expect(result.sourceEvents).toBeGreaterThanOrEqual(last);
        last = result.sourceEvents;
        completed = result.completed;
      }
      expect(last).toBe(facts.length);
      expect(await readWritten(target)).toEqual(whole);
    },
  );

  test("ends before untilUs, and can be gone on with", async () => {
    const topology = smallFlow({ latencyUs: 7 });
    const tape = await tapeOf(topology, facts);
    const target = await run(topology, tape, { untilUs: 40 });
    const times = (await eventsOf(target, "signals")).map(({ timeUs }) => timeUs);
    // Bars up to 37 were decided on; their signals are written, also those that come at 40 or later.
    expect(times).toEqual([17, 20, 23, 26, 29, 32, 35, 38, 41, 44]);
    expect((await told(target)).at(-1)).toBe("signals C");
    await run(topology, tape, { target });
    expect(await readWritten(target)).toEqual(await readWritten(await run(topology, tape)));
  });
});

describe("a closed run replays a late event where it was admitted", () => {
  test("for the task that admitted it late, and for no other", async () => {
    const topology = smallFlow();
    const tape = await tapeOf(topology, [barAt(10, "A"), barAt(20, "B"), barAt(30, "C")]);
    const late: LateAdmission = {
      task: "teller",
      topic: "signals",
      partition: 0,
      offset: 0,
      afterTopic: "market.bars",
      afterPartition: 0,
      afterOffset: 2,
    };
    // The second one followed the first.
    const next = { ...late, offset: 1, afterTopic: "signals", afterOffset: 0 };
    const target = await run(topology, tape, { admissions: [late, next], eventsPerCommit: 1 });
    expect(await told(target)).toEqual([
      "bars A",
      "bars B",
      "bars C",
      "signals A",
      "signals B",
      "signals C",
    ]);
    // It is not cut while an event is held back, so that none is lost in between.
    const pieces = createMemoryLog();
    for (let completed = false; !completed; ) {
      const options = { topology, partitions: 1, sourceOf: () => tape, target: pieces };
      const result = await runClosed({
        ...options,
        admissions: [late, next],
        eventsPerCommit: 1,
        stopRequested: () => true,
      });
      completed = result.completed;
    }
    expect(await readWritten(pieces)).toEqual(await readWritten(target));
    // Where its place is never reached it is not lost: nothing after the last commit is kept.
    const cut = createMemoryLog();
    const early = { admissions: [late], target: cut, eventsPerCommit: 1, untilUs: 30 };
    expect((await failureOf(run(topology, tape, early))).code).toBe("STREAMS_OFFSET_OUT_OF_RANGE");
    await run(topology, tape, { admissions: [late, next], target: cut });
    expect(await readWritten(cut)).toEqual(await readWritten(target));
    // What follows from it is timed by what the task had seen by then.
    const times = (await eventsOf(target, "weights.proposals")).map(({ timeUs }) => timeUs);
    expect(times).toEqual([10, 20, 30, 30, 30, 30]);
    expect((await eventsOf(target, "signals")).map(({ timeUs }) => timeUs)).toEqual([10, 20, 30]);
  });
});

describe("a closed run on several partitions", () => {
  const symbols = ["A", "B", "C", "D", "E"];
  const facts = Array.from({ length: 30 }, (_, i) =>
    barAt(10 + Math.floor(i / 5), symbols[i % 5] as string),
  );

  test("shows each symbol to its own task, however the tape was partitioned", async () => {
    const topology = smallFlow();
    const partitions = 2;
    for (const recorded of [1, 2, 3]) {
      const target = await run(topology, await tapeOf(topology, facts, recorded), { partitions });
      for (const event of await eventsOf(target, "signals")) {
        expect(event.partition).toBe(partitionOf(event.value.symbol, partitions));
      }
      const last = new Map(
        (await eventsOf(target, "signals")).map(({ value }) => [value.symbol, value.strength]),
      );
      expect([...last.values()]).toEqual(symbols.map(() => 0.06));
    }
  });

  test("orders what one decision wrote to several of them by the decision, not by partition", async () => {
    const symbolsApart = ["E", "D", "C", "B", "A"];
    const splitter: AnyProcessor = {
      name: "splitter",
      version: 1,
      scope: "portfolio",
      inputs: ["market.bars"],
      outputs: { regimes: 5 },
      onFailure: "stop",
      initial: () => null,
      evolve: (state) => state,
      decide: () =>
        symbolsApart.map((symbol) => ({ topic: "regimes", value: { ...regime, symbol } })),
    };
    const tape = await tapeOf(smallFlow(), [barAt(10, "A")]);
    for (const partitions of [1, 2, 3, 8]) {
      const seen: string[] = [];
      const listener: AnyProcessor = {
        ...splitter,
        name: "listener",
        inputs: ["regimes"],
        outputs: {},
        evolve: (state, event) => {
          seen.push((event as EventOf<"regimes">).value.symbol);
          return state;
        },
        decide: () => [],
      };
      const spec = { sources: ["market.bars"] as const, processors: [splitter, listener] };
      await run(buildTopology(spec), tape, { partitions });
      expect(seen, `${partitions} partitions`).toEqual(symbolsApart);
    }
  });
});
