// The optimiser's flow as a service on a real broker: its problems go to a pool beside the loop that serves Kafka. What
// it proposes is what a backtest of the same tape proposes; a service that is killed while the pool computes, a
// pool that is slow and one that fails leave each request with one answer, and a run that can be proven.

import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AnswerRequest } from "../../../processors/optimiser-pool/optimiser-pool.ts";
import { flowTopology } from "../../../processors/topology.ts";
import type { Facts, TopicName } from "../../../schemas/generated/facts.ts";
import { runClosed } from "../../../streams/closed-run.ts";
import type { AnyEvent } from "../../../streams/event.ts";
import type { EventLog } from "../../../streams/log.ts";
import { createMemoryLog } from "../../../streams/memory-log.ts";
import { mergeTopics } from "../../../streams/merge.ts";
import { Publisher } from "../../../streams/simulator/published.ts";
import type { SourceFact } from "../../../streams/simulator/scenario.ts";
import { readAll, same } from "../../../streams/testing/log-fixtures.ts";
import { describeKafka } from "../../broker/testing.ts";
import { FaultProcesses } from "../../faults/processes.ts";
import type { Pool } from "../../pool/pool.ts";
import { type LiveAnswers, liveAnswers, threadPool } from "../../run/live-answers.ts";
import { shadowsBeside } from "../../shadow/testing/shadow-fixture.ts";
import { newPoolGauges } from "../../telemetry/pool-metrics.ts";
import type { Asked } from "./asking.ts";
import type { RunnerSettings } from "./task-runner.ts";
import { type LiveFixture, openLiveFixture, silent } from "./testing/live-fixture.ts";
import { readAdmissions, verifyLive } from "./verify-live.ts";

const PROCESS = join(import.meta.dirname, "../dlq/testing/live-process.ts");
const PARTITIONS = 2;
const BARS_US = 30 * 60_000_000;
/** Bars between two requests. */
const ASKED_EVERY = 3;
/** The shortest that a broker allows. */
const SESSION_MS = 6_000;
const SETTINGS = { waitUs: 20_000, lagWaitUs: 10_000_000, lingerMs: 5, maxEvents: 10_000 };
/** Long enough for the venue to wait itself, and to commit what it fills. */
const BOOK_WAITS = { waitUs: 500_000, lagWaitUs: 30_000_000 };

const yaml = (tape: string, partitions: number): string => `tape: ${tape}
source: bars
partitions: ${partitions}
sizing:
  method: optimised
  allowShort: false
  optimiser:
    objective: minimum-cvar
    tail: 0.2
    window: 10
    scenarios: { kind: bootstrap, count: 2000, seed: 1 }
    invested: 0.9
    most: 0.5
    cost: 0.0006
  rebalance: { every: 3 bars }
risk: { maxPosition: off, maxGrossExposure: off, maxOrderValue: off, maxDrawdown: off, priceCollar: off }
venue: { fill: next-open, latency: 1ms }
`;

describeKafka("an optimiser's flow", ({ brokers }) => {
  let fixture: LiveFixture;
  let answers: LiveAnswers;
  /** Who answers now. */
  let current: LiveAnswers;
  /** The market that Kafka was fed so far. */
  const tape = createMemoryLog();
  /** What comes at one time, in the order of time. */
  let steps: (readonly SourceFact[])[];
  const counts = new Map<string, number>();
  const publisher = new Publisher({ sourcePartitions: (topic) => counts.get(topic) ?? 1 });

  beforeAll(async () => {
    answers = liveAnswers(threadPool(1));
    current = answers;
    const answer: AnswerRequest = (...asked) => current.answer(...asked);
    const market = { days: 4, ticksPerDay: 400, barsUs: BARS_US, partitions: PARTITIONS };
    fixture = await openLiveFixture({ brokers, ...market, yaml, answer });
    for (const { topic } of await fixture.market.partitions()) {
      counts.set(topic, (counts.get(topic) ?? 0) + 1);
    }
    for (const [topic, count] of counts) await tape.createTopic(topic, count);
    steps = await stepsOf(fixture.market);
  });
  afterAll(async () => {
    await answers.close();
    await fixture.close();
  });

  /** Feeds what comes at the next times, each when all that the one before led to is done. */
  async function feed(count: number, settled: () => Promise<void>): Promise<void> {
    for (const facts of steps.splice(0, count)) {
      await publish(facts);
      await settled();
    }
  }

  async function publish(facts: readonly SourceFact[]): Promise<void> {
    const produced = facts.map((fact) => publisher.batch(fact));
    await tape.commit({ produced, checkpoints: [] });
    await fixture.feed.commit({ produced, checkpoints: [] });
  }

  /**
   * The flow, and when it has come to rest: nothing is left to read, and no answer to come. The book's task has an
   * instance of its own, which waits longer for what the others write.
   */
  function start(asked: Asked, bookWaits: Partial<RunnerSettings> = BOOK_WAITS) {
    const watched = watch(asked);
    const { processors } = fixture.run.topology;
    const named = (scope: string) =>
      processors.filter((one) => one.scope === scope).map(({ name }) => name);
    const symbols = fixture.start({ settings: SETTINGS, only: named("symbol") });
    const { gauges } = symbols;
    const book = fixture.start({
      settings: { ...SETTINGS, ...bookWaits },
      only: named("portfolio"),
      asked: watched.asked,
      gauges,
    });
    const quiet = async (): Promise<void> => {
      await Promise.all([symbols.quiet(), book.quiet()]);
    };
    const settled = async (): Promise<void> => {
      for (let before = -1; before !== watched.answered; ) {
        before = watched.answered;
        await quiet();
        await watched.last;
      }
    };
    const stop = async (): Promise<void> => {
      await Promise.all([symbols, book].map(({ service }) => service.stop(5_000)));
    };
    return { gauges, quiet, settled, stop };
  }

  /** Of each event on the live topic its value. */
  async function written<T extends TopicName>(topic: T): Promise<readonly Facts[T][]> {
    const found: Facts[T][] = [];
    for await (const events of mergeTopics(fixture.live, [topic])) {
      for (const { value } of events) found.push(value as Facts[T]);
    }
    return found;
  }

  async function requireEachAnsweredOnce(): Promise<number> {
    const requests = await written("pool.requests");
    const given = await written("pool.answers");
    const numbers = requests.map(({ number, inputHash }) => `${number} ${inputHash}`);
    expect(given.map(({ request, inputHash }) => `${request} ${inputHash}`)).toEqual(numbers);
    expect(new Set(numbers).size).toBe(numbers.length);
    return numbers.length;
  }

  test("proposes what a backtest of the same tape does, with the pool's answers", async () => {
    const { settled, stop } = start(answers.asked(silent));
    await settled();
    await feed(24, settled);
    await stop();
    const requests = await requireEachAnsweredOnce();
    expect(requests).toBeGreaterThan(3);
    expect(answers.gauges()?.answers.get("solve")?.get("DONE")).toBe(requests);
    const proposals = await written("weights.proposals");
    expect(proposals.length).toBe(requests);
    expect(proposals.every(({ certificate }) => certificate !== null)).toBe(true);
    expect(await readAdmissions(fixture.live)).toEqual([]);
    expect(await differing(fixture.live, await backtest())).toEqual([]);
  });

  /** Of the market so far, solved in this thread. */
  async function backtest(): Promise<EventLog> {
    const target = createMemoryLog();
    const topology = flowTopology(fixture.config.flow);
    await runClosed({ topology, partitions: PARTITIONS, sourceOf: () => tape, target });
    return target;
  }

  test("answers each request once where the service is killed while it waits for the answer", async () => {
    const processes = new FaultProcesses(join(fixture.folder, "processes"));
    const { folder, app, prefix } = fixture;
    const before = (await written("pool.requests")).length;
    const args = [brokers.join(","), join(folder, "flow.yaml"), app, prefix];
    const begin = async (at: string) =>
      processes.start({ name: "service", script: PROCESS, args: [...args, at] });
    try {
      const first = await begin("");
      await first.line(/^opened portfolio-optimiser/);
      for (const facts of steps.splice(0, ASKED_EVERY)) await publish(facts);
      const number = await first.line(/^asked/);
      await first.kill();
      // The next one asks for the same again; it ends at a commit, most likely the answer's.
      const second = await begin("before-commit");
      expect(await second.line(/^asked/)).toBe(number);
      process.kill(second.pid, "SIGUSR2");
      await publish(steps.shift() ?? []);
      await second.ended;
    } finally {
      await processes.close();
    }
    const { settled, stop } = start(answers.asked(silent));
    await settled();
    await stop();
    expect(await requireEachAnsweredOnce()).toBeGreaterThan(before);
    await requireProven();
  });

  test("goes on while the pool computes, keeps its tasks, and records that the answer was late", async () => {
    const before = await requireEachAnsweredOnce();
    const gate = Promise.withResolvers<void>();
    const began = Promise.withResolvers<number>();
    const { processor, prepare } = answers.asked(silent);
    const slow: Asked = {
      processor,
      async prepare(event, signal) {
        began.resolve(performance.now());
        await gate.promise;
        await prepare(event, signal);
      },
    };
    const quick = { waitUs: 20_000, answerWaitUs: 100_000 };
    const { quiet, settled, stop, gauges } = start(slow, quick);
    await quiet();
    await feed(ASKED_EVERY, quiet);
    const beganMs = await began.promise;
    // Longer than Kafka waits for a word of a member.
    while (performance.now() - beganMs < 1.2 * SESSION_MS) await feed(1, quiet);
    expect((await written("pool.answers")).length).toBe(before);
    expect((await written("pool.requests")).length).toBeGreaterThan(before);
    expect([...gauges.groups.values()].map(({ rebalances }) => rebalances)).toEqual(
      [...gauges.groups].map(() => 0),
    );
    expect([...gauges.tasks.values()].every(({ watchdogTrips }) => watchdogTrips === 0)).toBe(true);
    gate.resolve();
    await settled();
    await stop();
    expect(await requireEachAnsweredOnce()).toBeGreaterThan(before);
    const late = (await readAdmissions(fixture.live)).map(({ topic }) => topic);
    expect(late).toContain("pool.answers");
    await requireProven();
  });

  test("records what the pool gives no answer to as such, and is replayed with it", async () => {
    current = liveAnswers(async () => outOfMemory);
    const { settled, stop } = start(current.asked(silent));
    await settled();
    await feed(ASKED_EVERY, settled);
    await stop();
    await requireEachAnsweredOnce();
    const { status, reasons, weights } = (await written("pool.answers")).at(-1) ?? {};
    expect([status, reasons, weights]).toEqual(["FAILED", ["OUT_OF_MEMORY: of 2 devices"], []]);
    await requireProven();
  });

  test("is followed by a shadow that writes the same bytes, late and missing answers included", async () => {
    const shadows = shadowsBeside(fixture, fixture.connection);
    try {
      const { plan, service } = await shadows.shadow("same", () =>
        yaml(fixture.folder, PARTITIONS),
      );
      const report = await service.serve();
      expect(report).toMatchObject({ first: null, sameDecisions: true, undecided: 0 });
      expect(report.admissions.followed).toBeGreaterThan(0);
      expect(await shadows.differing(plan)).toEqual([]);
    } finally {
      await shadows.close();
    }
  });

  async function requireProven(): Promise<void> {
    const verdict = await verifyLive(fixture.run, fixture.live);
    expect(verdict.differences).toEqual([]);
    expect(verdict.settledUs).toBe(Number.POSITIVE_INFINITY);
  }
});

const outOfMemory: Pool = {
  submit: async () => ({
    status: "FAILED",
    reason: "OUT_OF_MEMORY",
    detail: "of 2 devices",
    request: 1,
    sequence: 1,
    inputHash: "",
    devices: [],
    queuedMs: 0,
    ranMs: 0,
  }),
  close: async () => undefined,
  checked: async () => undefined,
  metrics: () => newPoolGauges(0),
};

/** Counts answers, and tells of the last one that is to come. */
function watch({ processor, prepare }: Asked) {
  const watched = {
    answered: 0,
    last: Promise.resolve(),
    asked: {
      processor,
      async prepare(event: AnyEvent, signal: AbortSignal): Promise<void> {
        const prepared = prepare(event, signal);
        watched.last = prepared.catch(() => undefined);
        await prepared;
        watched.answered++;
      },
    },
  };
  return watched;
}

async function stepsOf(market: EventLog): Promise<(readonly SourceFact[])[]> {
  const steps = new Map<number, SourceFact[]>();
  for await (const events of mergeTopics(market, ["market.instruments", "market.bars"])) {
    for (const { topic, timeUs, value } of events as readonly AnyEvent[]) {
      const fact = { topic, timeUs, arrivalUs: timeUs, value } as SourceFact;
      steps.set(timeUs, [...(steps.get(timeUs) ?? []), fact]);
    }
  }
  return [...steps.values()];
}

/** Partitions of derived topics whose bytes differ, with how many records each side has. */
async function differing(live: EventLog, replayed: EventLog): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { topic, partition } of await replayed.partitions()) {
    if (topic.startsWith("tape.")) continue;
    const a = await readAll(live, topic, partition, 0);
    const b = await readAll(replayed, topic, partition, 0);
    if (!same(a.bytes, b.bytes)) found.push(`${topic}/${partition} ${a.end} ${b.end}`);
  }
  return found;
}
