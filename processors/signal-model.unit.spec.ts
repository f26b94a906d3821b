import { describe, expect, test } from "vitest";
import type { Features } from "../schemas/generated/features.ts";
import { emit } from "../streams/event.ts";
import { at, given } from "../streams/testing/given.ts";
import { builtInModels } from "./models.ts";
import { type SignalModel, signalModel } from "./signal-model.ts";

const features = (price: number, changes: Partial<Features> = {}) =>
  at(0, "features", {
    symbol: "AAA",
    barEndUs: 60,
    price,
    logReturn: 0,
    emaFast: price,
    emaSlow: price,
    atr: 1,
    volatility: 0.01,
    warm: true,
    ...changes,
  });

/** Says how many bars it has seen, in hundredths; no view of the first. */
const counting: SignalModel<{ bars: number }> = {
  name: "counting",
  version: 1,
  initial: () => ({ bars: 0 }),
  evolve: (state) => {
    state.bars++;
    return state;
  },
  signal: ({ bars }) => (bars < 2 ? null : bars / 100),
};

describe("signal-model", () => {
  test("writes nothing until the model has a view, then a signal a bar", () => {
    const task = given(signalModel(counting));
    expect(task.when(features(100))).toEqual([]);
    expect(task.when(features(101))).toEqual([
      emit("signals", {
        symbol: "AAA",
        model: "counting",
        strength: 0.02,
        price: 101,
        volatility: 0.01,
      }),
    ]);
    expect(task.when(features(102), features(103))).toHaveLength(2);
  });

  test("gives each symbol a state of its own", () => {
    const other = { symbol: "BBB" };
    const task = given(signalModel(counting), features(100), features(100));
    expect(task.when(features(7, other))).toEqual([]);
    expect(task.when(features(7, other))[0]?.value).toMatchObject({
      symbol: "BBB",
      strength: 0.02,
    });
  });

  test("keeps the state of a model that returns a new one, or a number", () => {
    const pure: SignalModel<number> = {
      ...counting,
      initial: () => 0,
      evolve: (bars) => bars + 1,
      signal: (bars) => bars / 100,
    };
    expect(
      given(signalModel(pure))
        .when(features(1), features(1), features(1))
        .map(({ value }) => value.strength),
    ).toEqual([0.01, 0.02, 0.03]);
  });

  test("starts a model anew that takes another one's place", () => {
    let state = signalModel(counting).initial();
    for (let i = 0; i < 5; i++) state = signalModel(counting).evolve(state, features(100));
    const next = signalModel({ ...counting, version: 2 });
    const task = given({ ...next, initial: () => structuredClone(state) });
    expect(task.when(features(100))).toEqual([]);
    expect(task.when(features(100))[0]?.value.strength).toBe(0.02);
  });

  test.each([
    ["2", 2],
    ["-1.0000000000000002", -1.0000000000000002],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["undefined", undefined],
    ['"1"', "1"],
  ])("stops at a strength of %s, naming model, symbol and bar", (shown, strength) => {
    const wrong: SignalModel = {
      ...counting,
      initial: () => null,
      evolve: (state) => state,
      signal: () => strength as number,
    };
    expect(() => given(signalModel(wrong)).when(features(100))).toThrow(
      expect.objectContaining({
        code: "MODEL_STRENGTH_INVALID",
        message: `model counting gave ${shown} for AAA at the bar to 1970-01-01T00:00:00.000060Z`,
      }),
    );
  });
});

describe("built-in models", () => {
  test.each(Object.entries(builtInModels))("%s is listed by its own name", (name, model) => {
    expect(model().name).toBe(name);
  });

  test.each(Object.values(builtInModels))("no view before every window has filled", (model) => {
    expect(given(signalModel(model())).when(features(100, { warm: false, emaFast: 200 }))).toEqual(
      [],
    );
  });
});
