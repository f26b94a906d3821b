// `npm run kafka` as a developer types it: up, up again, after a crash, down; in a folder of its own.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadCluster } from "../kafka/cluster/cluster-config.ts";
import { isAlive } from "../log/owner.ts";
import type { DeveloperState } from "./developer-state.ts";
import { describeProcesses } from "./testing.ts";

let folder = "";
const stateFile = () => join(folder, ".tapedeck/kafka/state.json");

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function kafka(...args: readonly string[]): Promise<Said> {
  const program = join(import.meta.dirname, "kafka.ts");
  const child = spawn(process.execPath, [program, ...args], { cwd: folder });
  let out = "";
  let err = "";
  child.stdout.on("data", (text: Buffer) => {
    out += text.toString();
  });
  child.stderr.on("data", (text: Buffer) => {
    err += text.toString();
  });
  return new Promise((done) => child.once("close", (code) => done({ code, out, err })));
}

const state = (): DeveloperState => JSON.parse(readFileSync(stateFile(), "utf8")) as DeveloperState;

// The tests follow one another, as a developer's day does.
describeProcesses("npm run kafka", () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tapedeck-developer-"));
  });
  afterAll(async () => {
    await kafka("down");
    rmSync(folder, { recursive: true, force: true });
  });

  test("says that nothing is up", async () => {
    expect(await kafka("status")).toMatchObject({ code: 4, err: "" });
    expect(await kafka("down")).toEqual({ code: 0, out: "nothing is up\n", err: "" });
    expect((await kafka("logs")).code).toBe(2);
  });

  test("two ups at once start one cluster, which other commands find", async () => {
    const [first, second] = await Promise.all([
      kafka("up", "--no-registry"),
      kafka("up", "--no-registry"),
    ]);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect([first, second].filter(({ out }) => out.startsWith("all was up already"))).toHaveLength(
      1,
    );
    expect(first.out).toContain(state().brokers[0]);
    expect(state()).toMatchObject({ registry: null, dataDir: ".tapedeck/kafka" });
    const { brokers } = await loadCluster({ cwd: folder, env: {} });
    expect(brokers).toEqual(state().brokers);
    expect((await kafka("status")).code).toBe(0);
  });

  test("tells what has died, and starts it again on its data", async () => {
    const { pids, brokers } = state();
    process.kill(pids["broker-1"] ?? 0, "SIGKILL");
    const dead = await kafka("status", "--json");
    expect(dead.code).toBe(4);
    expect(JSON.parse(dead.out)).toMatchObject({ up: false, servers: [{ state: "dead" }] });
    expect(await kafka("up", "--no-registry")).toMatchObject({
      code: 0,
      err: "broker-1 had died: starting it again\n",
    });
    expect(state().brokers).toEqual(brokers);
    expect(state().pids).not.toEqual(pids);
  });

  test("a stopped broker is silent, not up and not dead", async () => {
    const pid = state().pids["broker-1"] ?? 0;
    process.kill(pid, "SIGSTOP");
    const { code, out } = await kafka("status");
    process.kill(pid, "SIGCONT");
    expect([code, /^broker-1 +silent/.test(out)]).toEqual([4, true]);
  });

  test("refuses another number of brokers while one is up", async () => {
    const { code, err } = await kafka("up", "--brokers", "3");
    expect(code).toBe(2);
    expect(err).toContain("a cluster of 1 is there: `npm run kafka -- down` removes it");
  });

  test("shows the end of a log", async () => {
    const { code, out } = await kafka("logs", "broker-1", "--lines", "3");
    expect([code, out.trimEnd().split("\n").length]).toEqual([0, 3]);
    expect((await kafka("logs", "broker-9")).err).toContain("broker-9");
  });

  test("down ends it and leaves nothing", async () => {
    const { servers } = state();
    expect(await kafka("down")).toEqual({ code: 0, out: "ended broker-1\n", err: "" });
    expect(servers.map(({ process: owner }) => isAlive(owner))).toEqual([false]);
    expect(existsSync(join(folder, ".tapedeck/kafka"))).toBe(false);
    expect((await kafka("status")).code).toBe(4);
  });

  test("a damaged state file is an error with a way out", async () => {
    mkdirSync(join(stateFile(), ".."), { recursive: true });
    writeFileSync(stateFile(), "{");
    expect((await kafka("status")).err).toMatch(/^error BROKER_STATE_INVALID: /);
    expect((await kafka("down")).code).toBe(0);
    expect((await kafka("status")).err).toBe("");
  });
});
