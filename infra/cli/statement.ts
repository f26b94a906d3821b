// tapedeck statement: the account of a run's portfolio for one day, from the events of the run alone.

import { Command, Option } from "commander";
import type { Account } from "../../projections/answer.ts";
import {
  type LedgerInput,
  type LedgerState,
  ledgerInputs,
  opening,
  openLedger,
  postEvent,
} from "../../projections/ledger.ts";
import {
  type Balances,
  balancesOf,
  type Posted,
  type Statement,
  statementOf,
} from "../../projections/statement.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import { isTopicName } from "../../streams/catalogue.ts";
import type { EventOf } from "../../streams/event.ts";
import { eventAt } from "../../streams/event-at.ts";
import { projectAt } from "../../streams/project.ts";
import type { Projection } from "../../streams/projection.ts";
import { ZoneClock } from "../import/zone-clock.ts";
import { DEFAULT_ROOT } from "../run/run-folder.ts";
import { accountOf, openView, type View } from "../run/run-view.ts";
import { type Cell, tableText } from "./table.ts";

const DAY_US = 86_400_000_000;

interface Options {
  readonly root: string;
  readonly day: string;
  readonly zone?: string;
  readonly format: "text" | "json" | "csv";
}

export function statementCommand(): Command {
  return new Command("statement")
    .description(
      "The account of a run's portfolio for one day: what stood in each account, every entry with its " +
        "cause, what stands in it at the end, what is held with its lots and marks, and the equity, in " +
        "each currency and in the portfolio's.",
    )
    .argument("<run>", "id, unique start of an id, folder, or `latest`")
    .requiredOption("--day <date>", "YYYY-MM-DD, from midnight to midnight in the zone")
    .option("--zone <zone>", "IANA zone of the day (default: that of the run's exchanges)")
    .addOption(
      new Option("--format <format>", "csv: the entries alone")
        .choices(["text", "json", "csv"])
        .default("text"),
    )
    .option("--root <folder>", "where runs and tapes are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (run: string, options: Options, command: Command) => {
      const format = command.optsWithGlobals().json === true ? "json" : options.format;
      const view = await openView(run, options.root);
      try {
        process.stdout.write(textOf(await make(view, options), format));
      } finally {
        await view.log.close();
      }
    });
}

/** A statement and the day that it is of. */
interface Made extends Statement {
  /** Of what was held: an action that changes no cash posts no entry. */
  readonly actions: readonly ActionLine[];
  readonly run: string;
  readonly day: string;
  readonly zone: string;
  readonly from: string;
  readonly to: string;
}

async function make(view: View, { day, zone }: Options): Promise<Made> {
  const { manifest, log, order, missing, path } = view;
  if (manifest === null) throw wrong(`${path} is a tape: it has no account`, { path });
  if (missing !== null) throw new TapedeckError("STORE_UNAVAILABLE", missing, { path });
  const account = accountOf(manifest);
  const span = await spanOf(view);
  const named = zone ?? (await zoneOf(view, account));
  const { fromUs, toUs } = dayIn(day, named);
  if (span === null || toUs <= span.fromUs || fromUs > span.toUs) {
    const has =
      span === null
        ? "no event"
        : `events from ${dateText(span.fromUs, named)} to ${dateText(span.toUs, named)}`;
    throw wrong(`${day} is no day of run ${manifest.runId}: it has ${has}`, { day, zone: named });
  }
  const posted: Posted[] = [];
  const actions: ActionLine[] = [];
  const before = await projectAt(log, plainLedger(account), {
    until: { timeUs: fromUs - 1 },
    order,
  });
  const isFirst = fromUs <= span.fromUs;
  const opened: Balances = isFirst ? new Map() : balancesOf(before.state, account.name);
  if (isFirst) posted.push({ timeUs: span.fromUs, transaction: opening(account) });
  const after = await projectAt(log, watchedLedger(account, { posted, actions }), {
    until: { timeUs: toUs - 1 },
    order,
    from: before,
  });
  return {
    run: manifest.runId,
    day,
    zone: named,
    from: formatIsoUs(fromUs),
    to: formatIsoUs(toUs),
    ...statementOf(account, opened, posted, after.state),
    actions,
  };
}

const plainLedger = (account: Account): Projection<LedgerState, LedgerInput> =>
  watchedLedger(account, null);

interface ActionLine {
  readonly at: string;
  readonly symbol: string;
  readonly action: string;
  /** New shares for old ones, an amount a share, a new name. */
  readonly terms: string;
  readonly quantityBefore: string;
  readonly quantityAfter: string;
}

interface Watch {
  readonly posted: Posted[];
  readonly actions: ActionLine[];
}

/** The ledger, and what it posts and what is done to its holdings on the way. */
const watchedLedger = (
  account: Account,
  watch: Watch | null,
): Projection<LedgerState, LedgerInput> => ({
  name: "statement",
  version: 1,
  inputs: ledgerInputs,
  initial: () => openLedger(account),
  evolve: (state, event) => {
    const isAction = watch !== null && event.topic === "market.corporate-actions";
    const held = isAction ? quantityOf(state, account, event.value.symbol) : 0;
    for (const transaction of postEvent(state, event)) {
      watch?.posted.push({ timeUs: event.timeUs, transaction });
    }
    if (isAction && held !== 0) watch.actions.push(actionLine(state, account, event, held));
    return state;
  },
});

const quantityOf = ({ holdings }: LedgerState, { name }: Account, symbol: string): number =>
  holdings.get(`${name}\n${symbol}`)?.holding.quantity ?? 0;

function actionLine(
  state: LedgerState,
  account: Account,
  { timeUs, value }: EventOf<"market.corporate-actions">,
  held: number,
): ActionLine {
  const { symbol, newSymbol, action } = value;
  const { priceScale = 0, quantityScale = 0 } = state.instruments.get(symbol) ?? {};
  const named = action === "SYMBOL_CHANGE" ? newSymbol : symbol;
  const terms = {
    SPLIT: `${value.newShares} for ${value.oldShares}`,
    CASH_DIVIDEND: `${formatScaled(value.amount, value.amountScale)} ${value.currency}`,
    SYMBOL_CHANGE: newSymbol,
    DELISTING: value.finalPrice === null ? "" : formatScaled(value.finalPrice, priceScale),
  };
  return {
    at: formatIsoUs(timeUs),
    symbol,
    action,
    terms: (terms as Readonly<Record<string, string>>)[action] ?? "",
    quantityBefore: formatScaled(held, quantityScale),
    quantityAfter: formatScaled(quantityOf(state, account, named), quantityScale),
  };
}

interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Times of the first and the last event that the account could be of. */
async function spanOf({ log }: View): Promise<Span | null> {
  const times: number[] = [];
  for (const { topic, partition, start, end } of await log.partitions()) {
    if (!isTopicName(topic) || end === start || topic === "market.instruments") continue;
    for (const offset of [start, end - 1]) {
      times.push((await eventAt(log, { topic, partition, offset })).timeUs);
    }
  }
  return times.length === 0 ? null : { fromUs: Math.min(...times), toUs: Math.max(...times) };
}

/** The one zone of the run's instruments; UTC where they are of several. */
async function zoneOf({ log, order }: View, account: Account): Promise<string> {
  const instruments = { ...plainLedger(account), inputs: ["market.instruments" as const] };
  const { state } = await projectAt(log, instruments, { order });
  const zones = new Set([...state.instruments.values()].map(({ timeZone }) => timeZone));
  return zones.size === 1 ? ([...zones][0] as string) : "UTC";
}

function dayIn(day: string, zone: string): Span {
  const localUs = /^\d{4}-\d\d-\d\d$/.test(day) ? parseIsoUs(day) : null;
  if (localUs === null) throw wrong(`--day is ${day}: write a day such as 2008-09-15`, { day });
  const clock = clockOf(zone);
  const fromUs = midnight(clock, localUs);
  return { fromUs, toUs: midnight(clock, localUs + DAY_US) };
}

/** Where clocks skip midnight the day begins when they have. */
function midnight(clock: ZoneClock, localUs: number): number {
  const us = clock.toUtc(localUs);
  return Number.isNaN(us) ? localUs - clock.offsetAt(localUs - DAY_US) : us;
}

function clockOf(zone: string): ZoneClock {
  try {
    return new ZoneClock(zone);
  } catch {
    throw wrong(`--zone is ${zone}: there is no such IANA time zone`, { zone });
  }
}

const dateText = (timeUs: number, zone: string): string =>
  formatIsoUs(clockOf(zone).toLocal(timeUs)).slice(0, 10);

const wrong = (message: string, facts: Readonly<Record<string, string>>): TapedeckError =>
  new TapedeckError("STATEMENT_DAY_INVALID", message, facts);

function textOf(made: Made, format: Options["format"]): string {
  if (format === "json") return `${JSON.stringify(made)}\n`;
  if (format === "csv") return csvOf(made);
  const { run, portfolio, day, zone, currency } = made;
  const positions = made.positions.map(({ lots, ...line }) => line);
  const lots = made.positions.flatMap(({ symbol, lots: own }) =>
    own.map((lot) => ({ symbol, ...lot })),
  );
  const parts: readonly (readonly [string, readonly Readonly<Record<string, Cell>>[], string])[] = [
    ["Accounts (debits above 0)", rowsOf(made.balances), "nothing"],
    ["Entries", rowsOf(made.entries), "none on this day"],
    ...(made.actions.length === 0
      ? []
      : [["Corporate actions", rowsOf(made.actions), ""] as const]),
    ["Positions", positions, "nothing is held"],
    ...(lots.length === 0 ? [] : [["Lots", lots, ""] as const]),
    ["Equity", rowsOf(made.equity), "nothing"],
  ];
  const total =
    made.total === null
      ? `in all: not known in ${currency}, since a currency has no recorded rate`
      : `in all: ${made.total} ${currency}`;
  return [
    `Statement of ${portfolio}, run ${run}, ${day} (${zone})\n`,
    ...parts.map(([title, rows, none]) => `${title}\n${tableText(rows, none)}`),
    `${total}\n`,
  ].join("\n");
}

const rowsOf = (lines: readonly object[]): readonly Readonly<Record<string, Cell>>[] =>
  lines as readonly Readonly<Record<string, Cell>>[];

const COLUMNS = [
  "at",
  "cause",
  "symbol",
  "quantity",
  "price",
  "account",
  "amount",
  "currency",
] as const;

/** The entries, between what stood in the accounts before and after. */
function csvOf({ from, to, balances, entries }: Made): string {
  const standing = (at: string, cause: string, of: "opening" | "closing"): readonly string[] =>
    balances.map((line) =>
      [at, cause, "", "", "", line.account, line[of], line.currency].join(","),
    );
  const lines = entries.map((entry) =>
    COLUMNS.map((column) => quoted(entry[column] ?? "")).join(","),
  );
  return `${[
    COLUMNS.join(","),
    ...standing(from, "BALANCE_BEFORE", "opening"),
    ...lines,
    ...standing(to, "BALANCE_AFTER", "closing"),
  ].join("\n")}\n`;
}

const quoted = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

const help = `
Examples:
  $ tapedeck statement latest --day 2008-09-15
  $ tapedeck statement latest --day 2008-09-15 --format csv > statement.csv
  $ tapedeck statement latest --day 2013-10-07 --zone UTC --format json

Exit codes: 0 shown · 2 no such run, a day outside the run, no such zone · 4 the log is damaged`;
