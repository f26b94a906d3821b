import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { offsetsOption, rangeOption, rangeSettings } from "./range-option.ts";

function parsed(...args: readonly string[]) {
  const command = new Command()
    .addOption(rangeOption("what is read"))
    .addOption(offsetsOption())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse(args, { from: "user" });
  return command.opts();
}

describe("--range", () => {
  test("takes times with a zone, or dates; either side may be left out", () => {
    const fromUs = Date.UTC(2024, 0, 2) * 1000;
    const toUs = Date.UTC(2024, 0, 2, 13, 30) * 1000;
    expect(parsed("--range", "2024-01-02..2024-01-02T14:30:00+01:00").range).toEqual({
      fromUs,
      toUs,
    });
    expect(parsed("--range", "2024-01-02..").range).toEqual({ fromUs, toUs: null });
    expect(parsed("--range", "..2024-01-02T13:30:00Z").range).toEqual({ fromUs: null, toUs });
    expect(parsed().range).toEqual({ fromUs: null, toUs: null });
  });

  test.each([
    "2024-01-02",
    "2024-01-02..2024-01-01",
    "2024-01-02..2024-01-02",
    "2024-01-02T10:00:00..",
    "yesterday..",
    "2024-01-01..2024-01-02..",
  ])("refuses %s", (text) => {
    expect(() => parsed("--range", text)).toThrow(
      expect.objectContaining({ code: "commander.invalidArgument" }),
    );
  });

  test("comes to the settings that a configuration has for it; none where it is not given", () => {
    const settings = (...args: readonly string[]) => rangeSettings(parsed(...args).range);
    expect(settings("--range", "..2024-01-02T13:30:00.25Z")).toEqual([
      { key: "range.from", value: "null" },
      { key: "range.to", value: "2024-01-02T13:30:00.250000Z" },
    ]);
    expect(settings("--range", "..")).toHaveLength(2);
    expect(settings()).toEqual([]);
  });
});

describe("--offsets", () => {
  test("takes ranges of partitions", () => {
    expect(parsed("--offsets", "market.ticks/0=100..200, market.ticks/11=5..5").offsets).toEqual([
      { topic: "market.ticks", partition: 0, from: 100, to: 200 },
      { topic: "market.ticks", partition: 11, from: 5, to: 5 },
    ]);
    expect(parsed().offsets).toEqual([]);
  });

  test.each([
    "market.ticks=1..2",
    "market.ticks/0=2..1",
    "market.ticks/0=1..",
    "market.ticks/0=1..99999999999999999",
  ])("refuses %s", (text) => {
    expect(() => parsed("--offsets", text)).toThrow(
      expect.objectContaining({ code: "commander.invalidArgument" }),
    );
  });
});
