// The package as a stranger gets it: packed from a copy of the repository, installed into an empty
// folder, run there by the system's own Node.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, runCommand } from "../infra/cli/testing/run-command.ts";
import { copyTree, root, treeFiles } from "../law/tree.ts";

// Without the repository's own Node in front: what a user has.
const path = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);
const env = Object.fromEntries(
  Object.entries({ ...process.env, PATH: path, NPM_CONFIG_LOGLEVEL: "error" }).filter(
    ([name]) => !/^npm_|^VITEST|^NODE_/.test(name),
  ),
);

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let packed: Packed;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tapedeck-package-"));
  const tree = copyTree();
  try {
    const { status, text } = tree.run("node", [
      "-e",
      `process.exit(require("node:child_process").spawnSync("npm", ["pack", "--json",
        "--pack-destination", ${JSON.stringify(folder)}], { stdio: "inherit", timeout: 170_000, killSignal: "SIGKILL" }).status)`,
    ]);
    if (status !== 0) throw new Error(`npm pack failed: ${text}`);
    packed = JSON.parse(text.slice(text.search(/^\[/m), text.lastIndexOf("]") + 1))[0] as Packed;
  } finally {
    tree.dispose();
  }
  writeFileSync(join(folder, "package.json"), `{ "private": true }\n`);
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund"];
  const installed = runCommand("npm", [...install, `./${packed.filename}`], { cwd: folder, env });
  if (installed.status !== 0) throw new Error(`npm install failed: ${installed.stderr}`);
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the installed program in an empty folder of its own. */
function tapedeck(...args: string[]): Ended {
  const cwd = mkdtempSync(join(folder, "run-"));
  return runCommand("npx", ["--no-install", "tapedeck", ...args], { cwd, env });
}

describe("the package", () => {
  test("holds compiled code, the types that users import, every file that the code reads, the pages, and nothing else", () => {
    const paths = packed.files.map((file) => file.path);
    const outside = paths.filter((name) => !name.startsWith("dist/")).sort();
    const pages = treeFiles().filter((name) => /^docs\/[^/]*\.md$/.test(name));
    expect(outside).toEqual([...pages, "LICENSE", "README.md", "package.json"].sort());
    const odd = paths.filter(
      (name) => /(?:^|[^d])\.ts$|\.d\.ts$/.test(name) && !name.endsWith(".d.ts"),
    );
    expect(odd).toEqual([]);
    expect(paths.filter((name) => /\.spec\.|tsbuildinfo|codegen|golden/.test(name))).toEqual([]);
    const assets = treeFiles().filter(
      (name) =>
        /^(?:schemas|infra)\/.*\.(?:avsc|css|html|svg|schema\.json)$/.test(name) &&
        !/golden/.test(name),
    );
    expect(assets.length).toBeGreaterThan(10);
    expect(assets.filter((name) => !paths.includes(`dist/${name}`))).toEqual([]);
    const { exports, bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const entries = [exports["."], exports["./quant"]] as { types: string; default: string }[];
    const named = [bin.tapedeck, ...entries.flatMap((entry) => [entry.types, entry.default])];
    expect(named.filter((name) => !paths.includes(name.replace("./", "")))).toEqual([]);
  });

  test("imports nothing of its own that is left out", () => {
    const paths = new Set(packed.files.map((file) => file.path));
    const left: string[] = [];
    for (const name of paths) {
      if (!/\.(?:d\.ts|js)$/.test(name)) continue;
      const text = readFileSync(join(folder, "node_modules", "tapedeck", name), "utf8");
      for (const [, from] of text.matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)) {
        const wanted = join(dirname(name), from as string);
        const found = name.endsWith(".js") ? wanted : wanted.replace(/\.[jt]s$/, ".d.ts");
        if (!paths.has(found)) left.push(`${name}: ${from}`);
      }
    }
    expect(left).toEqual([]);
  });

  test("optimises as a library, in plain JavaScript, by the system's own Node", () => {
    const program = `
      import { historyOfReturns, makeScenarios, optimise } from "tapedeck/quant";
      const history = historyOfReturns(["A", "B"], [[0.01, -0.01], [-0.02, 0.02], [0.01, 0]]);
      const scenarios = makeScenarios({ kind: "HISTORICAL" }, history);
      const solution = optimise({ scenarios, objective: { kind: "MINIMUM_CVAR", tailMass: 0.5 } });
      console.log(solution.status, solution.weights.length);
    `;
    const cwd = mkdtempSync(join(folder, "run-"));
    const ran = runCommand("node", ["--input-type=module", "--eval", program], { cwd, env });
    expect(ran).toMatchObject({ status: 0, stdout: "OPTIMAL 2\n", stderr: "" });
  });

  test("is small: under 5 MB unpacked", () => {
    expect(packed.unpackedSize).toBeLessThan(5_000_000);
  });

  test("installs without the tools that build it", () => {
    const installed = readdirSync(join(folder, "node_modules"));
    expect(installed.filter((name) => /^(?:typescript|vitest|@biomejs|node)$/.test(name))).toEqual(
      [],
    );
  });

  test("says its version and its commands", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(tapedeck("--version")).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
    const help = tapedeck("--help");
    expect(help).toMatchObject({ status: 0, stderr: "" });
    for (const command of ["demo", "import", "backtest", "verify", "fork", "inspect", "log"]) {
      expect(help.stdout).toContain(`  ${command}`);
    }
  });

  test("answers a wrong command with exit code 2 and no stack trace", () => {
    const wrong = tapedeck("backtset");
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).not.toMatch(/^\s+at /m);
  });

  test("runs the demo in an empty folder, twice to the same hashes", () => {
    const [first, second] = [tapedeck("demo", "--json"), tapedeck("demo", "--json")];
    expect(first).toMatchObject({ status: 0 });
    const [a, b] = [JSON.parse(first.stdout), JSON.parse(second.stdout)];
    expect(Object.keys(a)).toEqual(
      expect.arrayContaining(["run", "counts", "hashes", "metrics", "report"]),
    );
    expect(a.counts.fills).toBeGreaterThan(0);
    expect(b.hashes).toEqual(a.hashes);
  });
});
