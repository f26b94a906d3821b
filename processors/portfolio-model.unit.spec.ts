import { describe, expect, test } from "vitest";
import type { EventOf } from "../streams/event.ts";
import { bar } from "../streams/testing/facts.ts";
import { at, given } from "../streams/testing/given.ts";
import { type PortfolioModel, portfolioModel } from "./portfolio-model.ts";

type Event = EventOf<"market.bars" | "features">;

const bars = (timeUs: number, symbols: string): Event[] =>
  [...symbols].map((symbol) => at(timeUs, "market.bars", bar(symbol, timeUs, 100)));

const features = (timeUs: number, symbols: string, price = 100): Event[] =>
  [...symbols].map((symbol) =>
    at(timeUs, "features", {
      symbol,
      barEndUs: timeUs,
      price,
      logReturn: 0,
      emaFast: price,
      emaSlow: price,
      atr: 1,
      volatility: 0.01,
      warm: true,
    }),
  );

const instant = (timeUs: number, symbols: string): Event[] => [
  ...bars(timeUs, symbols),
  ...features(timeUs, symbols),
];

/** Says of each symbol how many instants there were, in hundredths; keeps what it was shown of each. */
const watching: PortfolioModel<{ shown: string[] }> = {
  name: "watching",
  version: 1,
  scope: "portfolio",
  initial: () => ({ shown: [] }),
  evolve(state, seen) {
    state.shown.push([...seen.values()].map((f) => `${f.symbol}${f.barEndUs}`).join(" "));
    return state;
  },
  signal: ({ shown }, { symbol }) => (symbol === "Z" ? null : shown.length / 100),
};

/** What the model was shown, instant by instant, and which event each answer followed. */
function history(...events: readonly Event[]): { shown: string[]; answers: string[] } {
  return historyOf("bars", events);
}

function historyOf(source: "bars" | "ticks", events: readonly Event[]) {
  const processor = portfolioModel(watching, source);
  let state = processor.initial();
  const answers = events.flatMap((event) => {
    state = processor.evolve(state, event);
    const said = processor.decide(state, event).map(({ value }) => value.symbol);
    return said.length === 0 ? [] : [`${event.topic}@${event.timeUs}: ${said.join("")}`];
  });
  return { shown: (state.own as { shown: string[] }).shown, answers };
}

describe("a model of scope portfolio", () => {
  test("is asked once an instant, at the last features of it", () => {
    expect(history(...instant(1, "ABC"), ...instant(2, "CAB"))).toEqual({
      shown: ["A1 B1 C1", "C2 A2 B2"],
      answers: ["features@1: ABC", "features@2: CAB"],
    });
  });

  test("keeps the contract of a processor", () => {
    const task = given(portfolioModel(watching, "bars"), ...instant(1, "ABC"), ...bars(2, "AB"));
    expect(task.when(...features(2, "A"), ...instant(3, "AC"))).toHaveLength(3);
  });

  test("says nothing of a symbol that it has no view of", () => {
    expect(history(...instant(1, "AZ"), ...instant(2, "Z")).answers).toEqual(["features@1: A"]);
  });

  test("does not wait for a symbol that has no bar, nor leave out one that comes anew", () => {
    const { answers } = history(...instant(1, "AB"), ...instant(2, "A"), ...instant(3, "ABC"));
    expect(answers).toEqual(["features@1: AB", "features@2: A", "features@3: ABC"]);
  });

  test("waits once for features that do not come, until the first bar of a later time", () => {
    const refused = (timeUs: number) => [...bars(timeUs, "ABC"), ...features(timeUs, "AC")];
    const { shown, answers } = history(...refused(1), ...refused(2), ...refused(3));
    expect(shown).toEqual(["A1 C1", "A2 C2", "A3 C3"]);
    expect(answers).toEqual(["market.bars@2: AC", "features@2: AC", "features@3: AC"]);
  });

  test("waits again for a symbol whose features have come again", () => {
    const { answers } = history(
      ...[...bars(1, "AB"), ...features(1, "A")],
      ...[...bars(2, "AB"), ...features(2, "BA")],
      ...[...bars(3, "AB"), ...features(3, "AB")],
    );
    expect(answers).toEqual(["market.bars@2: A", "features@2: BA", "features@3: AB"]);
  });

  test("is asked nothing where an instant brings no features at all", () => {
    expect(history(...bars(1, "AB"), ...instant(2, "C")).answers).toEqual(["features@2: C"]);
  });

  test("takes what comes late as an instant of its own, or into the one that is gathered", () => {
    const late = features(1, "B");
    expect(history(...instant(1, "A"), ...instant(2, "A"), ...late).shown).toEqual([
      "A1",
      "A2",
      "B1",
    ]);
    expect(history(...instant(1, "A"), ...bars(2, "AB"), ...late, ...features(2, "A"))).toEqual({
      shown: ["A1"],
      answers: ["features@1: A"],
    });
    const whole = [...bars(2, "AB"), ...late, ...features(2, "AB")];
    expect(history(...instant(1, "A"), ...whole).shown).toEqual(["A1", "B2 A2"]);
  });

  test("starts anew in another one's place", () => {
    let state = portfolioModel(watching, "bars").initial();
    for (const event of instant(1, "AB"))
      state = portfolioModel(watching, "bars").evolve(state, event);
    const next = portfolioModel({ ...watching, version: 2 }, "bars");
    const task = given({ ...next, initial: () => structuredClone(state) });
    expect(task.when(...instant(2, "A"))[0]?.value.strength).toBe(0.01);
  });

  test("may keep no state", () => {
    const none: PortfolioModel<undefined> = {
      ...watching,
      initial: () => undefined,
      evolve: () => undefined,
      signal: () => 1,
    };
    expect(given(portfolioModel(none, "bars")).when(...instant(1, "AB"))).toHaveLength(2);
  });

  test("stops at a strength that is none, naming model, symbol and bar", () => {
    const wrong: PortfolioModel = { ...watching, signal: () => 2 } as PortfolioModel;
    expect(() => given(portfolioModel(wrong, "bars")).when(...instant(60, "A"))).toThrow(
      expect.objectContaining({
        code: "MODEL_STRENGTH_INVALID",
        message: "model watching gave 2 for A at the bar to 1970-01-01T00:00:00.000060Z",
      }),
    );
  });
});

/** What a print makes of one bar: it is known then, whatever its end. */
const closed = (timeUs: number, symbol: string, endUs: number): Event[] =>
  [...bars(endUs, symbol), ...features(endUs, symbol)].map((event) => ({ ...event, timeUs }));

describe("on a tape of ticks", () => {
  const prints = (...closing: readonly (readonly [number, string, number])[]) =>
    historyOf(
      "ticks",
      closing.flatMap(([timeUs, symbol, endUs]) => closed(timeUs, symbol, endUs)),
    );

  test("an instant is the end of a bar: every symbol that was seen is waited for", () => {
    const { shown, answers } = prints([11, "A", 10], [12, "B", 10], [21, "B", 20], [24, "A", 20]);
    expect(shown).toEqual(["A10", "B10", "B20 A20"]);
    expect(answers).toEqual(["features@11: A", "features@12: B", "features@24: BA"]);
  });

  test("a symbol without a print holds one instant back, until the first bar of a later end", () => {
    const { shown, answers } = prints(
      ...([
        [11, "A", 10],
        [12, "B", 10],
        [13, "C", 10],
      ] as const),
      ...([
        [21, "A", 20],
        [22, "B", 20],
      ] as const),
      ...([
        [31, "B", 30],
        [32, "A", 30],
      ] as const),
    );
    expect(shown.slice(3)).toEqual(["A20 B20", "B30 A30"]);
    expect(answers.slice(3)).toEqual(["market.bars@31: AB", "features@32: BA"]);
  });

  test("a symbol that prints again is in the next instant, with the old bar in the one at hand", () => {
    const { shown } = prints(
      ...([
        [11, "A", 10],
        [12, "B", 10],
      ] as const),
      ...([
        [21, "A", 20],
        [31, "A", 30],
      ] as const),
      ...([
        [41, "A", 40],
        [42, "B", 20],
      ] as const),
      ...([
        [51, "A", 50],
        [52, "B", 50],
      ] as const),
    );
    expect(shown.slice(2)).toEqual(["A20", "A30", "A40", "B20", "A50 B50"]);
  });
});
