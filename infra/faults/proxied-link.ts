// One client's connection through the proxy, and its own connection to the broker. Promises: as
// proxy.ts says; the two directions wait for one another nowhere but where a fault says so.

import { connect, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Address,
  carriesAddresses,
  findAddresses,
  replaceAddresses,
} from "./broker-addresses.ts";
import type { Decision, Direction, FaultAction, FaultRules } from "./fault-rules.ts";
import {
  FrameSplitter,
  type Piece,
  type RequestHeader,
  type ResponseHeader,
  readRequestHeader,
  readResponseHeader,
} from "./request-frames.ts";

/** What a connection needs of the proxy. */
export interface LinkOwner {
  readonly rules: FaultRules;
  readonly closing: AbortSignal;
  route(target: Address): Promise<Route>;
  count(request: RequestHeader): void;
  note(place: Noted, what: FaultAction["kind"] | "not understood"): void;
  /** Brings a request to the broker later, on a connection of its own, and drops what comes back. */
  deliver(place: Noted, target: Address, bytes: Buffer, afterMs: number): Promise<void>;
}

/** Of which request an entry of the log tells. */
export interface Noted {
  readonly broker: string;
  readonly connection: number;
  readonly request: RequestHeader;
  readonly requestBytes: number;
  readonly rule: number;
  readonly nth: number;
}

export interface Route {
  readonly target: Address;
  readonly name: string;
  readonly server: Server;
  readonly port: number;
  readonly gates: Readonly<Record<Direction, Gate>>;
}

/** Where the proxy listens. */
export const HOST = "127.0.0.1";
const TRICKLE_MS = 20;

/** Thrown to leave a pump: the connection is cut. */
class CutError extends Error {}

/** Open, or closed until somebody opens it. */
export class Gate {
  private closed: Promise<void> | null = null;
  private open: () => void = () => {};

  pause(): void {
    this.closed ??= new Promise((resolve) => {
      this.open = resolve;
    });
  }

  resume(): void {
    this.closed = null;
    this.open();
  }

  /** Waits on while it is closed again. */
  async passed(): Promise<void> {
    while (this.closed !== null) await this.closed;
  }
}

/** A request under way. */
interface Met {
  readonly header: RequestHeader;
  readonly decision: Decision | null;
  /** Bytes that came so far, the piece at hand left out. */
  passed: number;
  /** Those bytes, where they are needed once more. */
  readonly held: Buffer[];
}

/** One client's connection and its own connection to the broker. */
export class ProxiedLink {
  private readonly owner: LinkOwner;
  private readonly route: Route;
  private readonly client: Socket;
  private readonly broker: Socket;
  private readonly id: number;
  /** Requests whose response is not simply passed on, by correlation id. */
  private readonly awaited = new Map<number, Met>();

  constructor(owner: LinkOwner, route: Route, client: Socket, id: number) {
    this.owner = owner;
    this.route = route;
    this.client = client;
    this.id = id;
    this.broker = connect({ ...route.target, allowHalfOpen: true, noDelay: true });
    // Errors end the pumps; a socket without a listener would end the process.
    for (const socket of [client, this.broker]) socket.on("error", () => {});
  }

  /** Resolves when both connections are gone. */
  async run(): Promise<void> {
    const requests = this.pumpRequests()
      .catch(() => {})
      .finally(() => this.broker.end());
    const responses = this.pumpResponses()
      .catch(() => {})
      .finally(() => this.client.destroySoon());
    await Promise.all([requests, responses]);
    this.client.destroy();
    this.broker.destroy();
  }

  cut(): void {
    this.client.resetAndDestroy();
    this.broker.destroy();
  }

  private async pumpRequests(): Promise<void> {
    const splitter = new FrameSplitter(readRequestHeader);
    let met: Met | null = null;
    for await (const chunk of this.client) {
      for (const piece of splitter.push(chunk)) {
        if (piece.isFirst)
          met = piece.header === null ? null : await this.meet(piece.header, piece);
        await this.route.gates.requests.passed();
        if (met?.decision) await this.forwardFaulty(met, met.decision, piece);
        else await write(this.broker, piece.bytes);
      }
    }
  }

  /** A request's first bytes are there: what becomes of it, and of its response. */
  private async meet(header: RequestHeader, piece: Piece<RequestHeader>): Promise<Met> {
    const { owner, route } = this;
    owner.count(header);
    const decision = owner.rules.decide(header);
    const met: Met = { header, decision, passed: 0, held: [] };
    const action = decision?.action;
    const changesResponse =
      action?.kind === "swallow" ||
      (action?.kind === "cut" && action.at === "after") ||
      (action?.kind === "delay" && action.of === "response");
    if (changesResponse || carriesAddresses(header.api))
      this.awaited.set(header.correlationId, met);
    if (decision === null || action === undefined) return met;
    owner.note(this.noted(header, piece.frameBytes, decision), action.kind);
    if (action.kind === "delay" && action.of === "request") await this.wait(action.ms);
    if (action.kind === "cut" && action.at === "before") this.leave();
    if (action.kind === "pause") {
      const gate = route.gates[action.direction];
      gate.pause();
      this.wait(action.ms).then(
        () => gate.resume(),
        () => {},
      );
    }
    return met;
  }

  private async forwardFaulty(
    met: Met,
    decision: Decision,
    { bytes, frameBytes, isLast }: Piece<RequestHeader>,
  ): Promise<void> {
    const { action } = decision;
    const { passed } = met;
    met.passed += bytes.length;
    if (action.kind === "throttle") return this.trickle(bytes, action.bytesPerSecond);
    if (action.kind === "cut" && action.at === "middle") {
      const half = Math.floor(frameBytes / 2);
      await write(this.broker, bytes.subarray(0, Math.max(0, half - passed)));
      if (met.passed < half) return;
      this.broker.end();
      this.client.resetAndDestroy();
      throw new CutError();
    }
    if (action.kind !== "late") await write(this.broker, bytes);
    if (action.kind !== "late" && action.kind !== "duplicate") return;
    met.held.push(bytes);
    if (!isLast) return;
    const place = this.noted(met.header, frameBytes, decision);
    void this.owner.deliver(place, this.route.target, Buffer.concat(met.held), action.afterMs);
    if (action.kind === "late") this.leave();
  }

  private async trickle(bytes: Buffer, bytesPerSecond: number): Promise<void> {
    const step = Math.max(1, Math.floor((bytesPerSecond * TRICKLE_MS) / 1000));
    for (let at = 0; at < bytes.length; at += step) {
      await write(this.broker, bytes.subarray(at, at + step));
      await this.wait(TRICKLE_MS);
    }
  }

  private async pumpResponses(): Promise<void> {
    const splitter = new FrameSplitter(readResponseHeader);
    let met: Met | undefined;
    let held: Buffer[] = [];
    for await (const chunk of this.broker) {
      for (const piece of splitter.push(chunk)) {
        if (piece.isFirst) {
          met = this.takeAwaited(piece.header);
          held = [];
          const action = met?.decision?.action;
          if (action?.kind === "cut" && action.at === "after") this.leave();
          if (action?.kind === "delay" && action.of === "response") await this.wait(action.ms);
        }
        await this.route.gates.responses.passed();
        if (met?.decision?.action.kind === "swallow") continue;
        if (met === undefined || !carriesAddresses(met.header.api)) {
          await write(this.client, piece.bytes);
          continue;
        }
        held.push(piece.bytes);
        if (piece.isLast) await this.answerAddresses(met.header, Buffer.concat(held));
      }
    }
  }

  private takeAwaited(header: ResponseHeader | null): Met | undefined {
    if (header === null) return undefined;
    const met = this.awaited.get(header.correlationId);
    this.awaited.delete(header.correlationId);
    return met;
  }

  /** Passes on what the broker says of addresses, with the proxy's in their place. */
  private async answerAddresses(header: RequestHeader, frame: Buffer): Promise<void> {
    const { api, version } = header;
    const found = api === null ? null : findAddresses(frame, api, version);
    if (found === null) {
      // Passed on, it would lead the client past the proxy, and nobody would know.
      const none = { rule: -1, nth: 0 };
      this.owner.note(this.noted(header, frame.length, none), "not understood");
      this.leave();
    }
    const by: Address[] = [];
    for (const { host, port } of found) {
      by.push({ host: HOST, port: (await this.owner.route({ host, port })).port });
    }
    await write(this.client, replaceAddresses(frame, found, by));
  }

  private noted(
    request: RequestHeader,
    requestBytes: number,
    { rule, nth }: Pick<Decision, "rule" | "nth">,
  ): Noted {
    return { broker: this.route.name, connection: this.id, request, requestBytes, rule, nth };
  }

  private leave(): never {
    this.cut();
    throw new CutError();
  }

  private wait(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.owner.closing });
  }
}

/** Resolves when the bytes are with the operating system, or the socket is gone. */
function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (bytes.length === 0 || socket.destroyed) resolve();
    else socket.write(bytes, () => resolve());
  });
}
