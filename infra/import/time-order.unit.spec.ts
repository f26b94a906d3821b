// Order of time, against a stable sort of everything at once.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mergedRows, type Row, sortedRows } from "./time-order.ts";

const rowOf = (timeUs: number, file: number, line: number): Row => ({
  timeUs,
  file,
  line,
  value: { symbol: "A", price: line + 1, quantity: 1, venue: "", suspicious: false },
});

async function* inBatches(rows: readonly Row[], size: number) {
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
}

async function all(source: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of source) rows.push(...batch);
  return rows;
}

function latenessOf(rows: readonly Row[]): number {
  let newest = Number.NEGATIVE_INFINITY;
  let lateness = 0;
  for (const { timeUs } of rows) {
    newest = Math.max(newest, timeUs);
    lateness = Math.max(lateness, newest - timeUs);
  }
  return lateness;
}

const times = fc.array(fc.nat(50), { maxLength: 120 });
const size = fc.integer({ min: 1, max: 17 });

describe("sorted rows", () => {
  test("are a stable sort, in memory or through the temporary file", async () => {
    await fc.assert(
      fc.asyncProperty(times, size, fc.integer({ min: 1, max: 200 }), async (list, batch, held) => {
        const rows = list.map((time, line) => rowOf(time, 0, line));
        const sorted = sortedRows(inBatches(rows, batch), "market.ticks", latenessOf(rows), held);
        expect(await all(sorted)).toEqual(rows.toSorted((a, b) => a.timeUs - b.timeUs));
      }),
      { numRuns: 300 },
    );
  });

  test("leave memory as soon as no earlier row can come", async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => rowOf(i % 2 === 0 ? i + 1 : i - 1, 0, i));
    const sizes: number[] = [];
    let most = 0;
    let taken = 0;
    const source = (async function* () {
      for (const row of rows) {
        taken++;
        yield [row];
      }
    })();
    for await (const batch of sortedRows(source, "market.ticks", latenessOf(rows), 10)) {
      sizes.push(batch.length);
      most = Math.max(most, taken - sizes.reduce((sum, each) => sum + each, 0));
    }
    expect(most).toBeLessThan(5);
  });

  test("a source that fails is raised, its rows before it kept", async () => {
    const failing = (async function* () {
      yield [rowOf(1, 0, 1)];
      throw new Error("cut");
    })();
    await expect(all(sortedRows(failing, "market.ticks", 5))).rejects.toThrow("cut");
  });
});

describe("merged rows", () => {
  test("are sorted by time, then file, then line", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(times, { maxLength: 4 }), size, async (lists, batch) => {
        const files = lists.map((list, file) =>
          list.toSorted((a, b) => a - b).map((time, line) => rowOf(time, file, line)),
        );
        const merged = await all(mergedRows(files.map((rows) => inBatches(rows, batch))));
        expect(merged).toEqual(files.flat().toSorted((a, b) => a.timeUs - b.timeUs));
      }),
      { numRuns: 300 },
    );
  });
});
