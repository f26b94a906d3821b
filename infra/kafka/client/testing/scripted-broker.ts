// A broker of one node that a test scripts, for what no real broker can be made to say. Promises:
// it names itself as leader of every partition and as coordinator of everything; it works on one
// request of a connection at a time, as brokers do; all else is answered as the test says.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { BodyReader, BodyWriter } from "../body.ts";
import { api } from "../requests.ts";
import { framed } from "./broker-proxy.ts";

const API_VERSIONS = 18;
/** Newer APIs than kafkajs knows are asked for in a form that is not spoken here. */
const NEWEST_API_VERSIONS = 2;
const UNSUPPORTED_VERSION = 35;
const NODE = 1;

/** The answer's body; null: none will come, and the connection's later requests wait for ever. */
export type Answer = Buffer | null;

export class ScriptedBroker {
  /** Asked for each request that is not about the cluster, by API key. */
  answer: (apiKey: number, body: BodyReader) => Answer | Promise<Answer> = () => null;
  /** API keys of the requests that `answer` was asked for, as they came. */
  readonly asked: number[] = [];
  private readonly topics: Readonly<Record<string, number>>;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(topics: Readonly<Record<string, number>>, server: Server) {
    this.topics = topics;
    this.server = server;
    server.on("connection", (socket) => this.accept(socket));
  }

  /** `topics`: how many partitions each has. */
  static async start(topics: Readonly<Record<string, number>> = {}): Promise<ScriptedBroker> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ScriptedBroker(topics, server);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.sockets.delete(socket));
    let before: Promise<void> = Promise.resolve();
    framed(socket, (frame) => {
      before = before.then(() => this.work(socket, frame.subarray(4)));
    });
  }

  private async work(socket: Socket, request: Buffer): Promise<void> {
    const key = request.readInt16BE(0);
    const version = request.readInt16BE(2);
    const body = new BodyReader(request.subarray(10 + Math.max(0, request.readInt16BE(8))));
    const answer = this.ofCluster(key, version, body) ?? (await this.ask(key, body));
    if (answer === null) return new Promise(() => undefined);
    const head = Buffer.alloc(8);
    head.writeInt32BE(answer.length + 4, 0);
    head.writeInt32BE(request.readInt32BE(4), 4);
    socket.write(Buffer.concat([head, answer]));
  }

  private ask(key: number, body: BodyReader): Answer | Promise<Answer> {
    this.asked.push(key);
    return this.answer(key, body);
  }

  private ofCluster(key: number, version: number, body: BodyReader): Buffer | null {
    if (key === API_VERSIONS) return versions(version);
    const to = new BodyWriter().i32(0);
    if (key === api.findCoordinator.key) {
      return to.i16(0).text(null).i32(NODE).text("127.0.0.1").i32(this.port).take();
    }
    if (key !== api.metadata.key) return null;
    const wanted = body.list(() => body.text() ?? "");
    to.list([NODE], (node) => to.i32(node).text("127.0.0.1").i32(this.port).text(null));
    to.text(null)
      .i32(NODE)
      .list(wanted, (topic) => {
        const partitions = Array.from({ length: this.topics[topic] ?? 0 }, (_, index) => index);
        to.i16(partitions.length === 0 ? 3 : 0)
          .text(topic)
          .bool(false);
        to.list(partitions, (partition) => {
          to.i16(0).i32(partition).i32(NODE);
          to.list([NODE], (node) => to.i32(node)).list([NODE], (node) => to.i32(node));
        });
      });
    return to.take();
  }
}

function versions(version: number): Buffer {
  const to = new BodyWriter();
  if (version > NEWEST_API_VERSIONS) return to.i16(UNSUPPORTED_VERSION).i32(0).take();
  const keys = Array.from({ length: 62 }, (_, key) => key);
  // kafkajs asks about the cluster as we do.
  const newest = new Map(Object.values(api).map((one) => [one.key as number, one.version]));
  to.i16(0).list(keys, (key) =>
    to
      .i16(key)
      .i16(0)
      .i16(newest.get(key) ?? 20),
  );
  return version > 0 ? to.i32(0).take() : to.take();
}

/** What a broker says of one partition that was fetched. */
export interface ScriptedFetch {
  readonly topic: string;
  readonly partition: number;
  readonly error?: number;
  readonly stableEnd?: number;
  readonly bytes?: Uint8Array;
}

/** A fetch's answer; without partitions: what a broker says to a client over its quota. */
export function fetchAnswerOf(parts: readonly ScriptedFetch[]): Buffer {
  const to = new BodyWriter().i32(0).i16(0).i32(0);
  to.list(parts, ({ topic, partition, error = 0, stableEnd = 0, bytes }) => {
    to.text(topic).i32(1).i32(partition).i16(error).i64(stableEnd).i64(stableEnd).i64(0);
    to.i32(0)
      .i32(-1)
      .i32(bytes?.length ?? 0);
    for (const byte of bytes ?? []) to.i8((byte << 24) >> 24);
  });
  return to.take();
}

/** The partitions that a fetch asks for, with the offsets from which on. */
export function fetchAsked(
  body: BodyReader,
): { readonly topic: string; readonly partition: number; readonly offset: number }[] {
  for (let field = 0; field < 4; field++) body.i32();
  body.i8();
  body.i32();
  body.i32();
  return body
    .list(() => {
      const topic = body.text() ?? "";
      return body.list(() => {
        const partition = body.i32();
        body.i32();
        const offset = body.i64();
        body.i64();
        body.i32();
        return { topic, partition, offset };
      });
    })
    .flat();
}

export const listOffsetsAnswer = (topic: string, partition: number, offset: number): Buffer => {
  const to = new BodyWriter().i32(0).i32(1).text(topic).i32(1).i32(partition);
  return to.i16(0).i64(-1).i64(offset).i32(-1).take();
};
