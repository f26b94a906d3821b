import { describe, expect, test } from "vitest";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { EquitySampling, type Sample } from "./sampling.ts";

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const at = (text: string): number => parseIsoUs(text) as number;
const MONDAY = at("2013-10-07");
const initial: Sample = { equity: 1000n, gross: 0n };
const worth = (equity: number): Sample => ({ equity: BigInt(equity), gross: 1n });

describe("sampling equity", () => {
  test("a bar known at midnight belongs to its day; a period without a market makes no sample", () => {
    const sampling = new EquitySampling();
    for (let week = 0; week < 4; week++) {
      for (let day = 0; day < 5; day++) {
        const closeUs = MONDAY + (7 * week + day + 1) * DAY_US;
        sampling.market(closeUs);
        sampling.snapshot(closeUs + (day === 4 ? 1000 : 0), worth(1001 + week * 5 + day));
      }
    }
    const { period, perYear, startUs, samples } = sampling.end(initial);
    // Friday's bar ends at Saturday's midnight and its fill is heard after: no trading Saturday.
    expect({ period, perYear, count: startUs.length }).toEqual({
      period: "day",
      perYear: 252,
      count: 20,
    });
    expect(startUs[0]).toBe(MONDAY);
    expect(samples.map(({ equity }) => Number(equity))).toEqual(
      Array.from({ length: 20 }, (_, i) => 1001 + i),
    );
  });

  test("markets that never close have 365 days a year", () => {
    const sampling = new EquitySampling();
    for (let day = 0; day < 30; day++) sampling.market(MONDAY + day * DAY_US + HOUR_US);
    expect(sampling.end(initial)).toMatchObject({ period: "day", perYear: 365 });
  });

  test("few days are sampled by hours, few hours by minutes; quiet periods carry the value", () => {
    const hours = new EquitySampling();
    for (let day = 0; day < 5; day++) {
      for (let hour = 1; hour <= 7; hour++) hours.market(MONDAY + day * DAY_US + hour * HOUR_US);
    }
    hours.snapshot(MONDAY + DAY_US + 2 * HOUR_US, worth(1200));
    const byHour = hours.end(initial);
    expect(byHour).toMatchObject({ period: "hour", perYear: 7 * 252 });
    expect(byHour.samples.slice(6, 11).map(({ equity }) => equity)).toEqual([
      1000n,
      1000n,
      1200n,
      1200n,
      1200n,
    ]);
    const minutes = new EquitySampling();
    for (let minute = 1; minute <= 90; minute++) minutes.market(MONDAY + minute * 60_000_000);
    expect(minutes.end(initial)).toMatchObject({ period: "minute", perYear: 90 * 252 });
    expect(new EquitySampling().end(initial).samples).toEqual([]);
  });
});
