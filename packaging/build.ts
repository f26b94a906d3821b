// Compiles the package: dist/ holds the folders of the repository as JavaScript, each file that is
// not TypeScript at the same place, so that a path relative to a module is right in both.

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const folders = ["schemas", "quant", "streams", "processors", "projections", "infra"];
const asset = /\.(?:avsc|css|html|svg|json|yaml)$/;

/** Many times what it takes on a loaded machine. */
const COMPILE_MS = 300_000;

// Output of a module that is no longer there must not be packed.
rmSync(dist, { recursive: true, force: true });
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const compiled = spawnSync(process.execPath, [compiler, "-b", "tsconfig.index.json", "infra"], {
  cwd: root,
  stdio: "inherit",
  timeout: COMPILE_MS,
  killSignal: "SIGKILL",
});
if (compiled.error !== undefined) throw compiled.error;
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

for (const folder of folders) {
  for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
    if (!asset.test(name) || /(?:^|[/\\])(?:golden|tsconfig\.json)/.test(name)) continue;
    cpSync(join(root, folder, name), join(dist, folder, name));
  }
}

const program = join(dist, "infra", "cli", "tapedeck.js");
if (!existsSync(program)) throw new Error(`the build made no ${program}`);
