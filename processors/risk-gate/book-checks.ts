// The checks of the book that a proposal would leave, and how a breach is mended. Promises: what is left
// passes every one of them when it is judged again; nothing that is left is larger than proposed, or on the
// other side; trades that only reduce positions pass always.
//
// Mending: first each check that reduces cuts single trades, the last of the proposal first, and only those
// whose cut lowers its figure. What fails then (a check that scales, or one that a cut has raised: a hedge
// that went) is mended by one factor on what every trade adds, found by bisection: at the factor 0 only what
// reduces positions is left. Not every figure falls with the factor, so what is found is a factor at which
// all pass, not always the greatest.

import type { ProposalLimitName } from "../risk-config.ts";
import { holdingOf, measure, sectorOf } from "./book.ts";
import { cut, type Docket, record, responseTo, type Trade } from "./docket.ts";
import { between, pendingQuantity, reduces, wholeLots } from "./exposure.ts";
import { type BookView, exceeds, type Figure, type Holding } from "./figures.ts";

/** A factor of 1. */
export const WHOLE_PPM = 1_000_000;

export function checkBook(docket: Docket): void {
  const { book } = docket.at;
  const open = docket.trades.filter(({ refused }) => !refused);
  if (book === null || open.length === 0) return;
  const desk = new BookDesk(docket, open);
  for (const one of desk.figures()) {
    if (one.setting === "maxGrossExposure") continue; // written down by its own check
    const { setting, reason, ...check } = one;
    const passed = desk.onlyReduces() || !exceeds(one);
    if (record(docket, { ...check, passed }, reason)) continue;
    if (responseTo(docket, setting) === "deny") docket.denied = true;
  }
  if (docket.denied) return;
  desk.mend();
}

/** Trades that are still open, with the quantities that are being tried. */
class BookDesk {
  private readonly docket: Docket;
  private readonly open: readonly Trade[];
  private readonly view: BookView;
  private readonly others: readonly Holding[];
  private quantities: readonly number[];

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
    };
    const traded = new Set(open.map(({ risk }) => risk));
    this.others = [...at.symbols].flatMap(([symbol, risk]) => {
      const quantity = pendingQuantity(risk);
      if (traded.has(risk) || quantity === 0) return [];
      return [holdingOf(symbol, risk, quantity, risk.price || risk.approvedPrice, book.record)];
    });
  }

  figures(quantities = this.quantities): Figure[] {
    const traded = this.open.map((trade, i) => {
      const { risk, price, target } = trade;
      const tried = quantities[i] as number;
      // Cut to the position: no trade, so an approval that is still on its way stays.
      const isCut = tried === risk.position && target.quantity !== risk.position;
      const quantity = isCut ? pendingQuantity(risk) : tried;
      return holdingOf(target.symbol, risk, quantity, price, this.view.record);
    });
    return measure(this.view, [...this.others, ...traded]);
  }

  onlyReduces(quantities = this.quantities): boolean {
    return this.open.every(({ risk }, i) => reduces(quantities[i] as number, risk.position));
  }

  mend(): void {
    const failing = this.failures(this.quantities);
    if (failing.length === 0) return;
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
    return this.onlyReduces(quantities) ? [] : this.figures(quantities).filter(exceeds);
  }

  /** By how much a check is beyond its limit; 0 or less where it passes. */
  private excess(setting: ProposalLimitName, quantities: readonly number[]): number {
    if (this.onlyReduces(quantities)) return 0;
    return this.figures(quantities)
      .filter((one) => one.setting === setting)
      .map(({ unit, limit, measured }) =>
        unit === "HISTORY" ? limit - measured : measured - limit,
      )
      .reduce((most, one) => Math.max(most, one), 0);
  }

  private reduce(setting: ProposalLimitName): void {
    let excess = this.excess(setting, this.quantities);
    for (let helped = true; helped && excess > 0; ) {
      helped = false;
      for (let i = this.open.length - 1; i >= 0 && excess > 0; i--) {
        const from = this.quantities;
        const at = (ppm: number) => from.map((q, j) => (j === i ? this.scaled(i, q, ppm) : q));
        const left = this.excess(setting, at(0));
        if (left >= excess) continue;
        const fits = (ppm: number) => this.excess(setting, at(ppm)) <= 0;
        this.quantities = at(left > 0 ? 0 : greatest(fits));
        excess = this.excess(setting, this.quantities);
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
