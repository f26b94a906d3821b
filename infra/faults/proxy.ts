// A TCP proxy between Kafka clients and brokers that breaks things on purpose. Promises: clients need
// nothing but its addresses (it puts itself into what brokers say of theirs, and listens for each of
// them); what no rule names passes as it came, in order, with the senders slowed to the receivers, and
// large requests are never held whole (a "duplicate" or "late" one is, as it must be); every fault is
// logged. Without TLS: of encrypted connections only `pause` and `cutAll` apply. Bytes that a client
// has sent arrive even if it dies meanwhile, as on a network.

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "./broker-addresses.ts";
import { type Direction, type FaultAction, type FaultRule, FaultRules } from "./fault-rules.ts";
import { Gate, HOST, type LinkOwner, type Noted, ProxiedLink, type Route } from "./proxied-link.ts";
import type { RequestHeader } from "./request-frames.ts";

export interface FaultProxyOptions {
  /** `host:port` of at least one broker; others are found in what it says. */
  readonly brokers: readonly string[];
  readonly rules?: readonly FaultRule[];
  /** A safe integer: what probabilities are drawn from. */
  readonly seed?: number;
}

/** What the proxy did to a request: which one, and by which rule (its index; -1: none). */
export interface ProxyEntry extends Noted {
  /** Milliseconds since the proxy started. */
  readonly atMs: number;
  /** The action's kind; or what came back to a duplicate or late request. */
  readonly what: FaultAction["kind"] | "answered" | "unanswered" | "not understood";
}

export interface FaultProxy {
  /** For clients, instead of the brokers' own. */
  readonly brokers: readonly string[];
  readonly log: readonly ProxyEntry[];
  /** Requests that came, by API name. */
  readonly requests: ReadonlyMap<string, number>;
  /** Other rules from now on; counts begin anew. */
  setRules(rules: readonly FaultRule[]): void;
  /** Nothing passes in this direction, between this broker (absent: any) and anybody, until `resume`. */
  pause(direction: Direction, broker?: string): void;
  resume(): void;
  /** Cuts every open connection. */
  cutAll(): void;
  close(): Promise<void>;
}

/** How long the broker may take to answer a request whose answer nobody waits for. */
const ANSWER_MS = 10_000;

/** Listens on ports of its own on 127.0.0.1. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new Proxying(options.rules ?? [], options.seed ?? 0);
  for (const broker of options.brokers) {
    const colon = broker.lastIndexOf(":");
    const target = { host: broker.slice(0, colon), port: Number(broker.slice(colon + 1)) };
    proxy.brokers.push(`${HOST}:${(await proxy.route(target)).port}`);
  }
  return proxy;
}

class Proxying implements FaultProxy, LinkOwner {
  readonly brokers: string[] = [];
  readonly log: ProxyEntry[] = [];
  readonly requests = new Map<string, number>();
  rules: FaultRules;
  private readonly seed: number;
  private readonly stop = new AbortController();
  private readonly listening = new Map<string, Promise<Route>>();
  private readonly routes: Route[] = [];
  private readonly links = new Set<ProxiedLink>();
  private readonly errands = new Set<Socket>();
  private readonly startedMs = performance.now();
  private connections = 0;

  constructor(rules: readonly FaultRule[], seed: number) {
    this.seed = seed;
    this.rules = new FaultRules(rules, seed);
  }

  get closing(): AbortSignal {
    return this.stop.signal;
  }

  setRules(rules: readonly FaultRule[]): void {
    this.rules = new FaultRules(rules, this.seed);
  }

  /** Listens for a broker; once for each address. */
  route(target: Address): Promise<Route> {
    const name = `${target.host}:${target.port}`;
    let route = this.listening.get(name);
    if (route === undefined) {
      route = this.listen(target, name);
      this.listening.set(name, route);
    }
    return route;
  }

  private async listen(target: Address, name: string): Promise<Route> {
    const gates = { requests: new Gate(), responses: new Gate() };
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, HOST, resolve);
    });
    const { port } = server.address() as AddressInfo;
    const route: Route = { target, name, server, gates, port };
    server.on("connection", (client) => {
      const link = new ProxiedLink(this, route, client, ++this.connections);
      this.links.add(link);
      link.run().finally(() => this.links.delete(link));
      if (this.closing.aborted) link.cut();
    });
    this.routes.push(route);
    return route;
  }

  count({ api, apiKey }: RequestHeader): void {
    const name = api ?? `api ${apiKey}`;
    this.requests.set(name, (this.requests.get(name) ?? 0) + 1);
  }

  note(place: Noted, what: ProxyEntry["what"]): void {
    this.log.push({ atMs: performance.now() - this.startedMs, what, ...place });
  }

  async deliver(place: Noted, target: Address, bytes: Buffer, afterMs: number): Promise<void> {
    await sleep(afterMs, undefined, { signal: this.closing }).catch(() => {});
    if (this.closing.aborted) return;
    const socket = connect({ ...target, noDelay: true });
    this.errands.add(socket);
    const answered = await new Promise<boolean>((resolve) => {
      socket.setTimeout(ANSWER_MS, () => resolve(false));
      socket.once("data", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("close", () => resolve(false));
      socket.write(bytes);
    });
    socket.destroy();
    this.errands.delete(socket);
    this.note(place, answered ? "answered" : "unanswered");
  }

  pause(direction: Direction, broker?: string): void {
    for (const { name, gates } of this.routes) {
      if (broker === undefined || broker === name) gates[direction].pause();
    }
  }

  resume(): void {
    for (const { gates } of this.routes) {
      gates.requests.resume();
      gates.responses.resume();
    }
  }

  cutAll(): void {
    for (const link of this.links) link.cut();
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.resume();
    for (const socket of this.errands) socket.destroy();
    const closed = this.routes.map(({ server }) => new Promise((done) => server.close(done)));
    this.cutAll();
    await Promise.all(closed);
  }
}
