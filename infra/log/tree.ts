// Looks keys up in the pages of page-file.ts, and checks the whole of a file's structure. Promises:
// a walk ends, whatever the bytes say: no page is visited twice.

import { TapedeckError } from "../../schemas/errors.ts";
import {
  byBytes,
  byNumber,
  damaged,
  type KeyOrder,
  PAGE_BYTES,
  type Page,
  type PageFile,
  type Snapshot,
  type Tree,
  type ValuePlace,
} from "./page-file.ts";

interface Step {
  readonly page: Page;
  index: number;
}

/** A place between the entries of the main tree; moves one entry at a time. */
export class TreeCursor {
  private readonly file: PageFile;
  readonly snapshot: Snapshot;
  private path: Step[] = [];

  constructor(file: PageFile, snapshot: Snapshot) {
    this.file = file;
    this.snapshot = snapshot;
  }

  /** Goes to the greatest key at or below `key`; false if there is none. Cost: the tree's depth. */
  seek(key: Buffer): boolean {
    this.path = [];
    const { root, depth } = this.snapshot.main;
    if (root === null) return false;
    let pgno = root;
    for (let level = 1; ; level++) {
      const page = this.file.page(pgno, this.snapshot);
      const index = lastAtOrBelow(page, key);
      this.path.push({ page, index });
      if (page.isLeaf !== (level === depth)) throw damaged("the tree's depth is not as stated");
      if (page.isLeaf) return index >= 0 || this.move(-1);
      pgno = page.child(index);
    }
  }

  /** Goes to the smallest key at or above `key`; false if there is none. */
  seekFrom(key: Buffer): boolean {
    if (!this.seek(key)) {
      if (this.snapshot.main.root === null) return false;
      // Every key is above: start over at the first.
      this.path = [];
      this.descend(this.snapshot.main.root, 0, 1);
      return true;
    }
    return Buffer.compare(this.key, key) === 0 || this.move(1);
  }

  /** To the next entry (1) or the one before (-1); false if there is none. */
  move(by: 1 | -1): boolean {
    for (let level = this.path.length - 1; level >= 0; level--) {
      const step = this.path[level] as Step;
      const index = step.index + by;
      if (index < 0 || index >= step.page.count) continue;
      step.index = index;
      this.path.length = level + 1;
      if (!step.page.isLeaf) this.descend(step.page.child(index), by === 1 ? 0 : -1, level + 2);
      return true;
    }
    return false;
  }

  /** From the page at `level` (1 is the root) down to a leaf, along the first or last entries. */
  private descend(from: number, edge: 0 | -1, from_level: number): void {
    let pgno = from;
    for (let level = from_level; ; level++) {
      const page = this.file.page(pgno, this.snapshot);
      const index = edge === 0 ? 0 : page.count - 1;
      this.path.push({ page, index });
      if (page.isLeaf !== (level === this.snapshot.main.depth)) {
        throw damaged("the tree's depth is not as stated");
      }
      if (page.isLeaf) return;
      pgno = page.child(index);
    }
  }

  private get leaf(): Step {
    return this.path[this.path.length - 1] as Step;
  }

  get key(): Buffer {
    return this.leaf.page.key(this.leaf.index);
  }

  get place(): ValuePlace {
    return this.leaf.page.value(this.leaf.index);
  }
}

/** In a branch the first key stands for everything smaller: 0 at least there, -1 in a leaf. */
function lastAtOrBelow(page: Page, key: Buffer): number {
  let low = page.isLeaf ? 0 : 1;
  let high = page.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(page.key(middle), key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export interface Walk {
  /** Every entry of the main tree, in order, as far as its pages can be read. */
  readonly entry: (key: Buffer, place: ValuePlace) => void;
  /** What is wrong, in words; the walk goes on with the rest. */
  readonly fault: (what: string) => void;
}

/**
 * Visits every page that the snapshot reaches. Reports pages that cannot be read, are reached
 * twice or are listed as free while in use, and counts that differ from what the head states.
 * Answers whether the log's own tree is whole. Cost: reads the trees, not the values that lie in
 * pages of their own.
 */
export function walk(file: PageFile, snapshot: Snapshot, to: Walk): boolean {
  const pages = Math.min(snapshot.lastPage + 1, Math.ceil(file.size / PAGE_BYTES));
  const taken = new Uint8Array(pages);
  const take = (from: number, count: number, use: string): boolean => {
    for (let page = from; page < from + count; page++) {
      if (page < 2 || page >= pages) {
        to.fault(`${use} lies in page ${page}, outside the file`);
        return false;
      }
      if (taken[page] === 1) {
        to.fault(`page ${page} is used twice, once as ${use}`);
        return false;
      }
      taken[page] = 1;
    }
    return true;
  };
  const free: [number, ValuePlace][] = [];
  const whole = walkTree(file, snapshot, snapshot.main, "the log", byBytes, take, to);
  walkTree(file, snapshot, snapshot.free, "the free list", byNumber, take, {
    fault: to.fault,
    entry: (key, place) => free.push([Number(key.readBigUInt64LE()), place]),
  });
  for (const [txn, place] of free) {
    guard(to, () => {
      if (txn > snapshot.txn) throw damaged(`the free list is of transaction ${txn}`);
      for (const [page, count] of freeRuns(file.value(place, snapshot))) {
        take(page, count, "a free page");
      }
    });
  }
  return whole;
}

function walkTree(
  file: PageFile,
  snapshot: Snapshot,
  tree: Tree,
  name: string,
  order: KeyOrder,
  take: (from: number, count: number, use: string) => boolean,
  to: Walk,
): boolean {
  const seen = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
  let whole = true;
  let last: Buffer | null = null;
  const visit = (pgno: number, level: number): void => {
    const sound = guard(to, () => {
      if (!take(pgno, 1, `a page of ${name}`)) throw damaged(`page ${pgno} is left out`);
      const page = file.page(pgno, snapshot, order);
      if (page.isLeaf !== (level === tree.depth)) throw damaged(`page ${pgno} is at a wrong depth`);
      if (!page.isLeaf) {
        seen.branchPages++;
        for (let i = 0; i < page.count; i++) visit(page.child(i), level + 1);
        return;
      }
      seen.leafPages++;
      for (let i = 0; i < page.count; i++) {
        const key = page.key(i);
        if (last !== null && order(last, key) >= 0) throw damaged(`page ${pgno} is out of order`);
        last = key;
        seen.entries++;
        const place = page.value(i);
        if (place.run !== null) {
          seen.overflowPages += place.run.pages;
          if (!take(place.run.page, place.run.pages, `a value of ${name}`)) whole = false;
        }
        to.entry(key, place);
      }
    });
    if (!sound) whole = false;
  };
  if (tree.root !== null) visit(tree.root, 1);
  for (const what of ["branchPages", "leafPages", "overflowPages", "entries"] as const) {
    if (whole && seen[what] !== tree[what]) {
      to.fault(`${name} has ${seen[what]} ${what}, its head states ${tree[what]}`);
      return false;
    }
  }
  return whole;
}

function guard(to: Walk, body: () => void): boolean {
  try {
    body();
    return true;
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    to.fault(error.message);
    return false;
  }
}

/** A list of free pages: a count, then page numbers; one below 0 says how long the next run is. */
function* freeRuns(bytes: Uint8Array): Generator<[page: number, count: number]> {
  const list = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = Math.floor(list.length / 8) - 1;
  const stated = list.length >= 8 ? list.readBigUInt64LE() : -1n;
  if (stated < 0n || stated > BigInt(entries)) throw damaged(`a free list of ${stated} entries`);
  for (let i = 1; i <= Number(stated); i++) {
    const entry = list.readBigInt64LE(8 * i);
    if (entry > 0n) yield [Number(entry), 1];
    else if (entry < 0n && i < Number(stated)) {
      const page = list.readBigInt64LE(8 * ++i);
      if (page > 0n) yield [Number(page), Number(-entry)];
    }
  }
}
