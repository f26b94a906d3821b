import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIsoUs, parseIsoUs } from "../schemas/values/time.ts";
import { behindUtcUs, earlyClosesOf, holidaysOf, newYorkUs } from "./new-york-exchange.ts";
import { calendarNames, calendarOf } from "./trading-calendar.ts";

const us = (text: string): number => parseIsoUs(text) as number;
const DAY_US = 86_400_000_000;
const HOUR_US = 3_600_000_000;
const FROM = us("1971-01-01");
const UNTIL = us("2037-01-01");
const times = fc.integer({ min: FROM / 1e6, max: UNTIL / 1e6 }).map((second) => second * 1e6);
const dated = (days: Iterable<number>) =>
  [...days].map((day) => formatIsoUs(day * DAY_US).slice(0, 10));

function session(name: string, time: string): readonly string[] {
  const { day, openUs, closeUs } = calendarOf(name, "A").sessionFrom(us(time));
  return [...dated([day]), formatIsoUs(openUs), formatIsoUs(closeUs)];
}

describe("the clock of New York", () => {
  const zone = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/New_York",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const shown = (timeUs: number): string => {
    const parts = new Map(
      zone.formatToParts(timeUs / 1000).map(({ type, value }) => [type, value]),
    );
    const [date, clock] = [
      ["year", "month", "day"],
      ["hour", "minute", "second"],
    ].map((names) => names.map((name) => parts.get(name as Intl.DateTimeFormatPartTypes))) as [
      string[],
      string[],
    ];
    return `${date.join("-")}T${clock.join(":")}Z`;
  };

  test("is that of the time zone database, at any time and around each change", () => {
    fc.assert(
      fc.property(times, (timeUs) => {
        expect(formatIsoUs(newYorkUs(timeUs))).toBe(shown(timeUs));
      }),
      { numRuns: 2000 },
    );
    for (let hourUs = FROM; hourUs < UNTIL; hourUs += DAY_US) {
      for (const timeUs of [hourUs + 6 * HOUR_US, hourUs + 7 * HOUR_US]) {
        expect(formatIsoUs(newYorkUs(timeUs))).toBe(shown(timeUs));
      }
    }
  });

  test("turns back what it shows, but for the hour that comes twice", () => {
    fc.assert(
      fc.property(times, (timeUs) => {
        const localUs = newYorkUs(timeUs);
        const back = localUs + behindUtcUs(localUs);
        if (back !== timeUs) expect(timeUs - back).toBe(HOUR_US);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("sessions of New York", () => {
  test("begin an hour earlier by UTC in summer", () => {
    const open = (time: string) => session("XNYS", time)[1];
    expect(open("2021-03-12T12:00:00Z")).toBe("2021-03-12T14:30:00Z");
    expect(open("2021-03-15T12:00:00Z")).toBe("2021-03-15T13:30:00Z");
    expect(open("2021-11-05T12:00:00Z")).toBe("2021-11-05T13:30:00Z");
    expect(open("2021-11-08T12:00:00Z")).toBe("2021-11-08T14:30:00Z");
  });

  test("leave out weekends, holidays and days on which the exchange was shut", () => {
    expect(session("XNYS", "2001-09-10T20:00:00Z")[0]).toBe("2001-09-17");
    expect(session("XNAS", "2012-10-26T20:00:00Z")[0]).toBe("2012-10-31");
    expect(session("XNYS", "2021-12-24T15:00:00Z")[0]).toBe("2021-12-27");
    // 1 January 2022 is a Saturday: the Friday before it is a day like another.
    expect(session("XNYS", "2021-12-31T15:00:00Z")[0]).toBe("2021-12-31");
  });

  test("end at one in the afternoon on the eves of holidays", () => {
    expect(session("XNYS", "2019-11-29T15:00:00Z")[2]).toBe("2019-11-29T18:00:00Z");
    expect(session("XNYS", "2013-07-03T15:00:00Z")[2]).toBe("2013-07-03T17:00:00Z");
    expect(session("XNYS", "2002-07-05T15:00:00Z")[2]).toBe("2002-07-05T17:00:00Z");
    expect(session("XNYS", "2002-07-03T15:00:00Z")[2]).toBe("2002-07-03T20:00:00Z");
    expect(dated(earlyClosesOf(2019).keys())).toEqual(["2019-07-03", "2019-11-29", "2019-12-24"]);
  });

  test("have the holidays that the exchange has published", () => {
    expect(dated(holidaysOf(2024).keys())).toEqual([
      "2024-01-01",
      "2024-01-15",
      "2024-02-19",
      "2024-03-29",
      "2024-05-27",
      "2024-06-19",
      "2024-07-04",
      "2024-09-02",
      "2024-11-28",
      "2024-12-25",
    ]);
    expect(holidaysOf(2025).get(us("2025-01-09") / DAY_US)).toBe("Mourning for Jimmy Carter");
  });
});

describe("a calendar", () => {
  test("has sessions that follow one another, from any time on, whatever was asked before", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...calendarNames),
        fc.array(times, { minLength: 1 }),
        (name, asked) => {
          const { sessionFrom } = calendarOf(name, "A");
          for (const timeUs of asked) {
            const { day, openUs, closeUs } = sessionFrom(timeUs);
            expect(closeUs).toBeGreaterThan(timeUs);
            expect(openUs).toBeLessThan(closeUs);
            expect(openUs - timeUs).toBeLessThanOrEqual(7 * DAY_US);
            expect(sessionFrom(openUs)).toEqual({ day, openUs, closeUs });
            expect(sessionFrom(closeUs - 1)).toEqual({ day, openUs, closeUs });
            const next = sessionFrom(closeUs);
            expect(next.openUs).toBeGreaterThanOrEqual(closeUs);
            expect(next.day).toBeGreaterThan(day);
            // Nothing lies between the two.
            expect(sessionFrom(next.openUs - 1).day).toBe(next.openUs > closeUs ? next.day : day);
          }
        },
      ),
    );
  });

  test("of currencies goes from Sunday to Friday at five in the afternoon of New York", () => {
    expect(session("24x5", "2021-06-06T20:59:59Z")).toEqual([
      "2021-06-07",
      "2021-06-06T21:00:00Z",
      "2021-06-07T21:00:00Z",
    ]);
    expect(session("24x5", "2021-06-11T21:00:00Z")[0]).toBe("2021-06-14");
    expect(session("24x5", "2021-01-01T21:59:00Z")[2]).toBe("2021-01-01T22:00:00Z");
  });

  test("that nobody knows is refused with the symbol and what there is", () => {
    expect(() => calendarOf("XLON", "VOD")).toThrow(
      expect.objectContaining({
        code: "CALENDAR_UNKNOWN",
        facts: { symbol: "VOD", calendar: "XLON", known: calendarNames.join(", ") },
      }),
    );
  });
});
