import { describe, expect, test } from "vitest";
import { holdOverGaps } from "./closed-hours.ts";

const MINUTE = 60e6;
const minutes = (...at: readonly number[]) => at.map((one) => one * MINUTE);

describe("a curve over closed hours", () => {
  test("holds its last value until one step before the market opens again", () => {
    const { timeUs, source } = holdOverGaps(minutes(0, 1, 2, 3, 500, 501, 502));
    expect(timeUs).toEqual(minutes(0, 1, 2, 3, 499, 500, 501, 502));
    expect(source).toEqual([0, 1, 2, 3, 3, 4, 5, 6]);
  });

  test("is left as it is where steps are alike: daily bars over weekends", () => {
    const days = minutes(0, 1440, 2880, 7200, 8640, 10080);
    expect(holdOverGaps(days)).toEqual({ timeUs: days, source: [0, 1, 2, 3, 4, 5] });
  });

  test.each([[[]], [[5]], [[5, 5, 5]], [[0, 10]]])("may have few points: %j", (timeUs) => {
    expect(holdOverGaps(timeUs)).toEqual({ timeUs, source: timeUs.map((_, i) => i) });
  });
});
