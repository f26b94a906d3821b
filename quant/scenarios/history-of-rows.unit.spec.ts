import { describe, expect, test } from "vitest";
import { historyOfPrices, historyOfReturns } from "./history-of-rows.ts";

describe("a history from rows", () => {
  test("holds returns asset by asset", () => {
    const rows = [
      [0.1, -0.2],
      [0.3, 0.4],
    ];
    const { count, returns } = historyOfReturns(["A", "B"], rows);
    expect(count).toBe(2);
    expect([...returns]).toEqual([0.1, 0.3, -0.2, 0.4]);
  });

  test("makes returns of prices", () => {
    const { count, returns } = historyOfPrices(
      ["A", "B"],
      [
        [2, 10],
        [3, 5],
        [6, 5],
      ],
    );
    expect(count).toBe(2);
    expect([...returns]).toEqual([0.5, 1, -0.5, 0]);
  });

  test.each([
    [[[1, 2], [3]], /row 1 has 1 values for 2 assets/],
    [
      [
        [1, Number.NaN],
        [3, 4],
      ],
      /row 0, B\] is NaN/,
    ],
    [
      [
        [1, 2],
        [0, 4],
      ],
      /row 1, A\] is 0/,
    ],
  ])("refuses what is no price: %j", (rows, reason) => {
    expect(() => historyOfPrices(["A", "B"], rows)).toThrow(reason);
  });
});
