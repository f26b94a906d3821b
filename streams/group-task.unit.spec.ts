import { beforeEach, describe, expect, test } from "vitest";
import type { TopicName } from "../schemas/generated/facts.ts";
import { type AnyEmit, emit } from "./event.ts";
import { type GroupOptions, GroupTask } from "./group-task.ts";
import { createOutputs } from "./live-plan.ts";
import type { EventLog, OpenedTask, RecordBatch } from "./log.ts";
import { createMemoryLog } from "./memory-log.ts";
import { OutputPartition } from "./output.ts";
import { readWritten } from "./simulator/written.ts";
import { type GroupPlan, planGroups } from "./task-groups.ts";
import { bar } from "./testing/facts.ts";
import { watcher } from "./testing/small-flow.ts";
import { type AnyProcessor, buildTopology, type Topology } from "./topology.ts";

const WAIT_US = 100;
const LAG_WAIT_US = 10_000;
const WAITS = { waitUs: WAIT_US, lagWaitUs: LAG_WAIT_US };

/** Features that tell what was seen, as what number: from signals, and from quotes if it reads them. */
const scribe = (inputs: readonly TopicName[]): AnyProcessor => ({
  name: "scribe",
  version: 1,
  scope: "symbol",
  inputs,
  outputs: { features: 0 },
  onFailure: "stop",
  initial: () => ({ seen: new Map<string, { n: number }>() }),
  evolve: (state, { topic, value }) => {
    const { seen } = state as { seen: Map<string, { n: number }> };
    const { symbol } = value as { readonly symbol: string };
    const entry = seen.get(symbol) ?? { n: 0 };
    entry.n++;
    return { seen: seen.set(symbol, entry), topic };
  },
  decide: (state, { topic, value, timeUs }): readonly AnyEmit[] => {
    const { symbol } = value as { readonly symbol: string };
    const { n } = (state as { seen: Map<string, { n: number }> }).seen.get(symbol) as { n: number };
    const zero = { logReturn: 0, emaFast: 0, emaSlow: 0, atr: 0, volatility: 0, warm: true };
    const said = { ...zero, symbol: `${topic} ${symbol} ${n}`, barEndUs: timeUs, price: n };
    return [emit("features", said)];
  },
});

/** What others write: bars, which are a source, and quotes, which here are derived by somebody else. */
class Tape {
  readonly bars = new OutputPartition("market.bars", 0, 0, 0);
  readonly ticks = new OutputPartition("market.ticks", 0, 0, 0);

  barsAt(...timesUs: readonly number[]): RecordBatch {
    for (const timeUs of timesUs) this.bars.write(timeUs, 0, null, 0, bar("A", timeUs, 100));
    return kept(this.bars);
  }

  ticksAt(...timesUs: readonly number[]): RecordBatch {
    const value = { symbol: "A", price: 1, quantity: 1, venue: "", suspicious: false };
    for (const timeUs of timesUs) this.ticks.write(timeUs, 0, null, 0, value);
    return kept(this.ticks);
  }
}

function kept(output: Pick<OutputPartition, "take">): RecordBatch {
  const batch = output.take() as RecordBatch;
  return { ...batch, bytes: batch.bytes.slice() };
}

let tape: Tape;
let log: EventLog;
let plan: GroupPlan;

/** A watcher of bars, and a scribe of its signals and what else is named. */
async function begin(inputs: readonly TopicName[], sources: readonly TopicName[] = []) {
  tape = new Tape();
  log = createMemoryLog();
  const topology: Topology = buildTopology({
    sources: ["market.bars", ...sources],
    processors: [watcher(), scribe(inputs)],
  });
  const plans = planGroups(topology, 1, () => 1);
  plan = plans[0] as GroupPlan;
  await createOutputs(
    log,
    topology,
    plans.flatMap(({ members }) => members),
  );
}

beforeEach(() => begin(["signals", "market.ticks"], ["market.ticks"]));

const open = async (options: Partial<GroupOptions> = {}): Promise<GroupTask> =>
  new GroupTask(plan, await log.openTask(plan.name), { ...WAITS, ...options });

const commit = (task: GroupTask): Promise<void> => log.commit(task.transaction());

/** What the scribe has told, in order. */
const told = async (): Promise<readonly string[]> =>
  ((await readWritten(log)).get("features/0")?.events ?? []).map(
    ({ value }) => (value as { readonly symbol: string }).symbol,
  );

const offsets = async (topic: string): Promise<number> =>
  (await log.partitions()).find((range) => range.topic === topic)?.end ?? 0;

/** Reads what a restarted task says is missing. */
async function refill(task: GroupTask): Promise<void> {
  for (const { topic, partition, from, to } of task.missing) {
    for (let offset = from; offset < to; ) {
      const batch = (await log.read(topic, partition, offset)) as RecordBatch;
      task.receive(batch, 0);
      offset = batch.baseOffset + batch.count;
    }
  }
}

describe("a group", () => {
  test("hands on at once what a member wrote, and commits everything together", async () => {
    await begin(["signals"]);
    const task = await open();
    task.receive(tape.barsAt(10, 20, 30), 0);
    expect(task.admit(0, 100)).toBe(6);
    const transaction = task.transaction();
    expect(transaction.produced.map(({ topic, count }) => `${topic} ${count}`)).toEqual([
      "signals 3",
      "features 3",
    ]);
    const keys = transaction.produced.map((batch) => batch.keys);
    const features = [1, 2, 3].map((n) => `signals A ${n}`);
    expect(keys).toEqual([["A", "A", "A"], features]);
    expect(transaction.checkpoints.length).toBe(1);
    expect(transaction.checkpoints[0]).toMatchObject({
      task: "watcher/0",
      consumed: [{ topic: "market.bars", partition: 0, next: 3 }],
    });
    await log.commit(transaction);
    expect(await told()).toEqual([1, 2, 3].map((n) => `signals A ${n}`));
  });

  test("admits as many events as it may, and no more", async () => {
    await begin(["signals"]);
    const task = await open();
    task.receive(tape.barsAt(10, 20, 30), 0);
    expect([task.admit(0), task.admit(0, 3), task.admitted, task.admit(0, 9)]).toEqual([
      1, 3, 4, 2,
    ]);
    expect(task.admit(0, 9)).toBe(0);
    task.transaction();
    expect(task.admitted).toBe(0);
  });

  test("writes what changed of a state, and nothing where nothing did", async () => {
    await begin(["signals"]);
    const task = await open();
    task.receive(tape.barsAt(10), 0);
    task.admit(0, 9);
    const keys = () => task.transaction().checkpoints[0]?.changes?.map(({ key }) => key);
    expect(keys()).toEqual(["watcher", "watcher//A", "scribe", "scribe/seen/A"]);
    expect(keys()).toEqual([]);
    task.receive(tape.barsAt(20), 0);
    task.admit(0, 9);
    expect(keys()).toEqual(["watcher//A", "scribe/seen/A"]);
  });

  test("has consumed what all of its readers have", async () => {
    await begin(["signals", "market.bars", "market.ticks"], ["market.ticks"]);
    const task = await open();
    const [bars, ticks] = task.inputs;
    expect(bars).toMatchObject({ topic: "market.bars", source: true, wanted: 0, consumed: 0 });
    task.receive(tape.barsAt(10, 20), 0);
    expect(task.admit(0, 9), "the watcher's").toBe(2);
    expect([bars?.wanted, bars?.consumed]).toEqual([2, 0]);
    expect(task.admit(WAIT_US, 9), "the scribe's").toBe(4);
    expect([bars?.consumed, ticks?.consumed]).toEqual([2, 0]);
  });
});

describe("a group that is restarted", () => {
  test("asks for what one member wrote and another had not read, before it goes on", async () => {
    const first = await open();
    first.receive(tape.barsAt(10, 20), 0);
    expect(first.missing).toEqual([]);
    expect(first.admit(0, 9), "the scribe waits for ticks").toBe(2);
    await commit(first);
    const second = await open();
    const gap = { topic: "signals", partition: 0, from: 0, to: 2 };
    expect(second.missing).toEqual([gap]);
    second.receive(tape.barsAt(30), 0);
    expect([second.readyUs, second.admit(1e9, 9)]).toEqual([Number.POSITIVE_INFINITY, 0]);
    await refill(second);
    expect(second.missing).toEqual([]);
    while (second.admit(1e9) > 0);
    await commit(second);
    expect(await told()).toEqual([1, 2, 3].map((n) => `signals A ${n}`));
  });

  test("at any event gives what it gives undisturbed", async () => {
    const times = [10, 20, 20, 30, 45, 50];
    const run = async (restartEvery: number): Promise<readonly string[]> => {
      await begin(["signals", "market.bars", "market.ticks"], ["market.ticks"]);
      const batches = [tape.barsAt(...times), tape.ticksAt(15, 20, 48)];
      let task = await open();
      for (let now = 0, done = 0; now < 2_000; now += 10) {
        if (done >= restartEvery) {
          await commit(task);
          task = await open();
          done = 0;
        }
        await refill(task);
        for (const batch of batches) task.receive(batch, now);
        done += task.admit(now, restartEvery);
      }
      await commit(task);
      expect(await offsets("tape.admissions")).toBe(0);
      return told();
    };
    const undisturbed = await run(100);
    expect(undisturbed.length).toBe(2 * times.length + 3);
    for (const restartEvery of [1, 2, 3, 5]) expect(await run(restartEvery)).toEqual(undisturbed);
  });

  test("leaves out what a member had read that was ahead of another", async () => {
    await begin(["signals", "market.bars", "market.ticks"], ["market.ticks"]);
    const first = await open();
    const all = tape.barsAt(10, 20);
    first.receive(all, 0);
    first.admit(0, 9);
    await commit(first);
    const second = await open();
    expect(second.inputs[0]?.wanted).toBe(0);
    await refill(second);
    expect(second.receive(all, 0)).toBe(true);
    while (second.admit(1e9) > 0);
    await commit(second);
    expect(await offsets("signals"), "the watcher had them").toBe(2);
    expect((await told()).length).toBe(4);
  });

  test("is refused with other members, or with a part of its state", async () => {
    await begin(["signals"]);
    const task = await open();
    task.receive(tape.barsAt(10), 0);
    task.admit(0, 9);
    await commit(task);
    const opened = await log.openTask(plan.name);
    const alone = { ...plan, members: plan.members.slice(0, 1), internal: [] };
    const make = (as: GroupPlan, from: OpenedTask) => () => new GroupTask(as, from, WAITS);
    expect(make(alone, opened)).toThrow(/saved the state of watcher, scribe; it now runs watcher/);
    for (const lost of ["watcher//A", "scribe"]) {
      const entries = new Map(opened.entries);
      entries.delete(lost);
      expect(make(plan, { ...opened, entries })).toThrow(/of the 1 entries of its state/);
    }
    expect(make(plan, opened)).not.toThrow();
  });
});

describe("an input that has nothing to offer", () => {
  test("is waited for once by a whole group", async () => {
    const task = await open();
    task.receive(tape.barsAt(10), 0);
    task.admit(WAIT_US - 1, 9);
    // The signal was handed on late: what it was made from had been received at 0.
    expect(task.readyUs).toBe(WAIT_US);
    expect(task.admit(WAIT_US)).toBe(1);
  });

  test("is waited for longer while it is known to hold more", async () => {
    const task = await open();
    task.setLag("market.ticks", 0, 3);
    task.receive(tape.barsAt(10), 0);
    expect(task.admit(WAIT_US, 9), "the bar").toBe(1);
    expect(task.readyUs).toBe(LAG_WAIT_US);
    task.setLag("market.ticks", 0, null);
    expect(task.readyUs).toBe(WAIT_US);
  });

  test("is not waited for where it is a source that is read to its end", async () => {
    const task = await open();
    task.setLag("market.ticks", 0, 0);
    task.receive(tape.barsAt(10), 0);
    expect(task.admit(0, 9)).toBe(2);
    expect(task.readyUs).toBe(Number.POSITIVE_INFINITY);
  });

  test("is waited for where it is read to its end and somebody writes it", async () => {
    const outside = { ...scribe([]), name: "ticker", inputs: [], outputs: { "market.ticks": 0 } };
    const topology = buildTopology({
      sources: ["market.bars"],
      processors: [watcher(), scribe(["signals", "market.ticks"]), outside],
    });
    const groups = planGroups(topology, 1, () => 1, ["ticker"]);
    plan = groups[0] as GroupPlan;
    const task = await open();
    task.setLag("market.ticks", 0, 0);
    task.receive(tape.barsAt(10), 0);
    expect(task.admit(0, 9)).toBe(1);
    expect(task.readyUs).toBe(WAIT_US);
  });

  describe("and is written in the group", () => {
    const derive = (name: string, from: TopicName, to: TopicName): AnyProcessor => ({
      ...scribe([from]),
      name,
      outputs: { [to]: 0 },
    });
    /** A watcher of bars and ticks, and a scribe of its signals and of quotes. */
    const beginWith = (...others: readonly AnyProcessor[]) => {
      const derived = others.flatMap(({ outputs }) => Object.keys(outputs));
      const sources = (["market.bars", "market.ticks", "market.quotes"] as const).filter(
        (topic) => !derived.includes(topic),
      );
      const slow: AnyProcessor = { ...watcher(), inputs: ["market.bars", "market.ticks"] };
      const processors = [slow, scribe(["signals", "market.quotes"]), ...others];
      const topology = buildTopology({ sources, processors });
      const names = others.map(({ name }) => name);
      plan = planGroups(topology, 1, () => 1, names)[0] as GroupPlan;
    };
    const quoteAt = (timeUs: number): RecordBatch => {
      const quotes = new OutputPartition("market.quotes", 0, 0, 0);
      const sides = { bidPrice: 1, bidQuantity: 1, askPrice: 2, askQuantity: 1 };
      quotes.write(timeUs, 0, null, 0, { symbol: "A", venue: "", suspicious: false, ...sides });
      return kept(quotes);
    };

    test("is waited for while its writer holds something that leads to an earlier event", async () => {
      beginWith();
      const task = await open();
      task.receive(quoteAt(20), 0);
      task.receive(tape.barsAt(10), 90);
      task.setLag("market.ticks", 0, 5);
      expect(task.readyUs).toBe(LAG_WAIT_US);
      task.setLag("market.ticks", 0, null);
      // The watcher's wait is over first; what it wrote then goes before the quote.
      expect(task.readyUs).toBe(90 + WAIT_US);
      expect(task.admit(90 + WAIT_US, 2)).toBe(2);
      expect(task.transaction().produced.map(({ topic }) => topic)).toEqual([
        "signals",
        "features",
      ]);
    });

    test("is waited for at one instant only where its event would come first", async () => {
      const readyUs = async () => {
        const task = await open();
        task.receive(quoteAt(10), 0);
        task.receive(new Tape().barsAt(10), 0);
        task.setLag("market.ticks", 0, 5);
        return task.readyUs;
      };
      beginWith();
      expect(await readyUs(), "a source's quote goes before a signal").toBe(WAIT_US);
      beginWith(
        derive("first", "market.bars", "regimes"),
        derive("second", "regimes", "market.quotes"),
      );
      expect(await readyUs(), "a quote of greater depth goes after it").toBe(LAG_WAIT_US);
    });
  });
});

describe("memory", () => {
  test("is bounded: what a waiting reader has not read stops who writes it", async () => {
    const task = await open({ laneRecords: 2 });
    task.setLag("market.ticks", 0, 1);
    const times = Array.from({ length: 10 }, (_, i) => 10 * (i + 1));
    task.receive(tape.barsAt(...times), 0);
    const [bars, ticks] = task.inputs;
    // One at the head, and as many behind it as a lane holds.
    expect(task.admit(0, 99)).toBe(3);
    expect(task.readyUs).toBe(LAG_WAIT_US);
    expect([bars?.full, ticks?.full]).toEqual([true, false]);
    expect(task.admit(LAG_WAIT_US, 99)).toBe(17);
    expect(bars?.full).toBe(false);
    await commit(task);
    expect(await told()).toEqual(times.map((_, i) => `signals A ${i + 1}`));
    expect(await offsets("tape.admissions")).toBe(0);
  });

  test("takes a batch that comes all the same", async () => {
    const task = await open({ laneRecords: 1 });
    for (const timeUs of [10, 20, 30, 40]) expect(task.receive(tape.barsAt(timeUs), 0)).toBe(true);
    expect(task.inputs[0]?.full).toBe(true);
    expect(task.admit(1e9, 99)).toBe(8);
  });
});

describe("a trace", () => {
  const traced = (batch: RecordBatch): RecordBatch => ({
    ...batch,
    traces: ["00-a", null, "00-c"],
  });

  test("goes from an event to what it leads to, through the group, and not into the bytes", async () => {
    await begin(["signals"]);
    const [task, plain] = [await open(), await open()];
    const batch = tape.barsAt(10, 20, 30);
    task.receive(traced(batch), 0);
    plain.receive(batch, 0);
    for (const each of [task, plain]) each.admit(0, 9);
    const [with_, without] = [task.transaction().produced, plain.transaction().produced];
    for (const { traces } of with_) expect(traces).toEqual(["00-a", null, "00-c"]);
    for (const batch of without) expect(Object.hasOwn(batch, "traces")).toBe(false);
    expect(with_.map(({ bytes }) => bytes)).toEqual(without.map(({ bytes }) => bytes));
    expect(task.transaction().produced).toEqual([]);
    task.receive(tape.barsAt(40), 0);
    task.admit(0, 9);
    expect(
      task.transaction().produced.some((each) => "traces" in each),
      "the next batch",
    ).toBe(false);
  });

  test("stays with its record where a batch is read from its midst, or cut", async () => {
    await begin(["signals"]);
    const task = await open();
    task.receive(tape.barsAt(5), 0);
    const batch = traced(tape.barsAt(10, 20, 30));
    task.receive(
      { ...batch, count: 2, bytes: batch.bytes.slice(0, (2 * batch.bytes.length) / 3) },
      0,
    );
    task.receive(batch, 0);
    task.admit(0, 9);
    const [signals] = task.transaction().produced;
    expect(signals?.traces).toEqual([null, "00-a", null, "00-c"]);
  });
});

describe("a member whose events are prepared elsewhere", () => {
  const awaits = "watcher";
  const late = async (): Promise<number> =>
    (await log.partitions()).reduce(
      (sum, { topic, end }) => (topic === "tape.admissions" ? sum + end : sum),
      0,
    );

  test("waits for each of them, one at a time, while the others go on", async () => {
    const task = await open({ awaits });
    task.receive(tape.barsAt(10, 20), 0);
    task.receive(tape.ticksAt(5), 0);
    // The tick is before anything that the bars can lead to.
    expect(task.admit(WAIT_US, 9)).toBe(1);
    expect(task.awaited).toMatchObject({ topic: "market.bars", timeUs: 10 });
    expect([task.readyUs, task.admit(LAG_WAIT_US, 9)]).toEqual([Number.POSITIVE_INFINITY, 0]);
    task.goOn();
    expect([task.awaited, task.admit(LAG_WAIT_US, 9)]).toEqual([null, 2]);
    expect(task.awaited).toMatchObject({ timeUs: 20 });
    task.goOn();
    expect(task.admit(LAG_WAIT_US, 9)).toBe(2);
    await commit(task);
    expect(await told()).toEqual(["market.ticks A 1", "signals A 2", "signals A 3"]);
    expect(await late()).toBe(0);
  });

  test("is waited for by who reads it, as long as for what is known to be unread, and not longer", async () => {
    const task = await open({ awaits });
    task.receive(tape.barsAt(10), 0);
    task.receive(tape.ticksAt(15), 0);
    expect(task.admit(LAG_WAIT_US - 1, 9)).toBe(0);
    expect(task.admit(LAG_WAIT_US, 9)).toBe(1);
    task.goOn();
    expect(task.admit(LAG_WAIT_US, 9)).toBe(2);
    await commit(task);
    expect(await told()).toEqual(["market.ticks A 1", "signals A 2"]);
    // The answer came late, and is recorded as such.
    expect(await late()).toBe(1);
  });

  test("is waited for as long as is said, and never shorter than anything else", async () => {
    const [bars, ticks] = [tape.barsAt(10), tape.ticksAt(15)];
    for (const [answerWaitUs, waitedUs] of [
      [3 * WAIT_US, 3 * WAIT_US],
      [0, WAIT_US],
    ] as const) {
      const task = await open({ awaits, answerWaitUs });
      task.receive(bars, 0);
      task.receive(ticks, 0);
      expect([task.admit(waitedUs - 1, 9), task.admit(waitedUs, 9)]).toEqual([0, 1]);
    }
  });

  test("is asked for again where the task ends before it has the answer", async () => {
    const task = await open({ awaits });
    const bars = tape.barsAt(10);
    task.receive(bars, 0);
    task.admit(0, 9);
    expect(task.awaited).not.toBeNull();
    const again = await open({ awaits });
    again.receive(bars, 0);
    again.admit(LAG_WAIT_US, 9);
    expect(again.awaited).toMatchObject({ timeUs: 10 });
  });
});
