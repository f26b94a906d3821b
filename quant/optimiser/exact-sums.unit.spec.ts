import { expect, test } from "vitest";
import { ExactSums } from "./exact-sums.ts";

test("what cancels leaves its last digits", () => {
  const sums = new ExactSums(2);
  sums.addProduct(1, 1e8 + 1, 1e8 + 1);
  sums.add(1, -1e16);
  sums.add(1, -2e8);
  expect(sums.value(1)).toBe(1);
  expect((1e8 + 1) * (1e8 + 1) - 1e16 - 2e8).toBe(0);
  expect(sums.value(0)).toBe(0);
});

test("a sum times a factor keeps both halves", () => {
  const slope = new ExactSums(1);
  slope.add(0, 1);
  slope.add(0, 2 ** -70);
  const total = new ExactSums(1);
  slope.addTo(total, 0, 2 ** 20);
  total.add(0, -(2 ** 20));
  expect(total.value(0)).toBe(2 ** -50);
});

test("products that are too large to halve are rounded, not lost", () => {
  const sums = new ExactSums(1);
  sums.addProduct(0, 1e305, 2);
  expect(sums.value(0)).toBe(2e305);
});
