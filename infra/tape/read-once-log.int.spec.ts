// Read in any order, a log through its copy is the log; what was read in order is not asked for again.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { firstAtOrAfter } from "../../streams/batch.ts";
import type { EventLog } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { batchAt, readAll } from "../../streams/testing/log-fixtures.ts";
import { readOnce } from "./read-once-log.ts";

const SIZES = [3, 1, 7, 2, 50, 1, 9];
const END = SIZES.reduce((sum, size) => sum + size, 0);

const scratch = mkdtempSync(join(tmpdir(), "tapedeck-read-once-"));
const before = process.env.TMPDIR;
beforeAll(() => {
  process.env.TMPDIR = scratch;
});
afterAll(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(scratch, { recursive: true });
});

async function subject() {
  const log = createMemoryLog();
  await log.createTopic("bars", 2);
  for (const partition of [0, 1]) {
    let offset = 0;
    for (const size of SIZES) {
      const times = Array.from({ length: size }, (_, i) => 10 * (offset + i));
      const batch = batchAt("bars", partition, offset, times, { fill: offset + 100 * partition });
      await log.commit({ produced: [batch], checkpoints: [] });
      offset += size;
    }
  }
  const asked: number[] = [];
  const counting: EventLog = {
    ...log,
    read: (topic, partition, offset) => {
      asked.push(offset);
      return log.read(topic, partition, offset);
    },
  };
  return { log, copy: readOnce(counting), asked };
}

test("gives what the log gives, wherever it is read", async () => {
  const place = fc.tuple(fc.nat(1), fc.nat(END));
  await fc.assert(
    fc.asyncProperty(fc.array(place, { maxLength: 60 }), async (places) => {
      const { log, copy } = await subject();
      for (const [partition, offset] of places) {
        const here = await copy.read("bars", partition, offset);
        const there = await log.read("bars", partition, offset);
        expect(here?.baseOffset).toBe(there?.baseOffset);
        // A copy may end sooner: what it kept was read from the middle of a batch.
        if (here === null || there === null) continue;
        expect(here.bytes).toEqual(there.bytes.subarray(0, here.bytes.length));
        expect(firstAtOrAfter(here, Number.POSITIVE_INFINITY)).toBe(here.baseOffset + here.count);
        expect(here.count).toBe(there.count);
      }
      await copy.close();
    }),
  );
});

test("asks the log once for each batch, however often it is read", async () => {
  const { log, copy, asked } = await subject();
  const first = await readAll(copy, "bars", 0, 0);
  const times = asked.length;
  for (let i = 0; i < 3; i++) expect(await readAll(copy, "bars", 0, 0)).toEqual(first);
  expect(first).toEqual(await readAll(log, "bars", 0, 0));
  // The end is asked for again: something may have come.
  expect(asked.length).toBe(times + 3);
  await copy.close();
});

test("leaves nothing in the temporary folder, open or closed", async () => {
  const { copy } = await subject();
  await readAll(copy, "bars", 1, 0);
  if (process.platform !== "win32") expect(readdirSync(scratch)).toEqual([]);
  await copy.close();
  expect(readdirSync(scratch)).toEqual([]);
});
