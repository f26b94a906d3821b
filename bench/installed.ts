// The package as a stranger has it: packed from a copy of the repository, installed into a folder of
// its own with its dependencies.

import { execFileSync, type StdioOptions } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyTree } from "../law/tree.ts";

export interface Installed {
  readonly folder: string;
  /** What `npx tapedeck` runs. */
  readonly program: string;
  dispose(): void;
}

/** Packs and installs. Needs npm and the registry, or npm's cache. Cost: some ten seconds. */
export function install(): Installed {
  const folder = mkdtempSync(join(tmpdir(), "tapedeck-installed-"));
  const tree = copyTree();
  try {
    const stdio: StdioOptions = ["ignore", "pipe", "inherit"];
    const args = ["pack", "--silent", "--pack-destination", folder];
    const packed = execFileSync("npm", args, { stdio, encoding: "utf8", cwd: tree.path })
      .trim()
      .split("\n")
      .at(-1);
    writeFileSync(join(folder, "package.json"), `{ "private": true }\n`);
    const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--silent"];
    execFileSync("npm", [...install, `./${packed}`], { stdio, cwd: folder });
  } finally {
    tree.dispose();
  }
  const module = join(folder, "node_modules", "tapedeck");
  return {
    folder,
    program: join(module, "dist", "infra", "cli", "tapedeck.js"),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
