// Connections of one owner, by broker and purpose. Promises: a broker works on one request of a
// connection at a time, so what must not wait for each other has lanes of its own; a broken
// connection is replaced on the next use; two callers never open the same one twice.

import { LinkFailure } from "./failures.ts";
import { type Address, type KafkaSettings, Link, textOf } from "./link.ts";

export class Links {
  private readonly settings: KafkaSettings;
  private readonly links = new Map<string, Promise<Link>>();
  private readonly taken = new Set<string>();
  private closed = false;

  constructor(settings: KafkaSettings) {
    this.settings = settings;
  }

  /** The connection of a lane, opened where there is none. */
  async get(address: Address, lane: string): Promise<Link> {
    const key = `${textOf(address)} ${lane}`;
    const before = this.links.get(key);
    if (before !== undefined) {
      const link = await before;
      if (link.open) return link;
      if (this.links.get(key) === before) this.links.delete(key);
    }
    const opened = this.links.get(key) ?? this.begin(key, address);
    return opened;
  }

  /** Runs `work` on a connection that nobody else uses meanwhile. */
  async use<T>(address: Address, work: (link: Link) => Promise<T>): Promise<T> {
    let lane = 0;
    while (this.taken.has(`${textOf(address)} ${lane}`)) lane++;
    const key = `${textOf(address)} ${lane}`;
    this.taken.add(key);
    try {
      return await work(await this.get(address, String(lane)));
    } finally {
      this.taken.delete(key);
    }
  }

  /** Cuts all of them; nothing can be opened afterwards. */
  close(reason = "closed by us"): void {
    this.closed = true;
    for (const [key, opening] of this.links) {
      opening.then(
        (link) => link.cut(new LinkFailure("closed", key, reason)),
        () => undefined,
      );
    }
    this.links.clear();
  }

  private begin(key: string, address: Address): Promise<Link> {
    if (this.closed) {
      throw new LinkFailure("closed", textOf(address), "the connection was closed by us");
    }
    const opened = Link.open(address, this.settings);
    this.links.set(key, opened);
    opened.catch(() => {
      if (this.links.get(key) === opened) this.links.delete(key);
    });
    return opened;
  }
}
