// Faults of single requests, by a proxy between the clients and the brokers: delayed, cut, doubled, late,
// never answered; for each request that a transaction consists of.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { FaultAction, FaultRule } from "../fault-rules.ts";
import type { FaultProxy } from "../proxy.ts";
import type { ApiName } from "../request-frames.ts";
import { beginWith, between, type Fault, type Play, shuffled } from "./fault.ts";

const apis: readonly ApiName[] = [
  "InitProducerId",
  "AddPartitionsToTxn",
  "AddOffsetsToTxn",
  "Produce",
  "TxnOffsetCommit",
  "EndTxn",
];

/** Durations are drawn: a late request is to meet what its sender does next at any point. */
const actions: Readonly<Record<string, (ms: number) => FaultAction>> = {
  "request delayed": (ms) => ({ kind: "delay", of: "request", ms }),
  "response delayed": (ms) => ({ kind: "delay", of: "response", ms }),
  "cut before": () => ({ kind: "cut", at: "before" }),
  "cut in the middle": () => ({ kind: "cut", at: "middle" }),
  "cut after": () => ({ kind: "cut", at: "after" }),
  "never answered": () => ({ kind: "swallow" }),
  "sent twice": (ms) => ({ kind: "duplicate", afterMs: ms }),
  late: (ms) => ({ kind: "late", afterMs: ms }),
};

const HIT_MS = 10_000;
const MOST_DELAY_MS = 300;
const POLL_MS = 5;

interface Combination {
  readonly row: string;
  readonly api: ApiName;
  readonly action: (ms: number) => FaultAction;
}

const combinations = (): readonly Combination[] =>
  Object.entries(actions).flatMap(([name, action]) =>
    apis.map((api) => ({ row: `${api} ${name}`, api, action })),
  );

async function faultyRequests(play: Play): Promise<void> {
  const { stage, proxy, random, rounds, only, note, tell, patienceMs } = play;
  if (proxy === null) throw new Error("this fault has a proxy");
  await beginWith(play, ["a", "b"]);
  const asked = apis.filter((api) => (proxy.requests.get(api) ?? 0) > 0);
  const absent = apis.filter((api) => !asked.includes(api));
  if (absent.length > 0) tell(`not sent on this cluster: ${absent.join(", ")}`);
  const wanted = combinations().filter(({ row }) => row.includes(only));
  const left = new Map(wanted.map(({ row }) => [row, rounds]));
  for (let open = wanted; open.length > 0; ) {
    open = open.filter(({ row, api }) => asked.includes(api) && (left.get(row) ?? 0) > 0);
    for (const { row, api, action } of shuffled(random, open)) {
      const hits = await strike(play, proxy, api, action(between(random, 1, MOST_DELAY_MS)));
      const recovery = await stage.reader.recovered(hits.sinceMs, patienceMs);
      for (let i = 0; i < hits.count; i++) note(row, recovery);
      left.set(row, (left.get(row) ?? 0) - hits.count);
    }
  }
}

/** Waits for the first request that is hit; those of other clients that come right then are hit too. */
async function strike(
  { random }: Play,
  proxy: FaultProxy,
  api: ApiName,
  action: FaultAction,
): Promise<{ readonly sinceMs: number; readonly count: number }> {
  const rules: FaultRule[] = [{ apis: [api], when: { nth: between(random, 1, 3) }, action }];
  if (api === "InitProducerId") {
    // It is asked for when the outcome of a transaction is not known.
    rules[0] = { apis: [api], when: { nth: 1 }, action };
    rules.push({ apis: ["EndTxn"], when: { nth: 1 }, action: { kind: "cut", at: "before" } });
  }
  const from = proxy.log.length;
  const hits = (): number => proxy.log.slice(from).filter(({ rule }) => rule === 0).length;
  proxy.setRules(rules);
  for (const until = performance.now() + HIT_MS; hits() === 0; await pause(POLL_MS)) {
    if (performance.now() < until) continue;
    const what = `no ${api} was sent within ${HIT_MS} ms`;
    throw new TapedeckError("FAULTS_NO_PROGRESS", what, { api });
  }
  const sinceMs = Date.now();
  await pause(action.kind === "swallow" ? 50 : 0);
  proxy.setRules([]);
  return { sinceMs, count: hits() };
}

export const requestFaults: readonly Fault[] = [
  {
    name: "requests",
    about: "requests of a transaction delayed, cut, doubled, late, never answered",
    rows: apis.length,
    brokers: 1,
    proxy: true,
    stageRounds: 5,
    stage: { sessionTimeoutMs: 1_500, requestTimeoutMs: 700 },
    play: faultyRequests,
  },
];
