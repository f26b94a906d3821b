import { expect, test } from "vitest";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { importNotices } from "./import-notices.ts";
import { marketRates } from "./rate-rows.ts";
import { eventsOf, filesOf, imported } from "./testing/imported.ts";

const options = { session: null, delimiter: null, columns: null };
const HEAD = "time,symbol,kind,rate,mark";

async function rates(rows: readonly string[]) {
  const log = createMemoryLog();
  const bars = filesOf({ "bars.csv": "date,symbol,close\n2013-10-04,IBM,184.10\n" });
  await imported(bars, "bars", {}, log);
  const files = filesOf({ "rates.csv": `${[HEAD, ...rows].join("\n")}\n` });
  const report = await importNotices(marketRates, files, options, async () => log);
  const events = await eventsOf(log);
  return {
    report,
    found: events.filter(({ topic }) => topic === "market.rates"),
    letters: events.flatMap(({ topic, value }) =>
      topic === "tape.dead-letters" ? [value as { position: number; code: string }] : [],
    ),
  };
}

const us = (iso: string): number => Date.parse(iso) * 1000;

test("rates of each kind, with their sign and mark, exactly", async () => {
  const { found, report } = await rates([
    "2013-10-07T08:00:00Z,IBM,funding,-0.000125,184.20",
    "2013-10-07T16:00:00Z,IBM,FUNDING,0.0001,",
    "2013-10-07T16:00:00Z,IBM,BORROW,0.123456789,",
    "2013-10-07T17:00:00Z,IBM,Financing,-0.01,",
  ]);
  expect(report).toMatchObject({ kind: "rates", rows: 4, events: 4, rejected: 0 });
  expect(found.map(({ timeUs, value }) => [timeUs, value])).toEqual([
    [
      us("2013-10-07T08:00:00Z"),
      { symbol: "IBM", kind: "FUNDING", ratePerBillion: -125_000, markPrice: 184_20 },
    ],
    [
      us("2013-10-07T16:00:00Z"),
      { symbol: "IBM", kind: "FUNDING", ratePerBillion: 100_000, markPrice: null },
    ],
    [
      us("2013-10-07T16:00:00Z"),
      { symbol: "IBM", kind: "BORROW", ratePerBillion: 123_456_789, markPrice: null },
    ],
    [
      us("2013-10-07T17:00:00Z"),
      { symbol: "IBM", kind: "FINANCING", ratePerBillion: -10_000_000, markPrice: null },
    ],
  ]);
});

test("a row that says nothing is a dead letter with its line and reason", async () => {
  const { letters, report } = await rates([
    "2013-10-07T08:00:00Z,IBM,FUNDING,0.1,",
    "2013-10-07T08:00:00,IBM,FUNDING,0.1,",
    "2013-10-07T08:00:00Z,MSFT,FUNDING,0.1,",
    "2013-10-07T08:00:00Z,IBM,LENDING,0.1,",
    "2013-10-07T08:00:00Z,IBM,FUNDING,0.0000000001,",
    "2013-10-07T08:00:00Z,IBM,FUNDING,0.1,-1",
    "2013-10-07T08:00:00Z,IBM,BORROW,0.1,184.20",
  ]);
  expect(report).toMatchObject({ events: 1, rejected: 6 });
  expect(letters.map(({ position, code }) => [position, code])).toEqual([
    [3, "IMPORT_TIME_INVALID"],
    [4, "IMPORT_SYMBOL_UNKNOWN"],
    [5, "IMPORT_FIELD_INVALID"],
    [6, "IMPORT_NUMBER_INVALID"],
    [7, "IMPORT_FIELD_INVALID"],
    [8, "IMPORT_FIELD_INVALID"],
  ]);
});
