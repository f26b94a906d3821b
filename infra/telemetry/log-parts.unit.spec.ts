import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logText } from "./log-text.ts";
import { redact, redactText } from "./redact.ts";
import { RepeatLimit } from "./repeat-limit.ts";

describe("hiding secrets", () => {
  test("goes by the key, however it is spelt", () => {
    const secrets = [
      ...["password", "saslPassword", "PASSWD", "passphrase", "clientSecret", "secret_key"],
      ...["token", "accessToken", "access_token", "Authorization", "set-cookie", "credentials"],
      ...["apiKey", "api-key", "API_KEY", "privateKey", "private_key", "sasl.jaas.config"],
    ];
    for (const key of secrets) expect(redact({ [key]: "x" })).toEqual({ [key]: "[hidden]" });
    const open = ["key", "username", "partition", "passed", "tokens", "monkey", "keyOf"];
    for (const key of open) expect(redact({ [key]: "x" })).toEqual({ [key]: "x" });
    expect(redact({ password: null })).toEqual({ password: null });
  });

  test("finds the password in an address, and leaves the rest", () => {
    expect(redactText("at https://joe:pw@reg:8081/a and kafka://b:9092")).toBe(
      "at https://joe:[hidden]@reg:8081/a and kafka://b:9092",
    );
    expect(redactText("http://host:8081/path?mail=a@b")).toBe("http://host:8081/path?mail=a@b");
  });

  test("whatever a key holds, no part of it shows", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        if (value === null || value === undefined) return;
        expect(redact({ deep: [{ password: value }] })).toEqual({
          deep: [{ password: "[hidden]" }],
        });
      }),
    );
  });

  test("makes anything fit for JSON, and bounded", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withDate: true }), (value) => {
        expect(() => JSON.stringify(redact(value))).not.toThrow();
      }),
    );
    const circle: Record<string, unknown> = {};
    circle.itself = circle;
    expect(JSON.stringify(redact(circle)).length).toBeLessThan(200);
    expect(String(redact("x".repeat(1e6))).length).toBeLessThan(4100);
    expect((redact(Array(1e5).fill(1)) as unknown[]).length).toBe(100);
    expect(redact(new Uint8Array(9))).toBe("[9 bytes]");
  });
});

describe("lines that repeat", () => {
  test("are written a few times in a window, then told with their number at its end", () => {
    const limit = new RepeatLimit<number>(2, 1000);
    const taken = [0, 1, 2, 3].map((n) => limit.take("a", n, n * 10));
    expect(taken).toEqual([{ line: 0, suppressed: 0 }, { line: 1, suppressed: 0 }, null, null]);
    expect(limit.due(999)).toEqual([]);
    expect(limit.due(1000)).toEqual([{ line: 3, suppressed: 1 }]);
    expect(limit.due(5000)).toEqual([]);
  });

  test("the next of its kind after the window tells what was left out", () => {
    const limit = new RepeatLimit<number>(1, 1000);
    for (const n of [0, 1, 2]) limit.take("a", n, 0);
    expect(limit.take("a", 3, 1000)).toEqual({ line: 3, suppressed: 2 });
    expect(limit.take("a", 4, 1001)).toBeNull();
  });

  test("a kind that is forgotten for want of room is told first", () => {
    const limit = new RepeatLimit<number>(1, 1000);
    for (const n of [0, 1, 2]) limit.take("first", n, 0);
    for (let kind = 0; kind < 499; kind++) limit.take(String(kind), 9, 0);
    expect(limit.due(1)).toEqual([]);
    limit.take("one more", 9, 1);
    expect(limit.due(1)).toEqual([{ line: 2, suppressed: 1 }]);
  });

  test("every line is written or counted, once, whatever comes in whatever order", () => {
    const step = fc.record({
      kind: fc.integer({ min: 0, max: 700 }),
      waitMs: fc.constantFrom(0, 0, 0, 1, 400),
      flush: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 2000, size: "max" }), (steps) => {
        const limit = new RepeatLimit<string>(2, 1000);
        let now = 0;
        let accounted = 0;
        for (const { kind, waitMs, flush } of steps) {
          now += waitMs;
          const told = limit.take(String(kind), "x", now);
          if (told !== null) accounted += 1 + told.suppressed;
          if (flush) for (const { suppressed } of limit.due(now)) accounted += 1 + suppressed;
        }
        for (const { suppressed } of limit.due(Infinity)) accounted += 1 + suppressed;
        expect(accounted).toBe(steps.length);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a line as text", () => {
  test("gives back what is no JSON", () => {
    expect(logText("plain words", false)).toBe("plain words");
  });

  test("is painted by its level on a terminal alone", () => {
    const line = JSON.stringify({ time: "2026-01-02T03:04:05.678Z", level: "warn", msg: "slow" });
    expect(logText(line, false)).toBe("03:04:05.678 WARN  slow");
    expect(logText(line, true)).toBe("03:04:05.678 \u001b[33mWARN \u001b[0m slow");
  });

  test("never holds a control character but for the colours, and one line where there is no error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (msg, value) => {
        const line = JSON.stringify({
          time: "2026-01-02T03:04:05.678Z",
          level: "info",
          msg,
          value,
        });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(logText(line, false)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
      // What JSON does not escape: DEL, and a terminal's "control sequence" in one character.
      {
        examples: [
          ["\u007f", "\u007f"],
          ["\u009b31m", "two words \u009b31m"],
        ],
      },
    );
  });
});
