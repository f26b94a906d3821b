// Every rule of the layout's law (ARCHITECTURE.md) with a violation of it, and who must refuse it.

export interface Plant {
  readonly rule: string;
  readonly path: string;
  readonly code: string;
  /** Who refuses it: the compiler (an error whose text holds `says`) or the linter. */
  readonly by: "tsc" | "lint";
  readonly says: string;
}

const pureFolders = ["schemas", "quant", "streams", "processors", "projections"] as const;

/** What each folder may not import, and the file that the plant reaches for. */
const arrows: readonly (readonly [from: string, to: string])[] = [
  ["schemas", "quant"],
  ["schemas", "streams"],
  ["schemas", "processors"],
  ["schemas", "projections"],
  ["schemas", "infra"],
  ["quant", "schemas"],
  ["quant", "streams"],
  ["quant", "processors"],
  ["quant", "projections"],
  ["quant", "infra"],
  ["streams", "processors"],
  ["streams", "projections"],
  ["streams", "infra"],
  ["processors", "projections"],
  ["processors", "infra"],
  ["projections", "processors"],
  ["projections", "infra"],
];

const layerPlants: readonly Plant[] = arrows.flatMap(([from, to]) => {
  const code = `import { lawful } from "../${to}/planted-target.ts";\nexport const taken = lawful;\n`;
  const rule = `${from} does not import ${to}`;
  const name = `${from}/planted-imports-${to}`;
  return [
    { rule, path: `${name}.ts`, code, by: "tsc", says: "is not listed within the file list" },
    { rule, path: `${name}.ts`, code, by: "lint", says: `law: ${from} may not import` },
    {
      rule: `a test in ${from} does not import ${to}`,
      path: `${name}.unit.spec.ts`,
      code,
      by: "lint",
      says: `law: ${from} may not import`,
    },
  ];
});

const slicePlants: readonly Plant[] = ["processors", "projections"].flatMap((folder) =>
  (
    [
      ["imports its sibling", "one.ts", `import { lawful } from "../planted-b/target.ts";`],
      [
        "imports a type of its sibling",
        "type.ts",
        `import type { L } from "../planted-b/target.ts";`,
      ],
      ["re-exports its sibling", "again.ts", `export { lawful } from "../planted-b/target.ts";`],
      [
        "goes round by its own layer",
        "r.ts",
        `import { lawful } from "../../${folder}/planted-b/target.ts";`,
      ],
      [
        "imports it from a folder below",
        "in/one.ts",
        `import { lawful } from "../../planted-b/target.ts";`,
      ],
      [
        "imports it in a test",
        "one.unit.spec.ts",
        `import { lawful } from "../planted-b/target.ts";`,
      ],
    ] as const
  ).map(([how, file, line]): Plant => {
    const used = line.startsWith("import {") ? "export const taken = lawful;\n" : "";
    const typed = line.startsWith("import type") ? "export const taken: L = 1;\n" : "";
    return {
      rule: `a slice of ${folder} that ${how}`,
      path: `${folder}/planted-a/${file}`,
      code: `${line}\n${used}${typed}`,
      by: "lint",
      says: "law: a slice of",
    };
  }),
);

const world: readonly (readonly [name: string, code: string, says: string])[] = [
  ["process", "export const taken = process.env;", "'process'"],
  ["buffer", "export const taken = Buffer.from('a');", "'Buffer'"],
  [
    "fs",
    `import { readFileSync } from "node:fs";\nexport const taken = readFileSync;`,
    "'node:fs'",
  ],
  ["fetch", "export const taken = fetch('http://localhost');", "'fetch'"],
  ["timer", "export const taken = setTimeout(() => 1, 1);", "'setTimeout'"],
  ["console", "console.log('a');\nexport const taken = 1;", "'console'"],
  ["crypto", "export const taken = crypto.randomUUID();", "'crypto'"],
  ["encoder", "export const taken = new TextEncoder();", "'TextEncoder'"],
  ["performance", "export const taken = performance.now();", "'performance'"],
];

const worldPlants: readonly Plant[] = pureFolders.flatMap((folder) =>
  world.flatMap(([name, code, says]): Plant[] => {
    const path = `${folder}/planted-world-${name}.ts`;
    const rule = `${folder} has no ${name}`;
    return [
      { rule, path, code: `${code}\n`, by: "tsc", says },
      { rule, path, code: `${code}\n`, by: "lint", says: name === "fs" ? "law: a pure" : "global" },
    ];
  }),
);

const hidden: readonly (readonly [name: string, code: string, says: string])[] = [
  ["now", "export const taken = Date.now();", "law: no clock"],
  ["new-date", "export const taken = new Date();", "law: no clock"],
  ["new-date-bare", "export const taken = new Date;", "law: no clock"],
  ["date-call", "export const taken = Date();", "law: no alias of Date"],
  ["date-alias", "const D = Date;\nexport const taken = new D();", "law: no alias of Date"],
  ["date-parts", "export const taken = new Date(2020, 1);", "law: a date of parts"],
  ["date-parse", "export const taken = Date.parse('2020-01-01 10:00');", "law: Date reads"],
  ["hours", "export const taken = new Date(0).getHours();", "law: the machine's locale"],
  ["random", "export const taken = Math.random();", "law: no chance"],
  ["random-hidden", "export const taken = Math['random']();", "law: name the function"],
  [
    "random-taken",
    "const { random } = Math;\nexport const taken = random();",
    "law: name the function",
  ],
  ["locale", "export const taken = 'a'.localeCompare('b');", "law: the machine's locale"],
  ["intl", "export const taken = new Intl.NumberFormat();", "global variable Intl"],
  ["weak-ref", "export const taken = new WeakRef({});", "global variable WeakRef"],
  ["atomics", "export const taken = Atomics;", "global variable Atomics"],
  [
    "package",
    `import { open } from "lmdb";\nexport const taken = open;`,
    "law: a pure folder imports",
  ],
  ["dynamic", `export const taken = import("../schemas/errors.ts");`, "law: no import()"],
];

const hiddenPlants: readonly Plant[] = pureFolders.flatMap((folder) =>
  hidden.map(
    ([name, code, says]): Plant => ({
      rule: `${folder} has no ${name}`,
      path: `${folder}/planted-hidden-${name}.ts`,
      code: `${code}\n`,
      by: "lint",
      says,
    }),
  ),
);

const namePlants: readonly Plant[] = [
  "streams/utils.ts",
  "infra/planted/helpers.ts",
  "quant/manager.ts",
  "schemas/common.ts",
  "processors/planted-a/misc.ts",
  "infra/helpers/planted.ts",
  "infra/planted-utils.ts",
  "infra/utils.unit.spec.ts",
].map((path) => ({
  rule: `no file is called ${path}`,
  path,
  code: "export const lawful = 1;\n",
  by: "lint",
  says: "law: the name says nothing",
}));

const newerPlants: readonly Plant[] = [
  "Object.groupBy",
  "Map.groupBy",
  "Promise.withResolvers",
  "Array.fromAsync",
].flatMap((name) =>
  ["streams", "infra"].map((folder) => ({
    rule: `${folder} does without ${name}`,
    path: `${folder}/planted-newer-${name.replace(".", "-")}.ts`,
    code: `export const taken = ${name};\n`,
    by: "lint" as const,
    says: "law: Node 20",
  })),
);

const waits: readonly (readonly [name: string, code: string, says: string])[] = [
  ["spawn", `spawnSync("ls", [], { encoding: "utf8" })`, "law: a synchronous wait has a limit"],
  ["exec-file", `execFileSync("ls", ["timeout"])`, "law: a synchronous wait has a limit"],
  ["exec", `execSync("ls")`, "law: a synchronous wait has a limit"],
  ["member", `child.spawnSync("ls")`, "law: a synchronous wait has a limit"],
  ["alias", "spawnSync", "law: no alias of a synchronous wait"],
  ["member-alias", "child.execSync", "law: no alias of a synchronous wait"],
  ["import-alias", `run("ls", { timeout: 1 })`, "law: no alias of a synchronous wait"],
];

const waitImports = `import * as child from "node:child_process";
import { execFileSync, execSync, spawnSync } from "node:child_process";
`;

const waitPlants: readonly Plant[] = waits.flatMap(([name, code, says]) =>
  ["infra", "law", "docs"].map((folder): Plant => {
    const imports =
      name === "import-alias"
        ? `import { execSync as run } from "node:child_process";\n`
        : waitImports;
    const path = `${folder}/planted-wait-${name}.${folder === "infra" ? "int.spec." : ""}ts`;
    const rule = `${folder} waits for no process without a limit: ${name}`;
    return { rule, path, code: `${imports}export const taken = ${code};\n`, by: "lint", says };
  }),
);

const inheritedPlants: readonly Plant[] = [`"inherit"`, `["ignore", "pipe", "inherit"]`].map(
  (stdio, index) => ({
    rule: `no process of a test holds its worker's output: ${stdio}`,
    path: `infra/planted-inherited-${index}.int.spec.ts`,
    code: `import { spawn } from "node:child_process";
export const child = spawn("ls", [], { stdio: ${stdio} });
`,
    by: "lint",
    says: "law: no process of a test inherits its worker's output",
  }),
);

/** What the plants import; not violations themselves. */
export const targets: readonly string[] = [
  ...pureFolders.map((folder) => `${folder}/planted-target.ts`),
  "infra/planted-target.ts",
  "processors/planted-b/target.ts",
  "projections/planted-b/target.ts",
];

export const targetCode = "export const lawful = 1;\nexport type L = number;\n";

/** Code that the law allows: refusing it would be a fault of the law. */
export const lawful: readonly { readonly path: string; readonly code: string }[] = [
  ...pureFolders.map((folder) => ({
    path: `${folder}/planted-lawful.ts`,
    code: `import { lawful } from "./planted-target.ts";
export const at = new Date(lawful).toISOString();
export const utc = Date.UTC(2020, 1) + new Date(lawful).getUTCHours();
export const most = Math.max(1, Math.min(2, Math.PI));
export const isDate = (value: unknown): value is Date => value instanceof Date;
`,
  })),
  {
    path: "processors/planted-a/lawful.ts",
    code: `import { lawful } from "../../schemas/planted-target.ts";
import { lawful as again } from "../../quant/planted-target.ts";
import { lawful as third } from "../../streams/planted-target.ts";
import { lawful as beside } from "../planted-target.ts";
import { one } from "./beside.ts";
export const sum = lawful + again + third + beside + one;
`,
  },
  { path: "processors/planted-a/beside.ts", code: "export const one = 1;\n" },
  {
    path: "infra/planted-lawful.ts",
    code: `import { readFileSync } from "node:fs";
import { lawful } from "../projections/planted-target.ts";
import { lawful as again } from "../processors/planted-target.ts";
export const now = Date.now() + Math.random() + lawful + again + readFileSync("a").length;
`,
  },
  {
    path: "infra/planted-waits.ts",
    code: `import { execFileSync, spawnSync } from "node:child_process";
const timeout = 1_000;
export const status = spawnSync("ls", ["-l"], { timeout, killSignal: "SIGKILL" }).status;
export const text = execFileSync("ls", ["-l"], { timeout: 1_000 }).toString();
`,
  },
  {
    path: "bench/planted-waits.ts",
    code: `import { spawnSync } from "node:child_process";
export const status = spawnSync("ls").status;
`,
  },
  {
    path: "streams/planted-lawful.unit.spec.ts",
    code: `import { readFileSync } from "node:fs";
import { expect } from "vitest";
export const both = [readFileSync, expect];
`,
  },
];

export const plants: readonly Plant[] = [
  ...layerPlants,
  ...slicePlants,
  ...worldPlants,
  ...hiddenPlants,
  ...namePlants,
  ...newerPlants,
  ...waitPlants,
  ...inheritedPlants,
];
