// Who owns a task, and what its next owner finds, where a broker could not be made to answer so at
// the moment that counts. With a local cache on a real disk.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EventLog } from "../../../streams/log.ts";
import { batchAt } from "../../../streams/testing/log-fixtures.ts";
import { KafkaLog } from "./kafka-log.ts";
import { type FakeCluster, fakeCluster } from "./testing/fake-cluster.ts";

const TASK = "group/0";
const value = (n: number): Uint8Array => new Uint8Array([n]);

let folder: string;
let cluster: FakeCluster;
const logs: KafkaLog[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tapedeck-owners-"));
  cluster = fakeCluster();
});
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As another process would open it. */
function openLog(stateDir: string | null): KafkaLog {
  const common = { schemaIds: null, replicationFactor: 1, minInsyncReplicas: 1 };
  const log = new KafkaLog({
    ...{ connection: cluster.connection, app: "app", prefix: "", stateDir },
    ...common,
  });
  logs.push(log);
  return log;
}

/** Sets entries; null deletes one. */
function commit(log: EventLog, epoch: number, entries: Readonly<Record<string, number | null>>) {
  const changes = Object.entries(entries).map(([key, n]) => ({
    key,
    value: n === null ? null : value(n),
  }));
  const checkpoint = { task: TASK, epoch, consumed: [], state: value(0), changes };
  return log.commit({ produced: [], checkpoints: [checkpoint] });
}

describe("what the next owner finds", () => {
  /** The entries, and how many of them the cache had. */
  async function restored() {
    const log = openLog(folder);
    const { entries } = await log.openTask(TASK);
    const found = Object.fromEntries([...entries].map(([key, bytes]) => [key, bytes[0]]));
    const { cached } = log.lastRestore ?? { cached: -1 };
    await log.close();
    return { found, cached };
  }

  test("is whole although the broker did not tell where a commit lies", async () => {
    const log = openLog(folder);
    const { epoch } = await log.openTask(TASK);
    await commit(log, epoch, { a: 1, gone: 1 });
    cluster.untold = 1;
    await commit(log, epoch, { b: 2, gone: null });
    await commit(log, epoch, { c: 3 });
    await log.close();
    expect(await restored()).toEqual({ found: { a: 1, b: 2, c: 3 }, cached: 3 });
  });

  test("is whole although the broker did not tell where the last commit lies", async () => {
    const log = openLog(folder);
    const { epoch } = await log.openTask(TASK);
    await commit(log, epoch, { a: 1 });
    cluster.untold = 1;
    await commit(log, epoch, { b: 2 });
    await log.close();
    expect((await restored()).found).toEqual({ a: 1, b: 2 });
  });

  test("is whole although the broker did not tell where an owner's first record lies", async () => {
    const first = openLog(folder);
    await commit(first, (await first.openTask(TASK)).epoch, { a: 1, b: 2 });
    await first.close();
    const second = openLog(folder);
    cluster.untold = 1;
    await commit(second, (await second.openTask(TASK)).epoch, { c: 3 });
    await second.close();
    expect((await restored()).found).toEqual({ a: 1, b: 2, c: 3 });
  });

  test("holds nothing that was deleted elsewhere since it was cached", async () => {
    const here = openLog(folder);
    await commit(here, (await here.openTask(TASK)).epoch, { a: 1, b: 2 });
    await here.close();
    const elsewhere = openLog(null);
    await commit(elsewhere, (await elsewhere.openTask(TASK)).epoch, { a: null, b: null });
    await elsewhere.close();
    expect((await restored()).found).toEqual({});
    expect((await restored()).found).toEqual({});
  });
});

describe("an owner's number that is gone on with after a restart", () => {
  test("counts as long as nobody took the task since", async () => {
    const before = openLog(null);
    const { epoch } = await before.openTask(TASK);
    await before.close();
    const after = openLog(null);
    await commit(after, epoch, { a: 1 });
    expect(await after.getCheckpoint(TASK)).toMatchObject({ epoch });
  });

  test("finds what the process before it had still under way when it was fenced", async () => {
    const before = openLog(null);
    const { epoch } = await before.openTask(TASK);
    const after = openLog(null);
    const write = (log: EventLog) => {
      const checkpoint = { task: TASK, epoch, consumed: [], state: value(0) };
      return log.commit({ produced: [batchAt("bars", 0, 0, [1])], checkpoints: [checkpoint] });
    };
    cluster.beforeNextProducer = () => write(before);
    await expect(write(after)).rejects.toMatchObject({ code: "STREAMS_OFFSET_CONFLICT" });
  });

  test("is refused where another takes the task at that moment, and nothing is written", async () => {
    const before = openLog(null);
    const { epoch } = await before.openTask(TASK);
    await commit(before, epoch, { a: 1 });
    await before.close();
    const [late, next] = [openLog(null), openLog(null)];
    cluster.beforeNextProducer = async () => {
      await next.openTask(TASK);
    };
    await expect(commit(late, epoch, { a: 9 })).rejects.toMatchObject({
      code: "STREAMS_FENCED",
      facts: { epoch, current: epoch + 1 },
    });
    const { entries, epoch: last } = await openLog(null).openTask(TASK);
    expect(entries).toEqual(new Map([["a", value(1)]]));
    expect(last).toBe(epoch + 2);
  });
});

test("an owner that cannot have its cache leaves no producer behind", async () => {
  const file = join(folder, "no-folder");
  writeFileSync(file, "");
  await expect(openLog(file).openTask(TASK)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(cluster.open.size).toBe(0);
});
