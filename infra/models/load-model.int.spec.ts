// Users' model files as they really come: each mistake must be told with the file and the line.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type ErrorCode, TapedeckError } from "../../schemas/errors.ts";
import type { Features } from "../../schemas/generated/features.ts";
import { type LoadedModel, loadModel } from "./load-model.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-models-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = 'import type { Features, SignalModel } from "tapedeck";\n';

const good = `${HEAD}
interface Momentum { last: number | null; change: number }

const model: SignalModel<Momentum> = {
  name: "momentum",
  version: 1,
  initial: () => ({ last: null, change: 0 }),
  evolve(state, { price }: Features) {
    state.change = state.last === null ? 0 : price - state.last;
    state.last = price;
    return state;
  },
  signal: (state, { warm }) => (warm ? Math.sign(state.change) : null),
};

export default model;
`;

const several = `import type { PortfolioModel } from "tapedeck";

const model: PortfolioModel<{ seen: number }> = {
  name: "several",
  version: 1,
  scope: "portfolio",
  initial: () => ({ seen: 0 }),
  evolve: (state, bars) => ({ seen: state.seen + bars.size }),
  signal: ({ seen }) => seen / 100,
};

export default model;
`;

const bar = (price: number): Features => ({
  symbol: "AAA",
  barEndUs: 0,
  price,
  logReturn: 0,
  emaFast: 0,
  emaSlow: 0,
  atr: 0,
  volatility: 0,
  warm: true,
});

let files = 0;
function write(text: string, name = `model-${++files}.ts`): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function failure(path: string): Promise<TapedeckError> {
  try {
    await loadModel(path, folder);
  } catch (error) {
    if (error instanceof TapedeckError) return error;
    throw error;
  }
  throw new Error(`${path} was loaded`);
}

/** The model of a file without types, with one part replaced. */
const javaScript = (part: string, head = ""): string => `${head}export default {
  name: "plain", version: 1, initial() { return 0; }, evolve(s) { return s; }, signal() { return 1; },
  ${part}
};
`;

describe("a good model", () => {
  test("runs, with the digest of its file and the compiler that checked it", async () => {
    const path = write(good, "momentum.ts");
    const { model, digest, source, typeCheck } = await loadModel("./momentum.ts", folder);
    expect(source).toBe(path);
    expect(digest).toBe(createHash("sha256").update(good).digest("hex"));
    expect(typeCheck).toMatch(/^typescript \d/);
    if (model.scope === "portfolio") throw new Error("it sees one symbol at a time");
    const state = model.evolve(model.initial(), bar(5));
    const after = model.evolve(state, bar(7));
    expect(model.signal(after, bar(7))).toBe(1);
  });

  test("is loaded anew after an edit, and as it was where nothing changed", async () => {
    const path = write(good);
    const first = await loadModel(path, folder);
    writeFileSync(path, good.replace("version: 1", "version: 2"));
    const second = await loadModel(path, folder);
    writeFileSync(path, good);
    const third = await loadModel(path, folder);
    expect([first, second, third].map(({ model }) => model.version)).toEqual([1, 2, 1]);
    expect(third.digest).toBe(first.digest);
    expect(second.digest).not.toBe(first.digest);
  });

  test("may be plain JavaScript, and may be an instance of a class", async () => {
    const { typeCheck } = await loadModel(write(javaScript(""), "plain.js"), folder);
    expect(typeCheck).toBe("a JavaScript file has no types");
    const text = `${HEAD}class Flat implements SignalModel<null> {
      readonly name = "flat"; readonly version = 1;
      initial(): null { return null; }
      evolve(state: null): null { return state; }
      signal(): number { return 0; }
    }
    export default new Flat();
    `;
    expect((await loadModel(write(text), folder)).model.name).toBe("flat");
  });

  test("may import types of a file beside it: types do not run", async () => {
    write("export interface Kept { sum: number }\n", "kept.ts");
    const text = good
      .replace(
        "interface Momentum",
        'import type { Kept } from "./kept.ts";\ninterface Momentum extends Kept',
      )
      .replace("change: 0 }", "change: 0, sum: 0 }");
    expect((await loadModel(write(text), folder)).model.name).toBe("momentum");
  });

  test("is frozen: it cannot keep state of its own", async () => {
    const path = write(
      javaScript("count: 0, signal() { this.count++; return 1; }"),
      "counting.mjs",
    );
    const { model } = await loadModel(path, folder);
    expect(() => model.signal(0, {} as never)).toThrow(TypeError);
  });

  test("may see all symbols of an instant at once, and its calls are noted", async () => {
    const { model, activity } = await loadModel(write(several), folder);
    if (model.scope !== "portfolio") throw new Error("it sees several symbols");
    const other = { ...bar(6), symbol: "BBB", barEndUs: 60 };
    const state = model.evolve(
      model.initial(),
      new Map([other, bar(5)].map((features) => [features.symbol, features])),
    );
    expect(model.signal(state, bar(5))).toBe(0.02);
    expect([activity?.calls[0], activity?.barEndUs[0]]).toEqual([4, 60]);
  });

  test("is of the kind that its code says, whatever its comments say", async () => {
    const said = `// Not scope: "portfolio".\n/**\n * scope: "portfolio" */\n${good}`;
    expect((await loadModel(write(said), folder)).model.scope).toBeUndefined();
    const quoted = several.replace("scope:", '"scope":');
    expect((await loadModel(write(quoted), folder)).model.scope).toBe("portfolio");
  });

  test("of our own goes by its name", async () => {
    const built = await loadModel("ema-cross", folder);
    expect(built).toMatchObject({ source: null, typeCheck: null, model: { name: "ema-cross" } });
    expect(built.digest).toMatch(/^[0-9a-f]{64}$/);
  });
});

interface Bad {
  readonly name: string;
  readonly text: string;
  readonly file?: string;
  readonly code: ErrorCode;
  readonly line: number | null;
  readonly says: string;
}

const bad: readonly Bad[] = [
  {
    name: "a type error",
    text: good.replace("Math.sign(state.change)", "state.chnage"),
    code: "MODEL_TYPE_INVALID",
    line: 14,
    says: "Property 'chnage' does not exist on type 'Momentum'",
  },
  {
    name: "a default export that is no model, without an annotation",
    text: 'export const x = 1;\nexport default { name: "x", version: 1 };\n',
    code: "MODEL_TYPE_INVALID",
    line: 2,
    says: "is missing the following properties from type 'SignalModel<unknown>': initial, evolve, signal",
  },
  {
    name: "a portfolio's model that folds one symbol's bars",
    text: several.replace("bars.size", "bars.price"),
    code: "MODEL_TYPE_INVALID",
    line: 8,
    says: "Property 'price' does not exist on type 'ReadonlyMap<string, Features>'",
  },
  {
    name: "a scope that there is not",
    text: javaScript('scope: "sector",'),
    file: "sector.js",
    code: "MODEL_SHAPE_INVALID",
    line: 1,
    says: 'scope is "sector"; it must be "symbol" (or left out) or "portfolio"',
  },
  {
    name: "an async function",
    text: good.replace("signal: (", "signal: async ("),
    code: "MODEL_TYPE_INVALID",
    line: 14,
    says: "Promise",
  },
  {
    name: "a type that is imported as if it ran",
    text: good.replace("import type", "import"),
    code: "MODEL_SYNTAX_INVALID",
    line: 1,
    says: "must be imported using a type-only import",
  },
  {
    name: "a part of the wrong type, with the compiler's reasons",
    text: good.replace(
      "initial: () => ({ last: null, change: 0 })",
      "initial: () => ({ last: 'x', change: 0 })",
    ),
    code: "MODEL_TYPE_INVALID",
    line: 8,
    says: "Type 'string' is not assignable to type 'number'",
  },
  {
    name: "chance and the clock, but not where they are only spoken of",
    text: good
      .replace(
        "\ninterface",
        "\n// not Math.random() at all\nconst text = 'Date.now()';\ninterface",
      )
      .replace("return state;", "state.change += Math.random() * text.length; return state;"),
    code: "MODEL_INPUT_HIDDEN",
    line: 14,
    says: ":14:21: Math.random: a random number makes another run each time",
  },
  {
    name: "a variable that outlives a call, below what else is wrong",
    text: javaScript(
      "signal() { let here = 1; return ++count * here; }",
      "const now = () => Date.now();\nlet count = 0;\n",
    ),
    file: "outlive.js",
    code: "MODEL_INPUT_HIDDEN",
    line: 1,
    says: "outlive.js:2:1: let: a variable of the file outlives a resumed run's state",
  },
  {
    name: "the time of day, and a module that comes later",
    text: javaScript('evolve(s) { import("node:fs"); return new Date().getTime() + Date .now(); }'),
    file: "today.js",
    code: "MODEL_INPUT_HIDDEN",
    line: 3,
    says: ":3:45: Date(): a model knows no time but features.barEndUs",
  },
  {
    name: "no default export",
    text: good.replace("export default model;", "export { model };"),
    code: "MODEL_TYPE_INVALID",
    line: 1,
    says: "has no default export",
  },
  {
    name: "a file that needs Node's own interfaces",
    text: `import { readFileSync } from "node:fs";\n${good}`,
    code: "MODEL_TYPE_INVALID",
    line: 1,
    says: "node:fs",
  },
  {
    name: "the console",
    text: good.replace("return state;", "console.log(state); return state;"),
    code: "MODEL_TYPE_INVALID",
    line: 12,
    says: "Cannot find name 'console'",
  },
  {
    name: "a syntax error",
    text: good.replace(
      "evolve(state, { price }: Features) {",
      "evolve(state, { price }: Features {",
    ),
    code: "MODEL_SYNTAX_INVALID",
    line: 9,
    says: "',' expected",
  },
  {
    name: "an enum",
    text: `${HEAD}enum Side { Long }\n${good.slice(HEAD.length)}`,
    code: "MODEL_SYNTAX_INVALID",
    line: 2,
    says: "erasableSyntaxOnly",
  },
  {
    name: "a syntax error in JavaScript",
    text: javaScript("evolve(s) { return s"),
    file: "broken.js",
    code: "MODEL_SYNTAX_INVALID",
    line: 4,
    says: "Unexpected token",
  },
  {
    name: "an import of a local file",
    text: javaScript("", 'const a = 1;\nimport { window } from "./windows.js";\n'),
    file: "importing.js",
    code: "MODEL_IMPORT_REFUSED",
    line: 2,
    says: "imports ./windows.js; the run's digest covers this file alone",
  },
  {
    name: "an import of Node",
    text: javaScript("", 'import fs from "node:fs";\n'),
    file: "node.js",
    code: "MODEL_IMPORT_REFUSED",
    line: 1,
    says: "imports node:fs",
  },
  {
    name: "an import that is only re-exported",
    text: 'export { default } from "./plain.js";\n',
    file: "again.js",
    code: "MODEL_IMPORT_REFUSED",
    line: 1,
    says: "imports ./plain.js",
  },
  {
    name: "a throw at the top level",
    text: 'const text = "";\nnull.x;\nexport default 1;\n',
    file: "throwing.js",
    code: "MODEL_FAILED",
    line: 2,
    says: "threw while loading: TypeError",
  },
  {
    name: "a wait at the top level",
    text: `await Promise.resolve();\n${javaScript("")}`,
    file: "waiting.js",
    code: "MODEL_SHAPE_INVALID",
    line: null,
    says: "waits at its top level (await)",
  },
  {
    name: "CommonJS",
    text: "module.exports = {};\n",
    file: "common.js",
    code: "MODEL_FAILED",
    line: 1,
    says: "module is not defined",
  },
  {
    name: "no default export in JavaScript",
    text: "export const model = { version: 1 };\n",
    file: "nameless.js",
    code: "MODEL_SHAPE_INVALID",
    line: null,
    says: "it has no default export",
  },
  {
    name: "a function for a model",
    text: "\nexport default function model() {}\n",
    file: "function.js",
    code: "MODEL_SHAPE_INVALID",
    line: 2,
    says: "its default export is a function, not a SignalModel or PortfolioModel",
  },
  {
    name: "parts that are missing or of the wrong kind, all at once",
    text: 'export default { name: "My Model", version: "1", initial: null, evolve() {} };\n',
    file: "parts.js",
    code: "MODEL_SHAPE_INVALID",
    line: 1,
    says:
      'name is "My Model"; it must be words in kebab-case, such as "my-model"; ' +
      'version is "1"; it must be a whole number from 1; ' +
      "initial is null; it must be a function; signal is missing; it must be a function",
  },
  {
    name: "async and generator functions in JavaScript",
    text: javaScript("async evolve(s) { return s; }, *signal() { yield 1; }"),
    file: "async.js",
    code: "MODEL_SHAPE_INVALID",
    line: 1,
    says: "evolve is of the kind AsyncFunction; it must answer at once, without async or yield; signal is of the kind GeneratorFunction;",
  },
  {
    name: "the name of a model of ours",
    text: javaScript('name: "ema-cross"'),
    file: "clash.js",
    code: "MODEL_SHAPE_INVALID",
    line: 1,
    says: 'name is "ema-cross", which a built-in model has',
  },
  {
    name: "a first state that is not plain data",
    text: javaScript("initial() { return { seen: new Set() }; }"),
    file: "set.js",
    code: "MODEL_SHAPE_INVALID",
    line: 3,
    says: "initial() gives what is not plain data: state.seen",
  },
  {
    name: "a first state that all symbols share",
    text: javaScript("initial() { return shared; }", "const shared = { bars: 0 };\n"),
    file: "shared.js",
    code: "MODEL_SHAPE_INVALID",
    line: 4,
    says: "initial() gives the same object twice",
  },
  {
    name: "a throw in initial",
    text: javaScript("initial() {\n    return missing;\n  }"),
    file: "initial.js",
    code: "MODEL_FAILED",
    line: 4,
    says: "initial() threw ReferenceError: missing is not defined",
  },
  {
    name: "an empty file",
    text: "",
    file: "empty.js",
    code: "MODEL_SHAPE_INVALID",
    line: null,
    says: "it has no default export",
  },
];

describe("a bad model", () => {
  test.each(bad.map((each) => [each.name, each] as const))("%s", async (_, each) => {
    const path = write(each.text, each.file);
    const error = await failure(path);
    expect(error.message).toContain(each.says);
    expect([error.code, error.facts.line]).toEqual([each.code, each.line]);
    if (each.line !== null) expect(error.message.startsWith(`${path}:${each.line}:`)).toBe(true);
    expect(error.message).not.toMatch(/\n\s+at /);
  });

  test("every type error is told", async () => {
    const text = good.replace("price - state.last", '"x"').replace("version: 1", 'version: "1"');
    const error = await failure(write(text));
    expect(error.message.split("\n").map((line) => /:(\d+):\d+: /.exec(line)?.[1])).toEqual([
      "7",
      "10",
    ]);
  });

  test("a file that is not there is guessed from its neighbours and our names", async () => {
    write(good, "breakout.ts");
    expect(await failure("./breakuot.ts")).toMatchObject({
      code: "MODEL_UNREADABLE",
      message: expect.stringContaining("did you mean ./breakout.ts?"),
    });
    expect((await failure("./ema-cross")).message).toContain("ends in .ts or .js");
    expect((await failure("ema-corss")).message).toContain("did you mean ema-cross?");
    expect(await failure("ema-cros.ts")).toMatchObject({
      message: expect.stringContaining("did you mean ema-cross?"),
    });
    expect(await failure("nothing-like-it")).toMatchObject({ code: "MODEL_UNKNOWN", exit: 2 });
  });

  test("a folder, an ending that we cannot run, a binary file", async () => {
    expect((await failure(write("x", "model.py"))).message).toContain("ends in .ts or .js");
    expect((await failure("./")).code).toBe("MODEL_UNREADABLE");
    const binary = write("\0\0\u0001", "binary.js");
    expect((await failure(binary)).code).toBe("MODEL_SYNTAX_INVALID");
  });
});

test("a model in its own folder does not need the folder to be a package", async () => {
  // Node would warn, and read a file without "type": "module" twice.
  const warnings: string[] = [];
  const listen = (warning: Error) => warnings.push(warning.message);
  process.on("warning", listen);
  const loaded: LoadedModel = await loadModel(write(good), folder);
  await new Promise((done) => setImmediate(done));
  process.off("warning", listen);
  expect(loaded.model.name).toBe("momentum");
  expect(warnings).toEqual([]);
});
