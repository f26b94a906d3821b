import { beforeEach, describe, expect, test } from "vitest";
import type { TapedeckError } from "../schemas/errors.ts";
import type { TopicName } from "../schemas/generated/facts.ts";
import type { AnyEvent, EventOf } from "./event.ts";
import { GroupTask } from "./group-task.ts";
import { createOutputs, planTasks, type TaskPlan } from "./live-plan.ts";
import type { EventLog, RecordBatch } from "./log.ts";
import { createMemoryLog } from "./memory-log.ts";
import { OutputPartition } from "./output.ts";
import { Publisher } from "./simulator/published.ts";
import { readWritten } from "./simulator/written.ts";
import { planGroups } from "./task-groups.ts";
import { bar } from "./testing/facts.ts";
import { barAt, smallFlow, teller, UNLUCKY, watcher } from "./testing/small-flow.ts";
import { type AnyProcessor, buildTopology, type Topology } from "./topology.ts";

const WAIT_US = 100;
const LAG_WAIT_US = 1_000;
const WAITS = { waitUs: WAIT_US, lagWaitUs: LAG_WAIT_US };

/** Writes bars and signals as others would have, one commit each. */
class Others {
  readonly log: EventLog = createMemoryLog();
  private readonly tape = new Publisher({ sourcePartitions: () => 1 });
  private readonly signals = new OutputPartition("signals", 0, 0, 0);

  async write(topic: "market.bars" | "signals", timeUs: number, symbol: string, volume = 1) {
    if (topic === "signals") {
      const value = { symbol, model: "m", strength: 0, price: 1, volatility: 0 };
      this.signals.write(timeUs, 0, null, 0, value);
    }
    const batch =
      topic === "signals"
        ? (this.signals.take() as RecordBatch)
        : this.tape.batch(barAt(timeUs, symbol, { volume }));
    await this.log.commit({ produced: [batch], checkpoints: [] });
  }
}

let topology: Topology;
let others: Others;
let plans: readonly TaskPlan[];
let recorded = 1;

async function begin(partitions = 1, tapes = 1, onFailure: "stop" | "dead-letter" = "stop") {
  recorded = tapes;
  topology = smallFlow({ onFailure });
  others = new Others();
  plans = planTasks(topology, partitions, () => recorded);
  await others.log.createTopic("market.bars", recorded);
  await createOutputs(others.log, topology, plans);
}

beforeEach(() => begin());

/** Each task alone in its group. */
const alone = () => {
  const [first] = plans;
  const { partitions = 1 } = first ?? {};
  const names = topology.processors.map(({ name }) => name);
  return planGroups(topology, partitions, () => recorded, names);
};

const planOf = (name: string): TaskPlan => plans.find((plan) => plan.name === name) as TaskPlan;

const open = async (name: string): Promise<GroupTask> => {
  const plan = alone().find((group) => group.name === name);
  if (plan === undefined) throw new Error(`no task ${name}`);
  return new GroupTask(plan, await others.log.openTask(name), WAITS);
};

/** Delivers what a partition holds from `offset` on. */
async function deliver(task: GroupTask, topic: TopicName, offset: number, nowUs: number) {
  const batch = await others.log.read(topic, 0, offset);
  return batch === null ? null : task.receive(batch, nowUs);
}

const written = async <T extends TopicName>(topic: T): Promise<readonly EventOf<T>[]> =>
  [...(await readWritten(others.log)).values()]
    .filter((partition) => partition.topic === topic)
    .flatMap(({ events }) => events as readonly AnyEvent[] as EventOf<T>[]);

const told = async (): Promise<readonly string[]> =>
  (await written("weights.proposals")).map(({ value }) => value.targets[0]?.symbol ?? "");

describe("a live task waits", () => {
  test("for nobody while each input has something to offer", async () => {
    const task = await open("teller");
    await others.write("market.bars", 10, "A");
    await others.write("signals", 20, "A");
    await deliver(task, "market.bars", 0, 1000);
    await deliver(task, "signals", 0, 1000);
    expect(task.admit(1000)).toBe(1);
    // The bar is taken: nothing says yet that no bar before 20 is on its way.
    expect(task.admit(1000)).toBe(0);
  });

  test("a bounded time for an input that has nothing, from the moment the event came", async () => {
    const task = await open("teller");
    expect(task.readyUs).toBe(Number.POSITIVE_INFINITY);
    await others.write("market.bars", 10, "A");
    await deliver(task, "market.bars", 0, 1000);
    expect(task.readyUs).toBe(1000 + WAIT_US);
    expect(task.admit(1000 + WAIT_US - 1)).toBe(0);
    expect(task.admit(1000 + WAIT_US)).toBe(1);
    expect(task.readyUs).toBe(Number.POSITIVE_INFINITY);
  });

  test("and takes what came in time in the one order", async () => {
    const task = await open("teller");
    await others.write("signals", 20, "A");
    await others.write("market.bars", 20, "A");
    await deliver(task, "signals", 0, 1000);
    await deliver(task, "market.bars", 0, 1000 + WAIT_US - 1);
    while (task.admit(1000 + 2 * WAIT_US));
    await others.log.commit(task.transaction());
    expect(await told()).toEqual(["market.bars A", "signals A"]);
    expect(await written("tape.admissions")).toEqual([]);
  });
});

describe("what comes too late", () => {
  test("is admitted and recorded with the event that it followed", async () => {
    const task = await open("teller");
    await others.write("signals", 20, "A");
    await deliver(task, "signals", 0, 0);
    expect(task.admit(WAIT_US)).toBe(1);
    await others.write("market.bars", 20, "B");
    await others.write("market.bars", 20, "C");
    await deliver(task, "market.bars", 0, WAIT_US);
    await deliver(task, "market.bars", 1, WAIT_US);
    while (task.admit(2 * WAIT_US));
    await others.log.commit(task.transaction());
    expect(await told()).toEqual(["signals A", "market.bars B", "market.bars C"]);
    const after = { task: "teller", topic: "market.bars", partition: 0 };
    const admissions = await written("tape.admissions");
    expect(admissions.map(({ value }) => value)).toEqual([
      { ...after, offset: 0, afterTopic: "signals", afterPartition: 0, afterOffset: 0 },
      { ...after, offset: 1, afterTopic: "market.bars", afterPartition: 0, afterOffset: 0 },
    ]);
    expect(admissions.map(({ partition }) => partition)).toEqual(
      [1, 1].map(() => planOf("teller").number),
    );
  });

  test("is known as late by a task that was restarted in between", async () => {
    const first = await open("teller");
    await others.write("signals", 20, "A");
    await deliver(first, "signals", 0, 0);
    first.admit(WAIT_US);
    await others.log.commit(first.transaction());
    const second = await open("teller");
    await others.write("market.bars", 10, "B");
    await deliver(second, "market.bars", 0, 0);
    expect(second.admit(WAIT_US)).toBe(1);
    await others.log.commit(second.transaction());
    const [late] = await written("tape.admissions");
    expect(late?.value).toMatchObject({ topic: "market.bars", afterTopic: "signals" });
    // Timed by the greatest time that the task has seen, before and after its restart.
    expect((await written("weights.proposals")).map(({ timeUs }) => timeUs)).toEqual([20, 20]);
  });
});

test("a late event's consequences keep the time that the task had reached before a restart", async () => {
  const quiet: AnyProcessor = {
    ...teller(),
    // Says nothing of signals, so that no record of its own tells it the time.
    decide: (state, event) =>
      event.topic === "signals" ? [] : teller().decide(state as never, event as never),
  };
  await begin();
  topology = buildTopology({ sources: ["market.bars"], processors: [watcher(), quiet] });
  plans = planTasks(topology, 1, () => 1);
  await others.write("signals", 20, "A");
  const first = await open("teller");
  await deliver(first, "signals", 0, 0);
  first.admit(WAIT_US);
  await others.log.commit(first.transaction());
  const second = await open("teller");
  await others.write("market.bars", 10, "B");
  await deliver(second, "market.bars", 0, 0);
  second.admit(WAIT_US);
  await others.log.commit(second.transaction());
  expect((await written("weights.proposals")).map(({ timeUs }) => timeUs)).toEqual([20]);
});

describe("a live task takes each offset once", () => {
  test("however often it is delivered, and in what pieces", async () => {
    const task = await open("watcher/0");
    for (const symbol of ["A", "B", "C"]) await others.write("market.bars", 10, symbol);
    const lane = task.inputs[0];
    expect(await deliver(task, "market.bars", 1, 0), "a gap before it").toBe(false);
    expect(lane?.wanted).toBe(0);
    expect(await deliver(task, "market.bars", 0, 0)).toBe(true);
    expect(await deliver(task, "market.bars", 0, 0), "had before").toBe(true);
    expect(await deliver(task, "market.bars", 1, 0)).toBe(true);
    expect(await deliver(task, "market.bars", 2, 0)).toBe(true);
    while (task.admit(0));
    expect(await deliver(task, "market.bars", 1, 0)).toBe(true);
    expect(task.admit(WAIT_US)).toBe(0);
    await others.log.commit(task.transaction());
    expect((await written("signals")).map(({ value }) => value.symbol)).toEqual(["A", "B", "C"]);
  });

  test("also where a batch holds some that it has had", async () => {
    const task = await open("watcher/0");
    const batch = (from: number, symbols: string): RecordBatch => {
      const output = new OutputPartition("market.bars", 0, from, 10);
      for (const symbol of symbols) output.write(10, 0, null, 0, bar(symbol, 10, 100));
      return output.take() as RecordBatch;
    };
    expect(task.receive(batch(2, "C"), 0)).toBe(false);
    expect(task.receive(batch(0, "AB"), 0)).toBe(true);
    expect(task.receive(batch(1, "BCD"), 0)).toBe(true);
    while (task.admit(0));
    await others.log.commit(task.transaction());
    expect((await written("signals")).map(({ value }) => value.symbol)).toEqual([..."ABCD"]);
  });
});

describe("a live task goes on", () => {
  test("from any of its transactions, as if it had never stopped", async () => {
    const times = [10, 30, 20, 20, 40, 35, 50];
    const signals = async (restartEvery: number) => {
      await begin();
      for (const timeUs of times) await others.write("market.bars", timeUs, "A");
      let task = await open("watcher/0");
      for (let offset = 0; offset < times.length; offset++) {
        if (offset % restartEvery === 0) task = await open("watcher/0");
        await deliver(task, "market.bars", offset, 0);
        expect(task.admit(0)).toBe(1);
        await others.log.commit(task.transaction());
      }
      // A source event is moved to the time that its partition has reached: it is not late.
      expect(await written("tape.admissions")).toEqual([]);
      return (await readWritten(others.log)).get("signals/0");
    };
    const undisturbed = await signals(100);
    expect(undisturbed?.events.map(({ timeUs }) => timeUs)).toEqual([10, 30, 30, 30, 40, 40, 50]);
    for (const restartEvery of [1, 2, 3]) expect(await signals(restartEvery)).toEqual(undisturbed);
  });

  test("and is fenced once another has opened it", async () => {
    await others.write("market.bars", 10, "A");
    const [old, fresh] = [await open("watcher/0"), await open("watcher/0")];
    for (const task of [old, fresh]) {
      await deliver(task, "market.bars", 0, 0);
      task.admit(0);
    }
    await expect(others.log.commit(old.transaction())).rejects.toMatchObject({
      code: "STREAMS_FENCED",
    });
    await others.log.commit(fresh.transaction());
    expect((await written("signals")).length).toBe(1);
  });
});

describe("a live task of several", () => {
  test("leaves the others' symbols out of a source that they share", async () => {
    await begin(2, 1);
    const symbols = ["A", "B", "C", "D", "E", "F"];
    for (const symbol of symbols) await others.write("market.bars", 10, symbol);
    for (const name of ["watcher/0", "watcher/1"]) {
      const task = await open(name);
      for (let offset = 0; offset < symbols.length; offset++) {
        await deliver(task, "market.bars", offset, 0);
      }
      while (task.admit(0));
      await others.log.commit(task.transaction());
    }
    const signals = await written("signals");
    expect(new Set(signals.map(({ partition }) => partition))).toEqual(new Set([0, 1]));
    expect(signals.map(({ value }) => value.symbol).sort()).toEqual(symbols);
  });

  test("puts a refused event into its own partition of the dead letters", async () => {
    await begin(2, 2, "dead-letter");
    await others.write("market.bars", 10, "A", UNLUCKY);
    const task = await open("watcher/0");
    await deliver(task, "market.bars", 0, 0);
    expect(task.admit(0)).toBe(1);
    await others.log.commit(task.transaction());
    const [letter] = await written("tape.dead-letters");
    expect(letter).toMatchObject({ partition: planOf("watcher/0").number, offset: 0 });
    expect(letter?.value).toMatchObject({ code: "PROCESSOR_FAILED", position: 0 });
  });

  test("may not write another's symbols", async () => {
    await begin(2, 2);
    const task = await open("watcher/0");
    const symbols = [..."ABCDEF"];
    for (const symbol of symbols) await others.write("market.bars", 10, symbol);
    const failures: TapedeckError[] = [];
    for (let offset = 0; offset < symbols.length; offset++) {
      await deliver(task, "market.bars", offset, 0);
      try {
        task.admit(0);
      } catch (error) {
        failures.push(error as TapedeckError);
      }
    }
    expect(failures[0]).toMatchObject({ code: "STREAMS_NOT_COPARTITIONED" });
  });
});
