import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { snippetsOf } from "./snippets.ts";

test("marked blocks are found with their line, prompts taken off", () => {
  const page =
    "# A\n\n<!-- run -->\n\n```sh\n$ one\ntwo\n```\n\n```sh\nnot me\n```\n<!-- test -->\n```sh\nmake test\n```\n";
  expect(snippetsOf(page)).toEqual([
    { kind: "run", line: 5, commands: "one\ntwo" },
    { kind: "test", line: 14, commands: "make test" },
  ]);
});

test.each(["<!-- run -->\ntext\n", "<!-- run -->\n```ts\n1\n```\n", "<!-- test -->\n```sh\nmake"])(
  "a mark without its block is refused: %j",
  (page) => {
    expect(() => snippetsOf(page)).toThrow(/line 1/);
  },
);

test("the README names one test command and runnable blocks", () => {
  const page = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
  const kinds = snippetsOf(page).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "test")).toHaveLength(1);
  expect(kinds).toContain("run");
});
