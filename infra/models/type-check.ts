// Type-checks a user's file against our types before it runs. Promises: every type error comes back
// with line and column of the user's file; where it could not be checked, the reason comes back.
// The compiler is the one that the user's folder has, or ours; it runs as a process of its own
// because its native form has no interface for JavaScript. The user's own tsconfig.json is not
// asked: a model means the same wherever it lies.

import { execFile } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export interface TypeError {
  readonly line: number;
  readonly column: number;
  /** The compiler's number, such as 2322. */
  readonly number: number;
  readonly message: string;
}

export interface TypeCheck {
  /** "typescript 7.0.2", or why the types were not checked. */
  readonly detail: string;
  readonly checked: boolean;
  /** Empty unless checked. */
  readonly errors: readonly TypeError[];
}

const TIMEOUT_MS = 60_000;
const CHECK_FILE = "default-export.ts";
const unchecked = (detail: string): TypeCheck => ({ detail, checked: false, errors: [] });

/**
 * Checks the file, and that its default export is of a type that "tapedeck" exports. Costs about 0.1 s
 * with TypeScript 7.
 */
export async function checkTypes(file: string, type: string): Promise<TypeCheck> {
  const compiler = findCompiler(file);
  if (compiler === null) {
    return unchecked("typescript is not installed: npm install --save-dev typescript");
  }
  const { version, tsc } = compiler;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 5 || (major === 5 && minor < 8)) {
    return unchecked(`typescript ${version} is too old: 5.8 or later`);
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tapedeck-types-")));
  try {
    const model = realpathSync(file);
    writeFileSync(join(folder, CHECK_FILE), checkFile(model, type));
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(configFor(model)));
    const { ended, output } = await runCompiler(tsc, folder);
    if (!ended) return unchecked(`typescript ${version} did not end: ${output}`);
    const errors = parseErrors(output, folder, model, defaultExportLine(model));
    // An exit without a finding in either file is a fault of the installation, not of the model.
    return { detail: `typescript ${version}`, checked: true, errors };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The compiler that serves a model file: its own project's, else ours. */
export function findCompiler(
  file: string,
): { readonly version: string; readonly tsc: string } | null {
  for (const from of [file, fileURLToPath(import.meta.url)]) {
    try {
      const path = createRequire(from).resolve("typescript/package.json");
      const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
      const tsc = join(dirname(path), "bin", "tsc");
      if (existsSync(tsc)) return { version, tsc };
    } catch {
      // not there: the next place
    }
  }
  return null;
}

const checkFile = (model: string, type: string): string =>
  [
    `import model from ${JSON.stringify(model)};`,
    `import type { ${type} } from "tapedeck";`,
    `export const checked: ${type} = model;\n`,
  ].join("\n");

function configFor(model: string): unknown {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
  const types = [join(root, "index.ts"), join(root, "index.d.ts")].filter((path) =>
    existsSync(path),
  );
  return {
    compilerOptions: {
      target: "es2024",
      module: "esnext",
      moduleResolution: "bundler",
      moduleDetection: "force",
      noEmit: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      strict: true,
      skipLibCheck: true,
      // No clock, network or console: a model sees its arguments.
      lib: ["es2024"],
      types: [],
      paths: { tapedeck: types },
    },
    files: [model, CHECK_FILE],
  };
}

function runCompiler(tsc: string, folder: string): Promise<{ ended: boolean; output: string }> {
  const options = { cwd: folder, timeout: TIMEOUT_MS, maxBuffer: 1 << 24, windowsHide: true };
  const args = [tsc, "--project", folder, "--pretty", "false"];
  return new Promise((done) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      // Exit codes 1 and 2 mean findings; no code at all means that it was stopped or never began.
      const ended = error === null || error.code === 1 || error.code === 2;
      done(ended ? { ended, output: stdout } : { ended, output: stderr || error.message });
    });
  });
}

/** "model.ts(4,29): error TS2322: …"; lines that follow indented belong to it. */
function parseErrors(
  output: string,
  folder: string,
  model: string,
  defaultLine: number,
): readonly TypeError[] {
  const errors: { line: number; column: number; number: number; message: string }[] = [];
  let inOurs = false;
  for (const text of output.split(/\r?\n/)) {
    const match = /^(.+)\((\d+),(\d+)\): error TS(\d+): (.*)$/.exec(text);
    if (match !== null) {
      const [, path = "", line, column, number, message = ""] = match;
      const at = resolve(folder, path);
      const isCheck = at === join(folder, CHECK_FILE);
      inOurs = at === model || isCheck;
      const place = isCheck
        ? { line: defaultLine, column: 1 }
        : { line: Number(line), column: Number(column) };
      if (inOurs) errors.push({ ...place, number: Number(number), message });
    } else if (inOurs && text.startsWith("  ")) {
      const last = errors.at(-1);
      if (last !== undefined) last.message += ` ${text.trim()}`;
    }
  }
  return errors;
}

/** Where the file exports its model; its first line if nowhere. */
function defaultExportLine(model: string): number {
  const lines = readFileSync(model, "utf8").split("\n");
  const index = lines.findIndex((line) => /^\s*export\s+default\b|\bas\s+default\b/.test(line));
  return index < 0 ? 1 : index + 1;
}
