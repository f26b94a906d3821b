// The list of error codes is closed: the compiler admits no other, and here none stays that nothing
// raises. Reads the files that git knows, so it is no unit test.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorKinds } from "../schemas/errors.ts";
import { root, treeFiles } from "./tree.ts";

const product = treeFiles().filter(
  (name) =>
    /^(schemas|quant|streams|processors|projections|infra)\/.*\.ts$/.test(name) &&
    !/\.spec\.ts$|^schemas\/errors\.ts$|\/testing\//.test(name),
);

test("every code is raised somewhere", () => {
  const code = product.map((name) => readFileSync(join(root, name), "utf8")).join("\n");
  const idle = Object.keys(errorKinds).filter((kind) => !code.includes(`"${kind}"`));
  expect(idle).toEqual([]);
});
