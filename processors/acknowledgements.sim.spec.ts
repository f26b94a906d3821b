// A venue that acknowledges, in the whole flow: everybody else says and does what they do without it, each order that
// was taken has one acknowledgement, before all else; and what every processor keeps under faults is kept.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { ExecutionReport } from "../schemas/generated/fills.ts";
import { hear, nothingHeard } from "../schemas/values/heard-reports.ts";
import {
  advance,
  cancelRequested,
  type OrderProgress,
  replaceRequested,
  submitted,
} from "../schemas/values/order-progress.ts";
import { runClosed } from "../streams/closed-run.ts";
import type { AnyEvent, EventOf } from "../streams/event.ts";
import { createMemoryLog } from "../streams/memory-log.ts";
import { mergeTopics } from "../streams/merge.ts";
import { publishAll } from "../streams/simulator/published.ts";
import { simulate } from "../streams/simulator/simulate.ts";
import { allOff } from "./order-gate/testing/gate-facts.ts";
import { flowScenario, type ScenarioOptions } from "./simulation.ts";

const SEEDS = 60;

const optionsOf = (seed: number): ScenarioOptions => ({
  actions: seed % 2 === 1,
  quotes: seed % 3 === 2,
  ...(seed % 5 === 4 ? { orderRisk: allOff } : {}),
});

async function eventsOf(seed: number, acknowledge: boolean): Promise<readonly AnyEvent[]> {
  const venue = acknowledge ? { acknowledge } : {};
  const scenario = flowScenario(seed, { ...optionsOf(seed), venue });
  const tape = createMemoryLog();
  await publishAll(tape, scenario);
  const target = createMemoryLog();
  const { topology, partitions } = scenario;
  await runClosed({ topology, partitions, sourceOf: () => tape, target });
  const topics = ["orders", "fills", "portfolio.snapshots", "risk.verdicts"] as const;
  const found: AnyEvent[] = [];
  for await (const chunk of mergeTopics(target, topics)) found.push(...chunk);
  return found;
}

const isAcknowledgement = (event: AnyEvent): boolean =>
  event.topic === "fills" && event.value.execType === "NEW";

/** What is said but acknowledgements, without the numbers of reports: these count them. */
const saidBeside = (events: readonly AnyEvent[]) =>
  events
    .filter((event) => !isAcknowledgement(event))
    .map(({ topic, timeUs, value }) =>
      topic === "fills"
        ? { topic, timeUs, ...(value as ExecutionReport), execId: 0, refExecId: 0 }
        : { topic, timeUs, value },
    );

const reportsIn = (events: readonly AnyEvent[]): readonly EventOf<"fills">[] =>
  events.filter((event) => event.topic === "fills") as EventOf<"fills">[];

test("nobody decides otherwise, and each order that was taken is acknowledged first", async () => {
  let acknowledged = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const events = await eventsOf(seed, true);
    const without = await eventsOf(seed, false);
    expect(saidBeside(events), `seed ${seed}`).toEqual(saidBeside(without));
    const taken = new Set<number>();
    for (const { value } of reportsIn(events)) {
      const { orderId, execType, reason } = value;
      if (execType === "NEW") {
        expect(taken.has(orderId), `order ${orderId} of seed ${seed}`).toBe(false);
        taken.add(orderId);
        acknowledged++;
      } else if (execType !== "REJECTED" && reason !== "UnknownOrder" && orderId !== 0) {
        const isUntaken = execType === "CANCELED" && reason === "CorporateAction";
        expect(isUntaken || taken.has(orderId), `order ${orderId} of seed ${seed}`).toBe(true);
      }
    }
  }
  expect(acknowledged).toBeGreaterThan(SEEDS);
});

/** What the reports make of the orders, each of which is known with all its requests by then. */
function ordersAfter(events: readonly AnyEvent[], reports: readonly EventOf<"fills">[]) {
  const orders = new Map<number, OrderProgress>();
  for (const event of events) {
    if (event.topic !== "orders") continue;
    const { orderId, action, quantity } = event.value;
    const known = orders.get(orderId) ?? submitted(quantity);
    if (action === "NEW") orders.set(orderId, known);
    else if (action === "CANCEL") orders.set(orderId, cancelRequested(known));
    else orders.set(orderId, replaceRequested(known, quantity));
  }
  const heard = new Map<string, ReturnType<typeof hear>>();
  for (const { value } of reports) {
    const now = hear(heard.get(value.symbol) ?? nothingHeard, value.execId);
    if (now === null) continue;
    heard.set(value.symbol, now);
    const known = orders.get(value.orderId);
    if (known === undefined) continue;
    const { progress, illegal } = advance(known, value);
    expect(illegal).toBeNull();
    orders.set(value.orderId, progress);
  }
  return orders;
}

test("late, twice and in any order they leave the orders as they are", async () => {
  const statuses = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed++) {
    const events = await eventsOf(seed, true);
    const reports = reportsIn(events);
    const inOrder = ordersAfter(events, reports);
    for (const { status } of inOrder.values()) statuses.add(status);
    const both = [...reports, ...reports];
    const all = { minLength: both.length };
    for (const shuffled of fc.sample(fc.shuffledSubarray(both, all), { seed, numRuns: 3 })) {
      expect(ordersAfter(events, shuffled), `seed ${seed}`).toEqual(inOrder);
    }
  }
  expect([...statuses]).toEqual(expect.arrayContaining(["NEW", "FILLED", "CANCELED"]));
});

test("equals its closed run under faults", { timeout: 300_000 }, async () => {
  const findings: string[] = [];
  for (let seed = 0; seed < SEEDS; seed++) {
    const options = { ...optionsOf(seed), costs: seed % 2 === 0, venue: { acknowledge: true } };
    const { finding } = await simulate({ seed, scenario: flowScenario(seed, options) });
    if (finding !== null) findings.push(`seed ${seed}: ${finding}`);
  }
  expect(findings).toEqual([]);
});
