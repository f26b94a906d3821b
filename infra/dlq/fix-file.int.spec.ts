import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RefusedMessage } from "../../streams/dead-letter-fix.ts";
import { loadFix } from "./fix-file.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tapedeck-fix-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const load = (text: string, name = "fix.ts") => {
  writeFileSync(join(folder, name), text);
  return loadFix(name, folder);
};
const message: RefusedMessage = {
  topic: "market.ticks",
  partition: 0,
  position: 7,
  code: "WIRE_FRAMING_INVALID",
  detail: "",
  key: "IBM",
  value: null,
  text: '{"symbol":"IBM","price":5,"quantity":6}',
  fields: {},
  headers: {},
  timeUs: 12,
};

test("the page's own fix does what the page says", async () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/dead-letters.md"), "utf8");
  const { fix, typeCheck } = await load(/```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? "");
  expect(typeCheck).toMatch(/^typescript/);
  const value = { symbol: "IBM", price: 5, quantity: 6, venue: "", suspicious: false };
  expect(fix(message)).toEqual({ value, timeUs: 12 });
  expect(fix({ ...message, timeUs: null })).toEqual({ value });
  expect(fix({ ...message, code: "WIRE_HEADER_MISSING", timeUs: null })).toEqual({ value });
  // What it is not about it leaves alone: null would drop it.
  for (const text of [null, "", "\0\0\0\0\u0007"]) {
    expect(() => fix({ ...message, text })).toThrow("not what this fix is for");
  }
  expect(() => fix({ ...message, topic: "market.quotes" })).toThrow("not what this fix is for");
});

test.each([
  ["a value that no topic has", "export default () => ({ value: { symbol: 1 } });", /fix\.ts:1:1/],
  ["no function", "export default 7;", /not assignable/],
  ["no default export", "export const fix = 7;", /fix\.ts/],
  ["an import", 'import "node:fs";\nexport default () => null;', /fix\.ts/],
  ["broken syntax", "export default (=>;", /fix\.ts:1/],
])("%s is refused, with the line", async (_, text, told) => {
  await expect(load(text)).rejects.toMatchObject({
    code: "DLQ_FIX_INVALID",
    message: expect.stringMatching(told),
  });
});

test("a JavaScript file has no types, and must still export a function", async () => {
  expect((await load("export default () => null;", "fix.js")).fix(message)).toBe(null);
  await expect(load("export default 7;", "other.js")).rejects.toMatchObject({
    code: "DLQ_FIX_INVALID",
    message: expect.stringContaining("no function"),
  });
});

test("a file that is not there is told", async () => {
  await expect(loadFix("nowhere.ts", folder)).rejects.toMatchObject({ code: "DLQ_FIX_INVALID" });
});
