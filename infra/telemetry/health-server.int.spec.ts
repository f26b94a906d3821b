import { connect, createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type HealthServer, openHealthServer } from "./health-server.ts";
import { createRegistry } from "./metrics.ts";
import { readiness } from "./readiness.ts";
import { groupGauges, newServiceGauges, openTaskGauges } from "./service-gauges.ts";

const settings = { version: "1", codeDigest: "c", readyLagRecords: 100, readyLagSeconds: 1 };
const inputs = [{ topic: "market.ticks", partition: 0 }];

const opened: HealthServer[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

async function open(ailments: readonly object[] = [], port = 0) {
  const service = newServiceGauges(settings);
  const server = await openHealthServer({
    registry: createRegistry(service, { processFigures: false }),
    ready: () => readiness(service),
    ailments: () => ailments,
    port,
  });
  opened.push(server);
  return { service, server };
}

describe("the health server", () => {
  test("says ready once every task is caught up, and else why not", async () => {
    const { service, server } = await open();
    const ask = async (): Promise<[number, unknown]> => {
      const answer = await fetch(`${server.url}/readyz`);
      return [answer.status, await answer.json()];
    };
    expect(await ask()).toEqual([503, { ready: false, reasons: [{ reason: "starting" }] }]);
    const group = groupGauges(service, "bar-builder");
    expect(await ask()).toEqual([
      503,
      { ready: false, reasons: [{ reason: "unassigned", group: "bar-builder" }] },
    ]);
    group.assigned = true;
    expect(await ask()).toEqual([200, { ready: true, reasons: [] }]);
    group.tasks = ["bar-builder/0"];
    expect(await ask()).toEqual([
      503,
      { ready: false, reasons: [{ reason: "task-closed", task: "bar-builder/0" }] },
    ]);
    const task = openTaskGauges(service, "bar-builder/0", "bar-builder", inputs, []);
    const [input] = task.inputs;
    const place = { task: "bar-builder/0", topic: "market.ticks", partition: 0 };
    expect(await ask()).toEqual([
      503,
      {
        ready: false,
        reasons: [{ reason: "lag-unknown", ...place, lagRecords: null, lagSeconds: null }],
      },
    ]);
    Object.assign(input as object, { lagRecords: 101, admittedUs: 1e6, newestUs: 3e6 });
    expect(await ask()).toEqual([
      503,
      { ready: false, reasons: [{ reason: "behind", ...place, lagRecords: 101, lagSeconds: 2 }] },
    ]);
    Object.assign(input as object, { newestUs: 2e6 });
    expect((await ask())[0]).toBe(200);
    // What was known last says nothing once the lag is not known.
    Object.assign(input as object, { lagRecords: Number.NaN });
    expect((await ask())[0]).toBe(503);
    Object.assign(input as object, { lagRecords: 100, newestUs: 9e6 });
    expect((await ask())[0]).toBe(200);
  });

  test("is alive while nothing ails it, and says what does", async () => {
    const well = await open();
    const answer = await fetch(`${well.server.url}/healthz`);
    expect([answer.status, await answer.json()]).toEqual([200, { alive: true, ailments: [] }]);
    const ill = await open([{ task: "bar-builder/0", what: "still" }]);
    const other = await fetch(`${ill.server.url}/healthz`);
    expect([other.status, await other.json()]).toEqual([
      503,
      { alive: false, ailments: [{ task: "bar-builder/0", what: "still" }] },
    ]);
  });

  test("prints the metrics as Prometheus reads them, never from a cache", async () => {
    const { service, server } = await open();
    const { headers } = await fetch(`${server.url}/metrics`);
    expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store");
    service.bufferBytes = 12;
    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain(
      "\ntapedeck_buffer_bytes 12\n",
    );
  });

  test("answers HEAD as GET without a body", async () => {
    const { server } = await open();
    for (const [path, status] of [
      ["/metrics", 200],
      ["/healthz", 200],
      ["/readyz", 503],
    ] as const) {
      const answer = await fetch(server.url + path, { method: "HEAD" });
      expect([path, answer.status, await answer.text()]).toEqual([path, status, ""]);
    }
  });

  test("knows no other path and no way to change anything", async () => {
    const { server } = await open();
    for (const [method, path] of [
      ["GET", "/"],
      ["POST", "/healthz"],
      ["DELETE", "/metrics"],
      ["GET", "/metrics/..%2f..%2fetc"],
    ] as const) {
      const answer = await fetch(server.url + path, { method });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: "not found", method, path });
    }
  });

  test("is heard on this machine only", async () => {
    const { server } = await open();
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  });

  test("says that the port is taken, by number", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const failure = open([], port);
    await expect(failure).rejects.toMatchObject({
      code: "TELEMETRY_ADDRESS_UNAVAILABLE",
      message: `cannot serve health and metrics at 127.0.0.1:${port}: another process listens there`,
    });
    taken.close();
    await expect(open([], 70_000)).rejects.toMatchObject({ code: "TELEMETRY_ADDRESS_UNAVAILABLE" });
  });

  test("closes though a caller holds a connection and says nothing", async () => {
    const { server } = await open();
    const silent = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => silent.once("connect", resolve));
    silent.write("GET /healthz HTTP/1.1\r\nHost:");
    const gone = new Promise((resolve) => silent.once("close", resolve));
    silent.on("error", () => {});
    const from = performance.now();
    await server.close();
    await gone;
    expect(performance.now() - from).toBeLessThan(4000);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });
});
