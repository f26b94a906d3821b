// A run's executions digested in one pass: round trips, costs, and marks for the price charts. Where there
// were corporate actions, bars come in as well: what a split pays for a fraction is of the last close. Where
// there are several currencies, too: sums are in the account's, each amount converted at the rate of its time;
// what no rate was recorded for is in no sum. A conversion is no round trip and no value traded; it costs.

import { addToBuckets, type Buckets, emptyBuckets } from "../../quant/down-sample.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { carryOf, dealOf } from "../../schemas/values/deal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { RoundTrip } from "../../schemas/values/round-trip.ts";
import { OpenTrips } from "./open-trips.ts";
import { RecordedRates } from "./recorded-rates.ts";
import type { TradeMark } from "./report-data.ts";

/** Stretches of time that hold at most one mark a side, for each symbol. */
const MARK_BUCKETS = 250;

interface Marks {
  readonly buy: TradeMark | null;
  readonly sell: TradeMark | null;
}

interface SymbolFills {
  count: number;
  readonly marks: Buckets<Marks>;
}

export class TradeDigest {
  private readonly instruments: ReadonlyMap<string, Instrument>;
  private readonly symbols = new Map<string, SymbolFills>();
  private readonly trips: OpenTrips;
  trades = 0;
  wins = 0;
  losses = 0;
  /** Minor units, as are all amounts here. */
  profit = 0n;
  loss = 0n;
  /** Of the profits and losses: minor units, squared. */
  private squares = 0n;
  holdingUs = 0;
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
    this.trips = new OpenTrips(instruments, (trip, instrument) => this.close(instrument, trip));
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
    if (carried !== null && instrument !== undefined) {
      this.fees += this.own(carried, instrument.currency);
      this.trips.carry(said.symbol, carried);
    }
    const report = dealOf(said);
    if (report === null || instrument === undefined) return;
    const quantity = report.side === "BUY" ? report.quantity : -report.quantity;
    const value = notionalMinor(report.price, quantity, instrument);
    this.fills++;
    this.count(report, instrument);
    if (instrument.contract === "EXCHANGE") return;
    this.valueTraded += this.own(value < 0n ? -value : value, instrument.currency);
    const kept = this.fillsIn(report.symbol);
    kept.count++;
    this.trips.deal(report, quantity, value, instrument);
    addToBuckets(kept.marks, report.tradeUs, markOf(report, instrument), mergeMarks);
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

  private fillsIn(symbol: string): SymbolFills {
    let kept = this.symbols.get(symbol);
    if (kept === undefined) {
      kept = { count: 0, marks: emptyBuckets(MARK_BUCKETS) };
      this.symbols.set(symbol, kept);
    }
    return kept;
  }

  /** Needed where there are several currencies, and where there are corporate actions: what a split pays for a fraction is of the last close. */
  bar(bar: MarketBar): void {
    this.trips.bar(bar);
    this.rates.bar(bar.symbol, bar.close);
  }

  act(action: CorporateAction, timeUs: number): void {
    const tax = this.trips.act(action, timeUs);
    const currency = this.instruments.get(action.symbol)?.currency ?? this.account.currency;
    this.dividendTaxes += this.own(tax, currency);
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

  /** Symbols with executions, those with most first. */
  traded(): readonly string[] {
    return [...this.symbols]
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
