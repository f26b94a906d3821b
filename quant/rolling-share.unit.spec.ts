import fc from "fast-check";
import { expect, test } from "vitest";
import { pushShare, rollingShare, shareBps } from "./rolling-share.ts";

test("is the share of the last observations, down to a basis point, and null before", () => {
  const seen = fc.array(fc.boolean(), { maxLength: 40 });
  fc.assert(
    fc.property(seen, fc.integer({ min: 1, max: 12 }), (all, length) => {
      const share = rollingShare(length);
      all.forEach((one, i) => {
        pushShare(share, one);
        const last = all.slice(Math.max(0, i + 1 - length), i + 1);
        const expected = Math.floor((last.filter(Boolean).length * 10_000) / length);
        expect(shareBps(share)).toBe(last.length < length ? null : expected);
      });
    }),
  );
});

test("is below a limit exactly where the share is: 9 of 20 is not below 45 %, 1 of 3 is below 33.34 %", () => {
  const bpsOf = (good: number, of: number) => {
    const share = rollingShare(of);
    for (let i = 0; i < of; i++) pushShare(share, i < good);
    return shareBps(share) as number;
  };
  expect(bpsOf(9, 20)).toBe(4_500);
  expect(bpsOf(1, 3)).toBe(3_333);
});
