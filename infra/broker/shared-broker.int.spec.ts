// A machine without Docker, Java or Maven: what tests of Kafka say there, and what an npm script does.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "../cli/testing/run-command.ts";

const root = join(import.meta.dirname, "../..");
const empty = mkdtempSync(join(tmpdir(), "tapedeck-bare-"));
afterAll(() => rmSync(empty, { recursive: true, force: true }));

/** Neither a Java, nor what was loaded before, nor a server that somebody named. */
function bareRun(args: readonly string[], extra: NodeJS.ProcessEnv = {}) {
  const {
    TAPEDECK_KAFKA: _kafka,
    TAPEDECK_REGISTRY: _registry,
    TAPEDECK_REQUIRE_KAFKA: _require,
    VITEST: _vitest,
    VITEST_POOL_ID: _pool,
    VITEST_WORKER_ID: _worker,
    ...rest
  } = process.env;
  const { status, stdout, stderr } = runCommand(process.execPath, args, {
    cwd: root,
    env: {
      ...rest,
      NO_COLOR: "1",
      DOCKER_HOST: `unix://${join(empty, "no.sock")}`,
      TAPEDECK_JAVA: join(empty, "no-java"),
      TAPEDECK_CACHE: empty,
      ...extra,
    },
  });
  return { status, text: stdout + stderr };
}

const vitest = [
  join(root, "node_modules/vitest/vitest.mjs"),
  "run",
  "infra/broker/testing.kafka.spec.ts",
];

describe("where a broker is named and there is no Java to start one with", () => {
  const named = { TAPEDECK_KAFKA: "127.0.0.1:1", TAPEDECK_REGISTRY: "http://127.0.0.1:1" };
  const killing = vitest.toSpliced(-1, 1, "infra/broker/kafka.kafka.spec.ts");

  test("tests that kill brokers are skipped", () => {
    const { status, text } = bareRun(killing, named);
    expect(text).toMatch(/Tests .*1 skipped/);
    expect(status).toBe(0);
  });

  test("TAPEDECK_REQUIRE_KAFKA=1 makes that a failure", () => {
    const { status, text } = bareRun(killing, { ...named, TAPEDECK_REQUIRE_KAFKA: "1" });
    expect(text).toContain("npm run kafka: TAPEDECK_REQUIRE_KAFKA=1: no Java");
    expect(status).toBe(1);
  });
});

describe("where there is no way to a broker", () => {
  test("tests of Kafka are skipped with the reason", () => {
    const { status, text } = bareRun(vitest);
    expect(text).toContain("Kafka tests are skipped: no Java (17 or later)");
    expect(text).toMatch(/Tests .*skipped/);
    expect(text).not.toMatch(/\d passed/);
    expect(status).toBe(0);
  });

  test("TAPEDECK_REQUIRE_KAFKA=1 makes that a failure", () => {
    const { status, text } = bareRun(vitest, { TAPEDECK_REQUIRE_KAFKA: "1" });
    expect(text).toContain("TAPEDECK_REQUIRE_KAFKA=1: no Java (17 or later)");
    expect(status).toBe(1);
  });

  test("npm run kafka says what to install", () => {
    const { status, text } = bareRun([join(import.meta.dirname, "kafka.ts"), "up"]);
    expect(text).toMatch(/^error BROKER_UNAVAILABLE: no Java \(17 or later\)/);
    expect(text).toContain("install Java 17 or later and Maven");
    expect(status).toBe(2);
  });
});
