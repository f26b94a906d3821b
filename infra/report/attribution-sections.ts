// The report's tables of where the profit came from and what trading cost, as HTML that needs no script.
// Every text from data is escaped.

import type { AttributedProfit } from "./attribution.ts";
import {
  count,
  decimals,
  direction,
  escapeHtml,
  grouped,
  percent,
  signedPercent,
} from "./figures.ts";
import type { ReportData } from "./report-data.ts";
import { bar } from "./sections.ts";
import type { ShortfallCause } from "./shortfall-digest.ts";

const LISTED_SYMBOLS = 15;

export function attribution({ metrics: { attribution: parts, currency } }: ReportData): string {
  if (parts.bySymbol.length === 0) return "";
  const symbols = parts.bySymbol.slice(0, LISTED_SYMBOLS);
  const more = parts.bySymbol.length - symbols.length;
  const named =
    more > 0 ? `By instrument, the ${LISTED_SYMBOLS} that moved equity most` : "By instrument";
  const of = (title: string, rows: readonly AttributedProfit[]): string =>
    table(title, rows, currency);
  return `<section class="long"><h2>Where the profit came from</h2><p class="note">Every change of equity, fees included, is put down to the instrument
whose fill, mark or corporate action brought it; its part is of the initial cash, so the parts of a table add up to the total return. Side: of the position
held. View: the model's last one of the instrument from before the change; strong from a strength of 0.5 on. Times are UTC, of the change's end.</p>
<div class="columns"><div>${of(named, symbols)}${of("By side", parts.bySide)}${of("By the model's view", parts.bySignal)}</div>
<div>${of("By weekday", parts.byWeekday)}${of("By month of the year", parts.byMonth)}${of("By hour of the day", parts.byHour)}</div></div></section>`;
}

function table(title: string, rows: readonly AttributedProfit[], currency: string): string {
  if (rows.length === 0) return "";
  const most = Math.max(...rows.map(({ profit }) => Math.abs(Number(profit))));
  const counted = rows.some(({ trades }) => trades !== null);
  const line = ({ name, profit, contribution, trades, wins }: AttributedProfit): string => {
    const value = Number(profit);
    const kind = direction(value);
    const share = most > 0 ? Math.abs(value) / most : 0;
    const won = trades === null || trades === 0 ? "–" : percent((wins ?? 0) / trades, 0);
    const trips = counted
      ? `<td class="right">${trades === null ? "–" : count(trades)}</td><td class="right">${won}</td>`
      : "";
    return `<tr><th scope="row">${escapeHtml(name)}</th><td class="right ${kind}">${grouped(profit)}</td><td class="right">${signedPercent(contribution)}</td>${trips}<td class="share">${bar([{ share, kind }])}</td></tr>`;
  };
  const heads = counted ? `<th class="right">Trips</th><th class="right">Won</th>` : "";
  return `<h3>${title}</h3><div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="parts"><thead><tr><th></th><th class="right">${escapeHtml(currency)}</th><th class="right">Part</th>${heads}<th></th></tr></thead><tbody>${rows.map(line).join("")}</tbody></table></div>`;
}

const CAUSES: Readonly<Record<ShortfallCause, readonly [string, string]>> = {
  delay: [
    "Delay",
    "the market's move from the decision to the execution, the venue's own costs taken out",
  ],
  spread: ["Spread", "half the spread, as the fills name it"],
  impact: ["Impact", "what the orders themselves moved the price, as the fills name it"],
  slippage: ["Slippage", "what else the venue's model added, less what a limit gave back"],
  fees: ["Fees", "as charged"],
  opportunity: [
    "Opportunity",
    "of what was decided and not executed: the market's move until the order ended",
  ],
};

/** Nothing where no order was executed. */
export function shortfall({ metrics: { shortfall: found, currency } }: ReportData): string {
  if (found.orders === 0) return "";
  const others =
    found.ordersLeftOut === 0
      ? ""
      : ` ${count(found.ordersLeftOut)} orders in other currencies are left out.`;
  const row = (name: string, how: string, cause: ShortfallCause | "total"): string => {
    const { amount, bps } = found[cause];
    const strong = cause === "total" ? "<b>" : "";
    const end = cause === "total" ? "</b>" : "";
    return `<tr><th scope="row">${strong}${name}${end}</th><td class="right">${strong}${grouped(amount)}${end}</td><td class="right">${decimals(bps, 2)}</td><td class="how">${how}</td></tr>`;
  };
  const rows = (Object.keys(CAUSES) as ShortfallCause[])
    .filter((cause) => Number(found[cause].amount) !== 0 || cause === "delay" || cause === "fees")
    .map((cause) => row(...CAUSES[cause], cause));
  return `<h3>Implementation shortfall</h3><p class="note">Of ${count(found.orders)} orders: what was paid beyond a portfolio that trades at once, at no cost, at the prices decided
at (Perold, 1988). A cost is above 0. The price decided at is an order's reference; of an order that waits for a price, that price. Basis points are of the
${grouped(found.paperValue)} ${escapeHtml(currency)} executed, at the prices decided at.${others}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Implementation shortfall"><table class="table-of-measures"><thead><tr><th>Cause</th><th class="right">${escapeHtml(currency)}</th><th class="right">bp</th><th>What it is</th></tr></thead><tbody>${rows.join("")}${row("Total", "the sum of these", "total")}</tbody></table></div>`;
}
