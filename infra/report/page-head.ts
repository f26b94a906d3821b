// The head of every page that is written here. Promises: the page is self-contained, and its policy forbids it to ask
// for anything, to send anything, or to run any style or script but those that are given here.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

export interface PageHead {
  /** HTML. */
  readonly title: string;
  readonly style: string;
  /** Those that the body holds, to the byte. */
  readonly scripts: readonly string[];
  /** The page loads itself anew so often; left out: never. */
  readonly reloadSeconds?: number;
}

/** From the document's type to the end of its head. */
export function pageHead({ title, style, scripts, reloadSeconds }: PageHead): string {
  const policy = [
    "default-src 'none'",
    `style-src ${sourceHash(style)}`,
    ...(scripts.length === 0
      ? []
      : [`script-src ${scripts.map(sourceHash).join(" ")}`, "img-src data:"]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const reload =
    reloadSeconds === undefined ? "" : `<meta http-equiv="refresh" content="${reloadSeconds}">\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
${reload}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – Tapedeck</title>
<style>${style}</style>
</head>`;
}

/** A file of the chart library, as it is published. */
export const uplotFile = (name: string): string =>
  readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), "utf8");

const sourceHash = (text: string): string =>
  `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
