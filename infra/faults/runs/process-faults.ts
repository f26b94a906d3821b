// Faults of the processes that run the tasks: killed or stopped at each point of a transaction, killed at
// random, coming and going.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { FaultProcess } from "../processes.ts";
import { beginWith, between, type Fault, type Play, shuffled } from "./fault.ts";
import type { Stage } from "./stage.ts";

/** Of the task runner, then around each request of a transaction. */
const points = [
  "received",
  "admitted",
  "before-commit",
  "committing",
  "committed",
  "sent-Produce",
  "answered-Produce",
  "answered-AddOffsetsToTxn",
  "answered-TxnOffsetCommit",
  "sent-EndTxn",
  "answered-EndTxn",
] as const;

/** Of opening a task, which fences its last owner. */
const openingPoints = ["sent-InitProducerId", "answered-InitProducerId", "opened"] as const;

const POINT_MS = 20_000;

/** A service that ends or stops at a place. */
interface Victim {
  readonly process: FaultProcess;
  readonly point: string;
  /** Date.now() when it had come there. */
  readonly there: Promise<number>;
}

async function startVictim(
  stage: Stage,
  name: string,
  point: string,
  nth: number,
  signal: "SIGKILL" | "SIGSTOP",
): Promise<Victim> {
  const process = await stage.start(name, { at: `${point}#${nth}`, signal });
  const there = process.line(/^at /).then(() => Date.now());
  there.catch(() => undefined);
  return { process, point, there };
}

const isOpening = (point: string): boolean => (openingPoints as readonly string[]).includes(point);

const arm = ({ pid }: FaultProcess): boolean => process.kill(pid, "SIGUSR2");

async function come({ process, point, there }: Victim): Promise<number> {
  // A place on the way to a task's opening is waited for from the start.
  await process.line(isOpening(point) ? /^ready/ : /^opened/);
  arm(process);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const what = `${process.name} did not come to ${point} within ${POINT_MS} ms`;
    timer = setTimeout(() => reject(new TapedeckError("FAULTS_NO_PROGRESS", what)), POINT_MS);
  });
  return Promise.race([there, late]).finally(() => clearTimeout(timer));
}

/** Two services; by turns one dies and the other takes its tasks over. */
async function killAtPoints(play: Play): Promise<void> {
  const { stage, random, rounds, only, note, patienceMs } = play;
  const wanted = points.filter((point) => point.includes(only));
  const schedule = shuffled(random, repeated(wanted, rounds));
  const next = (name: string): Promise<Victim> | null => {
    const point = schedule.pop();
    if (point === undefined) return null;
    return startVictim(stage, name, point, between(random, 1, 3), "SIGKILL");
  };
  const crew = [await next("a"), await next("b")];
  stage.feed.start();
  for (let turn = 0; crew.some((victim) => victim !== null); turn = 1 - turn) {
    const victim = crew[turn] ?? null;
    if (victim === null) continue;
    const since = await come(victim);
    await victim.process.ended;
    const name = turn === 0 ? "a" : "b";
    crew[turn] = (await next(name)) ?? null;
    if (crew[turn] === null) await stage.start(name);
    note(`kill -9 at ${victim.point}`, await stage.reader.recovered(since, patienceMs));
  }
}

/** One service stays; one comes again and again, is given tasks, and dies while it opens them. */
async function killAtOpening(play: Play): Promise<void> {
  const { stage, random, rounds, note, patienceMs } = play;
  await beginWith(play, ["steady"]);
  for (const point of shuffled(random, repeated(openingPoints, rounds))) {
    const victim = await startVictim(stage, "b", point, 1, "SIGKILL");
    const since = await come(victim);
    await victim.process.ended;
    note(`kill -9 at ${point}`, await stage.reader.recovered(since, patienceMs));
  }
}

const repeated = <T>(items: readonly T[], times: number): readonly T[] =>
  items.flatMap((item) => Array.from({ length: times }, () => item));

const stopPoints = ["received", "committing", "answered-Produce", "before-EndTxn", "sent-EndTxn"];
const FENCED_MS = 5_000;

/** One stops in the midst of a transaction, is given up by its group, and comes back as a zombie. */
async function stopAtPoints(play: Play): Promise<void> {
  const { stage, random, rounds, only, note, tell, patienceMs } = play;
  const wanted = stopPoints.filter((point) => point.includes(only));
  const schedule = shuffled(
    random,
    Array.from({ length: rounds }, (_, i) => wanted[i % wanted.length] as string),
  );
  await beginWith(play, ["steady"]);
  let fenced = 0;
  for (const [round, point] of schedule.entries()) {
    const name = `zombie-${round}`;
    const victim = await startVictim(stage, name, point, between(random, 1, 3), "SIGSTOP");
    const since = await come(victim);
    note("SIGSTOP past the session, resumed", await stage.reader.recovered(since, patienceMs));
    victim.process.resume();
    if (await comes(() => /STREAMS_FENCED/.test(stage.logOf(name)), FENCED_MS)) fenced++;
    await victim.process.kill();
  }
  const what = `zombies that were told STREAMS_FENCED: ${fenced} of ${rounds}`;
  tell(what);
  if (fenced === 0) throw new TapedeckError("FAULTS_NO_PROGRESS", what);
}

async function comes(is: () => boolean, withinMs: number): Promise<boolean> {
  for (const until = performance.now() + withinMs; performance.now() < until; await pause(20)) {
    if (is()) return true;
  }
  return false;
}

/** Longer than a busy machine keeps a sound process from its heartbeats. */
const SESSION_MS = 1_000;
const KILL_EVERY_MS = 2_000;

/** Four processes over eight partitions; one dies at random, every few seconds. */
async function killAtRandom(play: Play): Promise<void> {
  const { stage, random, rounds, note, patienceMs } = play;
  const names = ["a", "b", "c", "d"];
  const crew = [...(await beginWith(play, names))];
  const recoveries: Promise<void>[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const chosen = between(random, 0, crew.length - 1);
    await crew[chosen]?.kill();
    const recovered = stage.reader.recovered(Date.now(), patienceMs);
    const noted = recovered.then((ms) => note("kill -9 of one of four at random", ms));
    // Told below, when all were dealt out.
    noted.catch(() => undefined);
    recoveries.push(noted);
    crew[chosen] = await stage.start(names[chosen] as string);
    await pause(Math.max(0, KILL_EVERY_MS - (performance.now() - began)));
  }
  await Promise.all(recoveries);
}

const MOST_MEMBERS = 4;

/** Services join and leave every 1 to 3 s, in good order or not. */
async function storm(play: Play): Promise<void> {
  const { stage, random, rounds, note, tell, patienceMs } = play;
  const members = [...(await beginWith(play, ["m0", "m1"]))];
  const begunMs = Date.now();
  let joined = members.length;
  for (let round = 0; round < rounds; round++) {
    const isFull = members.length === MOST_MEMBERS;
    const joins = members.length === 1 || (!isFull && between(random, 0, 1) === 1);
    const since = Date.now();
    if (joins) members.push(await stage.start(`m${joined++}`));
    else {
      const [leaver] = members.splice(between(random, 0, members.length - 1), 1);
      if (between(random, 0, 1) === 1) void leaver?.terminate();
      else await leaver?.kill();
    }
    const recovered = stage.reader.recovered(since, patienceMs);
    await pause(between(random, 1_000, 3_000));
    note("rebalance storm: one joins or leaves", await recovered);
  }
  tell(`rebalance storm: ${progressText(stage, begunMs, Date.now())}`);
}

const WINDOW_MS = 1_000;

/** Of each task the share of seconds in which it committed work. */
function progressShares(stage: Stage, fromMs: number, toMs: number): ReadonlyMap<string, number> {
  const windows = Math.floor((toMs - fromMs) / WINDOW_MS);
  const busy = new Map(stage.tasks.map((task) => [task, new Set<number>()]));
  for (const { task, readMs } of stage.reader.progress) {
    const window = Math.floor((readMs - fromMs) / WINDOW_MS);
    if (window >= 0 && window < windows) busy.get(task)?.add(window);
  }
  return new Map([...busy].map(([task, seen]) => [task, seen.size / Math.max(1, windows)]));
}

function progressText(stage: Stage, fromMs: number, toMs: number): string {
  const shares = [...progressShares(stage, fromMs, toMs).values()];
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return `progress in ${percent(mean)} of all seconds (least of a task ${percent(Math.min(...shares))})`;
}

export const processFaults: readonly Fault[] = [
  {
    name: "kill-points",
    about: "kill -9 at each point of a transaction",
    rows: points.length,
    brokers: 1,
    proxy: false,
    stageRounds: 5,
    stage: { sessionTimeoutMs: SESSION_MS },
    play: killAtPoints,
  },
  {
    name: "kill-openings",
    about: "kill -9 while a task is opened",
    rows: openingPoints.length,
    brokers: 1,
    proxy: false,
    stageRounds: 20,
    stage: { sessionTimeoutMs: SESSION_MS },
    play: killAtOpening,
  },
  {
    name: "zombie",
    about: "SIGSTOP past the session's time-out, then SIGCONT",
    rows: 1,
    brokers: 1,
    proxy: false,
    stageRounds: 40,
    stage: { sessionTimeoutMs: SESSION_MS },
    play: stopAtPoints,
  },
  {
    name: "random-kills",
    about: "kill -9 of one of four processes over eight partitions",
    rows: 1,
    brokers: 1,
    proxy: false,
    stageRounds: 100,
    stage: { partitions: 8, sessionTimeoutMs: SESSION_MS },
    play: killAtRandom,
  },
  {
    name: "storm",
    about: "services join and leave every 1 to 3 s",
    rows: 1,
    brokers: 1,
    proxy: false,
    stageRounds: 100,
    stage: { partitions: 4, sessionTimeoutMs: SESSION_MS },
    play: storm,
  },
];
