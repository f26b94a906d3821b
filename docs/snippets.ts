// What a page tells its reader to type. A block fenced as ```sh that follows the line
// <!-- run --> is runnable, and so is held to work by .ci/run; <!-- test --> marks the test command.

export interface Snippet {
  readonly kind: "run" | "test";
  /** Line of the page, from 1, where the block opens. */
  readonly line: number;
  readonly commands: string;
}

/** The marked blocks in the order of the page. Throws where a mark stands before no ```sh block. */
export function snippetsOf(page: string): readonly Snippet[] {
  const lines = page.split("\n");
  const found: Snippet[] = [];
  for (let at = 0; at < lines.length; at++) {
    const kind = /^<!-- (run|test) -->$/.exec(lines[at] ?? "")?.[1] as Snippet["kind"] | undefined;
    if (kind === undefined) continue;
    let open = at + 1;
    while (lines[open] === "") open++;
    const close = lines.indexOf("```", open);
    if (lines[open] !== "```sh" || close < 0) {
      throw new Error(`line ${at + 1}: <!-- ${kind} --> stands before no closed \`\`\`sh block`);
    }
    const block = lines.slice(open + 1, close);
    // Readers copy commands with or without the prompt.
    const commands = block.map((line) => line.replace(/^\$ /, "")).join("\n");
    found.push({ kind, line: open + 1, commands });
    at = close;
  }
  return found;
}
