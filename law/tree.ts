// A copy of the repository to plant things in. Promises: what git would commit now and nothing
// else, so that a test sees neither build output nor the working tree's accidents.

import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../infra/cli/testing/run-command.ts";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Compiler, linter, `npm pack` or all unit tests on a loaded machine; a test has 300 s. */
const LIMIT_MS = 280_000;

function listed(): string[] {
  const words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { status, stdout, stderr } = runCommand("git", words, { cwd: root });
  if (status !== 0) throw new Error(`git ls-files: ${stderr}`);
  return stdout.split("\0").filter((path) => path !== "" && existsSync(join(root, path)));
}

/** Paths of the repository's files, relative to its root. */
export const treeFiles = (): readonly string[] => [...new Set(listed())].sort();

export interface TreeCopy {
  readonly path: string;
  /** Runs a program of node_modules/.bin; both streams as one text. */
  run(program: string, args: readonly string[]): { readonly status: number; readonly text: string };
  dispose(): void;
}

/** Copies the tree to a fresh folder and lends it the installed packages. Cost: tens of ms. */
export function copyTree(): TreeCopy {
  const path = mkdtempSync(join(tmpdir(), "tapedeck-tree-"));
  for (const file of treeFiles()) cpSync(join(root, file), join(path, file));
  symlinkSync(join(root, "node_modules"), join(path, "node_modules"), "dir");
  const bin = join(root, "node_modules", ".bin");
  return {
    path,
    run(program, args) {
      const done = runCommand(join(bin, program), args, {
        cwd: path,
        limitMs: LIMIT_MS,
        env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`, NO_COLOR: "1" },
      });
      return { status: done.status ?? 1, text: done.stdout + done.stderr };
    },
    dispose: () => rmSync(path, { recursive: true, force: true }),
  };
}
