// The tables of a shadow's page as HTML that needs no script. Every text from data is escaped.

import { formatIsoUs } from "../../schemas/values/time.ts";
import type { AnyEvent } from "../../streams/event.ts";
import { count, duration, escapeHtml, percent } from "../report/figures.ts";
import type { DifferenceReport, ShadowReport, TopicReport } from "./shadow-data.ts";

const SHOWN_FIELDS = 40;
const NAMED_FIELDS = 4;
const LONGEST_VALUE = 160;

const empty = (text: string): string => `<p class="empty">${escapeHtml(text)}</p>`;

export function changes({ changes: list, sameDecisions }: ShadowReport): string {
  if (list.length === 0) {
    return empty(
      sameDecisions
        ? "Nothing: configuration, model and code are what runs live, so every byte must be the same."
        : "No setting. The model or the code is another than what runs live.",
    );
  }
  const rows = list.map(
    ({ key, a, b }) =>
      `<tr><td class="field">${escapeHtml(key)}</td><td>${shown(a)}</td><td>${shown(b)}</td></tr>`,
  );
  return `<div class="scroll" tabindex="0"><table><thead><tr><th>setting</th><th>live</th><th>candidate</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

export function topicTable({ topics, undecided }: ShadowReport): string {
  const rows = topics.map((topic) => {
    const { agreed, differing, missing, extra } = topic;
    const all = agreed + differing + missing + extra;
    const cell = (events: number): string =>
      `<td class="right">${events === 0 ? "0" : `<span class="down">${count(events)}</span>`}</td>`;
    const share = all === 0 ? "–" : percent(agreed / all, agreed === all ? 0 : 2);
    return `<tr><td>${escapeHtml(topic.topic)}</td><td class="right">${count(agreed)}</td>${cell(differing)}${cell(missing)}${cell(extra)}<td class="right">${share}</td><td class="right">${topic.identical} of ${topic.partitions}</td><td>${fieldsOf(topic)}</td></tr>`;
  });
  const waiting =
    undecided === 0 ? "" : `<p class="note">${count(undecided)} events wait for a counterpart.</p>`;
  return `<div class="scroll" tabindex="0"><table><thead><tr><th>topic</th><th class="right">agreed</th><th class="right">differing</th><th class="right">missing</th><th class="right">extra</th><th class="right">agree</th><th class="right">same bytes</th><th>fields that differ</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>${waiting}`;
}

function fieldsOf({ fields }: TopicReport): string {
  const named = fields
    .slice(0, NAMED_FIELDS)
    .map(({ field, events }) => `<code>${escapeHtml(field)}</code> ${count(events)}`);
  const rest = fields.length - named.length;
  return named.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

export function firstDifference({ first, topics }: ShadowReport): string {
  if (first === null) return empty("None: all that was compared agrees.");
  const others = topics
    .map((topic) => topic.first)
    .filter((one): one is DifferenceReport => one !== null && one.topic !== first.topic);
  const more = others.map(
    (one) =>
      `<details><summary>First in ${escapeHtml(one.topic)}: ${saidOf(one)}</summary>${inFull(one)}</details>`,
  );
  return `<p>${escapeHtml(first.topic)}: ${saidOf(first)}</p>${inFull(first)}${more.join("")}`;
}

function saidOf({ kind, timeUs, fields }: DifferenceReport): string {
  const at = `at ${escapeHtml(formatIsoUs(timeUs))}`;
  if (kind === "missing") return `live decided it, the shadow did not, ${at}`;
  if (kind === "extra") return `the shadow decided it, live did not, ${at}`;
  const [field] = fields;
  const what =
    field === undefined
      ? "differs"
      : `<code>${escapeHtml(field.field)}</code> is ${shown(field.live, field.field)} live, ${shown(field.shadow, field.field)} in the shadow`;
  return `${what}, ${at}`;
}

function inFull({ fields, live, shadow }: DifferenceReport): string {
  const rows = fields
    .slice(0, SHOWN_FIELDS)
    .map(
      ({ field, live: a, shadow: b }) =>
        `<tr><td class="field">${escapeHtml(field)}</td><td>${shown(a, field)}</td><td>${shown(b, field)}</td></tr>`,
    );
  const left = fields.length - rows.length;
  const table =
    rows.length === 0
      ? ""
      : `<div class="scroll" tabindex="0"><table><thead><tr><th>field</th><th>live</th><th>shadow</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>${left > 0 ? `<p class="note">${count(left)} more fields differ.</p>` : ""}`;
  return `${table}<div class="sides"><div><h3>live, with its causes</h3>${chain(live)}</div><div><h3>shadow, with its causes</h3>${chain(shadow)}</div></div>`;
}

const chain = (events: readonly AnyEvent[]): string =>
  events.length === 0
    ? empty("It has no such event.")
    : `<pre>${escapeHtml(events.map(eventText).join("\n\n← "))}</pre>`;

function eventText({ topic, partition, offset, timeUs, value }: AnyEvent): string {
  return `${topic}/${partition}/${offset} at ${formatIsoUs(timeUs)}\n${JSON.stringify(value, plain, 2)}`;
}

const plain = (_: string, value: unknown): unknown => {
  if (typeof value === "bigint") return String(value);
  return value instanceof Uint8Array ? `${value.length} bytes` : value;
};

function shown(value: unknown, field = ""): string {
  if (value === undefined || value === null) return "–";
  const text = textOf(value, field);
  return escapeHtml(text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text);
}

function textOf(value: unknown, field: string): string {
  if (typeof value === "string" || typeof value === "bigint") return String(value);
  if (typeof value === "number" && /Us$/.test(field)) return formatIsoUs(value);
  return JSON.stringify(value, plain) ?? String(value);
}

export function behindLive({ behind, lagSeconds }: ShadowReport): string {
  const note = `<p class="note">Measured here: from the look that first saw a live record committed to when the shadow's was committed and compared, so the pause between looks is in it. Quantiles are upper bounds of a histogram. What lay there before the shadow was started is left out. How long live itself takes from tick to verdict is told by its services (<code>tapedeck_tick_to_verdict_seconds</code>): Kafka keeps event times, not when a record was appended. The latencies that decisions are made with (order, venue) are configuration, and part of effective times.</p>
<p>${lagSeconds === 0 ? "All that live has done is done." : `Now ${duration(lagSeconds)} of event time behind live.`}</p>`;
  if (behind.length === 0) return `${note}${empty("Nothing has come while it followed.")}`;
  const rows = behind.map(
    ({ topic, events, p50, p99, worst }) =>
      `<tr><td>${escapeHtml(topic)}</td><td class="right">${count(events)}</td><td class="right">${secondsText(p50)}</td><td class="right">${secondsText(p99)}</td><td class="right">${secondsText(worst)}</td></tr>`,
  );
  return `${note}<div class="scroll" tabindex="0"><table><thead><tr><th>topic</th><th class="right">events</th><th class="right">p50</th><th class="right">p99</th><th class="right">worst</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

const secondsText = (seconds: number): string =>
  seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;

export function admissionNotes(report: ShadowReport): string {
  const { admissions, sameDecisions, start } = report;
  const { followed, missed, waiting } = admissions;
  const notes = [
    `Late events: ${count(followed)} were let in where live let them in${waiting > 0 ? `, ${count(waiting)} wait for their place` : ""}${missed > 0 ? `; <span class="down">${count(missed)}</span> could not be: their event is another here, or not there` : ""}.`,
    sameDecisions
      ? "Configuration, model and code are live's own: any difference is a fault."
      : "Decisions are the candidate's: derived events that were late live, or that tell where a late event was let in, are known by what they follow from, since they may lie elsewhere here.",
    "Dead letters and admissions are not compared: live has a partition for each task, a shadow has one.",
  ];
  if (start !== null) {
    notes.push(
      `It began at ${escapeHtml(formatIsoUs(start.timeUs))} without state: windows, positions and order numbers differ from live's until they have filled, and events that were under way then count as missing.`,
    );
  }
  return `<ul class="plain">${notes.map((note) => `<li>${note}</li>`).join("")}</ul>`;
}
