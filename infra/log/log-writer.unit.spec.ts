// The order of groups, and what becomes of commits when a write fails, against a stand-in thread.

import { expect, test } from "vitest";
import { refusal } from "../../streams/testing/log-fixtures.ts";
import { stepsOf } from "./arena.ts";
import { LogWriter, type WriterPort } from "./log-writer.ts";
import { partsOf } from "./sealed-row.ts";
import type { FromWriter, ToWriter } from "./writer-messages.ts";

/** Holds every message until told how to answer it. */
class HeldThread implements WriterPort {
  readonly held: Extract<ToWriter, { kind: "write" }>[] = [];
  readonly told: string[] = [];
  /** The rows of each group that was answered with done. */
  readonly written: string[][] = [];
  private listener: (message: FromWriter) => void = () => {};

  postMessage(message: ToWriter, transfer: ArrayBuffer[] = []): void {
    this.told.push(message.kind);
    if (message.kind === "write") this.held.push(structuredClone(message, { transfer }));
    else if (message.kind === "close") this.listener({ kind: "closed" });
  }

  on(event: string, listener: (message: never) => void): void {
    if (event === "message") this.listener = listener as (message: FromWriter) => void;
  }

  ref(): void {}
  unref(): void {}

  done(): void {
    const { buffer, length } = this.held.shift() as Extract<ToWriter, { kind: "write" }>;
    const rows = [...stepsOf(new Uint8Array(buffer, 0, length))];
    this.written.push(rows.map(({ bytes }) => Buffer.from(partsOf(bytes)?.key ?? []).toString()));
    this.listener({ kind: "done", buffer });
  }

  fail(full: boolean): void {
    this.held.shift();
    this.listener({ kind: "failed", full, message: "no space left" });
  }
}

const later = () => new Promise((resolve) => setImmediate(resolve));

function subject() {
  const thread = new HeldThread();
  const undone: string[] = [];
  const durable: string[] = [];
  const writer = new LogWriter(thread, () => undone.push("undone"));
  const submit = (name: string, bytes = 10) =>
    refusal(
      writer.submit(
        (arena) => arena.putRow(Buffer.from(name), new Uint8Array(bytes)),
        () => durable.push(name),
      ),
    );
  return { thread, writer, undone, durable, submit };
}

test("commits of one turn go together; those that wait go together next", async () => {
  const { thread, durable, submit } = subject();
  const first = [submit("a"), submit("b")];
  await later();
  const second = [submit("c")];
  await later();
  const third = [submit("d"), submit("e")];
  await later();
  // Two groups are under way, the rest waits in one.
  expect(thread.held.length).toBe(2);
  thread.done();
  thread.done();
  thread.done();
  expect(await Promise.all([...first, ...second, ...third])).toEqual(Array(5).fill("accepted"));
  expect(thread.written).toEqual([["a", "b"], ["c"], ["d", "e"]]);
  expect(durable).toEqual(["a", "b", "c", "d", "e"]);
});

test("nothing resolves before the thread says that it is on disk", async () => {
  const { thread, submit } = subject();
  let answered = false;
  const pending = submit("a").then(() => {
    answered = true;
  });
  await later();
  expect(answered).toBe(false);
  thread.done();
  await pending;
  expect(answered).toBe(true);
});

test("a commit without rows is answered after those before it, and answers none of them", async () => {
  const { thread, writer, submit } = subject();
  const nothing = () => {};
  const answered: string[] = [];
  const first = submit("a").then(() => answered.push("a"));
  await later();
  const second = writer.submit(nothing, nothing).then(() => answered.push("none"));
  await later();
  expect(answered).toEqual([]);
  thread.done();
  await later();
  expect(answered).toEqual(["a"]);
  thread.done();
  await Promise.all([first, second]);
  expect(thread.written).toEqual([["a"], []]);
});

test("a full disk fails what was under way and what waited, then the log goes on", async () => {
  const { thread, writer, undone, durable, submit } = subject();
  const a = submit("a");
  await later();
  const b = submit("b");
  await later();
  const c = submit("c");
  await later();
  thread.done();
  await later();
  thread.fail(true);
  expect(() => writer.check()).toThrow(/full/);
  thread.fail(false);
  expect(await Promise.all([a, b, c])).toEqual(["accepted", "STORE_FULL", "STORE_FULL"]);
  expect(undone).toEqual(["undone"]);
  expect(durable).toEqual(["a"]);
  expect(thread.told.at(-1)).toBe("resume");
  writer.check();
  const d = submit("d");
  await later();
  thread.done();
  expect(await d).toBe("accepted");
});

test("any other failed write halts the log for good", async () => {
  const { thread, writer, undone, submit } = subject();
  const a = submit("a");
  await later();
  thread.fail(false);
  expect(await a).toBe("STORE_HALTED");
  expect(undone).toEqual(["undone"]);
  expect(thread.told).not.toContain("resume");
  expect(() => writer.check()).toThrow(/stopped/);
});

test("a large group is closed, so that the disk starts on it", async () => {
  const { thread, submit } = subject();
  const pending = [submit("a", 3 << 20), submit("b", 3 << 20), submit("c")];
  await later();
  expect(thread.held.length).toBe(2);
  thread.done();
  thread.done();
  expect(await Promise.all(pending)).toEqual(Array(3).fill("accepted"));
  expect(thread.written).toEqual([["a", "b"], ["c"]]);
});

test("closing waits for what was asked for, then refuses", async () => {
  const { thread, writer, submit } = subject();
  const a = submit("a");
  const closing = writer.close();
  await later();
  thread.done();
  await closing;
  expect(await a).toBe("accepted");
  expect(thread.told).toEqual(["write", "close"]);
  expect(() => writer.check()).toThrow(/closed/);
});
