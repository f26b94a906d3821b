// A verdict of the order gate holds the request whole: what an order gets, the verdict's order gets too.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { RecordSchema } from "./render.ts";

const schemaOf = (topic: string): RecordSchema =>
  JSON.parse(readFileSync(new URL(`../${topic}.avsc`, import.meta.url), "utf8")) as RecordSchema;

test("the order of a verdict is the order of orders, and stands last, where its record may grow", () => {
  const last = schemaOf("risk.order-verdicts").fields.at(-1);
  expect(last?.name).toBe("order");
  const { type, name, doc, fields } = schemaOf("orders");
  expect(last?.type).toEqual({ type, name, doc, fields });
});
