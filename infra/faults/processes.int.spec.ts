// Real processes: started, killed, stopped, crashed where they were told to; none is left.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { TapedeckError } from "../../schemas/errors.ts";
import { crashPoint } from "./crash-points.ts";
import { faultTable } from "./fault-table.ts";
import { checkHistory } from "./history/check-history.ts";
import type { Operation } from "./history/operation.ts";
import { readHistories, readHistory } from "./history/record-history.ts";
import { FaultProcesses } from "./processes.ts";

const COUNTING = join(import.meta.dirname, "testing/counting-process.ts");
const PARENT = join(import.meta.dirname, "testing/parent-process.ts");
const SIGKILL = 9;
const folder = mkdtempSync(join(tmpdir(), "tapedeck-processes-"));
let folders = 0;
let processes = newProcesses();

function newProcesses(): FaultProcesses {
  return new FaultProcesses(join(folder, `${++folders}`));
}

afterEach(async () => {
  await processes.close();
  processes = newProcesses();
});

afterAll(() => rmSync(folder, { recursive: true }));

/** As Linux says: R, S, T (stopped), Z, or "gone". */
function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  } catch {
    return "gone";
  }
}

async function untilState(pid: number, ...states: readonly string[]): Promise<void> {
  while (!states.includes(stateOf(pid))) await new Promise((resolve) => setImmediate(resolve));
}

test("a process is waited for by what it says, and its end is known", async () => {
  const process = await processes.start({ name: "a", script: COUNTING, args: ["250"] });
  await process.line(/^ready$/);
  expect(await process.line(/^counted 2/)).toBe("counted 200");
  expect(await process.ended).toEqual({ code: 0, signal: null });
  expect(process.lines).toEqual(["ready", "counted 0", "counted 100", "counted 200", "done"]);
});

test("a killed process leaves its history; started again it begins another", async () => {
  const first = await processes.start({ name: "a", script: COUNTING });
  await first.line(/^counted 100/);
  expect(await first.kill()).toEqual({ code: null, signal: SIGKILL });
  const second = await processes.start({ name: "a", script: COUNTING, args: ["10"] });
  expect(second.incarnation).toBe(2);
  await second.ended;
  const [one = "", two = ""] = processes.histories();
  const sent = [...readHistory(one)].filter(({ op }) => op === "sent");
  expect(sent.length).toBeGreaterThan(100);
  expect([...readHistory(two)].length).toBe(20);
});

test("a stopped process does nothing until it is continued; it can be killed meanwhile", async () => {
  const process = await processes.start({ name: "a", script: COUNTING });
  await process.line(/^ready$/);
  process.stop();
  await untilState(process.pid, "T", "t");
  const before = [...readHistories(processes.histories())].length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([...readHistories(processes.histories())].length).toBe(before);
  process.resume();
  await process.line(new RegExp(`^counted ${Math.ceil(before / 200 + 1) * 100}$`));
  process.stop();
  await untilState(process.pid, "T", "t");
  expect(await process.kill()).toEqual({ code: null, signal: SIGKILL });
});

test("waiting for what a process never says ends with it, and with its last words", async () => {
  const process = await processes.start({
    name: "a",
    script: COUNTING,
    env: { TAPEDECK_CRASH_AT: "not a point" },
  });
  const failure = await process.line(/^ready$/).catch((error) => error);
  expect(failure).toBeInstanceOf(TapedeckError);
  expect(failure.code).toBe("FAULTS_PROCESS_ENDED");
  expect(failure.message).toContain('no crash point: "not a point"');
});

describe("crash points", () => {
  test.each([
    ["before-count", 1, 0],
    ["after-count", 1, 1],
    ["before-count#3", 3, 2],
    ["after-count#300", 300, 300],
  ])("%s: the process is gone there and nowhere else", async (at, sends, outcomes) => {
    const env = { TAPEDECK_CRASH_AT: at };
    const process = await processes.start({ name: "a", script: COUNTING, env });
    expect(await process.ended).toEqual({ code: null, signal: SIGKILL });
    const history = [...readHistories(processes.histories())];
    expect(history.filter(({ op }) => op === "send").length).toBe(sends);
    expect(history.filter(({ op }) => op === "sent").length).toBe(outcomes);
  });

  test("are nowhere unless one is wanted", async () => {
    crashPoint(undefined)("before-count");
    crashPoint("")("before-count");
    crashPoint("before-count#2")("before-count");
    crashPoint("other")("before-count");
  });
});

test("closing kills all, the stopped too", async () => {
  const start = (name: string) => processes.start({ name, script: COUNTING });
  const all = await Promise.all(["a", "b", "c"].map(start));
  await Promise.all(all.map((process) => process.line(/^ready$/)));
  all[1]?.stop();
  await processes.close();
  expect(all.map(({ pid }) => stateOf(pid))).toEqual(["gone", "gone", "gone"]);
});

test("when the run itself is killed its processes end with it, the stopped too", async () => {
  const args = [join(folder, "orphans"), COUNTING];
  const parent = await processes.start({ name: "parent", script: PARENT, args });
  const said = await parent.line(/^children/);
  const [running = 0, stopped = 0] = said.split(" ").slice(1).map(Number);
  await untilState(stopped, "T", "t");
  expect(["R", "S"]).toContain(stateOf(running));
  await parent.kill();
  await untilState(running, "gone", "Z");
  await untilState(stopped, "gone", "Z");
});

test("histories of the dead and the living are one", async () => {
  const env = { TAPEDECK_CRASH_AT: "before-count#5" };
  const dead = await processes.start({ name: "a", script: COUNTING, env });
  await dead.ended;
  const place = { topic: "numbers", partition: 0 };
  const read: Operation[] = [
    {
      op: "poll",
      process: "reader",
      transaction: null,
      ...place,
      // What was asked for and not answered may be there.
      records: [0, 1, 2, 3, 4].map((offset) => [offset, `${offset}`] as const),
    },
    { op: "caught-up", process: "reader", ...place },
  ];
  const { counts, seen } = checkHistory([...readHistories(processes.histories()), ...read]);
  expect([...counts]).toEqual([]);
  expect(seen.attempts).toEqual({ committed: 4, aborted: 0, unknown: 1 });
});

test("the table says what was found", () => {
  const text = faultTable([
    { fault: "kill the leader", rounds: 20, anomalies: new Map(), recoveriesMs: [900.4, 100, 300] },
    {
      fault: "a planted fault",
      rounds: 2,
      anomalies: new Map([
        ["duplicate", 3],
        ["lost-write", 1],
      ]),
      recoveriesMs: [],
    },
  ]);
  expect(text.split("\n").map((line) => line.trim().replaceAll(/ {2,}/g, " | "))).toEqual([
    "fault | rounds | anomalies | kinds | recovered | p50 ms | max ms",
    "kill the leader | 20 | 0 | none | 3 | 300 | 900",
    "a planted fault | 2 | 4 | duplicate 3, lost-write 1 | 0",
    "",
  ]);
});
