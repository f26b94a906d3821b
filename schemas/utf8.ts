// UTF-8 without the platform's TextEncoder, which pure code does not have. Promises: half a surrogate
// pair is refused on the way out, and overlong, cut or out-of-range sequences on the way in.

import { TapedeckError } from "./errors.ts";

/** Bytes that `writeUtf8` needs. */
export function utf8Length(value: string): number {
  let size = 0;
  for (const point of value) {
    const code = point.codePointAt(0) ?? 0;
    size += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return size;
}

/** Writes from `start` on and returns where it ends; the room must be there. */
export function writeUtf8(value: string, bytes: Uint8Array, start: number): number {
  let at = start;
  for (const point of value) {
    const code = point.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) throw invalid("a string holds half a surrogate pair", at);
    if (code < 0x80) {
      bytes[at++] = code;
      continue;
    }
    const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    bytes[at++] = (0xff00 >> (more + 1)) | (code >> (6 * more));
    for (let i = more - 1; i >= 0; i--) bytes[at++] = 0x80 | ((code >> (6 * i)) & 0x3f);
  }
  return at;
}

/** Least code point of a sequence with that many continuation bytes. */
const LEAST = [0, 0x80, 0x800, 0x10000];
const CHUNK = 1024;

/** Reads well-formed UTF-8. Cost and memory: in proportion to `end - start`; ASCII costs least. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  let ascii = start;
  while (ascii < end && (bytes[ascii] as number) <= 0x7f) ascii++;
  const text = readAscii(bytes, start, ascii);
  return ascii === end ? text : text + readPoints(bytes, ascii, end);
}

/** One call for many: a string that is put together of short ones is slower to read ever after. */
function readAscii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let from = start; from < end; from += CHUNK) {
    const units = new Array<number>(Math.min(CHUNK, end - from));
    for (let i = 0; i < units.length; i++) units[i] = bytes[from + i] as number;
    text += String.fromCharCode(...units);
  }
  return text;
}

function readPoints(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let points: number[] = [];
  let at = start;
  while (at < end) {
    const first = bytes[at++] as number;
    let code = first;
    if (first > 0x7f) {
      const more =
        first >= 0xf8 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
      if (more === 0 || at + more > end) throw invalid("bytes are not UTF-8", at - 1);
      code = first & (0x3f >> more);
      for (let i = 0; i < more; i++) {
        const next = bytes[at++] as number;
        if ((next & 0xc0) !== 0x80) throw invalid("bytes are not UTF-8", at - 1);
        code = (code << 6) | (next & 0x3f);
      }
      const surrogate = code >= 0xd800 && code <= 0xdfff;
      if (code < (LEAST[more] as number) || code > 0x10ffff || surrogate) {
        throw invalid("bytes are not UTF-8", at - 1);
      }
    }
    points.push(code);
    if (points.length === CHUNK) {
      text += String.fromCodePoint(...points);
      points = [];
    }
  }
  return text + String.fromCodePoint(...points);
}

const invalid = (message: string, position: number): TapedeckError =>
  new TapedeckError("CODEC_STRING_INVALID", message, { position });
