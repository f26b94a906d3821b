// A shadow's report as one self-contained page. Promises: it asks for nothing from anywhere, and its
// policy forbids it; text from data cannot become markup or script; it reads without a script; while
// the shadow follows, the page loads itself anew.

import { formatIsoUs } from "../../schemas/values/time.ts";
import {
  count,
  direction,
  embedJson,
  escapeHtml,
  grouped,
  minute,
  percent,
} from "../report/figures.ts";
import { pageHead, uplotFile } from "../report/page-head.ts";
import { pageStyle } from "../report/page-style.ts";
import type { ShadowReport } from "./shadow-data.ts";
import { shadowScript } from "./shadow-script.ts";
import {
  admissionNotes,
  behindLive,
  changes,
  firstDifference,
  topicTable,
} from "./shadow-sections.ts";
import { shadowStyle } from "./shadow-style.ts";

const RELOAD_SECONDS = 10;

export function renderShadow(report: ShadowReport): string {
  const style = uplotFile("uPlot.min.css") + pageStyle + shadowStyle;
  const library = uplotFile("uPlot.iife.min.js");
  const title = escapeHtml(`${report.name} beside ${report.app}`);
  const reload = report.following ? { reloadSeconds: RELOAD_SECONDS } : {};
  return `${pageHead({ title, style, scripts: [library, shadowScript], ...reload })}
<body>
<header>
<div class="over">Tapedeck · shadow report</div>
<h1>${title}</h1>
<p class="soft">${reach(report)}</p>
<ul class="proof"><li>live <code>${escapeHtml(report.liveDigest)}</code></li><li>candidate <code>${escapeHtml(report.candidateDigest)}</code></li><li>written ${escapeHtml(formatIsoUs(report.writtenMs * 1000).slice(0, 19))}Z${report.following ? ", goes on" : ", stopped"}</li></ul>
${headline(report)}
</header>
<main>
<section class="long"><h2>What the candidate changes</h2>${changes(report)}</section>
<section class="long"><h2>Agreement, topic by topic</h2>
<p class="note">While a partition is the same byte for byte, events are compared by their offset; from its first difference on, by what they follow from: the same cause and ordinal. Agreed: same effective time and value, wherever it lies. Same bytes: partitions that have no difference at all. An event whose counterpart does not come within a minute of event time is missing in the shadow, or extra.</p>
${topicTable(report)}
${chart(report.agreement.timeUs.length > 1, "agreement", "Part of the events that agreed, over event time", "Part of each topic's events that agreed")}</section>
<section class="long"><h2>First difference</h2>${firstDifference(report)}</section>
<section class="long"><h2>Effect on equity and exposure, ${escapeHtml(report.currency)}</h2>
${effect(report)}</section>
<section><h2>Behind live</h2>${behindLive(report)}</section>
<section><h2>What to know</h2>${admissionNotes(report)}</section>
</main>
<footer>Written by Tapedeck from the live topics and the shadow's own. Times of events in UTC; amounts in ${escapeHtml(report.currency)}.</footer>
<script type="application/json" id="data">${embedJson(chartData(report))}</script>
<script>${library}</script>
<script>${shadowScript}</script>
</body>
</html>
`;
}

function reach({ timeUs, sourceEvents, start }: ShadowReport): string {
  if (timeUs === 0) return "nothing followed yet";
  const from = start === null ? "" : `, from ${minute(start.timeUs)} on`;
  return `followed to ${escapeHtml(formatIsoUs(timeUs).slice(0, 19).replace("T", " "))} UTC${from} · ${count(sourceEvents)} source events`;
}

const sumOf = (report: ShadowReport, kind: "agreed" | "differing" | "missing" | "extra"): number =>
  report.topics.reduce((sum, topic) => sum + topic[kind], 0);

function headline(report: ShadowReport): string {
  const [agreed, differing, missing, extra] = [
    sumOf(report, "agreed"),
    sumOf(report, "differing"),
    sumOf(report, "missing"),
    sumOf(report, "extra"),
  ];
  const all = agreed + differing + missing + extra;
  const parted = differing + missing + extra;
  const figure = (name: string, value: string, under: string): string =>
    `<div><dt>${name}</dt><dd>${value}<small>${under}</small></dd></div>`;
  const gap = (measure: "equity" | "gross"): string => {
    const { last } = report;
    if (last === null) return "–";
    return signedGap(gapText(last.live[measure], last.shadow[measure], report.currencyScale));
  };
  const greatest = (measure: "equity" | "gross"): string => {
    const found = report.greatest.find((one) => one.measure === measure);
    if (found === undefined) return "no snapshot yet";
    if (Number(found.gap) === 0) return "never apart";
    return `most ${signedGap(found.gap)} at ${minute(found.timeUs)}`;
  };
  return `<dl class="figures">${[
    figure(
      "Events agreed",
      all === 0 ? "–" : percent(agreed / all, parted > 0 && agreed / all > 0.9999 ? 4 : 2),
      parted === 0 ? `all ${count(agreed)}` : `${count(agreed)} of ${count(all)}`,
    ),
    figure(
      "Events that part",
      parted === 0 ? "0" : `<span class="down">${count(parted)}</span>`,
      `${count(differing)} differ · ${count(missing)} missing · ${count(extra)} extra`,
    ),
    figure("Equity, shadow less live", gap("equity"), greatest("equity")),
    figure("Gross exposure, shadow less live", gap("gross"), greatest("gross")),
  ].join("")}</dl>`;
}

const signedGap = (text: string): string => {
  const value = Number(text);
  const shown = value > 0 ? `+${grouped(text)}` : grouped(text);
  return direction(value) === "" ? shown : `<span class="${direction(value)}">${shown}</span>`;
};

/** Exact: both are decimal text of one scale. */
function gapText(live: string, shadow: string, scale: number): string {
  const minor = (text: string): bigint => BigInt(text.replace(".", ""));
  const gap = minor(shadow) - minor(live);
  const digits = (gap < 0n ? -gap : gap).toString().padStart(scale + 1, "0");
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return gap < 0n ? `-${text}` : text;
}

function chart(shown: boolean, id: string, name: string, label: string): string {
  if (!shown) return "";
  return `<div class="charthead"><h3>${name}</h3><div class="reading" id="${id}-reading" aria-live="polite"></div></div>
<div class="chart" id="${id}" tabindex="0" role="img" aria-label="${escapeHtml(label)}"></div>`;
}

const KEYS = `<span class="key line">live</span> <span class="key second">shadow</span>`;

function effect(report: ShadowReport): string {
  if (report.curve.timeUs.length === 0) {
    return `<p class="empty">No portfolio snapshot has been compared yet.</p>`;
  }
  const shown = report.curve.timeUs.length > 1;
  const rows = report.greatest.map(
    ({ measure, gap, live, shadow, timeUs }) =>
      `<tr><td>${measure === "equity" ? "equity" : `${measure} exposure`}</td><td class="right">${signedGap(gap)}</td><td class="right">${grouped(live)}</td><td class="right">${grouped(shadow)}</td><td class="right">${escapeHtml(formatIsoUs(timeUs).slice(0, 19).replace("T", " "))}</td></tr>`,
  );
  return `<p class="note">By portfolio.snapshots of both; an instant counts once it is over. Equity is cash and positions at the last mark, so its gap is the gap in profit and loss, open and realised, after fees.</p>
${chart(shown, "equity", `Equity &nbsp; ${KEYS}`, "Equity of live and shadow")}
${chart(shown, "gap", "Equity, shadow less live", "Equity of the shadow less live's")}
${chart(shown, "gross", `Gross exposure &nbsp; ${KEYS}`, "Gross exposure of live and shadow")}
${chart(shown, "net", `Net exposure &nbsp; ${KEYS}`, "Net exposure of live and shadow")}
<div class="scroll" tabindex="0"><table><caption>Greatest difference</caption><thead><tr><th>of</th><th class="right">shadow less live</th><th class="right">live</th><th class="right">shadow</th><th class="right">when (UTC)</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** Times in milliseconds. */
const chartData = ({ curve, agreement, currency, currencyScale }: ShadowReport): unknown => ({
  currency,
  digits: currencyScale,
  curve: { ...curve, timeUs: undefined, t: milliseconds(curve.timeUs) },
  agreement: { t: milliseconds(agreement.timeUs), agreed: agreement.agreed },
});

const milliseconds = (timeUs: readonly number[]): readonly number[] =>
  timeUs.map((time) => Math.floor(time / 1000));
