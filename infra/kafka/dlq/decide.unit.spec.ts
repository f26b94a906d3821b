import fc from "fast-check";
import { expect, test } from "vitest";
import type { Letter } from "../../dlq/letters.ts";
import type { Attempt } from "./attempt.ts";
import { decideRedrive, type Tried } from "./decide.ts";

const letterOf = (offset: number, key: string | null, cause = false): Letter => ({
  id: `0/${offset}`,
  partition: 0,
  offset,
  timeUs: 0,
  cause: cause ? { topic: "market.ticks", partition: 0, offset } : null,
  refused: {
    origin: "market.ticks",
    partition: 0,
    position: offset,
    code: "WIRE_TOMBSTONE",
    detail: "",
    raw: new Uint8Array(0),
  },
  key,
});
const value = { symbol: "", price: 1, quantity: 1, venue: "", suspicious: false };
const eventOf = (key: string): Attempt => ({
  kind: "event",
  event: { topic: "market.ticks", key, timeUs: 0, origin: 0, trace: null, value, claimed: null },
});
const failed: Attempt = { kind: "fail", code: "X", detail: "" };
const dropped: Attempt = { kind: "drop", why: "" };

const told = (tried: readonly Tried[]): readonly string[] =>
  decideRedrive(tried).map((one) => `${one.letter.offset} ${one.action}`);

test("letters whose key nobody knows wait for none and hold none back", () => {
  const tried = [0, 1, 2].map((offset) => ({
    letter: letterOf(offset, null),
    attempt: offset === 1 ? eventOf("A") : failed,
  }));
  expect(told(tried)).toEqual(["0 fail", "1 send", "2 fail"]);
});

test("one that turns out to be of a key that waits, waits too", () => {
  const tried = [
    { letter: letterOf(0, "A"), attempt: failed },
    { letter: letterOf(1, "nobody"), attempt: eventOf("A") },
    { letter: letterOf(2, "nobody"), attempt: eventOf("B") },
  ];
  expect(told(tried)).toEqual(["0 fail", "1 hold", "2 hold"]);
});

test("events that were refused and messages that were none do not wait for each other", () => {
  const tried = [
    { letter: letterOf(0, "A", true), attempt: null },
    { letter: letterOf(1, "A"), attempt: eventOf("A") },
  ];
  expect(told(tried)).toEqual(["1 send"]);
});

test("of any letters: a key's are sent in order, and none behind one that is not", () => {
  const attempt = fc.constantFrom<"event" | "fail" | "drop" | "none">(
    "event",
    "fail",
    "drop",
    "none",
  );
  const letters = fc.array(fc.tuple(fc.constantFrom("A", "B", "C"), attempt), { maxLength: 40 });
  fc.assert(
    fc.property(letters, (list) => {
      const attempts = { fail: failed, drop: dropped, none: null };
      const tried = list.map(
        ([key, kind], offset): Tried => ({
          letter: letterOf(offset, key),
          attempt: kind === "event" ? eventOf(key) : attempts[kind],
        }),
      );
      const decisions = new Map(decideRedrive(tried).map((one) => [one.letter.offset, one]));
      expect(decisions.size).toBe(list.filter(([, kind]) => kind !== "none").length);
      for (const key of ["A", "B", "C"]) {
        let stuck: number | null = null;
        for (const [offset, [own, kind]] of list.entries()) {
          if (own !== key) continue;
          const made = decisions.get(offset);
          if (stuck !== null && kind !== "none") {
            expect(made).toMatchObject({ action: "hold", by: `0/${stuck}` });
          }
          if (stuck === null && (kind === "fail" || kind === "none")) stuck = offset;
        }
      }
    }),
  );
});
