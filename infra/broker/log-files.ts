// The ends of log files, and what is added to them.

import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

export interface LogFile {
  readonly name: string;
  readonly path: string;
}

const POLL_MS = 200;

/** The last lines of a log, each after the server's name where several are shown. */
export function lastLines({ name, path }: LogFile, count: number, isNamed: boolean): string {
  if (count === 0 || !existsSync(path)) return "";
  const lines = readFileSync(path, "utf8").trimEnd().split("\n").slice(-count);
  return lines.map((line) => (isNamed ? `${name}: ${line}\n` : `${line}\n`)).join("");
}

/** Gives every line that is written from now on, until the process is stopped. */
export async function followLogs(
  files: readonly LogFile[],
  show: (text: string) => void,
): Promise<never> {
  const isNamed = files.length > 1;
  const read = files.map(({ path }) => (existsSync(path) ? statSync(path).size : 0));
  const rest = files.map(() => "");
  for (;;) {
    for (const [index, { name, path }] of files.entries()) {
      const { text, at } = since(path, read[index] ?? 0);
      read[index] = at;
      const lines = ((rest[index] ?? "") + text).split("\n");
      rest[index] = lines.pop() ?? "";
      for (const line of lines) show(isNamed ? `${name}: ${line}\n` : `${line}\n`);
    }
    await pause(POLL_MS);
  }
}

/** What a file holds from a place on; a file that is shorter now was begun anew. */
function since(path: string, from: number): { readonly text: string; readonly at: number } {
  if (!existsSync(path)) return { text: "", at: 0 };
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const start = size < from ? 0 : from;
    const bytes = Buffer.alloc(size - start);
    readSync(file, bytes, 0, bytes.length, start);
    return { text: bytes.toString("utf8"), at: size };
  } finally {
    closeSync(file);
  }
}
