// Finds every provable row of a damaged file: through its tree where that can be read, and page by
// page where it cannot. Promises: what it offers was sealed for the key it is offered under; while
// the tree can still tell, nothing that was never committed is offered.

import { TapedeckError } from "../../schemas/errors.ts";
import {
  byBytes,
  damaged,
  PAGE_BYTES,
  PAGE_HEADER,
  Page,
  type PageFile,
  type Snapshot,
  type ValuePlace,
} from "./page-file.ts";
import { placeOf, readBatchHead } from "./rows.ts";
import { correctedRow, faultOf, partsOf, statedSize } from "./sealed-row.ts";
import { walk } from "./tree.ts";

/** A row that belongs in the log, and where its bytes are. */
export interface Salvaged {
  readonly key: Buffer;
  readonly place: ValuePlace;
  /** Transaction that wrote the page it was found in. */
  readonly txn: number;
  /** good: as written. corrected: one flipped bit put right. lost: nothing of it is provable. */
  readonly state: "good" | "corrected" | "lost";
  /** Records in it, where it is a batch that is not lost. */
  readonly count: number;
}

export interface Salvage {
  readonly snapshot: Snapshot;
  /** In key order, one a key. */
  readonly rows: readonly Salvaged[];
  /** True where pages of the tree were lost, so that rows may be missing without a trace. */
  readonly treeDamaged: boolean;
}

const EVERY_TXN = Number.MAX_SAFE_INTEGER;

/** The bytes of a row as they are to be written again; null if it is lost. */
export function rowBytes(file: PageFile, row: Salvaged): Uint8Array | null {
  const bytes = file.rawValue(row.place);
  if (bytes === null || row.state === "lost") return null;
  return row.state === "good" ? bytes : correctedRow(bytes);
}

export function salvage(file: PageFile): Salvage {
  const { snapshot, entries, treeDamaged } = bestTree(file);
  const found = new Map<string, Salvaged>();
  for (const { key, place } of entries) {
    const row = judged(file, key, place, snapshot.txn);
    found.set(row.key.toString("latin1"), row);
  }
  if (treeDamaged) {
    for (const row of scanned(file, snapshot)) {
      const id = row.key.toString("latin1");
      const known = found.get(id);
      if (known === undefined || known.state === "lost" || known.txn < row.txn) {
        if (known?.state !== "good" || known.txn < row.txn) found.set(id, row);
      }
    }
  }
  const rows = [...found.values()].sort((a, b) => Buffer.compare(a.key, b.key));
  return { snapshot, rows, treeDamaged };
}

function judged(file: PageFile, key: Buffer, place: ValuePlace, txn: number): Salvaged {
  const bytes = file.rawValue(place);
  if (bytes === null) return { key, place, txn, state: "lost", count: 0 };
  if (faultOf(bytes, key) === null) {
    return { key, place, txn, state: "good", count: countIn(key, bytes) };
  }
  const own = ownKey(bytes);
  if (own !== null && bitsApart(own, key) === 1) {
    // The bit that flipped is one of the tree's key: the row says what it was.
    return { key: own, place, txn, state: "good", count: countIn(own, bytes) };
  }
  const corrected = correctedRow(bytes);
  if (corrected === null || faultOf(corrected, key) !== null) {
    return { key, place, txn, state: "lost", count: 0 };
  }
  return { key, place, txn, state: "corrected", count: countIn(key, corrected) };
}

/** The key that a row was sealed for; null where its seal is broken. */
function ownKey(row: Uint8Array): Buffer | null {
  const parts = faultOf(row, null) === null ? partsOf(row) : null;
  return parts === null ? null : Buffer.from(parts.key);
}

function bitsApart(a: Buffer, b: Buffer): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let bits = 0;
  for (let i = 0; i < a.length; i++) {
    for (let rest = (a[i] as number) ^ (b[i] as number); rest > 0; rest >>= 1) bits += rest & 1;
  }
  return bits;
}

const countIn = (key: Buffer, row: Uint8Array): number =>
  placeOf(key) === null ? 0 : readBatchHead(row).count;

interface ReadTree {
  readonly snapshot: Snapshot;
  readonly entries: { readonly key: Buffer; readonly place: ValuePlace }[];
  readonly treeDamaged: boolean;
}

/** Reads the tree of each head page that makes sense; keeps the soundest, then the newest. */
function bestTree(file: PageFile): ReadTree {
  let best: (ReadTree & { faults: number; newest: number }) | null = null;
  const lastPage = Math.max(2, Math.floor(file.size / PAGE_BYTES) - 1);
  for (const head of file.heads()) {
    // The head's own transaction number may be what is damaged: its pages tell.
    const snapshot = { ...head, txn: EVERY_TXN, lastPage };
    const entries: { key: Buffer; place: ValuePlace }[] = [];
    let faults = 0;
    file.forget();
    const whole = walk(file, snapshot, {
      entry: (key, place) => entries.push({ key: Buffer.from(key), place }),
      fault: () => faults++,
    });
    const newest = newestPage(file, snapshot);
    const better =
      best === null || faults < best.faults || (faults === best.faults && newest > best.newest);
    if (better) {
      const txn = newest > 0 ? newest : head.txn;
      const tree = { snapshot: { ...snapshot, txn }, entries, treeDamaged: !whole };
      best = { ...tree, faults, newest };
    }
  }
  if (best !== null) return best;
  const nothing = {
    depth: 0,
    branchPages: 0,
    leafPages: 0,
    overflowPages: 0,
    entries: 0,
    root: null,
  };
  const snapshot = { txn: EVERY_TXN, lastPage, free: nothing, main: nothing };
  return { snapshot, entries: [], treeDamaged: true };
}

/** A commit rewrites the root of the tree: its page's transaction is the state's. */
function newestPage(file: PageFile, snapshot: Snapshot): number {
  try {
    return snapshot.main.root === null ? 0 : file.page(snapshot.main.root, snapshot).txn;
  } catch (error) {
    if (error instanceof TapedeckError) return 0;
    throw error;
  }
}

/** Sealed rows in any page of the file, whether or not the tree still leads there. */
function* scanned(file: PageFile, snapshot: Snapshot): Generator<Salvaged> {
  for (let pgno = 2; pgno <= snapshot.lastPage; pgno++) {
    const bytes = file.tryBytes(pgno * PAGE_BYTES, PAGE_BYTES);
    if (bytes === null) return;
    const head = { flags: bytes.readUInt16LE(18), txn: Number(bytes.readBigUInt64LE(8)) };
    if (head.txn > snapshot.txn) continue;
    const places = (head.flags & 2) !== 0 ? leafPlaces(bytes, pgno) : valuePlace(bytes, pgno);
    for (const place of places) {
      const row = file.rawValue(place);
      const key = row === null ? null : ownKey(row);
      if (row === null || key === null) continue;
      yield { key, place, txn: head.txn, state: "good", count: countIn(key, row) };
    }
  }
}

function leafPlaces(bytes: Buffer, pgno: number): ValuePlace[] {
  try {
    const page = new Page(bytes, pgno, byBytes);
    if (!page.isLeaf) throw damaged(`page ${pgno} is no leaf`);
    return Array.from({ length: page.count }, (_, i) => page.value(i)).filter(
      ({ run }) => run === null,
    );
  } catch (error) {
    if (error instanceof TapedeckError) return sealedPlaces(bytes, pgno);
    throw error;
  }
}

/** Rows of a leaf whose own order is damaged: each says where it begins and how long it is. */
function sealedPlaces(bytes: Buffer, pgno: number): ValuePlace[] {
  const places: ValuePlace[] = [];
  // Before the nodes lies free room, where rows of earlier commits may be left.
  const nodes = PAGE_HEADER + bytes.readUInt16LE(22);
  for (let start = nodes < PAGE_BYTES ? nodes : PAGE_HEADER; start < PAGE_BYTES; start++) {
    const stated = statedSize(bytes.subarray(start));
    if (stated === null || start + stated.total > PAGE_BYTES) continue;
    places.push({ size: stated.total, at: pgno * PAGE_BYTES + start, run: null });
  }
  return places;
}

/** Where a value of its own pages begins: it says how long it is. */
function valuePlace(bytes: Buffer, pgno: number): ValuePlace[] {
  const stated = statedSize(bytes.subarray(PAGE_HEADER));
  if (stated === null) return [];
  const pages = Math.floor((PAGE_HEADER - 1 + stated.total) / PAGE_BYTES) + 1;
  const at = pgno * PAGE_BYTES + PAGE_HEADER;
  return [{ size: stated.total, at, run: { page: pgno, pages } }];
}
