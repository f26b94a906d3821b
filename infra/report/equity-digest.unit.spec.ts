import { expect, test } from "vitest";
import { carriedOn } from "./equity-digest.ts";

const DAY_US = 86_400_000_000;

test("a curve goes on level where the book was flat, and stays itself where it was not", () => {
  const days = Array.from({ length: 1000 }, (_, day) => day * DAY_US);
  const held = [...days.slice(0, 100), ...days.slice(700)].map((start) => start + DAY_US - 1);
  const values = held.map((_, i) => i);
  const gross = values.map((_, i) => (i === 99 ? 0 : 5));
  const series = { timeUs: held, equity: values, drawdown: values, gross, net: values };
  const always = { ...series, gross: values.map(() => 5) };
  expect(carriedOn(always, days)).toEqual(always);
  const { timeUs, equity } = carriedOn(series, days);
  const put = timeUs.filter((time) => !held.includes(time));
  expect(put.length).toBeGreaterThan(150);
  expect(put.length).toBeLessThan(600);
  expect([...timeUs].sort((a, b) => a - b)).toEqual(timeUs);
  expect(new Set(timeUs).size).toBe(timeUs.length);
  expect(timeUs.flatMap((time, i) => (put.includes(time) ? [equity[i]] : []))).toEqual(
    put.map(() => 99),
  );
  // The last one is of the day before the next snapshot: the line rises there, and no earlier.
  expect(put.at(-1)).toBe(699 * DAY_US + DAY_US);
  const busy = { ...series, timeUs: days, equity: days, drawdown: days, gross: days, net: days };
  expect(carriedOn(busy, days)).toEqual(busy);
});
