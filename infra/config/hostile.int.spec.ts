// Configurations that are wrong in every way that people and machines find: each must end in one
// error with its code, line and a message that says what is allowed, and exit code 2.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { TapedeckError } from "../../schemas/errors.ts";
import { runCommand } from "../cli/testing/run-command.ts";
import { parseOverride, readConfig } from "./load-config.ts";
import { type ConfigCode, type Problem, problemsOf } from "./problem.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Hostile {
  readonly name: string;
  /** The file's content, or what puts something else at its path. */
  readonly file: string | Uint8Array | ((path: string) => void);
  readonly set?: readonly string[];
  readonly code: ConfigCode;
  readonly line: number | null;
  readonly says: readonly string[];
}

const TAPE = "tape: demo\n";
const YAML = "CONFIG_YAML_INVALID";
const VALUE = "CONFIG_INVALID";

const hostile = (
  name: string,
  file: Hostile["file"],
  code: ConfigCode,
  line: number | null,
  ...says: string[]
): Hostile => ({ name, file, code, line, says });

const flag = (name: string, set: string, code: ConfigCode, ...says: string[]): Hostile => ({
  ...hostile(name, TAPE, code, null, `--set ${set}: `, ...says),
  set: [set],
});

/** Nine lists of nine references to the list before: 3.5e9 values for who follows them. */
const bomb = [
  "a0: &a0 [x, x, x, x, x, x, x, x, x]",
  ...Array.from({ length: 9 }, (_, i) => {
    const inner = Array.from({ length: 9 }, () => `*a${i}`).join(", ");
    return `a${i + 1}: &a${i + 1} [${inner}]`;
  }),
].join("\n");

const cases: readonly Hostile[] = [
  hostile("an empty file", "", YAML, null, "the file is empty"),
  hostile("comments only", "# tape: demo\n\n", YAML, null, "the file is empty"),
  hostile("a number for a file", "42\n", VALUE, 1, "found 42", "a group of keys"),
  hostile("a list for a file", "- tape\n- demo\n", VALUE, 1, "a list of 2", "a group of keys"),
  hostile("no tape", "seed: 7\n", VALUE, 1, "tape: missing", "the path of a folder"),
  hostile(
    "binary",
    Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 0, 0),
    "CONFIG_NOT_TEXT",
    null,
    "byte 5 is 0",
  ),
  hostile("UTF-16", Buffer.from("\ufefftape: demo", "utf16le"), "CONFIG_NOT_TEXT", null, "UTF-16"),
  hostile("Latin-1", Buffer.from("tape: d\xe9mo", "latin1"), "CONFIG_NOT_TEXT", null, "not UTF-8"),
  hostile(
    "10 MB",
    (path) => {
      writeFileSync(path, "");
      truncateSync(path, 10 << 20);
    },
    "CONFIG_NOT_TEXT",
    null,
    "it holds 10240 KiB",
  ),
  hostile(
    "a folder",
    (path) => void mkdirSync(path),
    "CONFIG_FILE_UNREADABLE",
    null,
    "it is a folder",
  ),
  hostile(
    "a symbolic link to itself",
    (path) => symlinkSync(path, path),
    "CONFIG_FILE_UNREADABLE",
    null,
    "go round in a circle",
  ),
  hostile(
    "a pipe that nobody writes to",
    (path) => void runCommand("mkfifo", [path]),
    "CONFIG_FILE_UNREADABLE",
    null,
    "no regular file",
  ),
  hostile(
    "a key given twice",
    `${TAPE}seed: 1\nseed: 2\n`,
    YAML,
    3,
    "seed: given twice, first on line 2",
  ),
  hostile(
    "a nested key given twice",
    `${TAPE}risk:\n  maxPosition: 1\n  maxPosition: 2\n`,
    YAML,
    4,
    "risk.maxPosition: given twice, first on line 3",
  ),
  hostile("a tab that indents", `${TAPE}risk:\n\tmaxPosition: 1\n`, YAML, 3, "a tab indents here"),
  hostile("a quote left open", `${TAPE}model: "ema-cross\nseed: 1\n`, YAML, 4, "not valid YAML"),
  hostile("a brace left open", "tape: demo\nrisk: { maxPosition: 1\n", YAML, 3, "not valid YAML"),
  hostile("two documents", `${TAPE}---\nseed: 1\n`, YAML, 2, "a second document"),
  hostile("a bomb of aliases", `${TAPE}${bomb}\n`, YAML, 2, "an anchor (&a0)", "an anchor (&a9)"),
  hostile(
    "a merge key",
    `${TAPE}risk:\n  <<: { maxPosition: 1 }\n`,
    YAML,
    3,
    "a merge key (<<) is not used here",
  ),
  hostile("a tag", `${TAPE}seed: !!js/function "0"\n`, YAML, 2, "tag"),
  hostile("a YAML 1.1 directive", `%YAML 1.1\n---\n${TAPE}`, YAML, 1, "%YAML directive"),
  hostile("brackets 100,000 deep", "[".repeat(100_000), YAML, 1, "nests too deeply"),
  hostile(
    "groups 100 deep",
    `${TAPE}risk: ${"{ a: ".repeat(100)}1${" }".repeat(100)}\n`,
    VALUE,
    2,
    "nests deeper than any setting",
  ),
  hostile("an octal number", `${TAPE}seed: 010\n`, YAML, 2, "seed: found 010", "octal"),
  hostile("a hexadecimal number", `${TAPE}seed: 0x10\n`, YAML, 2, "write it as a decimal number"),
  hostile(
    "not a number",
    `${TAPE}venue: { fee: .nan }\n`,
    YAML,
    2,
    "venue.fee: found .nan",
    "not a finite",
  ),
  hostile(
    "1e999",
    `${TAPE}portfolio: { cash: 1e999 }\n`,
    YAML,
    2,
    "portfolio.cash: found 1e999",
    "too large",
  ),
  hostile("1e-999", `${TAPE}venue: { fee: 1e-999 }\n`, YAML, 2, "too small to tell from 0"),
  hostile(
    "more digits than a float holds",
    `${TAPE}portfolio: { cash: 1234567890123456.78 }\n`,
    YAML,
    2,
    "more than 15 significant digits",
  ),
  hostile(
    "no for false",
    `${TAPE}sizing: { quantity: 1, allowShort: no }\n`,
    VALUE,
    2,
    'sizing.allowShort: found "no"; must be true or false; write false',
  ),
  hostile(
    "a symbol that YAML reads as a number",
    `${TAPE}symbols: [BAC, 7203]\n`,
    VALUE,
    2,
    'write "7203" in quotes',
  ),
  hostile(
    "a symbol that YAML reads as true",
    `${TAPE}symbols:\n  - TRUE\n`,
    VALUE,
    3,
    'write "TRUE" in quotes',
  ),
  hostile("a symbol twice", `${TAPE}symbols: [BAC, IBM, BAC]\n`, VALUE, 2, 'lists "BAC" twice'),
  hostile("__proto__", `${TAPE}__proto__:\n  seed: 3\n`, VALUE, 2, "__proto__: unknown key"),
  hostile(
    "constructor",
    `${TAPE}constructor: { prototype: 1 }\n`,
    VALUE,
    2,
    "constructor: unknown key",
  ),
  hostile(
    "a misspelt key in a group",
    `${TAPE}risk:\n  maxDrawDown: 0.1\n`,
    VALUE,
    3,
    "risk.maxDrawDown: unknown key; did you mean risk.maxDrawdown?",
  ),
  hostile(
    "a key outside its group",
    `${TAPE}maxDrawdown: 0.1\n`,
    VALUE,
    2,
    "maxDrawdown: unknown key; did you mean risk.maxDrawdown?",
  ),
  hostile(
    "a key like no other",
    `${TAPE}\nwibble: 1\n`,
    VALUE,
    3,
    "wibble: unknown key; allowed here: tape, source",
  ),
  hostile("a number for a key", `${TAPE}7: 1\n`, VALUE, 2, "7: unknown key"),
  hostile("a list for a key", `${TAPE}? [a, b]\n: 1\n`, YAML, 2, "a key is one word"),
  hostile(
    "a misspelt choice",
    `${TAPE}sizing: { method: equal-wieght, gross: 1 }\n`,
    VALUE,
    2,
    'sizing.method: found "equal-wieght"; must be one of fixed-quantity, equal-weight, inverse-volatility, volatility-target, fractional-kelly, integrated, optimised; did you mean equal-weight?',
  ),
  hostile(
    "a setting of another choice",
    `${TAPE}sizing: { method: equal-weight, quantity: 5 }\n`,
    VALUE,
    2,
    "sizing.gross: missing: it is needed with method equal-weight",
    "sizing.quantity: does not go with method equal-weight",
  ),
  hostile(
    "a group that is a word",
    `${TAPE}risk: off\n`,
    VALUE,
    2,
    'risk: found "off"',
    "a group of keys",
  ),
  hostile("a group that is empty", `${TAPE}risk:\n`, VALUE, 2, "risk: found nothing"),
  hostile("per cent", `${TAPE}risk: { maxDrawdown: 20% }\n`, VALUE, 2, 'found "20%"', "write 0.2"),
  hostile(
    "per cent without the sign",
    `${TAPE}risk: { maxDrawdown: 20 }\n`,
    VALUE,
    2,
    "20 % is 0.2",
  ),
  hostile(
    "half a basis point",
    `${TAPE}venue: { slippage: 0.00005 }\n`,
    VALUE,
    2,
    "venue.slippage: found 0.00005; must be in steps of 0.0001",
  ),
  hostile("half a cent", `${TAPE}portfolio: { cash: 1000.005 }\n`, VALUE, 2, "USD has 2 decimals"),
  hostile(
    "a sen",
    `${TAPE}portfolio: { cash: 100.5, currency: JPY }\n`,
    VALUE,
    2,
    "JPY has 0 decimals",
  ),
  hostile(
    "a negative limit",
    `${TAPE}risk: { maxPosition: -5 }\n`,
    VALUE,
    2,
    "found -5",
    "above 0",
  ),
  hostile(
    "a duration without unit",
    `${TAPE}bars: { interval: 60 }\n`,
    VALUE,
    2,
    "found 60",
    "with its unit",
  ),
  hostile("a duration in words", `${TAPE}bars: { interval: 5 min }\n`, VALUE, 2, "write 5m"),
  hostile("no interval", `${TAPE}bars: { interval: 0m }\n`, VALUE, 2, "must be above 0"),
  hostile(
    "half a microsecond",
    `${TAPE}orders: { latency: 0.5us }\n`,
    VALUE,
    2,
    "whole microseconds",
  ),
  hostile(
    "a venue that answers at once",
    `${TAPE}venue: { latency: 0ms }\n`,
    VALUE,
    2,
    "must be above 0",
  ),
  hostile(
    "a time without zone",
    `${TAPE}range: { from: 2013-10-07T13:30:00 }\n`,
    VALUE,
    2,
    "with its zone",
  ),
  hostile(
    "the 30th of February",
    `${TAPE}range: { from: 2013-02-30 }\n`,
    VALUE,
    2,
    "there is no such time",
  ),
  hostile(
    "a time before 1970",
    `${TAPE}range: { from: 1950-01-03 }\n`,
    VALUE,
    2,
    "begin with 1970",
  ),
  hostile(
    "a range that ends before it begins",
    `${TAPE}range: { from: 2013-10-08, to: 2013-10-07 }\n`,
    VALUE,
    2,
    "range.from: found 2013-10-08; must be before range.to (2013-10-07)",
  ),
  hostile(
    "a fast average that is slower",
    `${TAPE}features:\n  emaFast: 20\n  emaSlow: 10\n`,
    VALUE,
    3,
    "features.emaFast: found 20; must be below features.emaSlow (10)",
  ),
  hostile(
    "next-tick without ticks",
    `${TAPE}source: bars\nvenue: { fill: next-tick }\n`,
    VALUE,
    3,
    "next-tick needs source: ticks",
  ),
  hostile(
    "a command without a reason",
    `${TAPE}commands:\n  - { at: 2013-10-07T14:00:00Z, command: HaltTrading, who: ops }\n`,
    VALUE,
    3,
    "commands[0].why: missing",
  ),
  hostile(
    "a command that comes too late",
    `${TAPE}range: { to: 2013-10-07 }\ncommands:\n  - { at: 2013-10-08, command: HaltTrading, who: ops, why: x }\n`,
    VALUE,
    4,
    "commands[0].at: found 2013-10-08; must be before range.to",
  ),
  hostile(
    "a limit set to what it cannot be",
    `${TAPE}commands:\n  - { at: 2013-10-08, command: SetLimit, who: ops, why: x, limit: maxDrawdown, value: 2 }\n`,
    VALUE,
    2 + 1,
    "commands[0].value: found 2; must be a fraction up to 1",
  ),
  hostile(
    "a model that is not there",
    `${TAPE}model: ema-corss\n`,
    VALUE,
    2,
    'found "ema-corss"; must be one of ',
    "did you mean ema-cross?",
  ),
  hostile(
    "CRLF and a byte order mark",
    "\ufefftape: demo\r\nseed: -1\r\n",
    VALUE,
    2,
    "seed: found -1",
  ),
  flag(
    "a flag with a misspelt key",
    "risk.maxDrawDown=0.01",
    VALUE,
    "did you mean risk.maxDrawdown?",
  ),
  flag(
    "a flag with a wrong value",
    "seed=seven",
    VALUE,
    'seed: found "seven"; must be a whole number',
  ),
  flag("a flag into a number", "seed.x=1", VALUE, "seed: found a group of keys"),
  flag("a flag without value", "seed=", "CONFIG_OVERRIDE_INVALID", "has no value"),
  flag("a flag that is no YAML", "sizing={ method", YAML, "not valid YAML"),
  flag("a flag into the prototype", "__proto__.seed=1", VALUE, "__proto__: unknown key"),
];

function failureOf({ file, set = [] }: Hostile, index: number): TapedeckError {
  const path = join(folder, `hostile-${index}.yaml`);
  if (typeof file === "function") file(path);
  else writeFileSync(path, file);
  try {
    readConfig(path, set.map(parseOverride));
  } catch (error) {
    if (error instanceof TapedeckError) return error;
    throw error;
  }
  throw new Error("the configuration was taken");
}

describe("hostile configurations", () => {
  test.each(cases.map((hostile, index) => [hostile.name, hostile, index] as const))(
    "%s",
    (_, hostile, index) => {
      const began = performance.now();
      const error = failureOf(hostile, index);
      expect(error).toMatchObject({ code: hostile.code, exit: 2 });
      expect(error.facts.line).toBe(hostile.line);
      for (const text of hostile.says) expect(error.message).toContain(text);
      expect(error.message).not.toMatch(/\n\s+at /);
      expect(performance.now() - began).toBeLessThan(5000);
    },
  );

  test.skipIf(process.getuid?.() === 0)("a file that may not be read", () => {
    const path = join(folder, "secret.yaml");
    writeFileSync(path, TAPE);
    chmodSync(path, 0o000);
    expect(() => readConfig(path)).toThrow("no permission to read it");
  });

  test("a file that is not there is guessed from its neighbours", () => {
    writeFileSync(join(folder, "my-run.yaml"), TAPE);
    expect(() => readConfig(join(folder, "my-rum.yml"))).toThrow(
      /there is no such file; did you mean .*my-run\.yaml\?/,
    );
    expect(() => readConfig(join(folder, "far", "away.yaml"))).toThrow(/there is no such file$/);
  });

  test("a file of 256 KiB of unknown keys ends in a short message, soon", () => {
    const path = join(folder, "large.yaml");
    const keys = Array.from({ length: 14_000 }, (_, i) => `key${i}: ${i}`).join("\n");
    writeFileSync(path, `${TAPE}${keys}\n`);
    const began = performance.now();
    expect(() => readConfig(path)).toThrow(/… and \d+ more$/);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test("a --set that is no key=value is refused by name", () => {
    for (const text of ["seed", "=1", "a..b=1", " =1", ".a=1"]) {
      expect(() => parseOverride(text)).toThrow(`--set ${text}: it is no key=value`);
    }
  });

  test("every mistake of a file is said at once, in the order of its lines", () => {
    const path = join(folder, "many.yaml");
    const lines = ["seed: -1", "wibble: 1", "venue: { slippage: 0.00015 }", "tape: 3", "model: x"];
    writeFileSync(path, `${lines.join("\n")}\n`);
    let problems: readonly Problem[] = [];
    try {
      readConfig(path, [parseOverride("partitions=0")]);
    } catch (error) {
      problems = problemsOf(error as TapedeckError);
    }
    expect(problems.map(({ line, key }) => [line, key])).toEqual([
      [1, "seed"],
      [2, "wibble"],
      [3, "venue.slippage"],
      [4, "tape"],
      [5, "model"],
      [null, "partitions"],
    ]);
  });
});
