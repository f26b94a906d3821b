// How a failure is told: on stderr for people, on stdout as JSON where --json was asked for. What the
// operating system refuses is no bug of ours.

import { TapedeckError } from "../../schemas/errors.ts";

/** Prints the failure and gives the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  const known = error instanceof TapedeckError ? error : refusal(error);
  const because = known?.code === "PROCESSOR_FAILED" ? causeOf(known) : null;
  if (json) {
    const facts = known === null ? {} : Object.fromEntries(Object.entries(known.facts).map(plain));
    const text = {
      error: {
        code: known?.code ?? "BUG",
        message: known?.message ?? (error instanceof Error ? error.message : String(error)),
        ...(known === null ? {} : { next: known.next, retriable: known.retriable, facts }),
        ...(because === null ? {} : { because: { code: because.code, next: because.next } }),
      },
    };
    process.stdout.write(`${JSON.stringify(text)}\n`);
  } else if (known !== null) {
    const first = because === null ? "" : `  → ${because.next} (${because.code})\n`;
    process.stderr.write(`error ${known.code}: ${known.message}\n${first}  → ${known.next}\n`);
  } else {
    process.stderr.write(
      `error BUG: ${error instanceof Error ? error.message : String(error)}\n  → this is a bug in Tapedeck: run again with TAPEDECK_DEBUG=1 and report what it prints\n`,
    );
  }
  if (process.env.TAPEDECK_DEBUG !== undefined && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
  return known?.exit ?? 1;
}

const READ_ONLY = ["EACCES", "EPERM", "EROFS"];
const FULL = ["ENOSPC", "EDQUOT"];
const UNAVAILABLE = ["ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "EMFILE", "ENFILE", "EIO", "ELOOP"];

/** A system call's failure as an error of the store; null where it is none. */
function refusal(error: unknown): TapedeckError | null {
  if (!(error instanceof Error) || !("syscall" in error)) return null;
  const { code = "", path = "", message } = error as NodeJS.ErrnoException;
  const facts = { path, errno: code };
  if (READ_ONLY.includes(code)) return new TapedeckError("STORE_READ_ONLY", message, facts, error);
  if (FULL.includes(code)) return new TapedeckError("STORE_FULL", message, facts, error);
  const known = UNAVAILABLE.includes(code) || code === "ENAMETOOLONG";
  return known ? new TapedeckError("STORE_UNAVAILABLE", message, facts, error) : null;
}

/** What a processor found wrong says more of what to do than that it failed. */
const causeOf = ({ cause }: TapedeckError): TapedeckError | null =>
  cause instanceof TapedeckError ? cause : null;

const plain = ([name, value]: [string, unknown]): [string, unknown] => [
  name,
  typeof value === "bigint" ? String(value) : value,
];
