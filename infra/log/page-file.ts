// Reads the pages of an LMDB file (data version 2, as lmdb 3.5 writes it) without LMDB. Promises: a
// damaged page is an error that names it, never a crash or a wild read; memory use does not grow
// with the file, since nothing is mapped; a reader needs no lock and may run beside the writer.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { TapedeckError } from "../../schemas/errors.ts";

const MAGIC = 0xbeef_c0de;
/** Every log is made with pages of this size. */
export const PAGE_BYTES = 4096;
const DATA_VERSION = 2;
/** Before the contents of every page: number, transaction, flags, bounds. */
export const PAGE_HEADER = 24;
const HEAD_BYTES = PAGE_HEADER + 168;
const NODE_HEADER = 8;
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
/** LMDB's notes to itself while it writes; they carry no meaning on disk. */
const TRANSIENT = 0xe000;
const BIG_DATA = 1;
const BIG_DATA_BYTES = 24;
const CACHED_PAGES = 512;
const SLAB_BYTES = 128 << 10;
/** One file without a folder of its own; free list keyed by integers. */
const FREE_FLAGS = 0x4008;
/** Set when the environment asks lmdb for it; has no meaning without overlapping syncs. */
const SAFE_RESTORE = 0x800;
const MAP_LIMIT = 2 ** 46;

export interface Tree {
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** null: the tree is empty. */
  readonly root: number | null;
}

/** One committed state of the file. */
export interface Snapshot {
  readonly txn: number;
  readonly lastPage: number;
  readonly free: Tree;
  readonly main: Tree;
}

/** Where a value lies: in its leaf page, or in a run of pages of its own. */
export interface ValuePlace {
  readonly size: number;
  /** Byte position in the file. */
  readonly at: number;
  /** First page of the run and how many; null inside a leaf. */
  readonly run: { readonly page: number; readonly pages: number } | null;
}

export const damaged = (
  what: string,
  facts: Readonly<Record<string, string | number>> = {},
): TapedeckError => new TapedeckError("STORE_DAMAGED", what, facts);

/** A 64-bit integer; beyond 2^53 it is only good for being refused. */
const u64 = (view: DataView, at: number): number =>
  view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;

/** A branch or leaf page whose layout has been checked: every node lies inside it, keys ascend. */
export class Page {
  readonly number: number;
  readonly txn: number;
  readonly bytes: Buffer;
  readonly count: number;
  readonly isLeaf: boolean;
  private readonly view: DataView;

  constructor(bytes: Buffer, pgno: number, compare: KeyOrder) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const flags = view.getUint16(18, true) & ~TRANSIENT;
    this.number = pgno;
    this.bytes = bytes;
    this.view = view;
    this.txn = u64(view, 8);
    this.isLeaf = flags === LEAF;
    this.count = view.getUint16(20, true) >> 1;
    const fault =
      u64(view, 0) !== pgno
        ? `calls itself page ${u64(view, 0)}`
        : flags !== LEAF && flags !== BRANCH
          ? `has flags ${flags}`
          : this.layoutFault(compare);
    if (fault !== null) throw damaged(`page ${pgno} ${fault}`, { page: pgno });
  }

  private layoutFault(compare: KeyOrder): string | null {
    const { view, count } = this;
    const lower = view.getUint16(20, true);
    const upper = view.getUint16(22, true);
    const room = this.bytes.length - PAGE_HEADER;
    if ((lower & 1) === 1 || lower > upper || upper > room || count < (this.isLeaf ? 1 : 2)) {
      return `has bounds ${lower} to ${upper}`;
    }
    let used = 0;
    for (let i = 0; i < count; i++) {
      const at = this.nodeAt(i);
      const fits = at >= PAGE_HEADER + upper && at + NODE_HEADER <= this.bytes.length;
      const size = fits ? this.nodeSize(at) : -1;
      if (size < 0 || at + size > this.bytes.length + 1) return `has a bad node ${i}`;
      used += size + (size & 1);
      // The first key of a branch stands for everything smaller and may be empty.
      if (i > (this.isLeaf ? 0 : 1) && compare(this.key(i - 1), this.key(i)) >= 0) {
        return `has keys ${i - 1} and ${i} out of order`;
      }
    }
    return used === room - upper ? null : `has ${room - upper} bytes of nodes, ${used} used`;
  }

  private nodeAt(index: number): number {
    return this.view.getUint16(PAGE_HEADER + 2 * index, true) + PAGE_HEADER;
  }

  /** Bytes of a node; -1 if it cannot be one. */
  private nodeSize(at: number): number {
    const keySize = this.view.getUint16(at + 6, true);
    if (!this.isLeaf) return NODE_HEADER + keySize;
    const flags = this.view.getUint16(at + 4, true);
    if (keySize === 0 || flags > BIG_DATA) return -1;
    const inside = flags === BIG_DATA ? BIG_DATA_BYTES : this.view.getUint32(at, true);
    return NODE_HEADER + keySize + inside;
  }

  key(index: number): Buffer {
    const at = this.nodeAt(index);
    return this.bytes.subarray(
      at + NODE_HEADER,
      at + NODE_HEADER + this.view.getUint16(at + 6, true),
    );
  }

  child(index: number): number {
    const at = this.nodeAt(index);
    return this.view.getUint32(at, true) + this.view.getUint16(at + 4, true) * 2 ** 32;
  }

  value(index: number): ValuePlace {
    const at = this.nodeAt(index);
    const size = this.view.getUint32(at, true);
    const data = at + NODE_HEADER + this.view.getUint16(at + 6, true);
    if (this.view.getUint16(at + 4, true) !== BIG_DATA) {
      return { size, at: this.number * this.bytes.length + data, run: null };
    }
    const page = u64(this.view, data);
    const pages = u64(this.view, data + 16);
    const needed = Math.floor((PAGE_HEADER - 1 + size) / this.bytes.length) + 1;
    // A value that is replaced twice in one transaction may keep more pages than it needs.
    if (!(pages >= needed)) {
      throw damaged(`page ${this.number} gives ${size} bytes ${pages} pages`, {
        page: this.number,
      });
    }
    return { size, at: page * this.bytes.length + PAGE_HEADER, run: { page, pages } };
  }
}

/** Below 0 if `a` sorts before `b`. */
export type KeyOrder = (a: Buffer, b: Buffer) => number;

/** Keys of the main tree: bytes, as memcmp has them. */
export const byBytes: KeyOrder = (a, b) => Buffer.compare(a, b);
/** Keys of the free list: 64-bit transaction numbers in the machine's (little-endian) order. */
export const byNumber: KeyOrder = (a, b) =>
  a.length === 8 && b.length === 8 ? Number(a.readBigUInt64LE() - b.readBigUInt64LE()) : 1;

export class PageFile {
  readonly path: string;
  private readonly fd: number;
  /** Pages of `cachedTxn` alone: later ones may reuse their place. */
  private readonly cache = new Map<number, Page>();
  private cachedTxn = -1;
  /** Small reads share a buffer: making one costs more than the read. */
  private slab = Buffer.allocUnsafeSlow(0);
  private slabUsed = 0;

  constructor(path: string) {
    this.path = path;
    this.fd = openSync(path, "r");
  }

  close(): void {
    closeSync(this.fd);
  }

  get size(): number {
    return fstatSync(this.fd).size;
  }

  /** Bytes from `at` on; STORE_DAMAGED where the file ends before. Cost: one system call. */
  bytes(at: number, length: number, buffer = this.room(length)): Buffer {
    const read = readSync(this.fd, buffer, 0, length, at);
    if (read !== length) {
      throw damaged(`the file ends at byte ${at + read}, inside what it says it holds`, { at });
    }
    return buffer;
  }

  private room(length: number): Buffer {
    if (length > SLAB_BYTES / 4) return Buffer.allocUnsafeSlow(length);
    if (this.slabUsed + length > this.slab.length) {
      this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.slabUsed = 0;
    }
    const start = this.slabUsed;
    this.slabUsed += length;
    return this.slab.subarray(start, this.slabUsed);
  }

  /** The newest committed state. Cost: four system calls. */
  snapshot(): Snapshot {
    if (this.cachedTxn < 0) this.checkVersion();
    for (let attempt = 0; attempt < 100; attempt++) {
      // Read twice: a state that is being written right now could be seen half.
      const states = this.states();
      const again = this.states();
      if (states[0].txn === again[0].txn && states[1].txn === again[1].txn) return newest(states);
    }
    throw damaged("the file's head does not hold still");
  }

  private states(): [Snapshot, Snapshot] {
    return [this.head(0), this.head(1)];
  }

  /** Where both heads state the same other version it is one; where one does it is damage. */
  private checkVersion(): void {
    const [first, second] = [0, PAGE_BYTES].map((at) =>
      this.bytes(at + PAGE_HEADER + 4, 4).readUInt32LE(),
    );
    if (first === DATA_VERSION || first !== second) return;
    throw new TapedeckError("STORE_FORMAT", `the data file is of LMDB's version ${first}`, {
      version: first ?? 0,
      expected: DATA_VERSION,
    });
  }

  private head(slot: 0 | 1): Snapshot {
    return stateOf(this.bytes(slot * PAGE_BYTES, HEAD_BYTES), slot);
  }

  /** Each head page that makes sense on its own, whatever the other says: for repair. */
  heads(): Snapshot[] {
    const heads: Snapshot[] = [];
    for (const slot of [0, 1] as const) {
      try {
        heads.push(this.head(slot));
      } catch (error) {
        if (!(error instanceof TapedeckError)) throw error;
      }
    }
    return heads;
  }

  /** A branch or leaf page as `snapshot` sees it. */
  page(pgno: number, snapshot: Snapshot, order: KeyOrder = byBytes): Page {
    if (snapshot.txn !== this.cachedTxn) {
      this.cache.clear();
      this.cachedTxn = snapshot.txn;
    }
    const cached = this.cache.get(pgno);
    if (cached !== undefined) return cached;
    if (!(pgno >= 2 && pgno <= snapshot.lastPage)) {
      throw damaged(`page ${pgno} is not one of the file's ${snapshot.lastPage + 1}`, {
        page: pgno,
      });
    }
    // A page is kept, so it has memory of its own.
    const own = Buffer.allocUnsafeSlow(PAGE_BYTES);
    const page = new Page(this.bytes(pgno * PAGE_BYTES, PAGE_BYTES, own), pgno, order);
    if (page.txn > snapshot.txn) {
      throw damaged(`page ${pgno} is of transaction ${page.txn}, after ${snapshot.txn}`, {
        page: pgno,
      });
    }
    if (this.cache.size >= CACHED_PAGES) this.cache.clear();
    this.cache.set(pgno, page);
    return page;
  }

  /** Drops what is kept of pages: needed only when one transaction number has two meanings. */
  forget(): void {
    this.cache.clear();
  }

  /** As bytes; null where the file ends before. */
  tryBytes(at: number, length: number): Buffer | null {
    return at >= 0 && at + length <= this.size ? this.bytes(at, length) : null;
  }

  /** As value, without a look at the page's header: null only where the file ends before. */
  rawValue(place: ValuePlace): Uint8Array | null {
    const { at, size } = place;
    return at >= 0 && at + size <= this.size ? this.plain(at, size) : null;
  }

  /** The value's bytes, in memory that nobody writes again. Cost: one system call. */
  value(place: ValuePlace, snapshot: Snapshot): Uint8Array {
    if (place.run === null) return this.small(place, snapshot);
    const { page, pages } = place.run;
    if (page < 2 || page + pages - 1 > snapshot.lastPage) {
      throw damaged(`a value lies in pages ${page} to ${page + pages - 1}`, { page });
    }
    const bytes = this.plain(place.at - PAGE_HEADER, PAGE_HEADER + place.size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, PAGE_HEADER);
    const flags = view.getUint16(18, true) & ~TRANSIENT;
    if (flags !== OVERFLOW || u64(view, 0) !== page || view.getUint32(20, true) !== pages) {
      throw damaged(`page ${page} does not begin a value of ${pages} pages`, { page });
    }
    return bytes.subarray(PAGE_HEADER);
  }

  /** A value inside a leaf: of the page that is held, if it is, and else of the file. */
  private small({ at, size }: ValuePlace, snapshot: Snapshot): Uint8Array {
    const held =
      snapshot.txn === this.cachedTxn ? this.cache.get(Math.floor(at / PAGE_BYTES)) : undefined;
    if (held === undefined) return this.plain(at, size);
    // A copy: what is kept of a small value must not keep its page.
    const room = this.room(size);
    held.bytes.copy(room, 0, at % PAGE_BYTES, (at % PAGE_BYTES) + size);
    return new Uint8Array(room.buffer, room.byteOffset, size);
  }

  /** Never a Buffer: its slice would share what Uint8Array's copies. */
  private plain(at: number, length: number): Uint8Array {
    const { buffer, byteOffset } = this.bytes(at, length);
    return new Uint8Array(buffer, byteOffset, length);
  }
}

function stateOf(page: Buffer, slot: number): Snapshot {
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const meta = PAGE_HEADER;
  const facts = { slot };
  if (view.getUint32(meta, true) !== MAGIC || (view.getUint16(18, true) & 8) === 0) {
    throw damaged(`head page ${slot} is not one of LMDB's`, facts);
  }
  const version = view.getUint32(meta + 4, true);
  if (version !== DATA_VERSION) throw damaged(`head page ${slot} is of version ${version}`, facts);
  const pageSize = view.getUint32(meta + 24, true);
  if (pageSize !== PAGE_BYTES) {
    throw damaged(`head page ${slot} states pages of ${pageSize} bytes`, facts);
  }
  const lastPage = u64(view, meta + 120);
  const mapSize = u64(view, meta + 16);
  // LMDB would act on each of these: a fixed address, other key orders, a map that is too small.
  const odd =
    u64(view, meta + 8) !== 0 ||
    (view.getUint16(meta + 28, true) & ~SAFE_RESTORE) !== FREE_FLAGS ||
    view.getUint16(meta + 76, true) !== 0 ||
    mapSize < (lastPage + 1) * pageSize ||
    mapSize > MAP_LIMIT;
  if (odd) throw damaged(`head page ${slot} states what Tapedeck never asked for`, facts);
  return {
    txn: u64(view, meta + 128),
    lastPage,
    free: treeOf(view, meta + 24),
    main: treeOf(view, meta + 72),
  };
}

function treeOf(view: DataView, at: number): Tree {
  const root = u64(view, at + 40);
  return {
    depth: view.getUint16(at + 6, true),
    branchPages: u64(view, at + 8),
    leafPages: u64(view, at + 16),
    overflowPages: u64(view, at + 24),
    entries: u64(view, at + 32),
    // LMDB writes -1 for "no page".
    root: root > 2 ** 53 ? null : root,
  };
}

/** The two head pages are written in turns: anything else means that one was damaged. */
function newest(states: readonly [Snapshot, Snapshot]): Snapshot {
  const [even, odd] = states;
  const apart = Math.abs(even.txn - odd.txn);
  if (apart > 1 || (even.txn > 0 && even.txn % 2 !== 0) || (odd.txn > 0 && odd.txn % 2 !== 1)) {
    throw damaged(`the file's heads are of transactions ${even.txn} and ${odd.txn}`);
  }
  return even.txn >= odd.txn ? even : odd;
}
