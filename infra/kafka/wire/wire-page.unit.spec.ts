// docs/wire.md against the code: every reason has its row, every header its line.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorKinds } from "../../../schemas/errors.ts";
import { HEADERS } from "./envelope.ts";

const page = readFileSync(new URL("../../../docs/wire.md", import.meta.url), "utf8");

test("docs/wire.md tells every reason of the wire, and no other", () => {
  const told = new Set(page.match(/WIRE_[A-Z_]+/g));
  const codes = Object.keys(errorKinds).filter((code) => code.startsWith("WIRE_"));
  expect([...told].sort()).toEqual(codes.sort());
});

test("docs/wire.md tells every header, in the order in which they are written", () => {
  expect([...page.matchAll(/^\| `([a-z_-]+)` \|/gm)].map(([, name]) => name)).toEqual([...HEADERS]);
});
