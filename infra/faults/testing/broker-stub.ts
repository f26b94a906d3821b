// A server that speaks just Kafka's framing: it writes down every frame it gets and answers each with
// the correlation id and a body that tells its number. For what a real broker would not let one see.

import { type AddressInfo, createServer, type Socket } from "node:net";
import { FrameSplitter, type RequestHeader, readRequestHeader } from "../request-frames.ts";

export interface StubRequest {
  readonly connection: number;
  readonly header: RequestHeader;
  readonly bytes: Buffer;
}

export interface BrokerStub {
  readonly address: string;
  /** Whole requests, in the order in which they were complete. */
  readonly requests: readonly StubRequest[];
  /** Bytes of requests that were never completed, by connection. */
  readonly torn: ReadonlyMap<number, number>;
  /** Bytes read off all sockets. */
  readonly received: () => number;
  /** What the answer to a request says after the correlation id. */
  answer: (request: StubRequest) => Buffer;
  close(): Promise<void>;
}

export async function startBrokerStub(): Promise<BrokerStub> {
  const requests: StubRequest[] = [];
  const torn = new Map<number, number>();
  const sockets = new Set<Socket>();
  let connections = 0;
  let received = 0;
  const server = createServer(async (socket) => {
    const connection = ++connections;
    const splitter = new FrameSplitter(readRequestHeader);
    let parts: Buffer[] = [];
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received += chunk.length;
      for (const { header, bytes, isFirst, isLast } of splitter.push(chunk)) {
        if (isFirst) parts = [];
        parts.push(bytes);
        torn.set(connection, (isFirst ? 0 : (torn.get(connection) ?? 0)) + bytes.length);
        if (!isLast || header === null) continue;
        torn.delete(connection);
        const request = { connection, header, bytes: Buffer.concat(parts) };
        requests.push(request);
        socket.write(frameOf(header.correlationId, stub.answer(request)));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stub: BrokerStub = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    torn,
    received: () => received,
    answer: ({ bytes }) => bytes.subarray(-4),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return stub;
}

/** A response frame. */
export function frameOf(correlationId: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + body.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, body]);
}

/** A request frame (header version 1). */
export function requestFrame(header: Omit<RequestHeader, "api">, body: Buffer): Buffer {
  const { apiKey, version, correlationId, clientId } = header;
  const text = Buffer.from(clientId ?? "");
  const head = Buffer.alloc(14);
  head.writeInt32BE(10 + text.length + body.length, 0);
  head.writeInt16BE(apiKey, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(correlationId, 8);
  head.writeInt16BE(clientId === null ? -1 : text.length, 12);
  return Buffer.concat([head, text, body]);
}
