// Finds what a model must not ask: the clock, chance and the world, and variables that outlive a
// call. A run with them would not repeat, and one that is resumed would end otherwise. A reading of
// the text, not a proof: it finds what people write, and `tapedeck verify` finds the rest.

export interface HiddenInput {
  readonly line: number;
  readonly column: number;
  /** What was written, such as Math.random. */
  readonly text: string;
  readonly why: string;
}

const CLOCK = "a model knows no time but features.barEndUs";
const CHANCE = "a random number makes another run each time";
const WORLD = "a model sees its state and the features alone";
const PLACE = "its answer depends on the machine's time zone or language: use getUTC… and numbers";
const KEPT = "a variable of the file outlives a resumed run's state: keep it in the state";

const rules: readonly (readonly [RegExp, string])[] = [
  [/\bMath\s*\.\s*random\b/g, CHANCE],
  [/\bcrypto\s*\./g, CHANCE],
  [/\bDate\s*\.\s*now\b/g, CLOCK],
  [/\bDate\s*\(\s*\)/g, CLOCK],
  [/\bnew\s+Date\b(?!\s*\()/g, CLOCK],
  [/\bperformance\s*\.\s*now\b/g, CLOCK],
  [/\b(?:fetch|setTimeout|setInterval|queueMicrotask)\s*\(/g, WORLD],
  [/\b(?:process|globalThis)\s*\./g, WORLD],
  [/\bimport\s*\(/g, WORLD],
  [/\.\s*[gs]et(?:Date|Day|FullYear|Hours|Minutes|Month|TimezoneOffset)\s*\(/g, PLACE],
  [/\bIntl\s*\.|\.\s*(?:localeCompare|toLocale\w+)\s*\(/g, PLACE],
  // Only at the margin: what is declared further in belongs to a call.
  [/^(?:export\s+)?(?:let|var)\b/gm, KEPT],
  // What is made empty is made to be filled.
  [/^(?:export\s+)?const\s+\w+\b[^=\n]*=\s*(?:\[\s*\]|\{\s*\})/gm, KEPT],
  [/^(?:export\s+)?const\s+\w+\b[^=\n]*=\s*new\s+(?:Weak)?(?:Map|Set)\b[^()\n]*\(\s*\)/gm, KEPT],
];

/** What the file asks that it must not, by line; of each kind the first ten. */
export function hiddenInputs(text: string): readonly HiddenInput[] {
  const code = codeOf(text);
  const found = rules.flatMap(([pattern, why]) =>
    [...code.matchAll(pattern)].slice(0, 10).map((match) => {
      const before = code.slice(0, match.index).split("\n");
      const column = (before.at(-1) ?? "").length + 1;
      return { line: before.length, column, text: match[0].replace(/\s*\($/, ""), why };
    }),
  );
  return found.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** The text with comments and strings blanked, each character in its place. */
function codeOf(text: string): string {
  const quiet =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
  return text.replace(quiet, (part) => part.replace(/[^\n]/g, " "));
}
