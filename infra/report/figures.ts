// How a report writes figures and text. Promises: whatever comes from data leaves here escaped.

import { formatIsoUs } from "../../schemas/values/time.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Safe as text and inside a quoted attribute; control characters are shown, not sent. */
export const escapeHtml = (text: string): string =>
  text
    .replace(/[&<>"']/g, (unit) => ESCAPES[unit] as string)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, "\ufffd");

/** JSON for a script element: no character of it can end the element or open a comment. */
export const embedJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[<>&\u2028-\u202e\u2066-\u2069]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** A minus sign as wide as a plus, none on a zero, digits in threes: "-1234.5" is "−1,234.5". */
export function grouped(text: string): string {
  const [whole = "", ...fraction] = text.replace(/^-/, "").split(".");
  const threes = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (/^-.*[1-9]/.test(text) ? "−" : "") + [threes, ...fraction].join(".");
}

const NONE = "–";

export const count = (value: number): string => grouped(String(value));

export const decimals = (value: number | null, digits: number): string =>
  value === null ? NONE : grouped(value.toFixed(digits));

export const percent = (value: number | null, digits = 2): string =>
  value === null ? NONE : `${grouped((value * 100).toFixed(digits))} %`;

/** With a plus sign where it is above 0. */
export const signedPercent = (value: number | null, digits = 2): string =>
  value !== null && value > 0 ? `+${percent(value, digits)}` : percent(value, digits);

/** up, down or nothing: a class for a figure's colour. */
export const direction = (value: number | null): "up" | "down" | "" =>
  value === null || value === 0 ? "" : value > 0 ? "up" : "down";

/** To the minute, UTC, as 2013-10-07 13:30. */
export const minute = (timeUs: number): string =>
  formatIsoUs(timeUs).slice(0, 16).replace("T", " ");

export const day = (timeUs: number): string => formatIsoUs(timeUs).slice(0, 10);

const UNITS = [
  { seconds: 86_400, name: "d" },
  { seconds: 3600, name: "h" },
  { seconds: 60, name: "min" },
  { seconds: 1, name: "s" },
] as const;

/** From here on hours are noise: of summer time, if of nothing else. */
const WHOLE_DAYS = 10;

/** In the two largest units that it fills, from a day on in days: 5400 is "1 h 30 min", 109,000 is "1.3 d". */
export function duration(seconds: number | null): string {
  if (seconds === null) return NONE;
  const days = seconds / 86_400;
  if (days >= WHOLE_DAYS) return `${count(Math.round(days))} d`;
  if (days >= 1) return `${Number(days.toFixed(1))} d`;
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const unit of UNITS) {
    const amount = Math.floor(rest / unit.seconds);
    rest -= amount * unit.seconds;
    if (amount > 0) parts.push(`${count(amount)} ${unit.name}`);
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}
