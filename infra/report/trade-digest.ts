// A run's executions digested in one pass: round trips, costs, and marks for the price charts. Where there
// were corporate actions, bars come in as well: what a split pays for a fraction is of the last close. Where
// there are several currencies, too: sums are in the account's, each amount converted at the rate of its time;
// what no rate was recorded for is in no sum. A conversion is no round trip and no value traded; it costs.

import { addToBuckets, type Buckets, emptyBuckets } from "../../quant/down-sample.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { costIn } from "../../schemas/values/charges.ts";
import { applyAction } from "../../schemas/values/corporate-action.ts";
import { carryOf, dealOf } from "../../schemas/values/deal.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { averagePrice, flat } from "../../schemas/values/holding.ts";
import { keepAction, lateDeal, type PastAction } from "../../schemas/values/late-deal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import {
  advanceTrip,
  joinTrips,
  lateTrip,
  type RoundTrip,
  restateTrip,
} from "../../schemas/values/round-trip.ts";
import { RecordedRates } from "./recorded-rates.ts";
import type { TradeLine, TradeMark } from "./report-data.ts";
import type { ClosedTrips } from "./trip-intervals.ts";

const KEPT_TRADES = 1000;
/** Profits and holding times that intervals are drawn from. */
const KEPT_PROFITS = 10_000;
/** Stretches of time that hold at most one mark a side, for each symbol. */
const MARK_BUCKETS = 250;

interface Marks {
  readonly buy: TradeMark | null;
  readonly sell: TradeMark | null;
}

interface SymbolFills {
  trip: RoundTrip | null;
  past: readonly PastAction[];
  count: number;
  readonly marks: Buckets<Marks>;
}

export class TradeDigest {
  private readonly instruments: ReadonlyMap<string, Instrument>;
  private readonly symbols = new Map<string, SymbolFills>();
  private readonly closes = new Map<string, number>();
  private closed: { readonly instrument: Instrument; readonly trip: RoundTrip }[] = [];
  trades = 0;
  wins = 0;
  losses = 0;
  /** Minor units, as are all amounts here. */
  profit = 0n;
  loss = 0n;
  /** Of the profits and losses: minor units, squared. */
  private squares = 0n;
  holdingUs = 0;
  private profits: number[] = [];
  private holdings: number[] = [];
  fills = 0;
  rejected = 0;
  canceled = 0;
  valueTraded = 0n;
  fees = 0n;
  /** Of trades. */
  taxes = 0n;
  dividendTaxes = 0n;
  slippage = 0n;

  private readonly seeClosed: (symbol: string, trip: RoundTrip) => void;
  private readonly account: { readonly currency: string; readonly currencyScale: number };
  private readonly rates: RecordedRates;

  /** `seeClosed` hears of every round trip as it closes. */
  constructor(
    instruments: ReadonlyMap<string, Instrument>,
    account: { readonly currency: string; readonly currencyScale: number },
    seeClosed: (symbol: string, trip: RoundTrip) => void = () => undefined,
  ) {
    this.instruments = instruments;
    this.account = account;
    this.seeClosed = seeClosed;
    this.rates = new RecordedRates(instruments, account.currency);
  }

  private own(amount: bigint, currency: string): bigint {
    return this.rates.convert(amount, currency) ?? 0n;
  }

  /** In time order for each symbol. */
  add(said: ExecutionReport): void {
    if (said.execType === "REJECTED" && said.reason !== "UnknownOrder") this.rejected++;
    if (said.execType === "CANCELED" || said.execType === "EXPIRED") this.canceled++;
    const instrument = this.instruments.get(said.symbol);
    const carried = carryOf(said);
    if (carried !== null && instrument !== undefined) this.carry(instrument, carried);
    const report = dealOf(said);
    if (report === null || instrument === undefined) return;
    const quantity = report.side === "BUY" ? report.quantity : -report.quantity;
    const value = notionalMinor(report.price, quantity, instrument);
    this.fills++;
    this.count(report, instrument);
    if (instrument.contract === "EXCHANGE") return;
    this.valueTraded += this.own(value < 0n ? -value : value, instrument.currency);
    const kept = this.fillsIn(report.symbol);
    if ((this.closes.get(report.symbol) ?? 0) === 0) this.closes.set(report.symbol, report.price);
    const { tradeUs: timeUs, price } = report;
    const fee = costIn(report, instrument.currency);
    const dealt = { timeUs, quantity, price, value, fee };
    const late = kept.past.length === 0 ? null : lateDeal(kept.past, dealt, instrument);
    if (late !== null) kept.past = late.past;
    const into = late?.renamed == null ? kept : this.fillsIn(late.renamed.symbol);
    const step = late === null ? advanceTrip(kept.trip, dealt) : lateTrip(into.trip, dealt, late);
    into.trip = step.open;
    kept.count++;
    if (step.closed !== null) this.close(instrument, step.closed);
    addToBuckets(kept.marks, timeUs, markOf(report, instrument), mergeMarks);
  }

  private count({ fee, charges, slippage, quantity }: ExecutionReport, of: Instrument): void {
    this.fees += this.own(fee, of.currency);
    for (const { kind, amount, currency } of charges) {
      const cost = this.own(amount, currency);
      if (kind === "TAX") this.taxes += cost;
      else this.fees += cost;
    }
    this.slippage += this.own(notionalMinor(slippage, quantity, of), of.currency);
  }

  /** What holding costs is a fee, of the open trip. */
  private carry({ symbol, currency }: Instrument, cost: bigint): void {
    this.fees += this.own(cost, currency);
    const kept = this.symbols.get(symbol);
    if (kept === undefined || kept.trip === null) return;
    kept.trip = { ...kept.trip, fees: kept.trip.fees + cost };
  }

  private fillsIn(symbol: string): SymbolFills {
    let kept = this.symbols.get(symbol);
    if (kept === undefined) {
      kept = { trip: null, past: [], count: 0, marks: emptyBuckets(MARK_BUCKETS) };
      this.symbols.set(symbol, kept);
    }
    return kept;
  }

  bar(symbol: string, close: number): void {
    this.closes.set(symbol, close);
    this.rates.bar(symbol, close);
  }

  act(action: CorporateAction, timeUs: number): void {
    const { symbol, newSymbol } = action;
    const instrument = this.instruments.get(symbol);
    const mark = this.closes.get(symbol) ?? 0;
    if (instrument === undefined) return;
    const named = action.action === "SYMBOL_CHANGE" ? newSymbol : symbol;
    const { mark: after } = applyAction(flat, mark, action, instrument);
    this.closes.set(symbol, after);
    if (after !== 0) this.closes.set(named, after);
    const kept = this.fillsIn(symbol);
    const held = kept.trip?.holding.quantity ?? 0;
    kept.past = keepAction(kept.past, timeUs, action, mark, held);
    if (kept.trip === null) return;
    const { tax } = applyAction(kept.trip.holding, mark, action, instrument);
    this.dividendTaxes += this.own(tax, instrument.currency);
    const step = restateTrip(kept.trip, mark, timeUs, action, instrument);
    if (step.closed !== null) this.close(instrument, step.closed);
    kept.trip = step.open;
    if (named === symbol || step.open === null) return;
    const other = this.fillsIn(named);
    kept.trip = null;
    if (other.trip === null) {
      other.trip = step.open;
      return;
    }
    const joined = joinTrips(step.open, other.trip, timeUs, mark);
    this.close(instrument, joined.ended);
    if (joined.closed !== null) this.close(instrument, joined.closed);
    other.trip = joined.open;
  }

  private close(instrument: Instrument, trip: RoundTrip): void {
    const profit = this.own(trip.realised - trip.fees, instrument.currency);
    this.seeClosed(instrument.symbol, trip);
    this.trades++;
    this.squares += profit * profit;
    this.holdingUs += trip.exitUs - trip.entryUs;
    if (profit > 0n) {
      this.wins++;
      this.profit += profit;
    } else if (profit < 0n) {
      this.losses++;
      this.loss -= profit;
    }
    this.profits.push(Number(profit) / 10 ** this.account.currencyScale);
    this.holdings.push((trip.exitUs - trip.entryUs) / 1_000_000);
    if (this.profits.length >= 2 * KEPT_PROFITS) {
      this.profits = this.profits.slice(-KEPT_PROFITS);
      this.holdings = this.holdings.slice(-KEPT_PROFITS);
    }
    this.closed.push({ instrument, trip });
    if (this.closed.length >= 2 * KEPT_TRADES) this.trim();
  }

  private trim(): void {
    this.closed = this.closed.sort((a, b) => a.trip.exitUs - b.trip.exitUs).slice(-KEPT_TRADES);
  }

  /**
   * √n × mean over sample deviation (n - 1) of the profits, over every closed trip: exact but for the
   * last step, as n Σp² - (Σp)² is a whole number. null where nothing deviates.
   */
  systemQuality(): number | null {
    const sum = this.profit - this.loss;
    const deviations = BigInt(this.trades) * this.squares - sum * sum;
    return deviations > 0n
      ? (Number(sum) / Math.sqrt(Number(deviations))) * Math.sqrt(this.trades - 1)
      : null;
  }

  /** The last 10,000 closed trips, in the order in which they closed. */
  closedTrips(): ClosedTrips {
    return {
      profits: this.profits.slice(-KEPT_PROFITS),
      holdingSeconds: this.holdings.slice(-KEPT_PROFITS),
    };
  }

  /** Symbols with executions, those with most first. */
  traded(): readonly string[] {
    return [...this.symbols]
      .filter(([, { count }]) => count > 0)
      .sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1))
      .map(([symbol]) => symbol);
  }

  fillsOf(symbol: string): number {
    return this.symbols.get(symbol)?.count ?? 0;
  }

  marksOf(symbol: string): readonly TradeMark[] {
    const items = this.symbols.get(symbol)?.marks.items ?? [];
    return items
      .flatMap(({ value }) => [value.buy, value.sell])
      .filter((mark) => mark !== null)
      .sort((a, b) => a.timeUs - b.timeUs);
  }

  lines(): readonly TradeLine[] {
    this.trim();
    return this.closed.map(({ instrument, trip }) => ({
      symbol: instrument.symbol,
      direction: trip.direction,
      entryUs: trip.entryUs,
      exitUs: trip.exitUs,
      quantity: formatScaled(trip.entryQuantity, instrument.quantityScale),
      entryPrice: averagePrice(trip.entryValue, trip.entryQuantity, instrument),
      exitPrice: averagePrice(trip.exitValue, trip.exitQuantity, instrument),
      profit: formatScaled(trip.realised - trip.fees, instrument.currencyScale),
      currency: instrument.currency,
    }));
  }
}

function markOf(report: ExecutionReport, instrument: Instrument): Marks {
  const mark: TradeMark = {
    timeUs: report.tradeUs,
    side: report.side,
    price: report.price / 10 ** instrument.priceScale,
    quantity: report.quantity / 10 ** instrument.quantityScale,
    count: 1,
  };
  return mark.side === "BUY" ? { buy: mark, sell: null } : { buy: null, sell: mark };
}

const mergeMarks = (earlier: Marks, later: Marks): Marks => ({
  buy: larger(earlier.buy, later.buy),
  sell: larger(earlier.sell, later.sell),
});

function larger(earlier: TradeMark | null, later: TradeMark | null): TradeMark | null {
  if (earlier === null || later === null) return earlier ?? later;
  const count = earlier.count + later.count;
  return { ...(later.quantity > earlier.quantity ? later : earlier), count };
}
