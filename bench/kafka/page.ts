// The Kafka section of docs/performance.md. Promises: it holds what one run measured and nothing else,
// between two marks; what stands around them stays. A run of some figures replaces theirs alone.

import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { KAFKA_VERSION } from "../../infra/broker/install.ts";
import type { Measured } from "../measured.ts";
import { digits } from "./table.ts";

const PAGE = join(import.meta.dirname, "..", "..", "docs", "performance.md");
const start = (name: string): string => `<!-- bench:kafka ${name} -->`;
const end = (name: string): string => `<!-- /bench:kafka ${name} -->`;

interface Ran {
  readonly figures: readonly Measured[];
  readonly notes: readonly string[];
}

function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = loadavg().map((value) => value.toFixed(1));
  return (
    `${cpu?.model ?? "unknown processor"}, ${availableParallelism()} cores, ${memory} GiB; Node ` +
    `${process.versions.node}, Kafka ${KAFKA_VERSION} (one broker, on the same cores); ` +
    `${new Date().toISOString().slice(0, 10)}; load over 15 minutes at the end ${load[2]}`
  );
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

function table({ figures, notes }: Ran): string {
  const rows = figures.map(({ name, value, unit, reference, ratio, against, missed }) => {
    const held = reference === null ? "" : `${digits(reference)} ${unit}`;
    const what = [held, against === undefined ? "" : `(${against})`].join(" ").trim();
    const times = ratio === null ? "" : `${digits(ratio)}${missed === undefined ? "" : ", missed"}`;
    return `| ${cell(name)} | ${digits(value)} ${unit} | ${cell(what)} | ${times} |`;
  });
  const said = notes.map((note) => `- ${note}`).join("\n");
  const head = "| figure | here | held against | ratio |\n|---|---|---|---|";
  return `${machine()}.\n\n${head}\n${rows.join("\n")}\n${said === "" ? "" : `\n${said}\n`}`;
}

/** Replaces what stands between the marks of each figure; a figure without marks is an error. */
export function writePage(all: ReadonlyMap<string, Ran>): void {
  let page = readFileSync(PAGE, "utf8");
  for (const [name, ran] of all) {
    const from = page.indexOf(start(name));
    const to = page.indexOf(end(name));
    if (from < 0 || to < from) throw new Error(`${PAGE} has no marks of ${name}`);
    page = `${page.slice(0, from)}${start(name)}\n${table(ran)}${page.slice(to)}`;
  }
  writeFileSync(PAGE, page);
}
