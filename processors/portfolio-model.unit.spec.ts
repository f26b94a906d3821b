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
  const processor = portfolioModel(watching);
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
    const task = given(portfolioModel(watching), ...instant(1, "ABC"), ...bars(2, "AB"));
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
    expect(history(...instant(1, "A"), ...bars(2, "AB"), ...late, ...features(2, "AB"))).toEqual({
      shown: ["A1", "B1 A2", "B2"],
      answers: ["features@1: A", "features@2: BA", "features@2: B"],
    });
  });

  test("starts anew in another one's place", () => {
    let state = portfolioModel(watching).initial();
    for (const event of instant(1, "AB")) state = portfolioModel(watching).evolve(state, event);
    const next = portfolioModel({ ...watching, version: 2 });
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
    expect(given(portfolioModel(none)).when(...instant(1, "AB"))).toHaveLength(2);
  });

  test("stops at a strength that is none, naming model, symbol and bar", () => {
    const wrong: PortfolioModel = { ...watching, signal: () => 2 } as PortfolioModel;
    expect(() => given(portfolioModel(wrong)).when(...instant(60, "A"))).toThrow(
      expect.objectContaining({
        code: "MODEL_STRENGTH_INVALID",
        message: "model watching gave 2 for A at the bar to 1970-01-01T00:00:00.000060Z",
      }),
    );
  });
});
