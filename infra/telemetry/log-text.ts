// A log line for a person at a terminal: time of day, level, message, then the fields, on one line; an
// error's advice and stack below it. Machines get the JSON that this is made from.

const paint: Readonly<Record<string, string>> = {
  debug: "\u001b[2m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
  fatal: "\u001b[31m",
};
const END = "\u001b[0m";

/** `json`: one line as pino writes it; one that is not is given back as it is. */
export function logText(json: string, colour: boolean): string {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const { time, level, msg, app: _app, instance: _instance, error, ...fields } = line;
  const clock = String(time).slice(11, 23);
  const name = String(level);
  const label = name.toUpperCase().padEnd(5);
  const head = colour && name in paint ? `${paint[name]}${label}${END}` : label;
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${plain(value)}`);
  const first = [clock, head, visible(String(msg)), ...pairs].join(" ");
  return [first, ...errorLines(error)].join("\n");
}

function errorLines(error: unknown): readonly string[] {
  if (typeof error !== "object" || error === null) return [];
  const { code, type, message, next, facts, stack } = error as Record<string, unknown>;
  const lines = [`  ${visible(`${code ?? type ?? "error"}: ${message}`)}`];
  if (facts !== undefined && JSON.stringify(facts) !== "{}") lines.push(`  ${plain(facts)}`);
  if (next !== undefined) lines.push(`  → ${visible(String(next))}`);
  if (typeof stack === "string") {
    lines.push(...stack.split("\n").slice(1).map(visible));
  }
  return lines;
}

const plain = (value: unknown): string =>
  visible(
    typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : String(JSON.stringify(value)),
  );

/** What came from outside must not steer the terminal or fake a line. */
const visible = (text: string): string =>
  text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f-\u009f]/g,
    (char) =>
      char < " " ? JSON.stringify(char).slice(1, -1) : `\\u00${char.charCodeAt(0).toString(16)}`,
  );
