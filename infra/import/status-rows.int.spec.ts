import { describe, expect, test } from "vitest";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { importNotices } from "./import-notices.ts";
import { marketStatus } from "./status-rows.ts";
import { eventsOf, filesOf, imported } from "./testing/imported.ts";

const options = { session: null, delimiter: null, columns: null };
const HEAD = "time,symbol,status,from,to,reason";

async function status(rows: readonly string[], head = HEAD) {
  const log = createMemoryLog();
  await imported(
    filesOf({ "bars.csv": "date,symbol,close\n2013-10-04,IBM,184.10\n" }),
    "bars",
    {},
    log,
  );
  const files = filesOf({ "halts.csv": `${[head, ...rows].join("\n")}\n` });
  const report = await importNotices(marketStatus, files, options, async () => log);
  const events = await eventsOf(log);
  return {
    report,
    found: events.filter(({ topic }) => topic === "market.status"),
    letters: events.flatMap(({ topic, value }) =>
      topic === "tape.dead-letters" ? [value as { position: number; code: string }] : [],
    ),
  };
}

const us = (iso: string): number => Date.parse(iso) * 1000;

describe("importing trading states", () => {
  test("each kind, by time, in the exchange's words", async () => {
    const { found, report } = await status([
      "2013-10-07T15:10:00Z,IBM,trading,,,",
      "2013-10-07T15:00:00Z,IBM,HALTED,,,news pending",
      "2013-10-07T11:20:00-04:00,IBM,BUSTED,2013-10-07T15:10:00Z,2013-10-07T15:11:00Z,clearly erroneous",
      "2013-10-07T17:00:00Z,IBM,Closed,,,",
    ]);
    expect(report).toMatchObject({ kind: "status", rows: 4, events: 4, rejected: 0 });
    const at = (iso: string) => ({ symbol: "IBM", fromUs: us(iso), toUs: us(iso), reason: "" });
    expect(found.map(({ timeUs, value }) => [timeUs, value])).toEqual([
      [
        us("2013-10-07T15:00:00Z"),
        { ...at("2013-10-07T15:00:00Z"), status: "HALTED", reason: "news pending" },
      ],
      [us("2013-10-07T15:10:00Z"), { ...at("2013-10-07T15:10:00Z"), status: "TRADING" }],
      [
        us("2013-10-07T15:20:00Z"),
        {
          symbol: "IBM",
          status: "BUSTED",
          fromUs: us("2013-10-07T15:10:00Z"),
          toUs: us("2013-10-07T15:11:00Z"),
          reason: "clearly erroneous",
        },
      ],
      [us("2013-10-07T17:00:00Z"), { ...at("2013-10-07T17:00:00Z"), status: "CLOSED" }],
    ]);
  });

  test("a row that says nothing is a dead letter with its line and reason", async () => {
    const { letters, report } = await status([
      "2013-10-07T15:00:00Z,IBM,HALTED,,,",
      "2013-10-07 15:00:00,IBM,HALTED,,,",
      "2013-10-07T15:00:00Z,MSFT,HALTED,,,",
      "2013-10-07T15:00:00Z,IBM,PAUSED,,,",
      "2013-10-07T15:00:00Z,IBM,BUSTED,,2013-10-07T14:00:00Z,",
      "2013-10-07T15:00:00Z,IBM,BUSTED,2013-10-07T14:00:00Z,2013-10-07T15:00:01Z,",
    ]);
    expect(report).toMatchObject({ events: 1, rejected: 5 });
    expect(letters.map(({ position, code }) => [position, code])).toEqual([
      [3, "IMPORT_TIME_INVALID"],
      [4, "IMPORT_SYMBOL_UNKNOWN"],
      [5, "IMPORT_FIELD_INVALID"],
      [6, "IMPORT_TIME_INVALID"],
      [7, "IMPORT_FIELD_INVALID"],
    ]);
  });

  test("a file without the columns is refused before anything is written", async () => {
    await expect(status(["x"], "when,what")).rejects.toMatchObject({
      code: "IMPORT_COLUMN_MISSING",
    });
  });
});
