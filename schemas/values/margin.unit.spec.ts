import fc from "fast-check";
import { expect, test } from "vitest";
import { balanceOf, type MarginTerms, marginOf, marginState } from "./margin.ts";

const fx = (leverage: number): MarginTerms => ({
  initialPerMillion: 30_000,
  maintenancePerMillion: 30_000,
  leverage,
});

// nautilus_trader, tests of its margin account: 3 % of the value, by the leverage.
test.each([
  ["100,000 AUD/USD at 0.80, leverage 50", 80_000_00n, 50, 48_00n],
  ["100,000 AUD/USD at 0.80, leverage 10", 80_000_00n, 10, 240_00n],
  ["1,000,000 at 1.0, leverage 50", 1_000_000_00n, 50, 600_00n],
])("%s", (_, value, leverage, margin) => {
  expect(marginOf(value, fx(leverage))).toEqual({ initial: margin, maintenance: margin });
  expect(marginOf(-value, fx(leverage)).initial).toBe(margin);
});

test("free and locked are the total, always", () => {
  const money = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
  fc.assert(
    fc.property(money, fc.array(money), (total, locked) => {
      const balance = balanceOf(total, locked);
      expect(balance.free + balance.locked).toBe(total);
    }),
  );
});

test("a position is called, then liquidated, as it falls", () => {
  const terms = { initialPerMillion: 100_000, maintenancePerMillion: 50_000, leverage: 1 };
  // Bought for 1,000.00 with 100.00 behind it.
  const at = (value: bigint) => marginState(1_000_00n, value, terms);
  expect(at(1_000_00n)).toBe("ENOUGH");
  expect(at(999_99n)).toBe("CALL");
  // 100.00 - 52.63 = 47.37 of 947.37, 5 % of which are 47.3685: just enough; a cent less is not.
  expect(at(947_37n)).toBe("CALL");
  expect(at(947_36n)).toBe("LIQUIDATION");
  // A short, the other way.
  expect(marginState(-1_000_00n, -1_047_61n, terms)).toBe("CALL");
  expect(marginState(-1_000_00n, -1_047_63n, terms)).toBe("LIQUIDATION");
});
