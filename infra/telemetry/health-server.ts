// What the world may ask of an instance: /metrics for Prometheus, /healthz (restart me when this fails), /readyz
// (count on me while this succeeds). Promises: answers say why in JSON; nothing can be changed through it;
// heard on this machine only unless told otherwise, since it has no password; closes in bounded time.

import { type FastifyInstance, fastify } from "fastify";
import type { Registry } from "prom-client";
import { TapedeckError } from "../../schemas/errors.ts";
import type { Readiness } from "./readiness.ts";

export interface HealthServerOptions {
  readonly registry: Registry;
  readonly ready: () => Readiness;
  /**
   * What is wrong that only a restart can cure, such as a trip of the watchdog that did not recover;
   * empty while all is well. That the event loop turns, the answer itself shows.
   */
  readonly ailments: () => readonly object[];
  /** 127.0.0.1 unless given; 0.0.0.0 lets other machines read. */
  readonly host?: string;
  /** 9464 unless given, as OpenTelemetry's exporters for Prometheus have it; 0 takes any free one. */
  readonly port?: number;
}

export interface HealthServer {
  readonly url: string;
  readonly port: number;
  /** Answers what was asked, takes no more, and resolves within a second or so. */
  close(): Promise<void>;
}

/** How long a caller may take over a request, and how long an answer may take to leave. */
const PATIENCE_MS = 5000;
/** How long closing waits for requests that are under way. */
const CLOSE_MS = 1000;

/** Throws TELEMETRY_ADDRESS_UNAVAILABLE where the port is taken or the host is not ours. */
export async function openHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host = "127.0.0.1", port = 9464 } = options;
  const server = fastify({
    forceCloseConnections: "idle",
    requestTimeout: PATIENCE_MS,
    connectionTimeout: PATIENCE_MS,
    bodyLimit: 1024,
  });
  addRoutes(server, options);
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw unavailable(host, port, error);
  }
  const address = server.server.address();
  const bound = address !== null && typeof address === "object" ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    port: bound,
    close: async () => {
      const late = setTimeout(() => server.server.closeAllConnections(), CLOSE_MS).unref();
      await server.close();
      clearTimeout(late);
    },
  };
}

function addRoutes(
  server: FastifyInstance,
  { registry, ready, ailments }: HealthServerOptions,
): void {
  // Fastify answers HEAD wherever there is a GET.
  server.get("/metrics", async (_request, reply) => {
    const text = await registry.metrics();
    return reply.header("content-type", registry.contentType).send(text);
  });
  server.get("/healthz", async (_request, reply) => {
    const found = ailments();
    const alive = found.length === 0;
    return reply.code(alive ? 200 : 503).send({ alive, ailments: found });
  });
  server.get("/readyz", async (_request, reply) => {
    const answer = ready();
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });
  server.addHook("onSend", async (_request, reply) => {
    reply.header("cache-control", "no-store");
  });
  server.setNotFoundHandler(async ({ method, url }, reply) =>
    reply.code(404).send({ error: "not found", method, path: url, paths }),
  );
  server.setErrorHandler(async (error: Error & { statusCode?: number }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ error: error.message }),
  );
}

const paths = ["/metrics", "/healthz", "/readyz"] as const;

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there",
  EADDRNOTAVAIL: "the host is no address of this machine",
  EACCES: "this user may not listen there",
  ENOTFOUND: "the host is not known",
  ERR_SOCKET_BAD_PORT: "a port is a whole number from 0 to 65535",
};

function unavailable(host: string, port: number, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = reasons[code];
  if (reason === undefined) return error;
  const message = `cannot serve health and metrics at ${host}:${port}: ${reason}`;
  return new TapedeckError(
    "TELEMETRY_ADDRESS_UNAVAILABLE",
    message,
    { host, port, errno: code },
    error,
  );
}
