// A verdict of the order gate holds the request whole: what an order gets, the verdict's order gets too.
// Each counts its own versions: what orders had when the verdict came is its version 1.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { RecordSchema } from "./render.ts";

const schemaOf = (topic: string): RecordSchema =>
  JSON.parse(readFileSync(new URL(`../${topic}.avsc`, import.meta.url), "utf8")) as RecordSchema;

const ageless = ({ type, name, doc, fields }: RecordSchema): object => ({
  ...{ type, name, doc },
  fields: fields.map(({ since: _, ...field }) => field),
});

test("the order of a verdict is the order of orders, and stands last, where its record may grow", () => {
  const last = schemaOf("risk.order-verdicts").fields.at(-1);
  expect(last?.name).toBe("order");
  expect(ageless(last?.type as unknown as RecordSchema)).toEqual(ageless(schemaOf("orders")));
});
