// tapedeck schemas where there is no registry: usage, settings, and which address is asked. The servers
// here are other services, which say so at once.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runTapedeck, TAPEDECK } from "./testing/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-schemas-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { TAPEDECK_REGISTRY: _, TAPEDECK_KAFKA: __, TAPEDECK_CLUSTER: ___, ...bare } = process.env;

/** In a folder of its own, where no developer's broker is found. */
const schemas = (words: readonly string[]) =>
  runTapedeck(["schemas", ...words], { cwd: folder, env: bare });

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** Address of a web server that is no registry. */
async function otherService(): Promise<string> {
  const server = createServer((_, answer) => void answer.end("<h1>Hello</h1>"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** As `schemas`, while the servers of this process go on. */
async function served(words: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [TAPEDECK, "schemas", ...words], {
    cwd: folder,
    env: { ...bare, ...more },
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const status = await new Promise((resolve) => child.once("close", resolve));
  return { status, stderr };
}

describe("tapedeck schemas", () => {
  test("says the ways to name a registry where none is named", () => {
    const { status, stderr } = schemas(["check"]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error REGISTRY_NOT_CONFIGURED: nothing says which schema registry/);
    expect(stderr).toContain(
      "--registry URL, TAPEDECK_REGISTRY, or `registry` in the cluster file",
    );
  });

  test("takes the address from the option, the environment or the cluster file", async () => {
    const addresses = [await otherService(), await otherService(), await otherService()];
    const [first = "", second = "", third = ""] = addresses;
    const file = join(folder, "cluster.yaml");
    writeFileSync(file, `brokers: [kafka:9092]\nregistry:\n  url: ${third}\n`);
    const env = { TAPEDECK_REGISTRY: second };
    const asked = [
      await served(["diff", "orders", "--registry", first], env),
      await served(["diff", "orders"], env),
      await served(["diff", "orders", "--cluster", file]),
    ];
    expect(asked.map(({ status }) => status)).toEqual([2, 2, 2]);
    const named = asked.map(({ stderr }) => /: (http:\S+) is no schema registry/.exec(stderr)?.[1]);
    expect(named).toEqual(addresses);
  });

  test("a cluster file without a registry says so", () => {
    const file = join(folder, "brokers.yaml");
    writeFileSync(file, "brokers: [kafka:9092]\n");
    const { status, stderr } = schemas(["check", "--cluster", file]);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^error REGISTRY_NOT_CONFIGURED: .*brokers.yaml names no schema registry/,
    );
  });

  test.each([
    [["check", "strange"], "STREAMS_TOPIC_UNKNOWN"],
    [["check", "--registry", "nowhere"], "REGISTRY_NOT_CONFIGURED"],
    [["publish", "--force"], "USAGE_INVALID"],
  ])("refuses %j without a stack trace", (words, code) => {
    const { status, stdout, stderr } = schemas(words);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(new RegExp(`^error ${code}: .*\\n {2}→ .*\\n$`));
  });

  test.each([["check"], ["publish"], ["diff"]])("%s has help with examples", (action) => {
    const { status, stdout } = schemas([action, "--help"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}\$ tapedeck schemas /);
    expect(stdout).toContain("Exit codes:");
  });
});
