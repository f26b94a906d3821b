// Times against Date, which knows milliseconds; and texts that are no time.

import fc from "fast-check";
import { expect, test } from "vitest";
import { TIME_TEXT_BYTES, TimeText } from "./time-text.ts";

const SPAN_US = Number.MAX_SAFE_INTEGER;
const timeUs = fc.oneof(
  fc.integer({ min: 0, max: SPAN_US }),
  // Neighbours in one second, minute and day, so that what is kept is used.
  fc
    .tuple(fc.integer({ min: 0, max: 200_000 }), fc.nat({ max: 90_000_000 }))
    .map(([day, rest]) => (day > 100_000 ? rest : day * 86_400_000_000 - rest))
    .map(Math.abs),
  fc.constantFrom(
    0,
    1,
    999_999,
    1_000_000,
    86_399_999_999,
    86_400_000_000,
    SPAN_US,
    Date.UTC(2024, 1, 29) * 1000,
    Date.UTC(2100, 1, 28) * 1000,
  ),
);

const byDate = (us: number): string => {
  const ms = Math.floor(us / 1000);
  return `${new Date(ms).toISOString().slice(0, 23)}${String(us - ms * 1000).padStart(3, "0")}Z`;
};

test("a time is written as Date writes it, with its microseconds, and read back", () => {
  const writes = new TimeText();
  const reads = new TimeText();
  fc.assert(
    fc.property(timeUs, (us) => {
      const bytes = new Uint8Array(TIME_TEXT_BYTES + 2);
      expect(writes.write(bytes, 1, us)).toBe(1 + TIME_TEXT_BYTES);
      expect(Buffer.from(bytes.subarray(1, -1)).toString()).toBe(byDate(us));
      expect(reads.read(bytes, 1)).toBe(us);
      expect(new TimeText().read(bytes, 1)).toBe(us);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  "2024-02-30T00:00:00.000000Z",
  "2023-02-29T00:00:00.000000Z",
  "2024-13-01T00:00:00.000000Z",
  "2024-00-01T00:00:00.000000Z",
  "2024-01-01T24:00:00.000000Z",
  "2024-01-01T00:60:00.000000Z",
  "2024-01-01T00:00:60.000000Z",
  "2024-01-01T00:00:00.000000z",
  "2024-01-01t00:00:00.000000Z",
  "2024-01-01 00:00:00.000000Z",
  "2024-01-01T00:00:00,000000Z",
  "2024-01-01T00:00:00.00000xZ",
  "1969-12-31T23:59:59.999999Z",
  "9999-01-01T00:00:00.000000Z",
  "2024-01-01T0 :00:00.000000Z",
  "2024-01-01T00:-1:00.000000Z",
  "Mon Jan 01 2024 00:00:00.0Z",
  "",
])("%j is no time", (text) => {
  const times = new TimeText();
  expect(times.read(Buffer.from(text), 0)).toBe(-1);
  // Nor is it one after a time of its day.
  expect(times.read(Buffer.from("2024-01-01T00:00:00.000000Z"), 0)).toBe(1_704_067_200_000_000);
  expect(times.read(Buffer.from(text), 0)).toBe(-1);
});
