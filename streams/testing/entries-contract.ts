// The part of the log contract that is about a task's state by key. Promises: what it shows holds of the
// entries as the rest of the suite shows it of records.

import { type Checkpoint, type EntryChange, type EventLog, MAX_ENTRY_KEY_BYTES } from "../log.ts";
import { batchAt, checkpointOf, type LogSubject, refusal } from "./log-fixtures.ts";

type Matchers = { toBe(expected: unknown): void; toEqual(expected: unknown): void };

type Test = (title: string, body: (log: EventLog, subject: LogSubject) => Promise<void>) => unknown;

const bytes = (...values: readonly number[]): Uint8Array => new Uint8Array(values);

const put = (key: string, ...values: readonly number[]): EntryChange => ({
  key,
  value: bytes(...values),
});

const gone = (key: string): EntryChange => ({ key, value: null });

const save = (
  task: string,
  epoch: number,
  next: number,
  changes: readonly EntryChange[],
): Checkpoint => ({ ...checkpointOf(task, epoch, next), changes });

/** Entries as text by key, so that logs may hand them over in any order. */
export const entriesOf = (entries: ReadonlyMap<string, Uint8Array>): Record<string, string> =>
  Object.fromEntries(
    [...entries].map(([key, value]) => [key, value.join()] as const).toSorted(byKey),
  );

const byKey = (a: readonly [string, string], b: readonly [string, string]): number =>
  a[0] < b[0] ? -1 : 1;

export function testEntries(test: Test, expect: (value: unknown) => Matchers): void {
  const commit = (log: EventLog, ...checkpoints: readonly Checkpoint[]) =>
    log.commit({ produced: [], checkpoints });
  const found = async (log: EventLog, task: string) =>
    entriesOf((await log.openTask(task)).entries);

  test("keeps entries that were put until they are taken away", async (log, { reopen }) => {
    const { epoch, entries } = await log.openTask("t");
    expect(entries.size).toBe(0);
    await commit(log, save("t", epoch, 1, [put("a", 1), put("b", 2), put("empty")]));
    await commit(log, save("t", epoch, 2, [put("a", 3), gone("b"), gone("never"), put("c", 4)]));
    await commit(log, checkpointOf("t", epoch, 3));
    const expected = { a: "3", c: "4", empty: "" };
    const opened = await log.openTask("t");
    expect(entriesOf(opened.entries)).toEqual(expected);
    expect(opened.checkpoint).toEqual(checkpointOf("t", epoch, 3));
    if (reopen === null) return;
    expect(await found(await reopen(), "t")).toEqual(expected);
  });

  test("takes the changes of a checkpoint in order, and its own copy of them", async (log) => {
    const { epoch } = await log.openTask("t");
    const value = bytes(7);
    const changes = [
      gone("a"),
      put("a", 1),
      gone("b"),
      put("b", 1),
      gone("b"),
      { key: "c", value },
    ];
    const pending = commit(log, save("t", epoch, 1, changes));
    value.fill(0);
    await pending;
    expect(await found(log, "t")).toEqual({ a: "1", c: "7" });
  });

  test("keeps a task's entries apart from any other's", async (log) => {
    const names = ["a", "ab", "a/0", "b"];
    const epochs = await Promise.all(names.map(async (name) => (await log.openTask(name)).epoch));
    await commit(log, ...names.map((name, i) => save(name, epochs[i] as number, 1, [put("b", i)])));
    await commit(log, save("a", epochs[0] as number, 2, [gone("b")]));
    expect(await found(log, "a")).toEqual({});
    expect(await found(log, "ab")).toEqual({ b: "1" });
    expect(await found(log, "a/0")).toEqual({ b: "2" });
    expect(await found(log, "b")).toEqual({ b: "3" });
  });

  test("writes entries with the rest of their commit, or not at all", async (log) => {
    const first = await log.openTask("t");
    await commit(log, save("t", first.epoch, 1, [put("a", 1)]));
    const second = await log.openTask("t");
    expect(entriesOf(second.entries)).toEqual({ a: "1" });
    const zombie = commit(log, save("t", first.epoch, 2, [put("a", 9), put("z", 9)]));
    expect(await refusal(zombie)).toBe("STREAMS_FENCED");
    const gap = log.commit({
      produced: [batchAt("bars", 0, 5, [1])],
      checkpoints: [save("t", second.epoch, 2, [gone("a")])],
    });
    expect(await refusal(gap)).toBe("STREAMS_OFFSET_CONFLICT");
    expect(await found(log, "t")).toEqual({ a: "1" });
  });

  test("gives entries as they were when the task was opened", async (log) => {
    const { epoch } = await log.openTask("t");
    await commit(log, save("t", epoch, 1, [put("a", 1), put("b", 1)]));
    const opened = await log.openTask("t");
    await commit(log, save("t", opened.epoch, 2, [put("a", 2), gone("b"), put("c", 3)]));
    expect(await found(log, "t")).toEqual({ a: "2", c: "3" });
    expect(entriesOf(opened.entries)).toEqual({ a: "1", b: "1" });
  });

  test("hands entries over that were committed and not waited for", async (log) => {
    const { epoch } = await log.openTask("t");
    const pending = [1, 2, 3].map((i) => commit(log, save("t", epoch, i, [put(`k${i}`, i)])));
    expect(await found(log, "t")).toEqual({ k1: "1", k2: "2", k3: "3" });
    await Promise.all(pending);
  });

  test("takes any well-formed key up to its bound, and refuses the others", async (log) => {
    const { epoch } = await log.openTask("t");
    const good = ["\u0000", "/", "ключ", "🂡", "x".repeat(MAX_ENTRY_KEY_BYTES), "é".repeat(512)];
    await commit(
      log,
      save(
        "t",
        epoch,
        1,
        good.map((key) => put(key, 1)),
      ),
    );
    for (const key of ["", `x${"y".repeat(MAX_ENTRY_KEY_BYTES)}`, "é".repeat(513), "\ud800"]) {
      const bad = commit(log, save("t", epoch, 2, [put("fine", 1), put(key, 1)]));
      expect(await refusal(bad)).toBe("STREAMS_ENTRY_KEY_INVALID");
    }
    const { entries, checkpoint } = await log.openTask("t");
    expect([...entries.keys()].toSorted()).toEqual(good.toSorted());
    expect(checkpoint?.consumed[0]?.next).toBe(1);
  });

  test("keeps tens of thousands of entries, and large ones", async (log, { reopen }) => {
    const { epoch } = await log.openTask("t");
    const many = Array.from({ length: 30_000 }, (_, i) => put(`key ${i}`, i & 0xff, i >> 8));
    const large = { key: "large", value: new Uint8Array(700_000).fill(5) };
    await commit(log, save("t", epoch, 1, [...many, large]));
    const removed = many.filter((_, i) => i % 3 === 0).map(({ key }) => gone(key));
    await commit(log, save("t", epoch, 2, [...removed, put("key 1", 1)]));
    const again = reopen === null ? log : await reopen();
    const { entries } = await again.openTask("t");
    expect(entries.size).toBe(20_001);
    expect(entries.get("key 1")).toEqual(bytes(1));
    expect(entries.get("key 29997")).toBe(undefined);
    expect(entries.get("key 29998")).toEqual(bytes(29_998 & 0xff, 29_998 >> 8));
    expect(entries.get("large")?.every((byte) => byte === 5)).toBe(true);
    expect(entries.get("large")?.length).toBe(700_000);
  });
}
