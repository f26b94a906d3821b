import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logLevel } from "kafkajs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TapedeckError } from "../../schemas/errors.ts";
import { kafkaLogCreator } from "./kafkajs-log.ts";
import { type LogOptions, openLog, type ServiceLog } from "./logs.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tapedeck-log-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Line = Record<string, unknown>;

/** What `write` logs, as the file has it. */
async function logged(
  write: (log: ServiceLog) => void,
  options: Partial<LogOptions> = {},
): Promise<string> {
  const file = join(folder, "deeper", "service.log");
  const log = openLog({
    app: "tapedeck",
    instance: "host-1",
    level: "debug",
    file,
    text: false,
    ...options,
  });
  write(log);
  await log.close();
  expect(log.lost).toBe(0);
  return readFileSync(file, "utf8");
}

const parsed = async (...of: Parameters<typeof logged>): Promise<readonly Line[]> =>
  (await logged(...of))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("a service's log", () => {
  test("is JSON with time, level, app, instance, task, trace and event", async () => {
    const [line] = await parsed((log) =>
      log
        .with({ task: "risk-gate" })
        .write("warn", "event came late", { trace, event: "e-1", topic: "signals", offset: 7 }),
    );
    const { time, ...rest } = line as Line;
    expect(String(time)).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(rest).toEqual({
      level: "warn",
      app: "tapedeck",
      instance: "host-1",
      task: "risk-gate",
      topic: "signals",
      offset: 7,
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      span_id: "b7ad6b7169203331",
      event_id: "e-1",
      msg: "event came late",
    });
  });

  test("has of our errors the code, the facts and what to do, of others the stack", async () => {
    const [ours, theirs] = await parsed((log) => {
      const cause = new RangeError("inside");
      const error = new TapedeckError("STREAMS_FENCED", "taken over", { epoch: 2n }, cause);
      log.write("error", "task stopped", { error });
      log.write("error", "other", { error: Object.assign(new Error("cut"), { code: "EPIPE" }) });
    });
    expect(ours?.error).toMatchObject({
      code: "STREAMS_FENCED",
      message: "taken over",
      facts: { epoch: "2" },
      next: expect.stringContaining("another process"),
      retriable: false,
      cause: { type: "RangeError", message: "inside" },
    });
    expect(theirs?.error).toMatchObject({
      type: "Error",
      code: "EPIPE",
      message: "cut",
      stack: expect.stringContaining("logs.int.spec.ts"),
    });
  });

  test("never shows a secret, wherever it is", async () => {
    const text = await logged((log) => {
      const sasl = { username: "risk", password: "S3CRET", mechanism: "plain" };
      const error = new TapedeckError("USAGE_INVALID", "no answer of http://u:S3CRET@host/x", {
        apiKey: "S3CRET",
      });
      log.with({ token: "S3CRET" }).write("info", "connecting to http://u:S3CRET@host", {
        cluster: {
          sasl,
          list: [{ "private-key": "S3CRET" }],
          map: new Map([["secret", "S3CRET"]]),
        },
        error,
      });
    });
    expect(text).not.toContain("S3CRET");
    expect(text).toContain("http://u:[hidden]@host");
    expect(text).toContain('"username":"risk"');
  });

  test("leaves out what is below its level", async () => {
    const lines = await parsed(
      (log) => {
        log.write("debug", "a");
        log.write("info", "b");
        log.write("warn", "c");
      },
      { level: "warn" },
    );
    expect(lines.map(({ msg }) => msg)).toEqual(["c"]);
  });

  test("counts a line that repeats, and tells at the end what was left out", async () => {
    const lines = await parsed((log) => {
      for (let n = 0; n < 1000; n++) log.write("error", "broker is away", { attempt: n });
      log.write("error", "something else");
      log.write("error", "broker is away", { task: "risk-gate", attempt: 0 });
    });
    const told = lines.map(({ msg, attempt, suppressed }) => [msg, attempt, suppressed]);
    expect(told).toEqual([
      ...[0, 1, 2, 3, 4].map((n) => ["broker is away", n, undefined]),
      ["something else", undefined, undefined],
      ["broker is away", 0, undefined],
      ["broker is away", 999, 994],
    ]);
  });

  test("is text for people where asked, in which nothing from outside steers the terminal", async () => {
    const text = await logged(
      (log) => {
        const error = new TapedeckError("STREAMS_FENCED", "taken\nover", { task: "a" });
        log.write("error", "task stopped", { task: "risk-gate", key: "\u001b[2J x", error });
      },
      { text: true },
    );
    const lines = text.split("\n");
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} ERROR task stopped task=risk-gate key="\\u001b\[2J x"$/,
    );
    expect(lines.slice(1)).toEqual([
      "  STREAMS_FENCED: taken\\nover",
      '  {"task":"a"}',
      "  → another process took the task over: stop this one",
      "",
    ]);
  });

  test("says which file cannot be written", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(() =>
      openLog({
        app: "a",
        instance: "i",
        level: "info",
        file: join(file, "log"),
        text: false,
      }),
    ).toThrow(expect.objectContaining({ code: "TELEMETRY_LOG_UNWRITABLE" }));
  });

  test("takes kafkajs' lines, and calls a rebalance no error", async () => {
    const lines = await parsed((log) => {
      const write = kafkaLogCreator(log)(logLevel.INFO);
      const say = (level: logLevel, message: string, extra: object = {}) =>
        write({
          namespace: "Connection",
          level,
          label: "",
          log: { timestamp: "t", logger: "kafkajs", message, ...extra },
        });
      say(logLevel.ERROR, "Connection error: connect ECONNREFUSED", { broker: "b:1" });
      say(logLevel.ERROR, "Response Heartbeat(key: 12, version: 3)", {
        error: "The group is rebalancing, so a rejoin is needed",
      });
      say(logLevel.WARN, "slow");
      say(logLevel.DEBUG, "request");
    });
    expect(lines.map(({ level, msg, part }) => [level, msg, part])).toEqual([
      ["error", "kafka: Connection error: connect ECONNREFUSED", "Connection"],
      ["info", "kafka: Response Heartbeat(key: 12, version: 3)", "Connection"],
      ["warn", "kafka: slow", "Connection"],
      ["debug", "kafka: request", "Connection"],
    ]);
    expect(lines[0]).toMatchObject({ broker: "b:1" });
    expect(lines[0]).not.toHaveProperty("logger");
  });
});

/** Runs a script that logs to its stderr; gives what came and how it ended. */
function child(
  script: string,
  reader: "reads" | "gone" | "sleeps",
): Promise<{ code: number | null; text: string }> {
  const logs = new URL("./logs.ts", import.meta.url).href;
  const program = `import { openLog } from ${JSON.stringify(logs)};
    const options = { app: "a", instance: "i", level: "info", file: null, text: false };
    ${script}`;
  const running = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  if (reader === "gone") running.stderr.destroy();
  else if (reader === "reads") running.stderr.on("data", (chunk) => (text += chunk));
  const ended = reader === "sleeps" ? "exit" : "close";
  return new Promise((resolve) => running.once(ended, (code) => resolve({ code, text })));
}

describe("a log on stderr", () => {
  test("has the last lines of a process that ends at once", async () => {
    const { code, text } = await child(
      `const log = openLog(options);
       for (let n = 0; n < 5; n++) log.write("info", "line " + n);
       process.exit(7);`,
      "reads",
    );
    expect(code).toBe(7);
    expect(text.match(/line \d/g)).toEqual(["line 0", "line 1", "line 2", "line 3", "line 4"]);
  });

  test("does not hold up a process whose reader has gone", async () => {
    const { code } = await child(
      `const log = openLog(options);
       for (let n = 0; n < 20; n++) log.write("info", "line " + n);
       await new Promise((resolve) => setTimeout(resolve, 100));
       log.write("info", "more");
       await log.close();
       process.exit(log.lost > 0 ? 3 : 4);`,
      "gone",
    );
    expect(code).toBe(3);
  });

  test("does not hold up a process whose reader sleeps, and bounds what waits for it", async () => {
    const { code } = await child(
      `const log = openLog(options);
       const begun = performance.now();
       for (let n = 0; n < 1000; n++) log.write("info", n + "x".repeat(3900));
       if (performance.now() - begun > 1000) process.exit(5);
       const { lost } = log;
       await log.close();
       process.exit(lost > 500 && lost < 1000 && log.lost > lost ? 3 : 4);`,
      "sleeps",
    );
    expect(code).toBe(3);
  });
});
