// A simulated tape over the in-memory log: what lies on it, in which order, at which hours.

import { describe, expect, test } from "vitest";
import { barBuilder } from "../../processors/bar-builder/bar-builder.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import type { EventOf } from "../../streams/event.ts";
import type { EventLog } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { RecordCursor } from "../../streams/record.ts";
import { type SimulateOptions, simulateTape } from "./simulate-tape.ts";

const MINUTE_US = 60_000_000;
const options: SimulateOptions = {
  seed: 7,
  instruments: 3,
  days: 4,
  ticksPerDay: 1500,
  firstDayUs: parseIsoUs("2024-03-07") ?? 0,
  barsUs: null,
  partitions: 1,
};

async function simulate(changes: Partial<SimulateOptions> = {}) {
  const log = createMemoryLog();
  const counts = await simulateTape(log, { ...options, ...changes });
  return { log, counts };
}

async function eventsOf<T extends TopicName>(log: EventLog, topic: T): Promise<EventOf<T>[]> {
  const events: EventOf<T>[] = [];
  for (const range of await log.partitions()) {
    if (range.topic !== topic) continue;
    for (let offset = range.start; offset < range.end; ) {
      const batch = await log.read(topic, range.partition, offset);
      if (batch === null) break;
      const cursor = new RecordCursor(topic, range.partition, batch.baseOffset, batch.bytes);
      for (let event = cursor.read(); event !== null; event = cursor.read()) {
        events.push(event as EventOf<T>);
      }
      offset = batch.baseOffset + batch.count;
    }
  }
  return events;
}

/** Every record of the log as it lies there. */
async function bytesOf(log: EventLog): Promise<string> {
  const parts: string[] = [];
  for (const { topic, partition, start, end } of await log.partitions()) {
    for (let offset = start; offset < end; ) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null) break;
      parts.push(`${topic}/${partition} ${Buffer.from(batch.bytes).toString("base64")}`);
      offset = batch.baseOffset + batch.count;
    }
  }
  return parts.join("\n");
}

describe("a simulated tape", () => {
  test("has the same bytes for the same options, and others for another seed", async () => {
    const tape = await bytesOf((await simulate()).log);
    expect(await bytesOf((await simulate()).log)).toBe(tape);
    expect(await bytesOf((await simulate({ seed: 8 })).log)).not.toBe(tape);
  });

  test("starts with its instruments, and numbers its events without a gap", async () => {
    const { log, counts } = await simulate();
    const listings = await eventsOf(log, "market.instruments");
    const ticks = await eventsOf(log, "market.ticks");
    expect(listings.map(({ value }) => value.symbol)).toEqual(["ALFA", "BRAV", "CHAR"]);
    expect(listings.map(({ origin }) => origin)).toEqual([0, 1, 2]);
    expect(ticks.map(({ origin }) => origin)).toEqual(ticks.map((_, i) => i + 3));
    expect(ticks.length).toBe(counts.ticks);
    expect(new Set(ticks.map(({ value }) => value.symbol)).size).toBe(3);
    for (const { timeUs } of listings) expect(timeUs).toBeLessThanOrEqual(ticks[0]?.timeUs ?? 0);
    for (const { cause, value } of ticks.slice(0, 100)) {
      expect(cause).toBeNull();
      expect(value.quantity % 100).toBe(0);
    }
  });

  test("keeps New York's hours: weekends closed, an hour earlier once the clocks have changed", async () => {
    const ticks = await eventsOf((await simulate()).log, "market.ticks");
    const days = new Map<string, { first: string; last: string }>();
    for (const { timeUs } of ticks) {
      const [day = "", clock = ""] = formatIsoUs(timeUs).split("T");
      days.set(day, { first: days.get(day)?.first ?? clock, last: clock });
    }
    // 2024-03-07 is a Thursday; clocks changed on Sunday the 10th.
    expect([...days.keys()]).toEqual(["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-12"]);
    for (const [day, { first, last }] of days) {
      const isSummer = day > "2024-03-10";
      expect(first >= (isSummer ? "13:30" : "14:30")).toBe(true);
      expect(first < (isSummer ? "13:32" : "14:32")).toBe(true);
      expect(last >= (isSummer ? "19:57" : "20:57")).toBe(true);
      expect(last < (isSummer ? "20:00" : "21:00")).toBe(true);
    }
  });

  test("keeps each symbol in one partition, in order of time", async () => {
    const one = await eventsOf((await simulate()).log, "market.ticks");
    const four = await eventsOf((await simulate({ partitions: 4 })).log, "market.ticks");
    expect(new Set(four.map(({ partition }) => partition)).size).toBeGreaterThan(1);
    for (const { partition, value } of four) expect(partition).toBe(partitionOf(value.symbol, 4));
    const told = ({ timeUs, origin, value }: EventOf<"market.ticks">) => ({
      timeUs,
      origin,
      value,
    });
    expect(four.sort((a, b) => a.origin - b.origin).map(told)).toEqual(one.map(told));
  });

  test("has the bars that the flow makes of the ticks, each at its end, the last ones too", async () => {
    const { log, counts } = await simulate({ barsUs: MINUTE_US });
    const bars = await eventsOf(log, "market.bars");
    expect(bars.length).toBe(counts.bars);
    for (const { timeUs, value } of bars) expect(timeUs).toBe(value.endUs);
    expect((await eventsOf(log, "market.ticks")).length).toBe(0);

    const builder = barBuilder({ intervalUs: MINUTE_US, suspicious: "exclude" });
    let state = builder.initial();
    const built: MarketBar[] = [];
    for (const tick of await eventsOf((await simulate()).log, "market.ticks")) {
      state = builder.evolve(state, tick);
      built.push(...builder.decide(state, tick).map(({ value }) => value));
    }
    // The builder's last bar of each symbol stays open.
    const lastEnds = new Map(bars.map(({ value }) => [value.symbol, value.endUs]));
    const closed = bars
      .map(({ value }) => value)
      .filter((b) => b.endUs < (lastEnds.get(b.symbol) ?? 0));
    const bySymbol = (a: MarketBar, b: MarketBar) =>
      a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : a.endUs - b.endUs;
    expect(closed.sort(bySymbol)).toEqual(built.sort(bySymbol));
    expect(bars.length - built.length).toBe(3);
  });

  test("tells how far it is", async () => {
    const seen: [number, number][] = [];
    const log = createMemoryLog();
    await simulateTape(log, options, (done, expected) => seen.push([done, expected]));
    expect(seen.length).toBeGreaterThan(0);
    expect(seen[0]).toEqual([8192, 18_000]);
  });
});

test.each([
  ["1969-12-31", 1],
  ["2199-12-30", 3],
  ["2254-12-20", 300],
])("a market from %s on for %i days is refused before anything is written", async (from, days) => {
  const log = createMemoryLog();
  const simulated = simulateTape(log, { ...options, days, firstDayUs: parseIsoUs(from) ?? 0 });
  await expect(simulated).rejects.toMatchObject({ code: "VALUE_TIME_INVALID" });
  expect(await log.partitions()).toEqual([]);
});
