import { describe, expect, test } from "vitest";
import type { EventLog } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { corporateActions } from "./action-rows.ts";
import { importNotices } from "./import-notices.ts";
import { defaultInstrument } from "./import-options.ts";
import { eventsOf, filesOf, imported } from "./testing/imported.ts";

const options = { session: null, delimiter: null, columns: null };
const header = "date,symbol,action,ratio,amount,currency,new_symbol,price";

/** A tape that has daily bars of AAPL and AIG. */
async function tape(): Promise<EventLog> {
  const log = createMemoryLog();
  const files = filesOf({
    "bars.csv": "date,symbol,close\n2014-06-06,AAPL,645.57\n2014-06-06,AIG,55.10\n",
  });
  await imported(files, "bars", {}, log);
  return log;
}

async function actions(rows: readonly string[], log?: EventLog, head = header) {
  const held = log ?? (await tape());
  const files = filesOf({ "actions.csv": `${[head, ...rows].join("\n")}\n` });
  const report = await importNotices(corporateActions, files, options, async () => held);
  const events = await eventsOf(held);
  return {
    report,
    found: events.filter(({ topic }) => topic === "market.corporate-actions"),
    letters: events.flatMap(({ topic, value }) =>
      topic === "tape.dead-letters" ? [value as { position: number; code: string }] : [],
    ),
  };
}

const neutral = { newShares: 1, oldShares: 1, amount: 0, amountScale: 0 };
const empty = { currency: "", newSymbol: "", finalPrice: null, withheldPerMillion: 0 };

describe("importing corporate actions", () => {
  test("each kind, by time, effective as the session of its ex-date begins", async () => {
    const { found, report } = await actions([
      "2021-02-05,AIG,CASH_DIVIDEND,,0.320,USD,,",
      "2014-06-09,AAPL,SPLIT,7:1,,,,",
      "2009-07-01,AIG,split,1-for-20,,,,",
      "2021-03-01,AAPL,SYMBOL_CHANGE,,,,APPL,",
      "2021-04-01,APPL,DELISTING,,,,,12.5",
      "2021-04-01,AIG,delisting,,,,,",
    ]);
    expect(report).toMatchObject({ rows: 6, events: 6, rejected: 0, reasons: {} });
    expect(report.symbols).toEqual({ AAPL: 2, AIG: 3, APPL: 1 });
    const at = (iso: string): number => Date.parse(iso) * 1000;
    expect(found.map(({ timeUs, value }) => [timeUs, value])).toEqual([
      [
        at("2009-07-01T13:30:00Z"),
        { ...neutral, ...empty, symbol: "AIG", action: "SPLIT", newShares: 1, oldShares: 20 },
      ],
      [
        at("2014-06-09T13:30:00Z"),
        { ...neutral, ...empty, symbol: "AAPL", action: "SPLIT", newShares: 7 },
      ],
      [
        at("2021-02-05T14:30:00Z"),
        {
          ...neutral,
          ...empty,
          symbol: "AIG",
          action: "CASH_DIVIDEND",
          amount: 32,
          amountScale: 2,
          currency: "USD",
        },
      ],
      [
        at("2021-03-01T14:30:00Z"),
        { ...neutral, ...empty, symbol: "AAPL", action: "SYMBOL_CHANGE", newSymbol: "APPL" },
      ],
      [
        at("2021-04-01T13:30:00Z"),
        { ...neutral, ...empty, symbol: "APPL", action: "DELISTING", finalPrice: 1250 },
      ],
      [at("2021-04-01T13:30:00Z"), { ...neutral, ...empty, symbol: "AIG", action: "DELISTING" }],
    ]);
  });

  test("a row that cannot be used is a dead letter with its line and reason; the others are kept", async () => {
    const { report, letters, found } = await actions([
      "2014-06-09,AAPL,SPLIT,7:1,,,,",
      "2014-06-10,AAPL,SPLIT,0:1,,,,",
      "2014-06-10,AAPL,SPLIT,two,,,,",
      "2014-06-10,MSFT,SPLIT,2:1,,,,",
      "soon,AAPL,SPLIT,2:1,,,,",
      "2014-06-10,AAPL,MERGER,,,,,",
      "2014-06-10,AAPL,CASH_DIVIDEND,,-1,,,",
      "2014-06-10,AAPL,CASH_DIVIDEND,,NaN,,,",
      "2014-06-10,AAPL,CASH_DIVIDEND,,0.12345678901,,,",
      "2014-06-10,AAPL,CASH_DIVIDEND,,1,EUR,,",
      "2014-06-10,AAPL,SYMBOL_CHANGE,,,,AAPL,",
      "2014-06-10,AAPL,SYMBOL_CHANGE,,,,a b,",
      "2014-06-10,AAPL,DELISTING,,,,,-1",
      "2014-06-10,AAPL",
    ]);
    expect(found).toHaveLength(1);
    expect(report).toMatchObject({ rows: 14, events: 1, rejected: 13 });
    expect(letters.map(({ position, code }) => [position, code])).toEqual([
      [3, "IMPORT_FIELD_INVALID"],
      [4, "IMPORT_FIELD_INVALID"],
      [5, "IMPORT_SYMBOL_UNKNOWN"],
      [6, "IMPORT_TIME_INVALID"],
      [7, "IMPORT_FIELD_INVALID"],
      [8, "IMPORT_FIELD_INVALID"],
      [9, "IMPORT_NUMBER_INVALID"],
      [10, "IMPORT_NUMBER_PRECISION"],
      [11, "IMPORT_FIELD_INVALID"],
      [12, "IMPORT_SYMBOL_INVALID"],
      [13, "IMPORT_SYMBOL_INVALID"],
      [14, "IMPORT_FIELD_INVALID"],
      [15, "IMPORT_ROW_MALFORMED"],
    ]);
  });

  test("what is withheld of a dividend is a part from 0 to 1", async () => {
    const row = (day: number, part: string) => `2021-02-0${day},AIG,CASH_DIVIDEND,1,${part}`;
    const { found, letters } = await actions(
      [row(1, "0.26375"), row(2, ""), row(3, "1.01"), row(4, "-0.1"), row(5, "0.0000001")],
      undefined,
      "date,symbol,action,amount,withheld",
    );
    expect(found.map(({ value }) => value)).toMatchObject([
      { withheldPerMillion: 263_750 },
      { withheldPerMillion: 0 },
    ]);
    expect(letters.map(({ code }) => code)).toEqual(Array(3).fill("IMPORT_FIELD_INVALID"));
  });

  test("a tape only grows at its end; a name that it learned before is known", async () => {
    const log = await tape();
    await actions(["2014-06-09,AAPL,SYMBOL_CHANGE,,,,APPL,"], log);
    const later = await actions(["2014-06-10,APPL,SPLIT,2:1,,,,"], log);
    expect(later.found).toHaveLength(2);
    await expect(actions(["2014-06-09,AIG,SPLIT,2:1,,,,"], log)).rejects.toMatchObject({
      code: "IMPORT_NOT_LATER",
    });
  });

  test("a session that is given, and a calendar without any, say when", async () => {
    const log = createMemoryLog();
    const files = filesOf({ "btc.csv": "date,symbol,close\n2014-06-06,BTC,600\n" });
    const instrument = { ...defaultInstrument, calendar: "24x7", timeZone: "UTC" };
    await imported(files, "bars", { instrument }, log);
    const rows = filesOf({ "a.csv": "date,symbol,action,ratio\n2014-06-09,BTC,SPLIT,10:1\n" });
    await importNotices(corporateActions, rows, options, async () => log);
    const later = filesOf({ "b.csv": "date,symbol,action,ratio\n2014-06-10,BTC,SPLIT,10:1\n" });
    const session = { openUs: 4 * 3_600_000_000, closeUs: 20 * 3_600_000_000 };
    await importNotices(corporateActions, later, { ...options, session }, async () => log);
    const times = (await eventsOf(log)).filter(({ topic }) => topic === "market.corporate-actions");
    expect(times.map(({ timeUs }) => timeUs)).toEqual([
      Date.parse("2014-06-09T00:00:00Z") * 1000 + 1,
      Date.parse("2014-06-10T04:00:00Z") * 1000,
    ]);
  });

  test.each([
    [
      "no column for the action",
      "date,symbol,what",
      ["2014-06-09,AAPL,SPLIT"],
      "IMPORT_COLUMN_MISSING",
    ],
    ["no row that can be used", header, ["2014-06-09,MSFT,SPLIT,2:1,,,,"], "IMPORT_NO_ROWS"],
    ["no rows", header, [], "IMPORT_NO_ROWS"],
  ])("a file with %s is refused whole", async (_, head, rows, code) => {
    const log = await tape();
    const before = await log.partitions();
    await expect(actions(rows, log, head)).rejects.toMatchObject({ code });
    expect(await log.partitions()).toEqual(before);
  });
});
