// Commands that reach for a cluster which is not there, or not all there, as processes: each says what
// it waits for and what it lacks, and ends.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeMarketTape } from "../run/testing/market-tape.ts";
import { runTapedeck, TAPEDECK } from "./testing/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-cluster-commands-"));
/** Nothing of the machine's own servers. */
const { TAPEDECK_KAFKA: _k, TAPEDECK_REGISTRY: _r, TAPEDECK_CLUSTER: _c, ...bare } = process.env;

beforeAll(async () => {
  await writeMarketTape(join(folder, "tape"), { symbols: ["AAA"], bars: 10, seed: 5 });
  writeFileSync(join(folder, "run.yaml"), "tape: tape\nsource: bars\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("without a registry", () => {
  test.each([
    [["play", "./tape"]],
    [["record", "back"]],
    [["dlq", "list"]],
    [["backtest", "run.yaml", "--from", "kafka"]],
    [["run", "run.yaml"]],
  ])("%j says so at once and ends, before Kafka is asked", (args) => {
    const env = { ...bare, TAPEDECK_KAFKA: "127.0.0.1:1" };
    const { status, stderr } = runTapedeck(args, { cwd: folder, env, limitMs: 20_000 });
    expect(stderr).toContain("REGISTRY_NOT_CONFIGURED: TAPEDECK_KAFKA names no schema registry");
    expect(status).toBe(2);
  });
});

test("doctor asks the registry too", () => {
  const env = {
    ...bare,
    TAPEDECK_KAFKA: "127.0.0.1:1",
    TAPEDECK_REGISTRY: "http://127.0.0.1:1",
  };
  const { stdout } = runTapedeck(["doctor", "--json"], { cwd: folder, env });
  const { findings } = JSON.parse(stdout) as { findings: { check: string; found: string }[] };
  const found = (check: string) => findings.find((one) => one.check === check)?.found;
  expect(found("Kafka")).toBe("127.0.0.1:1 does not answer");
  expect(found("schema registry")).toContain("http://127.0.0.1:1: tried");
});

/** Takes connections and never says a word, as a broker that was stopped. */
async function frozenBroker(): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((socket) => void socket.on("error", () => undefined));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it has no port");
  return { server, address: `127.0.0.1:${address.port}` };
}

describe("a broker that does not answer", () => {
  test("is given up in our words", async () => {
    const { server, address } = await frozenBroker();
    writeFileSync(join(folder, "frozen.yaml"), `brokers: ["${address}"]\nrequestTimeout: 300ms\n`);
    const words = ["topics", "plan", "--cluster", "frozen.yaml"];
    const { status, stderr } = runTapedeck(words, { cwd: folder, env: bare });
    server.close();
    expect(stderr).toContain(
      `KAFKA_UNREACHABLE: could not plan topics at ${address}: connections are taken, nothing is answered`,
    );
    expect(status).toBe(4);
  });

  /** All that the process says until it says `text`; it is ended then. */
  const saidUntil = (child: ChildProcess, text: string): Promise<string> =>
    new Promise((done) => {
      let said = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(text)) child.kill("SIGKILL");
      });
      child.once("close", () => done(said));
    });

  test.each([[["dlq", "list"]], [["topics", "plan"]]])(
    "is waited for aloud by %j",
    async (args) => {
      const { server, address } = await frozenBroker();
      const env = { ...bare, TAPEDECK_KAFKA: address, TAPEDECK_REGISTRY: "http://127.0.0.1:1" };
      const child = spawn(process.execPath, [TAPEDECK, ...args], { cwd: folder, env });
      const said = await saidUntil(child, "waiting");
      server.close();
      // The first thing that is said, long before it is given up.
      expect(said).toBe(`waiting for Kafka at ${address}\n`);
    },
  );
});
