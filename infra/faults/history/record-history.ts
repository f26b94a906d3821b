// Writes and reads histories on disk: JSON lines, one file an incarnation of a process. Promises: a
// line is with the operating system before `record` returns, so that a kill at any byte loses at
// most the line that was being written, and no request goes out before its line; a line without its
// end is left out when the file is read. Not for a machine that loses power: nothing is forced to disk.

import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { type Operation, parseOperation } from "./operation.ts";

const CHUNK_BYTES = 1 << 20;

/** Appends what processes do. Cost: a system call an operation, a few µs. */
export interface HistoryFile {
  record(operation: Operation): void;
  close(): void;
}

/** Makes the file, which must not be there yet: a line after a torn one could not be told from it. */
export function createHistory(path: string): HistoryFile {
  const file = openSync(path, "ax");
  return {
    record(operation) {
      // The clock of the machine, the same for all its processes.
      const atUs = Number(process.hrtime.bigint() / 1000n);
      const line = Buffer.from(`${JSON.stringify({ ...operation, atUs })}\n`);
      for (let at = 0; at < line.length; ) at += writeSync(file, line, at);
    },
    close: () => closeSync(file),
  };
}

/** FAULTS_HISTORY_INVALID where a whole line is no operation. */
export function* readHistory(path: string): Generator<Operation> {
  const file = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const decoder = new StringDecoder("utf8");
    let rest = "";
    let number = 0;
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) {
      const lines = (rest + decoder.write(chunk.subarray(0, size))).split("\n");
      rest = lines.pop() as string;
      for (const line of lines) yield parseOperation(line, `${path}:${++number}`);
    }
  } finally {
    closeSync(file);
  }
}

/** The histories of several files as one. */
export function* readHistories(paths: Iterable<string>): Generator<Operation> {
  for (const path of paths) yield* readHistory(path);
}
