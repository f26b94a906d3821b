import { describe, expect, test } from "vitest";
import { TapedeckError } from "../../schemas/errors.ts";
import { configFromText, type ReadConfig } from "./load-config.ts";
import { formatProblem, problemsOf } from "./problem.ts";

const PATH = "/home/trader/runs/my-run.yaml";
const read = (venue: string, source = "ticks"): ReadConfig =>
  configFromText(`tape: x\nsource: ${source}\nvenue: { ${venue} }`, PATH, []);

function findings(...parameters: Parameters<typeof read>): string[] {
  try {
    read(...parameters);
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    return problemsOf(error).map((found) => formatProblem("f", found));
  }
  return [];
}

describe("quotes and the queue", () => {
  test("come out in machine units", () => {
    expect(read("fill: quote, limitFill: cross, queue: 2.5").flow.venue).toMatchObject({
      fill: "quote",
      limitFill: "CROSS",
      queueBps: 25_000,
    });
    expect(read("fill: next-tick, queue: 0").flow.venue.queueBps).toBe(0);
  });

  test("left out or off are what was before there was any", () => {
    const bare = read("fill: next-tick");
    const off = read("fill: next-tick, queue: off");
    expect(off.canonical).toEqual(bare.canonical);
    expect(bare.canonical.venue).not.toHaveProperty("queue");
    expect(bare.flow.venue).not.toHaveProperty("queueBps");
    expect(read("fill: quote, limitFill: touch").canonical).toEqual(read("fill: quote").canonical);
  });

  test("an acknowledgement is on or off, and off is what was before there was any", () => {
    expect(read("fill: next-tick, acknowledge: true").flow.venue.acknowledge).toBe(true);
    const off = read("fill: next-tick, acknowledge: false");
    expect(off.canonical).toEqual(read("fill: next-tick").canonical);
    expect(off.flow.venue).not.toHaveProperty("acknowledge");
    const on = read("fill: next-tick, acknowledge: true");
    expect(on.canonical.venue).toMatchObject({ acknowledge: true });
    expect(configFromText(on.document, PATH).canonical).toEqual(on.canonical);
    expect(findings("acknowledge: 1", "bars")[0]).toMatch(/acknowledge.*true or false/);
  });

  test("read back from their own document", () => {
    const config = read("fill: quote, limitFill: cross, queue: 1");
    expect(configFromText(config.document, PATH).canonical).toEqual(config.canonical);
  });

  test.each([
    ["fill: quote", "bars", /venue.fill.*quote needs source: ticks/],
    ["fill: next-tick, limitFill: cross", "ticks", /limitFill.*does nothing without venue.fill/],
    ["fill: next-open, queue: 1", "bars", /venue.queue.*must be next-tick or quote/],
    ["fill: quote, queue: -1", "ticks", /venue.queue.*from 0 to 1000/],
    ["fill: quote, queue: 0.00001", "ticks", /venue.queue.*steps of 0.0001/],
    ["fill: quote, limitFill: through", "ticks", /limitFill.*one of touch, cross/],
  ])("%s with %s is refused", (venue, source, message) => {
    const found = findings(venue, source);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });
});
