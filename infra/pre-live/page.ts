// The checklist as a page: what was asked, what was found, and where it lies.

import { day, escapeHtml } from "../report/figures.ts";
import { pageOf } from "../sweep/page-frame.ts";
import { type Found, type Item, isReady, type Status } from "./checklist.ts";

const tone: Readonly<Record<Status, string>> = { PASS: "up", FAIL: "down", MISSING: "warn" };
const words: Readonly<Record<Status, string>> = {
  PASS: "✓ pass",
  FAIL: "✗ fail",
  MISSING: "○ missing",
};

export function renderChecklist(
  name: string,
  { subject, runs }: Pick<Found, "subject" | "runs">,
  items: readonly Item[],
  nowUs: number,
): string {
  const count = (status: Status): string =>
    String(items.filter((item) => item.status === status).length);
  return pageOf({
    kind: "pre-live checklist",
    title: `${name}: ${isReady(items) ? "ready" : "not ready"}`,
    under: `strategy <code>${escapeHtml(subject)}</code> · looked at on ${day(nowUs)}`,
    figures: [
      { name: "passed", value: count("PASS"), note: `of ${items.length} items` },
      { name: "failed", value: count("FAIL"), note: "shown not to hold" },
      { name: "missing", value: count("MISSING"), note: "not shown either way" },
      { name: "runs", value: String(runs.length), note: "looked into" },
    ],
    sections: items.map(section),
    footer:
      "Written by Tapedeck. A checklist is not advice: it tells what was shown, not what will happen.",
  });
}

function section({ name, status, asked, found, evidence }: Item): string {
  const lines = evidence.map((line) => `<li>${escapeHtml(line)}</li>`).join("");
  return `<section><h2><span class="${tone[status]}">${words[status]}</span> · ${escapeHtml(name)}</h2><p class="note">asked: ${escapeHtml(asked)}</p><p>${escapeHtml(found)}</p>${lines === "" ? "" : `<ul class="note">${lines}</ul>`}</section>`;
}
