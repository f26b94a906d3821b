// The law of the layout, proven: each rule is broken in a copy of the repository, and the compiler
// or the linter must refuse that very file for that very reason.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lawful, plants, targetCode, targets } from "./plants.ts";
import { copyTree, root, type TreeCopy, treeFiles } from "./tree.ts";

interface LintReport {
  readonly diagnostics: readonly {
    readonly severity: string;
    readonly message: unknown;
    readonly location: { readonly path: string | { readonly file: string } };
  }[];
}

/** What was said about each file, one text a file. */
type Said = Map<string, string>;

const add = (said: Said, path: string, text: string): void => {
  said.set(path, `${said.get(path) ?? ""}${text}\n`);
};

function compile(tree: TreeCopy): Said {
  const said: Said = new Map();
  for (const line of tree.run("tsc", ["-b", "--pretty", "false"]).text.split("\n")) {
    const path = /^([^(]+)\(\d+,\d+\): error/.exec(line)?.[1];
    if (path !== undefined) add(said, path, line);
  }
  return said;
}

function lint(tree: TreeCopy): Said {
  const said: Said = new Map();
  const { text } = tree.run("biome", ["lint", "--reporter=json", "--max-diagnostics=none", "."]);
  const report = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as LintReport;
  for (const { severity, message, location } of report.diagnostics) {
    if (severity !== "error") continue;
    const path = typeof location.path === "string" ? location.path : location.path.file;
    add(said, path, JSON.stringify(message));
  }
  return said;
}

let tree: TreeCopy;
let said: { readonly tsc: Said; readonly lint: Said };

beforeAll(() => {
  tree = copyTree();
  const write = (path: string, code: string): void => {
    mkdirSync(dirname(join(tree.path, path)), { recursive: true });
    writeFileSync(join(tree.path, path), code);
  };
  for (const path of targets) write(path, targetCode);
  for (const { path, code } of [...plants, ...lawful]) write(path, code);
  said = { tsc: compile(tree), lint: lint(tree) };
});

afterAll(() => tree.dispose());

describe("the compiler and the linter refuse", () => {
  test.each(plants.map((plant) => [`${plant.rule} (${plant.by})`, plant] as const))(
    "%s",
    (_, p) => {
      expect(said[p.by].get(p.path) ?? "nothing").toContain(p.says);
    },
  );
});

describe("the law lets pass", () => {
  test.each(lawful.map(({ path }) => path))("%s", (path) => {
    expect({ tsc: said.tsc.get(path), lint: said.lint.get(path) }).toEqual({});
  });
});

describe("nothing goes round the law", () => {
  const pure = /^(?:schemas|quant|streams|processors|projections)\//;
  const sources = treeFiles()
    .filter((path) => path.endsWith(".ts") && !path.startsWith("law/"))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

  test("no pure file brings in types of the world or silences the linter's law", () => {
    const around =
      /\/\/\/\s*<reference|declare\s+global|declare\s+(?:const|var|let|function)|biome-ignore(?:-all|-start)?\s+lint(?:\/plugin|\/style\/noRestricted|\s*:)/;
    const found = sources
      .filter(({ path }) => pure.test(path) && !path.endsWith(".spec.ts"))
      .filter(({ text }) => around.test(text))
      .map(({ path }) => path);
    expect(found).toEqual([]);
  });

  test("no file silences the compiler", () => {
    const silence = /@ts-(?:ignore|nocheck|expect-error)/;
    expect(sources.filter(({ text }) => silence.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test("every source file opens with a comment that says what it promises", () => {
    const open = /^(?:#!.*\n)?\s*(?:\/\/|\/\*)/;
    const without = sources.filter(
      ({ path, text }) => !open.test(text) && !path.includes(".spec."),
    );
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  test.each(["schemas", "quant", "streams", "processors", "projections"])(
    "%s is compiled with the language alone",
    (folder) => {
      const { text } = tree.run("tsc", ["-p", folder, "--showConfig"]);
      const { compilerOptions } = JSON.parse(text) as {
        compilerOptions: { readonly lib: string[]; readonly types: string[] };
      };
      expect({ lib: compilerOptions.lib, types: compilerOptions.types }).toEqual({
        lib: ["es2024"],
        types: [],
      });
    },
  );
});
