// A run as tables for other tools: equity, daily returns, round trips, executions with what they cost beyond
// the decision, verdicts, measures with their conventions, attribution, shortfall. Promises: every row there
// is, in the order of the tape; bounded memory; no file is written over.

import type { Account } from "../../projections/answer.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { averagePrice } from "../../schemas/values/holding.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { RoundTrip } from "../../schemas/values/round-trip.ts";
import type { EventLog } from "../../streams/log.ts";
import { ExcursionDigest } from "./excursion-digest.ts";
import { eachEvent, readInstruments } from "./read-events.ts";
import type { ReportData } from "./report-data.ts";
import { ShortfallDigest } from "./shortfall-digest.ts";
import {
  openTable,
  type TableFile,
  type TableFormat,
  type TableSpec,
  type Value,
} from "./table-file.ts";

const tables = {
  equity: {
    time: "time",
    cause: "text",
    symbol: "text",
    cash: "money",
    equity: "money",
    peak_equity: "money",
    gross_exposure: "money",
    net_exposure: "money",
    realised_pnl: "money",
    fees: "money",
    taxes: "money",
    drawdown_bps: "count",
  },
  returns: { day: "time", return: "number" },
  trades: {
    symbol: "text",
    direction: "text",
    entry_time: "time",
    exit_time: "time",
    quantity: "number",
    entry_price: "number",
    exit_price: "number",
    profit: "number",
    fees: "number",
    currency: "text",
    holding_seconds: "number",
    adverse_excursion: "number",
    favourable_excursion: "number",
  },
  fills: {
    time: "time",
    trade_time: "time",
    order_id: "count",
    symbol: "text",
    side: "text",
    quantity: "number",
    price: "number",
    value: "number",
    currency: "text",
    fee: "number",
    charges: "text",
    delay: "number",
    spread: "number",
    impact: "number",
    slippage: "number",
    shortfall: "number",
  },
  verdicts: {
    time: "time",
    outcome: "text",
    reason: "text",
    state: "text",
    targets: "text",
    failed_checks: "text",
  },
  measures: {
    name: "text",
    label: "text",
    unit: "text",
    value: "number",
    lower: "number",
    upper: "number",
    standard_error: "number",
    convention: "text",
  },
  attribution: {
    breakdown: "text",
    name: "text",
    profit: "money",
    contribution: "number",
    trades: "count",
    wins: "count",
  },
  shortfall: { cause: "text", amount: "money", bps: "number" },
} as const satisfies Readonly<Record<string, TableSpec["columns"]>>;

export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as readonly TableName[];

/**
 * Writes each table with `pathOf` its name; the rows of each. `data` is the run's report. Cost: one decode of
 * every bar, order, fill, snapshot and verdict.
 */
export async function exportRun(
  log: EventLog,
  account: Account,
  data: ReportData,
  format: TableFormat,
  pathOf: (table: TableName) => string,
): Promise<Readonly<Record<TableName, number>>> {
  const files = {} as Record<TableName, TableFile>;
  for (const name of tableNames) {
    const spec = { name, columns: tables[name] };
    files[name] = openTable(pathOf(name), format, spec, account.currencyScale);
  }
  const put = <Name extends TableName>(
    name: Name,
    row: Readonly<Record<keyof (typeof tables)[Name], Value>>,
  ): void => {
    const columns = Object.keys(tables[name]) as (keyof (typeof tables)[Name])[];
    files[name].row(columns.map((column) => row[column]));
  };
  await writeExecutions(log, account, put);
  await writeDecisions(log, account, put);
  writeFigures(data, put);
  const rows = {} as Record<TableName, number>;
  for (const name of tableNames) rows[name] = files[name].close();
  return rows;
}

type Put = <Name extends TableName>(
  name: Name,
  row: Readonly<Record<keyof (typeof tables)[Name], Value>>,
) => void;

async function writeExecutions(log: EventLog, account: Account, put: Put): Promise<void> {
  const instruments = await readInstruments(log);
  const shortfall = new ShortfallDigest(instruments, account.currency);
  const trips = new ExcursionDigest(instruments, (trip, instrument) =>
    put("trades", tripRow(trip, instrument)),
  );
  const topics = ["market.corporate-actions", "market.bars", "orders", "fills"] as const;
  await eachEvent(log, topics, ({ topic, timeUs, value }) => {
    if (topic === "market.bars") {
      trips.bar(value);
      shortfall.bar(value);
    } else if (topic === "market.corporate-actions") trips.act(value, timeUs);
    else if (value.portfolio !== account.name) return;
    else if (topic === "orders") shortfall.order(value);
    else {
      trips.fill(value);
      const cost = shortfall.fill(value);
      const instrument = instruments.get(value.symbol);
      if (cost === null || instrument === undefined) return;
      const { currency, currencyScale, priceScale, quantityScale } = instrument;
      const money = (amount: bigint): string => formatScaled(amount, currencyScale);
      put("fills", {
        time: timeUs,
        trade_time: value.tradeUs,
        order_id: value.orderId,
        symbol: value.symbol,
        side: value.side,
        quantity: formatScaled(value.quantity, quantityScale),
        price: formatScaled(value.price, priceScale),
        value: money(notionalMinor(value.price, value.quantity, instrument)),
        currency,
        fee: money(value.fee),
        charges: chargesText(value),
        delay: money(cost.delay),
        spread: money(cost.spread),
        impact: money(cost.impact),
        slippage: money(cost.slippage),
        shortfall: money(cost.delay + cost.spread + cost.impact + cost.slippage + cost.fees),
      });
    }
  });
}

/** Each charge beside the fee with its kind and currency. */
const chargesText = ({ charges }: ExecutionReport): string =>
  charges
    .map(
      ({ kind, amount, scale, currency }) => `${kind} ${formatScaled(amount, scale)} ${currency}`,
    )
    .join(" ");

const tripRow = (trip: RoundTrip, instrument: Instrument) => {
  const money = (amount: bigint): string => formatScaled(amount, instrument.currencyScale);
  return {
    symbol: instrument.symbol,
    direction: trip.direction,
    entry_time: trip.entryUs,
    exit_time: trip.exitUs,
    quantity: formatScaled(trip.entryQuantity, instrument.quantityScale),
    entry_price: averagePrice(trip.entryValue, trip.entryQuantity, instrument),
    exit_price: averagePrice(trip.exitValue, trip.exitQuantity, instrument),
    profit: money(trip.realised - trip.fees),
    fees: money(trip.fees),
    currency: instrument.currency,
    holding_seconds: (trip.exitUs - trip.entryUs) / 1_000_000,
    adverse_excursion: trip.adverse,
    favourable_excursion: trip.favourable,
  };
};

async function writeDecisions(log: EventLog, account: Account, put: Put): Promise<void> {
  await eachEvent(log, ["risk.verdicts", "portfolio.snapshots"], ({ topic, timeUs, value }) => {
    if (value.portfolio !== account.name) return;
    if (topic === "risk.verdicts") {
      const { outcome, reason, state, targets, checks } = value;
      const failed = checks.filter(({ passed }) => !passed);
      put("verdicts", {
        time: timeUs,
        outcome,
        reason,
        state,
        targets: targets.map(({ symbol, quantity }) => `${symbol}=${quantity}`).join(" "),
        failed_checks: failed.map(({ check }) => check).join(" "),
      });
    } else {
      put("equity", {
        time: timeUs,
        cause: value.cause,
        symbol: value.symbol,
        cash: value.cash,
        equity: value.equity,
        peak_equity: value.peakEquity,
        gross_exposure: value.grossExposure,
        net_exposure: value.netExposure,
        realised_pnl: value.realisedPnl,
        fees: value.fees,
        taxes: value.taxes,
        drawdown_bps: value.drawdownBps,
      });
    }
  });
}

function writeFigures({ daily, metrics }: ReportData, put: Put): void {
  // Every digit of the minor unit is written.
  const money = (text: string): bigint => BigInt(text.replace(".", ""));
  daily.returns.forEach((value, i) => {
    put("returns", { day: daily.timeUs[i] as number, return: value });
  });
  for (const [name, row] of Object.entries(metrics.measures)) {
    const { label, unit, value, interval, convention } = row;
    put("measures", {
      name,
      label,
      unit,
      value,
      lower: interval?.lower ?? null,
      upper: interval?.upper ?? null,
      standard_error: interval?.standardError ?? null,
      convention,
    });
  }
  for (const [breakdown, rows] of Object.entries(metrics.attribution)) {
    for (const { name, profit, contribution, trades, wins } of rows) {
      put("attribution", { breakdown, name, profit: money(profit), contribution, trades, wins });
    }
  }
  const { orders: _, ordersLeftOut: __, paperValue: ___, ...causes } = metrics.shortfall;
  for (const [cause, { amount, bps }] of Object.entries(causes)) {
    put("shortfall", { cause, amount: money(amount), bps });
  }
}
