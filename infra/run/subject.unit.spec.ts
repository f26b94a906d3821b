import { expect, test } from "vitest";
import { subjectOf } from "./subject.ts";

const config = {
  source: "bars",
  range: { from: "2020-01-01T00:00:00Z", to: null },
  commands: [],
  seed: 1,
  partitions: 1,
  features: { emaFast: 5, emaSlow: 9 },
};
const of = (changes: object, without: readonly string[] = [], digest: string | null = "d") =>
  subjectOf({ ...config, ...changes }, digest, without);

test("is the same whenever, wherever and however often it was tried", () => {
  const tried = {
    range: { from: null, to: null },
    commands: [{ at: "x" }],
    seed: 9,
    partitions: 4,
  };
  expect(of(tried)).toBe(of({}));
  const { source, features } = config;
  expect(subjectOf({ features, source }, "d", [])).toBe(of({}));
});

test("is another with another setting or model, unless that setting was the walk's to choose", () => {
  const other = { features: { emaFast: 6, emaSlow: 9 } };
  expect(of(other)).not.toBe(of({}));
  expect(of(other, ["features.emaFast"])).toBe(of({}, ["features.emaFast"]));
  expect(of(other, ["features.emaSlow"])).not.toBe(of({}, ["features.emaSlow"]));
  expect(of({}, [], "e")).not.toBe(of({}));
  expect(of({}, [], null)).not.toBe(of({}));
});
