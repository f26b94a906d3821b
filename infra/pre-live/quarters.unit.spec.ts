import { expect, test } from "vitest";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { quartersOf } from "./quarters.ts";

const DAY_US = 86_400_000_000;
const us = (day: string): number => parseIsoUs(day) as number;
const dayOf = (day: string): number => us(day) / DAY_US;

/** Closes of one symbol by day. */
const closes = (all: Readonly<Record<string, number>>) => ({
  name: "x",
  days: Object.keys(all).map(dayOf),
  values: Object.values(all),
});

test("a quarter is a bull or a bear from 5 % on, of the mean of its symbols; the cut ends are left out", () => {
  const days = ["2019-12-31", "2020-03-31", "2020-06-30", "2020-09-30", "2020-12-31", "2021-01-04"];
  const at = (...values: readonly number[]) =>
    closes(Object.fromEntries(days.map((day, i) => [day, values[i] as number])));
  const market = new Map([
    ["A", at(100, 110, 99, 99, 200, 200)],
    ["B", at(100, 100, 90, 98.9, 300, 300)],
  ]);
  const own = { timeUs: days.map(us), returns: [0, 0.01, -0.02, 0.03, 0.04, 0.05] };
  const found = quartersOf(market, own);
  expect(found.map(({ name, regime }) => [name, regime])).toEqual([
    ["2020Q1", "bull"],
    ["2020Q2", "bear"],
    ["2020Q3", "sideways"],
    ["2020Q4", "bull"],
  ]);
  expect(found.map((quarter) => Number(quarter.own.toFixed(10)))).toEqual([
    0.01, -0.02, 0.03, 0.04,
  ]);
  expect(found[0]?.market).toBeCloseTo(0.05, 12);
  expect(found[2]?.market).toBeCloseTo((98.9 / 90 - 1) / 2, 12);
});

test("a quarter through which trading was stopped was not traded", () => {
  const days = ["2019-12-31", "2020-02-03", "2020-05-04", "2020-08-03"];
  const market = new Map([["A", closes(Object.fromEntries(days.map((day) => [day, 100])))]]);
  const own = { timeUs: days.map(us), returns: [0, 0, 0, 0] };
  const asked: number[][] = [];
  const found = quartersOf(market, own, (fromUs, toUs) => {
    asked.push([fromUs, toUs]);
    return fromUs === us("2020-01-01");
  });
  expect(found.map(({ name }) => name)).toEqual(["2020Q2"]);
  expect(asked[0]).toEqual([us("2020-01-01"), us("2020-04-01")]);
});

test("a symbol that was listed in the quarter does not count to it, and the run's days are compounded", () => {
  const days = ["2020-03-31", "2020-05-01", "2020-05-04", "2020-07-01"];
  const market = new Map([
    ["A", closes({ "2020-03-31": 100, "2020-05-04": 100 })],
    ["NEW", closes({ "2020-05-01": 10, "2020-05-04": 1 })],
  ]);
  const [only] = quartersOf(market, { timeUs: days.map(us), returns: [0, 0.1, 0.1, 0] });
  expect(only?.regime).toBe("sideways");
  expect(only?.own).toBeCloseTo(0.21, 12);
  expect(quartersOf(new Map(), { timeUs: days.map(us), returns: [0, 0.1, 0.1, 0] })).toEqual([]);
});
