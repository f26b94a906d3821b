// tapedeck schemas as a process against a real registry: what it prints, and its exit codes.

import { afterEach, beforeEach, expect, test } from "vitest";
import { describeKafka, freshPrefix, useBroker } from "../broker/testing.ts";
import { runTapedeck } from "./testing/run-command.ts";

const address = useBroker()?.registry ?? "";
let prefix = "";

beforeEach(() => {
  prefix = freshPrefix();
});

afterEach(async () => {
  const subjects = (await (await fetch(`${address}/subjects`)).json()) as string[];
  for (const subject of subjects.filter((name) => name.startsWith(prefix))) {
    await fetch(`${address}/subjects/${subject}`, { method: "DELETE" });
  }
});

const schemas = (...words: readonly string[]) =>
  runTapedeck(["schemas", ...words, "--registry", address, "--prefix", prefix]);

async function register(topic: string, schema: object): Promise<void> {
  const answer = await fetch(`${address}/subjects/${prefix}${topic}-value/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schema: JSON.stringify(schema) }),
  });
  expect(answer.status).toBe(200);
}

/** A signal as it might have been once: of another type, and with a field that is gone. */
const formerSignal = {
  type: "record",
  name: "Signal",
  namespace: "tapedeck",
  fields: [
    { name: "symbol", type: "string" },
    { name: "model", type: "string" },
    { name: "strength", type: "string" },
    { name: "horizon", type: "int" },
  ],
};

describeKafka("tapedeck schemas", () => {
  test("check, publish and check again: new, registered, unchanged", () => {
    const before = schemas("check", "orders", "fills");
    expect([before.status, before.stderr]).toEqual([0, ""]);
    expect(before.stdout).toMatch(/^orders +new/m);
    expect(before.stdout).toContain("2 to publish: tapedeck schemas publish");

    const planned = schemas("publish", "orders", "fills", "--dry-run");
    expect(planned.stdout).toContain("2 would be registered, 0 unchanged");
    expect(schemas("check", "orders").stdout).toMatch(/^orders +new/m);

    const done = schemas("publish", "orders", "fills");
    expect([done.status, done.stderr]).toEqual([0, ""]);
    expect(done.stdout).toMatch(new RegExp(`^orders +${prefix}orders-value +\\d+ +1 +new$`, "m"));
    expect(done.stdout).toContain("2 registered, 0 unchanged; FULL_TRANSITIVE set on 2");

    const again = schemas("publish", "orders", "fills", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({
      registry: address,
      dryRun: false,
      topics: [
        { topic: "orders", version: 1, outcome: "unchanged", levelSet: false },
        { topic: "fills", version: 1, outcome: "unchanged", levelSet: false },
      ],
    });
    const after = schemas("check", "orders", "--json");
    expect(JSON.parse(after.stdout)).toMatchObject({
      compatible: true,
      topics: [{ topic: "orders", state: "unchanged", level: "FULL_TRANSITIVE", problems: [] }],
    });
  });

  test("what breaks a version is named by field, with exit 6, and nothing is published", async () => {
    await register("signals", formerSignal);
    const checked = schemas("check", "signals", "orders");
    expect(checked.status).toBe(6);
    expect(checked.stdout).toMatch(/^signals +incompatible/m);
    expect(checked.stdout).toContain(
      "signals: strength: string cannot be read as double (old records, new reader; version 1)",
    );
    expect(checked.stdout).toContain(
      "signals: horizon: is not written, and has no default (new records, old reader; version 1)",
    );
    expect(checked.stdout).toContain("signals: the registry refuses it");
    expect(checked.stderr).toMatch(/^error REGISTRY_INCOMPATIBLE: .*: signals\n {2}→ mend/);

    const json = schemas("check", "signals", "--json");
    expect([json.status, json.stderr]).toEqual([6, ""]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      compatible: false,
      topics: [{ topic: "signals", registrySays: { ok: false } }],
      error: { code: "REGISTRY_INCOMPATIBLE" },
    });

    expect(schemas("publish", "signals", "orders").status).toBe(6);
    expect(schemas("check", "orders").stdout).toMatch(/^orders +new/m);
  });

  test("diff shows fields that were added, removed and changed", async () => {
    await register("signals", formerSignal);
    schemas("publish", "orders");
    const { status, stdout } = schemas("diff", "signals", "orders", "fills");
    expect(status).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "signals: differs from version 1",
      "  ~ strength: type: string → double",
      "  ~ strength: documentation: none → -1 (fully short) to 1 (fully long)",
      "  + price: long",
      "  + volatility: double",
      "  - horizon: int",
      "orders: as version 1",
      "fills: not registered",
      "",
    ]);
    const json = JSON.parse(schemas("diff", "signals", "--json").stdout) as {
      topics: { differences: unknown[] }[];
    };
    expect(json.topics[0]?.differences).toHaveLength(5);
  });
});
