// What a batch's compression hides. Promises: never more memory than a limit, whatever the packed
// bytes claim; never a throw: records that cannot be had are a defect with its reason.

import zlib from "node:zlib";

export interface Defect {
  readonly code: "WIRE_COMPRESSION_UNSUPPORTED" | "WIRE_COMPRESSION_DAMAGED" | "WIRE_BATCH_BOMB";
  readonly detail: string;
}

export interface Unpacked {
  readonly records: Uint8Array;
  readonly defect: Defect | null;
}

/** The most that one batch may unpack to: 64 times the broker's default limit of a packed one. */
export const UNPACKED_MAX_BYTES = 64 * 1024 * 1024;

/** By the number in a batch's attributes. */
const NAMES = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
const GZIP = 1;
const ZSTD = 4;

type Decompress = (packed: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

// Node has zstd from 22.15 on.
const decompressors = new Map<number, Decompress>([[GZIP, zlib.gunzipSync]]);
if (typeof zlib.zstdDecompressSync === "function") {
  decompressors.set(ZSTD, zlib.zstdDecompressSync);
}

/** The records of a batch, shared with `packed` where nothing was compressed. */
export function unpack(packed: Uint8Array, compression: number): Unpacked {
  if (compression === 0) return { records: packed, defect: null };
  const name = NAMES[compression] ?? `number ${compression}`;
  const decompress = decompressors.get(compression);
  if (decompress === undefined) {
    const detail = `compression ${name} is not read here: use none, gzip or zstd`;
    return { records: packed, defect: { code: "WIRE_COMPRESSION_UNSUPPORTED", detail } };
  }
  try {
    return { records: decompress(packed, { maxOutputLength: UNPACKED_MAX_BYTES }), defect: null };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const bomb = code === "ERR_BUFFER_TOO_LARGE";
    const detail = bomb
      ? `${packed.length} bytes of ${name} unpack to more than ${UNPACKED_MAX_BYTES}`
      : `${name}: ${message}`;
    return {
      records: packed,
      defect: { code: bomb ? "WIRE_BATCH_BOMB" : "WIRE_COMPRESSION_DAMAGED", detail },
    };
  }
}
