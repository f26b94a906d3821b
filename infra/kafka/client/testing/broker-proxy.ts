// A TCP proxy before one broker, for tests. Promises: whoever connects to it stays with it, since
// the port in the answers that tell addresses (Metadata, FindCoordinator) is replaced by its own;
// requests can be held back and answers dropped by name, and all connections cut.

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

const METADATA = 3;
const FIND_COORDINATOR = 10;

/** What becomes of a request, judged by its API key when it passes. */
export type Verdict = "pass" | "hold" | "double" | "drop-answer" | "cut-before" | "cut-after";

interface Late {
  readonly resolve: (answer: Buffer) => void;
  /** The client has had its answer. */
  readonly doubled: boolean;
}

export class BrokerProxy {
  /**
   * Asked for each request. "hold" keeps this and all later ones of the connection back, "double"
   * lets it pass and keeps a copy back; `release` sends what was kept.
   */
  judge: (apiKey: number) => Verdict = () => "pass";
  private readonly broker: { readonly host: string; readonly port: number };
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly held: (() => Promise<Buffer>)[] = [];

  private constructor(broker: { host: string; port: number }, server: Server) {
    this.broker = broker;
    this.server = server;
    server.on("connection", (client) => this.accept(client));
  }

  static async before(address: string): Promise<BrokerProxy> {
    const [host = "", port = ""] = address.split(":");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new BrokerProxy({ host, port: Number(port) }, server);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.sockets.size / 2;
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Lets go the first `count` that were held; what the broker answers, after its size. */
  release(count = this.held.length): Promise<readonly Buffer[]> {
    return Promise.all(this.held.splice(0, count).map((go) => go()));
  }

  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    const broker = connect(this.broker);
    let holding = false;
    for (const socket of [client, broker]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.sockets.delete(socket);
        client.destroy();
        // What is held comes to the broker, however late.
        if (!holding || socket === broker) broker.destroy();
      });
    }
    const asked = new Map<number, { readonly apiKey: number; readonly verdict: Verdict }>();
    const late = new Map<number, Late>();
    framed(client, (frame) => {
      const apiKey = frame.readInt16BE(4);
      const correlation = frame.readInt32BE(8);
      const verdict = holding ? "hold" : this.judge(apiKey);
      asked.set(correlation, { apiKey, verdict });
      if (verdict === "cut-before") client.destroy();
      else if (verdict === "hold" || verdict === "double") {
        const doubled = verdict === "double";
        if (doubled) broker.write(frame);
        else holding = true;
        this.held.push(() => {
          holding = false;
          broker.write(frame);
          return new Promise((resolve) => late.set(correlation, { resolve, doubled }));
        });
      } else broker.write(frame);
    });
    framed(broker, (frame) => {
      const correlation = frame.readInt32BE(4);
      const request = asked.get(correlation);
      asked.delete(correlation);
      const kept = late.get(correlation);
      kept?.resolve(frame.subarray(4));
      if (kept?.doubled) return;
      if (request?.verdict === "drop-answer") return;
      if (request?.verdict === "cut-after") {
        client.destroy();
        return;
      }
      const { apiKey } = request ?? {};
      if (apiKey === METADATA || apiKey === FIND_COORDINATOR) this.redirect(frame);
      client.write(frame);
    });
  }

  /** The broker's address is a string of its host, then its port as int32. */
  private redirect(frame: Buffer): void {
    const { host, port } = this.broker;
    const told = Buffer.alloc(host.length + 4);
    told.write(host);
    told.writeInt32BE(port, host.length);
    for (let at = frame.indexOf(told); at >= 0; at = frame.indexOf(told, at + 1)) {
      frame.writeInt32BE(this.port, at + host.length);
    }
  }
}

/** Kafka's frames: int32 size, then so many bytes. */
export function framed(socket: Socket, handle: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (data) => {
    rest = Buffer.concat([rest, data as Buffer]);
    while (rest.length >= 4) {
      const size = rest.readInt32BE(0) + 4;
      if (rest.length < size) break;
      const frame = Buffer.from(rest.subarray(0, size));
      rest = rest.subarray(size);
      handle(frame);
    }
  });
}
