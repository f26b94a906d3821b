// The checks of the book that a proposal would leave, and how a breach is mended. Promises: what is left
// passes every one of them when it is judged again; nothing that is left is larger than proposed, or on the
// other side; trades that only reduce positions pass always. A figure that prices alone have carried past its limit
// passes where the proposal does not make it worse; the limits of single names hold what is added to.
//
// Mending: first each check that reduces cuts single trades, the last of the proposal first, and only those
// whose cut lowers its figure. What fails then (a check that scales, or one that a cut has raised: a hedge
// that went) is mended by one factor on what every trade adds, found by bisection: at the factor 0 only what
// reduces positions is left. Not every figure falls with the factor, so what is found is a factor at which
// all pass, not always the greatest.

import type { ProposalLimitName } from "../risk-config.ts";
import { holdingOf, measure, sectorOf } from "./book.ts";
import { cut, type Docket, record, responseTo, type Trade } from "./docket.ts";
import { between, otherEnd, pendingQuantity, reduces, wholeLots } from "./exposure.ts";
import { type BookView, excessOf, type Figure, type Holding } from "./figures.ts";

/** A factor of 1. */
export const WHOLE_PPM = 1_000_000;

export function checkBook(docket: Docket): void {
  const { book } = docket.at;
  const open = docket.trades.filter(({ refused }) => !refused);
  if (book === null || open.length === 0) return;
  const desk = new BookDesk(docket, open);
  const onlyReduces = desk.onlyReduces();
  const failing: Figure[] = [];
  for (const one of desk.figures()) {
    const passed = onlyReduces || desk.excess(one) <= 0;
    if (!passed) failing.push(one);
    const { setting, reason, side: _, ...check } = one;
    if (setting === "maxGrossExposure") continue; // written down by its own check
    if (record(docket, { ...check, passed }, reason)) continue;
    if (responseTo(docket, setting) === "deny") docket.denied = true;
  }
  if (failing.length > 0 && !docket.denied) desk.mend(failing);
}

/** Trades that are still open, with the quantities that are being tried. */
class BookDesk {
  private readonly docket: Docket;
  private readonly open: readonly Trade[];
  private readonly view: BookView;
  private quantities: readonly number[];
  private before: readonly Figure[] | null = null;

  constructor(docket: Docket, open: readonly Trade[]) {
    const { at } = docket;
    const book = at.book as NonNullable<typeof at.book>;
    this.docket = docket;
    this.open = open;
    this.quantities = open.map(({ quantity }) => quantity);
    const sectors = new Set(open.map(({ target }) => sectorOf(target.symbol, book.limits)));
    this.view = {
      ...book,
      grossLimitMinor: at.limits.maxGrossExposureMinor,
      sectors: book.limits.maxSectorBps === null ? [] : [...sectors],
      correlations: new Map(),
      standing: this.standing(book.record),
      standingReturns: null,
    };
  }

  /** Symbols that the proposal leaves alone: where they are, and where they may be on their way to. */
  private standing(kept: BookView["record"]): Holding[] {
    const traded = new Set(this.open.map(({ risk }) => risk));
    const found: Holding[] = [];
    for (const [symbol, risk] of this.docket.at.symbols) {
      const quantity = pendingQuantity(risk);
      if (quantity === 0 || traded.has(risk)) continue;
      const ends = { quantity, other: otherEnd(risk), grows: false };
      found.push(holdingOf(symbol, risk, ends, risk.price || risk.approvedPrice, kept));
    }
    return found;
  }

  figures(quantities = this.quantities): Figure[] {
    const traded = this.open.map((trade, i) => {
      const { risk, target } = trade;
      const tried = quantities[i] as number;
      // Cut to the position: no trade, so an approval that is still on its way stays.
      if (tried === risk.position && target.quantity !== risk.position)
        return this.untouched(trade);
      const grows = !reduces(tried, risk.position);
      const ends = { quantity: tried, other: tried, grows };
      return holdingOf(target.symbol, risk, ends, trade.price, this.view.record);
    });
    return measure(this.view, traded);
  }

  private untouched({ risk, target, price }: Trade): Holding {
    const ends = { quantity: pendingQuantity(risk), other: otherEnd(risk), grows: false };
    return holdingOf(target.symbol, risk, ends, price, this.view.record);
  }

  /** By how much a figure is beyond its limit, or beyond what it was without the proposal where that is more. */
  excess(one: Figure): number {
    if (one.measured <= one.limit) return excessOf(one, []);
    this.before ??= measure(
      this.view,
      this.open.map((trade) => this.untouched(trade)),
    );
    return excessOf(one, this.before);
  }

  onlyReduces(quantities = this.quantities): boolean {
    return this.open.every(({ risk }, i) => reduces(quantities[i] as number, risk.position));
  }

  mend(failing: readonly Figure[]): void {
    for (const setting of new Set(failing.map((one) => one.setting))) {
      if (responseTo(this.docket, setting) === "reduce") this.reduce(setting);
    }
    if (this.failures(this.quantities).length > 0) this.scale();
    for (const [i, trade] of this.open.entries()) {
      const quantity = this.quantities[i] as number;
      if (quantity !== trade.quantity) cut(trade, quantity);
    }
  }

  private failures(quantities: readonly number[]): Figure[] {
    if (this.onlyReduces(quantities)) return [];
    return this.figures(quantities).filter((one) => this.excess(one) > 0);
  }

  /** By how much a check is beyond what it may be; 0 or less where it passes. */
  private worst(setting: ProposalLimitName, quantities: readonly number[]): number {
    if (this.onlyReduces(quantities)) return 0;
    return this.figures(quantities)
      .filter((one) => one.setting === setting)
      .map((one) => this.excess(one))
      .reduce((most, one) => Math.max(most, one), 0);
  }

  private reduce(setting: ProposalLimitName): void {
    let excess = this.worst(setting, this.quantities);
    for (let helped = true; helped && excess > 0; ) {
      helped = false;
      for (let i = this.open.length - 1; i >= 0 && excess > 0; i--) {
        const from = this.quantities;
        const at = (ppm: number) => from.map((q, j) => (j === i ? this.scaled(i, q, ppm) : q));
        const left = this.worst(setting, at(0));
        if (left >= excess) continue;
        const fits = (ppm: number) => this.worst(setting, at(ppm)) <= 0;
        this.quantities = at(left > 0 ? 0 : greatest(fits));
        excess = this.worst(setting, this.quantities);
        helped = true;
      }
    }
  }

  private scale(): void {
    const from = this.quantities;
    const at = (ppm: number) => from.map((quantity, i) => this.scaled(i, quantity, ppm));
    const ppm = greatest((tried) => this.failures(at(tried)).length === 0);
    this.docket.scalePpm = ppm;
    this.quantities = at(ppm);
  }

  private scaled(index: number, quantity: number, ppm: number): number {
    return grown(this.open[index] as Trade, quantity, ppm);
  }
}

/** What a trade leaves open of its position, and this share of what it adds, in whole lots. */
export function grown({ risk }: Trade, quantity: number, ppm: number): number {
  if (ppm === WHOLE_PPM || reduces(quantity, risk.position) || risk.instrument === null)
    return quantity;
  const side = Math.sign(quantity);
  const stays = side === Math.sign(risk.position) ? Math.abs(risk.position) : 0;
  const added = Math.abs(quantity) - stays;
  const size = wholeLots(stays + Math.floor(added * (ppm / WHOLE_PPM)), risk.instrument);
  return between(side * size, risk.position, quantity);
}

/** The greatest factor below 1 that bisection finds to fit; 0 is taken to. 20 trials. */
function greatest(fits: (ppm: number) => boolean): number {
  let low = 0;
  let high = WHOLE_PPM;
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
