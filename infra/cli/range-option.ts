// Ranges on the command line: FROM..TO in time, topic/partition=FROM..TO in offsets.

import { InvalidArgumentError, Option } from "commander";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import type { Override } from "../config/load-config.ts";
import type { OffsetRange } from "../run/execute.ts";
import { everything, type TimeRange } from "../tape/topic-ranges.ts";

export const rangeOption = (about: string): Option =>
  new Option("--range <from..to>", `${about}: ISO 8601 times with a zone; either may be left out`)
    .argParser(timeRange)
    .default(everything, "all of it");

export const offsetsOption = (): Option =>
  new Option(
    "--offsets <ranges>",
    "of these partitions only those offsets: market.ticks/0=100..200,…",
  )
    .argParser(offsetRanges)
    .default([], "all");

function timeRange(text: string): TimeRange {
  const [from = "", to = "", ...more] = text.split("..");
  if (more.length > 0 || !text.includes("..")) {
    throw new InvalidArgumentError("write FROM..TO, such as 2024-01-02T14:30:00Z..");
  }
  const [fromUs, toUs] = [from, to].map((side) => {
    if (side === "") return null;
    const us = parseIsoUs(side);
    if (us === null || us < 0)
      throw new InvalidArgumentError(`${side} is no ISO 8601 time with a zone`);
    return us;
  }) as [number | null, number | null];
  if (fromUs !== null && toUs !== null && fromUs >= toUs) {
    throw new InvalidArgumentError("FROM must be before TO");
  }
  return { fromUs, toUs };
}

/** A range as the settings that a configuration has for it; nothing where none was given. */
export function rangeSettings(range: TimeRange): readonly Override[] {
  if (range === everything) return [];
  const value = (us: number | null): string => (us === null ? "null" : formatIsoUs(us));
  return [
    { key: "range.from", value: value(range.fromUs) },
    { key: "range.to", value: value(range.toUs) },
  ];
}

function offsetRanges(text: string): readonly OffsetRange[] {
  return text.split(",").map((part) => {
    const found = /^([a-z.-]+)\/(\d+)=(\d+)\.\.(\d+)$/.exec(part.trim());
    const [, topic = "", ...numbers] = found ?? [];
    const [partition = 0, from = 0, to = 0] = numbers.map(Number);
    if (found === null || from > to || !Number.isSafeInteger(to)) {
      throw new InvalidArgumentError(`${part} is no TOPIC/PARTITION=FROM..TO`);
    }
    return { topic, partition, from, to };
  });
}
