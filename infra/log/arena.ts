// The bytes of the rows that go to the writer thread together: one buffer, handed over whole.
//
//   repeated: u32 what (0 put, 1 remove) | u32 length | a sealed row without its CRC, or a key

import { sealedSize, writeHeader } from "./sealed-row.ts";

export const PUT = 0;
export const REMOVE = 1;
const STEP_HEADER = 8;

export class Arena {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  length = 0;

  constructor(buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  private step(what: number, length: number): number {
    const start = this.length;
    const needed = start + STEP_HEADER + length;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(new ArrayBuffer(Math.max(2 * this.bytes.length, needed)));
      grown.set(this.bytes.subarray(0, start));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    this.view.setUint32(start, what, true);
    this.view.setUint32(start + 4, length, true);
    this.length = needed;
    return start + STEP_HEADER;
  }

  /** Makes room for a row; returns where its payload goes. */
  put(key: Uint8Array, payloadLength: number): number {
    const at = this.step(PUT, sealedSize(key.length, payloadLength));
    writeHeader(this.bytes, this.view, at, key, payloadLength);
    return this.length - payloadLength;
  }

  putRow(key: Uint8Array, payload: Uint8Array): void {
    const at = this.put(key, payload.length);
    this.bytes.set(payload, at);
  }

  remove(key: Uint8Array): void {
    const at = this.step(REMOVE, key.length);
    this.bytes.set(key, at);
  }
}

/** Each step of an arena, in order; the bytes are the arena's own. */
export function* stepsOf(arena: Uint8Array): Generator<{ what: number; bytes: Uint8Array }> {
  const view = new DataView(arena.buffer, arena.byteOffset, arena.length);
  for (let at = 0; at < arena.length; ) {
    const length = view.getUint32(at + 4, true);
    const start = at + STEP_HEADER;
    yield { what: view.getUint32(at, true), bytes: arena.subarray(start, start + length) };
    at = start + length;
  }
}
