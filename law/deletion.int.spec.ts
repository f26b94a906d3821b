// A slice is deletable: without its folder and its one line the rest compiles and passes. Shown for
// every signal model and every projection in a copy of the repository.

import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyTree, root, type TreeCopy } from "./tree.ts";

/** Files whose lines each name one folder beside them: export { x } from "./folder/file.ts". */
const lists = ["processors/model-list.ts", "projections/projections.ts"] as const;

interface Slice {
  readonly list: string;
  readonly folder: string;
}

const lineOf = /^export .* from "\.\/([a-z0-9-]+)\/[^"]+";$/;

const slices: readonly Slice[] = lists.flatMap((list) =>
  readFileSync(join(root, list), "utf8")
    .split("\n")
    .flatMap((line): Slice[] => {
      const name = lineOf.exec(line)?.[1];
      return name === undefined ? [] : [{ list, folder: join(list, "..", name) }];
    }),
);

let tree: TreeCopy;
let gone: string;
let whole: readonly string[];

/** Takes the slice out of the copy; the answer puts it back. */
function remove({ list, folder }: Slice): () => void {
  const [listPath, folderPath] = [join(tree.path, list), join(tree.path, folder)];
  const text = readFileSync(listPath, "utf8");
  const lines = text.split("\n");
  const kept = lines.filter((line) => join(list, "..", lineOf.exec(line)?.[1] ?? "/") !== folder);
  if (kept.length !== lines.length - 1) throw new Error(`${list} has not one line of ${folder}`);
  writeFileSync(listPath, kept.join("\n"));
  const aside = join(gone, folder.replaceAll("/", "."));
  renameSync(folderPath, aside);
  return () => {
    writeFileSync(listPath, text);
    renameSync(aside, folderPath);
  };
}

const compileErrors = (): readonly string[] =>
  tree
    .run("tsc", ["-b", "--pretty", "false"])
    .text.split("\n")
    .filter((line) => /: error /.test(line));

beforeAll(() => {
  tree = copyTree();
  gone = mkdtempSync(join(tmpdir(), "tapedeck-gone-"));
  whole = compileErrors();
});

afterAll(() => {
  tree.dispose();
  rmSync(gone, { recursive: true, force: true });
});

describe("deletable", () => {
  test("each list names folders that exist, and more than one", () => {
    for (const list of lists) {
      const named = slices.filter((slice) => slice.list === list);
      expect(named.length).toBeGreaterThan(1);
      for (const { folder } of named) expect(readdirSync(join(tree.path, folder))).not.toEqual([]);
    }
  });

  test.each(slices.map((slice) => [slice.folder, slice] as const))(
    "%s: the rest compiles",
    (_, slice) => {
      const restore = remove(slice);
      try {
        expect(compileErrors().filter((line) => !whole.includes(line))).toEqual([]);
      } finally {
        restore();
      }
    },
  );

  test("the last signal model and the last projection: the rest's unit tests pass", () => {
    for (const list of lists) {
      const last = slices.findLast((slice) => slice.list === list);
      if (last !== undefined) remove(last);
    }
    // quant/ may import neither (law.int.spec.ts), and its random problems take minutes.
    const apart = ["--exclude", "quant/**"];
    const { status, text } = tree.run("vitest", ["run", "--project", "unit", ...apart]);
    expect(status, text.slice(-4000)).toBe(0);
  });
});
