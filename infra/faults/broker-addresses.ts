// The addresses that a broker gives to its clients, in the responses that carry them. Promises: finds
// and replaces them in Metadata (versions 0 to 8) and FindCoordinator (0 to 2), the versions before
// the protocol's compact encoding, and changes nothing else; of later ones it says that it cannot.

import type { ApiName } from "./request-frames.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

interface FoundAddress extends Address {
  /** Bytes of the frame that hold it. */
  readonly start: number;
  readonly end: number;
}

const LAST_VERSION: Partial<Record<ApiName, number>> = { Metadata: 8, FindCoordinator: 2 };

export const carriesAddresses = (api: ApiName | null): boolean =>
  api !== null && LAST_VERSION[api] !== undefined;

/** A whole response frame, its size included; null: a version that is not understood. */
export function findAddresses(
  frame: Buffer,
  api: ApiName,
  version: number,
): readonly FoundAddress[] | null {
  if (version > (LAST_VERSION[api] ?? -1)) return null;
  let at = 8;
  const skipText = (): void => {
    at += 2 + Math.max(0, frame.readInt16BE(at));
  };
  const address = (): FoundAddress => {
    const start = at;
    skipText();
    const host = frame.toString("utf8", start + 2, at);
    const port = frame.readInt32BE(at);
    at += 4;
    return { host, port, start, end: at };
  };
  if (api === "FindCoordinator") {
    if (version >= 1) at += 4;
    const failed = frame.readInt16BE(at) !== 0;
    at += 2;
    if (version >= 1) skipText();
    at += 4;
    return failed ? [] : [address()];
  }
  if (version >= 3) at += 4;
  const found: FoundAddress[] = [];
  const brokers = frame.readInt32BE(at);
  at += 4;
  for (let i = 0; i < brokers; i++) {
    at += 4;
    found.push(address());
    if (version >= 1) skipText();
  }
  return found;
}

/** The frame with other addresses, one for each that was found. */
export function replaceAddresses(
  frame: Buffer,
  found: readonly FoundAddress[],
  by: readonly Address[],
): Buffer {
  const parts: Buffer[] = [];
  let kept = 4;
  for (const [i, { start, end }] of found.entries()) {
    const { host, port } = by[i] as Address;
    const text = Buffer.from(host);
    const replaced = Buffer.alloc(2 + text.length + 4);
    replaced.writeInt16BE(text.length, 0);
    text.copy(replaced, 2);
    replaced.writeInt32BE(port, 2 + text.length);
    parts.push(frame.subarray(kept, start), replaced);
    kept = end;
  }
  const body = Buffer.concat([...parts, frame.subarray(kept)]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length, 0);
  return Buffer.concat([size, body]);
}
