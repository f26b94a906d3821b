// tapedeck calendar: the sessions that a calendar has, and which days it leaves out.

import { Command, InvalidArgumentError, Option } from "commander";
import { earlyClosesOf, holidaysOf } from "../../processors/new-york-exchange.ts";
import { calendarNames, calendarOf } from "../../processors/trading-calendar.ts";
import { daysFromCivil, formatIsoUs } from "../../schemas/values/time.ts";
import { tableText } from "./table.ts";

const DAY_US = 86_400_000_000;
const FIRST_YEAR = 1971;
const LAST_YEAR = 2099;

interface Options {
  readonly year: number;
}

export function calendarCommand(): Command {
  return new Command("calendar")
    .argument("[name]", "of the calendar; without it: the names of all")
    .addOption(
      new Option("--year <year>", "of the sessions' dates")
        .argParser(readYear)
        .default(new Date().getUTCFullYear(), "this year"),
    )
    .addHelpText("after", help)
    .action((name: string | undefined, { year }: Options, command: Command) => {
      const json = command.optsWithGlobals().json === true;
      const found = name === undefined ? calendarNames : sessionsOf(name, year);
      process.stdout.write(json ? `${JSON.stringify(found)}\n` : textOf(found));
    });
}

function readYear(text: string): number {
  const year = Number(text);
  if (Number.isInteger(year) && year >= FIRST_YEAR && year <= LAST_YEAR) return year;
  throw new InvalidArgumentError(`a year from ${FIRST_YEAR} to ${LAST_YEAR}, not ${text}`);
}

interface Year {
  readonly calendar: string;
  readonly year: number;
  readonly sessions: readonly Readonly<Record<"date" | "open" | "close", string>>[];
  readonly closed: readonly Readonly<Record<"date" | "why", string>>[];
  readonly earlyCloses: readonly string[];
}

const dateOf = (day: number): string => formatIsoUs(day * DAY_US).slice(0, 10);

/** Throws CALENDAR_UNKNOWN. */
function sessionsOf(name: string, year: number): Year {
  const { sessionFrom } = calendarOf(name);
  const sessions: Year["sessions"][number][] = [];
  const last = daysFromCivil(year, 12, 31);
  let session = sessionFrom((daysFromCivil(year, 1, 1) - 1) * DAY_US);
  for (; session.day <= last; session = sessionFrom(session.closeUs)) {
    const [date, open, close] = [dateOf(session.day), session.openUs, session.closeUs];
    if (date >= `${year}`)
      sessions.push({ date, open: formatIsoUs(open), close: formatIsoUs(close) });
  }
  const around = name.startsWith("24x");
  return {
    calendar: name,
    year,
    sessions,
    closed: around ? [] : [...holidaysOf(year)].map(([day, why]) => ({ date: dateOf(day), why })),
    earlyCloses: around ? [] : [...earlyClosesOf(year).keys()].map(dateOf),
  };
}

function textOf(found: readonly string[] | Year): string {
  if (!("sessions" in found)) return `${found.join("\n")}\n`;
  const { calendar, year, sessions, closed, earlyCloses } = found;
  const head = `${calendar} ${year}: ${sessions.length} sessions; ends early on ${earlyCloses.length} days\n`;
  const early = new Set(earlyCloses);
  const rows = sessions.map((session) => ({
    ...session,
    note: early.has(session.date) ? "ends early" : "",
  }));
  const away = closed.length === 0 ? "" : `\nClosed\n${tableText([...closed], "")}`;
  return `${head}\n${tableText(rows, "no sessions")}${away}`;
}

const help = `
Sessions are in UTC. An instrument names its calendar (import --calendar); venue.trading.hours: calendar and
risk.orders.session: calendar keep to it.

Examples:
  tapedeck calendar
  tapedeck calendar XNYS --year 2012
  tapedeck calendar 24x5 --year 2021 --json`;
