// A server that dies with us: the process that started it is killed, and neither the server nor its
// folder is left.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { isAlive, ownerOf } from "../log/owner.ts";
import { launchGuarded } from "./guarded-process.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-guard-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
const place = () => {
  const server = join(folder, `cluster-${made++}`, "server");
  mkdirSync(server, { recursive: true });
  return { folder: server, logFile: join(server, "log") };
};
const sleeper = { command: "/bin/sh", args: ["-c", "echo begun; exec sleep 1000"] };
const gone = (check: () => boolean) => vi.waitFor(() => expect(check()).toBe(false), 10_000);

describe("a server", () => {
  test("is killed by its own process number, and its end is told", async () => {
    const running = await launchGuarded({ ...sleeper, ...place() });
    const owner = ownerOf(running.pid);
    expect(isAlive(owner)).toBe(true);
    running.signal("SIGKILL");
    expect(await running.ended).toBe(137);
    expect([running.alive, isAlive(owner)]).toEqual([false, false]);
    await running.release();
  });

  test("that ends by itself tells its exit code, and its log is kept", async () => {
    const { folder: server, logFile } = place();
    const args = ["-c", "echo what went wrong; exit 3"];
    const running = await launchGuarded({ command: "/bin/sh", args, logFile, folder: server });
    expect(await running.ended).toBe(3);
    await running.release();
    expect(readFileSync(logFile, "utf8")).toBe("what went wrong\n");
  });

  test("heeds the signals that ask it to end", async () => {
    const running = await launchGuarded({ ...sleeper, ...place() });
    running.signal("SIGTERM");
    expect(await running.ended).toBe(143);
    await running.release();
  });

  test("is killed while it is stopped", async () => {
    const running = await launchGuarded({ ...sleeper, ...place() });
    running.signal("SIGSTOP");
    await running.release();
    expect(running.alive).toBe(false);
  });

  test("that was released leaves its folder to us, and no process", async () => {
    const where = place();
    const running = await launchGuarded({ ...sleeper, ...where });
    const owner = ownerOf(running.pid);
    await running.release();
    expect([isAlive(owner), existsSync(where.folder)]).toEqual([false, true]);
  });
});

describe("when the process that started it is killed", () => {
  /** Starts a server in a process of its own, which tells the server's number. */
  async function startElsewhere(where: { folder: string; logFile: string }, then: string) {
    const code = `
      import { launchGuarded } from ${JSON.stringify(join(import.meta.dirname, "guarded-process.ts"))};
      const running = await launchGuarded(${JSON.stringify({ ...sleeper, ...where })});
      ${then}
      console.log(running.pid);
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ["--input-type=module-typescript", "-e", code]);
    onTestFinished(() => void parent.kill("SIGKILL"));
    parent.stderr.pipe(process.stderr);
    const pid = await new Promise<number>((told) => {
      parent.stdout.once("data", (text: Buffer) => told(Number(text.toString())));
    });
    return { parent, server: ownerOf(pid) };
  }

  test.each(["SIGKILL", "SIGTERM"] as const)("%s: the server and its folder go", async (signal) => {
    const where = place();
    const { parent, server } = await startElsewhere(where, "");
    expect(isAlive(server)).toBe(true);
    parent.kill(signal);
    await gone(() => isAlive(server));
    await gone(() => existsSync(join(where.folder, "..")));
  });

  test("a server that died before leaves no folder either", async () => {
    const where = place();
    const { parent } = await startElsewhere(
      where,
      `running.signal("SIGKILL"); await running.ended;`,
    );
    expect(existsSync(where.folder)).toBe(true);
    parent.kill("SIGKILL");
    await gone(() => existsSync(where.folder));
  });

  test("a stopped server goes too", async () => {
    const { parent, server } = await startElsewhere(place(), `running.signal("SIGSTOP");`);
    parent.kill("SIGKILL");
    await gone(() => isAlive(server));
  });
});
