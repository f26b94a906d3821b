// A file as a stream of bytes, unpacked when it is gzip'd. Promises: gzip is known by its magic
// bytes, not its name; memory stays flat whatever the file holds; a file that is cut short,
// damaged, of another format or a decompression bomb is refused by name.

import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { fileError } from "./import-error.ts";

const CHUNK_BYTES = 256 * 1024;
/** Deflate reaches 1030:1 on constant bytes; market data stays under 30:1. */
const BOMB_RATIO = 250;
const BOMB_MIN_BYTES = 64 * 1024 * 1024;

export type FileFormat = "csv" | "gzip" | "parquet";

const foreign: readonly (readonly [string, string])[] = [
  ["504b0304", "a zip archive or spreadsheet: unpack it, or save it as CSV"],
  ["28b52ffd", "zstd: unpack it first"],
  ["425a68", "bzip2: unpack it first"],
  ["fd377a585a00", "xz: unpack it first"],
  ["377abcaf271c", "7z: unpack it first"],
  ["25504446", "a PDF"],
  ["d0cf11e0", "an old Office document: save it as CSV"],
  ["4f524331", "ORC"],
  ["4f626a01", "Avro"],
  ["89504e47", "a PNG image"],
];

/** Size and format by the first bytes. */
export async function identifyFile(file: string): Promise<{ format: FileFormat; bytes: number }> {
  const head = Buffer.alloc(16);
  let bytes: number;
  let read: number;
  try {
    const facts = await stat(file);
    if (!facts.isFile()) throw fileError("IMPORT_FILE_UNREADABLE", file, "is not a regular file");
    bytes = facts.size;
    const handle = await open(file, "r");
    try {
      read = (await handle.read(head, 0, head.length, 0)).bytesRead;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  if (read === 0) throw fileError("IMPORT_FILE_EMPTY", file, "is empty");
  const hex = head.subarray(0, read).toString("hex");
  if (hex.startsWith("1f8b")) return { format: "gzip", bytes };
  if (hex.startsWith("50415231")) return { format: "parquet", bytes };
  for (const [magic, what] of foreign) {
    if (hex.startsWith(magic)) throw fileError("IMPORT_FILE_BINARY", file, `is ${what}`);
  }
  if (hex.startsWith("fffe") || hex.startsWith("feff")) {
    throw fileError("IMPORT_FILE_ENCODING", file, "is UTF-16, which is not read");
  }
  return { format: "csv", bytes };
}

/** The bytes, unpacked; `onRead` hears how many bytes of the file itself each chunk took. */
export async function* fileBytes(
  file: string,
  format: FileFormat,
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  if (format === "csv") {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        onRead(chunk.length);
        yield chunk;
      }
    } catch (error) {
      throw unreadable(file, error);
    }
    return;
  }
  let packed = 0;
  source.on("data", (chunk) => {
    packed += chunk.length;
    onRead(chunk.length);
  });
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  let failure: unknown;
  source.on("error", (error) => {
    failure = error;
    unpacked.destroy(error);
  });
  source.pipe(unpacked);
  let total = 0;
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      total += chunk.length;
      if (total > BOMB_MIN_BYTES && total > packed * BOMB_RATIO) {
        throw fileError(
          "IMPORT_GZIP_BOMB",
          file,
          `unpacks to more than ${BOMB_RATIO} times its size (${total} bytes so far)`,
          { packed, unpacked: total },
        );
      }
      yield chunk;
    }
  } catch (error) {
    throw failure === undefined ? damaged(file, total, error) : unreadable(file, failure);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

function unreadable(file: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const what: Record<string, string> = {
    ENOENT: "there is no such file",
    EACCES: "may not be read",
    EISDIR: "is a folder",
  };
  const said = what[error.code] ?? error.message;
  return fileError("IMPORT_FILE_UNREADABLE", file, said, { errno: error.code }, error);
}

/** zlib's errors by kind; anything else (our own errors) passes. */
function damaged(file: string, total: number, error: unknown): unknown {
  if (!isSystemError(error) || !error.code.startsWith("Z_")) return error;
  return error.code === "Z_BUF_ERROR"
    ? fileError("IMPORT_GZIP_TRUNCATED", file, `gzip data ends too soon, after ${total} bytes`)
    : fileError("IMPORT_GZIP_DAMAGED", file, `gzip data is damaged: ${error.message}`, {
        unpacked: total,
      });
}

const isSystemError = (error: unknown): error is Error & { code: string } =>
  error instanceof Error &&
  error.name !== "TapedeckError" &&
  "code" in error &&
  typeof error.code === "string";
