// The thread that writes: the only place that runs LMDB. Promises: a group is on disk, synced, when
// "done" is said; after a failure nothing is written until told to resume; one process at a time
// owns the log, and the claim is made inside a transaction, so two cannot both succeed.
// Syncs happen here so that they never stop the thread that decides.

import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { open, type RootDatabase } from "lmdb";
import { TapedeckError } from "../../schemas/errors.ts";
import { REMOVE, stepsOf } from "./arena.ts";
import { writeSums } from "./block-sums.ts";
import { openFailure, syncFolder } from "./folder.ts";
import { decodeOwner, isAlive, ownerKey, thisProcess } from "./owner.ts";
import { PAGE_BYTES } from "./page-file.ts";
import { ROW } from "./rows.ts";
import { keyOf, partsOf, SEAL_BYTES, seal, sealedRow } from "./sealed-row.ts";
import type { FromWriter, ToWriter } from "./writer-messages.ts";

/** Room that a transaction needs beyond its rows: the pages of the tree that it copies. */
const SPARE_BYTES = 1 << 20;
/**
 * LMDB maps the whole file, and each page of the tree that it touches brings its neighbours into
 * this process's memory: after so many bytes the map is made anew, empty.
 */
const REMAP_BYTES = 32 << 20;
const FULL = new Set([28 /* ENOSPC */, 122 /* EDQUOT */, 27 /* EFBIG */]);
const EIO = 5;
/**
 * The last process to close a log destroys LMDB's locks before it lets go of the lock file: one that
 * opens in between waits for the file, and finds locks that cannot be taken.
 */
const EINVAL = 22;

type Database = RootDatabase<Uint8Array, Uint8Array>;

const { path } = workerData as { path: string };
const say = (message: FromWriter, transfer: ArrayBuffer[] = []) =>
  parentPort?.postMessage(message, transfer);

const openDatabase = (): Database =>
  open<Uint8Array, Uint8Array>({
    path,
    noSubdir: true,
    encoding: "binary",
    keyEncoding: "binary",
    pageSize: PAGE_BYTES,
    maxDbs: 1,
    // A commit returns when it is synced: nothing is acknowledged before.
    overlappingSync: false,
  });

function openClaimed(): Database {
  const database = openDatabase();
  claim(database);
  for (const folder of [dirname(path), dirname(dirname(path))]) syncFolder(folder);
  return database;
}

function claim(database: Database): void {
  const me = thisProcess();
  database.transactionSync(() => {
    const row = database.getBinary(ownerKey);
    const parts = row === undefined ? null : partsOf(row);
    const owner = parts === null ? null : decodeOwner(parts.payload);
    // This process: an earlier log that could not say goodbye; opening.ts keeps two apart.
    if (owner !== null && owner.pid !== me.pid && isAlive(owner)) {
      throw new TapedeckError("STORE_LOCKED", `process ${owner.pid} writes this log`, {
        pid: owner.pid,
        host: owner.host,
      });
    }
    put(database, ownerKey, sealedRow(ownerKey, Buffer.from(JSON.stringify(me))));
  });
}

function put(database: Database, key: Uint8Array, row: Uint8Array): void {
  // It answers whether it did, whatever its type says.
  const answer: unknown = database.putSync(key, row);
  if (answer !== true) throw new Error("LMDB refused a row");
}

function hasRoom(bytes: number): boolean {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize > bytes + SPARE_BYTES;
}

function write(database: Database, arena: Uint8Array): void {
  const steps = [...stepsOf(arena)];
  for (const { what, bytes } of steps) {
    if (what === REMOVE) continue;
    if (bytes[SEAL_BYTES] === ROW.batch) writeSums(bytes);
    seal(bytes);
  }
  database.transactionSync(() => {
    for (const { what, bytes } of steps) {
      if (what === REMOVE) database.removeSync(bytes);
      else put(database, keyOf(bytes), bytes);
    }
  });
}

function failure(error: unknown, bytes: number): FromWriter {
  const { code, message } = error as { code?: unknown; message: string };
  // LMDB reports a write that the disk cut short as EIO: only the disk can tell the two apart.
  const full = FULL.has(code as number) || (code === EIO && !hasRoom(bytes));
  return { kind: "failed", full, message };
}

function serve(claimed: Database): void {
  let database = claimed;
  let broken = false;
  let written = 0;
  parentPort?.on("message", (message: ToWriter) => {
    if (message.kind === "resume") broken = false;
    else if (message.kind === "close") {
      try {
        if (!broken) database.transactionSync(() => database.removeSync(ownerKey));
        database.close();
      } catch {
        // A claim that stays behind is that of a dead process: the next writer sees that.
      }
      say({ kind: "closed" });
      parentPort?.close();
    } else if (broken) {
      say({ kind: "failed", full: false, message: "an earlier write failed" });
    } else {
      const { buffer, length } = message;
      try {
        if (!hasRoom(length)) throw Object.assign(new Error("no space left"), { code: 28 });
        if (written > REMAP_BYTES) {
          // Nothing is under way, so this closes at once.
          database.close();
          database = openDatabase();
          written = 0;
        }
        write(database, new Uint8Array(buffer, 0, length));
        written += length;
        say({ kind: "done", buffer }, [buffer]);
      } catch (error) {
        broken = true;
        say(failure(error, length));
      }
    }
  });
  say({ kind: "ready" });
}

try {
  serve(openClaimed());
} catch (error) {
  const { code, message } =
    error instanceof TapedeckError ? error : openFailure(dirname(path), error);
  const crossed = (error as { code?: unknown } | null)?.code === EINVAL;
  say({ kind: "refused", code, message, crossed });
  parentPort?.close();
}
