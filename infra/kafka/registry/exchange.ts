// One HTTP request to the registry, tried again for a stated time. Promises: every request ends within
// its patience, a body that is cut off included; a failure says what is behind the address: nothing,
// a registry that is down, one that refuses us, or another service. Plain HTTP, because the client that
// we know tells a refused connection as status 400 and waits for ever for an answer that was cut off
// (docs/decisions/0010-registry-over-plain-http.md).

import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from "node:http";
import { type AgentOptions, Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as tlsConnect } from "node:tls";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { RegistryAccess } from "./settings.ts";

/** What the registry said: JSON, with a status of 2xx, or of 4xx and an error code of its own. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Its own code of an error (40401, ...); 0 where it is none. */
  readonly errorCode: number;
}

export interface RegistryExchange {
  /** Throws REGISTRY_UNREACHABLE, _NOT_A_REGISTRY, _UNTRUSTED or _ACCESS_REFUSED. */
  ask(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<Answer>;
  close(): void;
}

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;
/** Far above any schema: what is longer is no answer of a registry. */
const MAX_BODY_BYTES = 8 << 20;
const MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";

const SPEAKS_TLS = "speaks TLS: write https://";
const HANDSHAKE_TIMEOUT_MS = 500;

/** Why a try failed. `gone`: nothing was there or it was busy, so that another try may do. */
class TryFailed extends Error {
  readonly kind: "gone" | "hung-up" | "other" | "untrusted";

  constructor(kind: TryFailed["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

interface RawAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

export function openExchange(access: RegistryAccess): RegistryExchange {
  const { url, auth, tls, requestTimeoutMs, patienceMs } = access;
  const secure = url.startsWith("https:");
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, ...trustOf(tls) })
    : new HttpAgent({ keepAlive: true });
  const headers: Record<string, string> = { accept: `${MEDIA_TYPE}, application/json` };
  if (auth?.kind === "bearer") headers.authorization = `Bearer ${auth.token.reveal()}`;
  if (auth?.kind === "basic") {
    const pair = Buffer.from(`${auth.username}:${auth.password.reveal()}`);
    headers.authorization = `Basic ${pair.toString("base64")}`;
  }

  const attempt = (method: string, path: string, body: string | null, timeoutMs: number) =>
    new Promise<RawAnswer>((resolve, reject) => {
      const send = secure ? httpsRequest : httpRequest;
      const length = body === null ? {} : { "content-length": Buffer.byteLength(body) };
      const type = body === null ? {} : { "content-type": MEDIA_TYPE };
      const options = { method, agent, headers: { ...headers, ...type, ...length } };
      const request = send(`${url}${path}`, options);
      const progress = { connected: false };
      // Over the whole exchange: a server that sends a byte now and then must not hold us.
      const deadline = setTimeout(() => {
        const what = progress.connected
          ? `took the connection and did not answer within ${timeoutMs} ms`
          : `no connection within ${timeoutMs} ms`;
        request.destroy(new TryFailed("gone", what));
      }, timeoutMs);
      const fail = (error: Error): void => {
        clearTimeout(deadline);
        reject(error instanceof TryFailed ? error : failureOf(error, secure, progress.connected));
      };
      watchConnection(request, progress);
      request.on("error", fail);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("error", (error) => {
          fail(error instanceof TryFailed ? error : new TryFailed("gone", "cut its answer off"));
        });
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > MAX_BODY_BYTES) {
            request.destroy(new TryFailed("other", `answers more than ${MAX_BODY_BYTES} bytes`));
          }
        });
        response.on("end", () => {
          clearTimeout(deadline);
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, location: response.headers.location, text });
        });
      });
      request.end(body ?? undefined);
    });

  return {
    async ask(method, path, body) {
      const text = body === undefined ? null : JSON.stringify(body);
      const started = performance.now();
      const spent = (): number => performance.now() - started;
      let wait = FIRST_WAIT_MS;
      let onlyHungUp = true;
      let last = "";
      for (let tries = 1; ; tries++) {
        const left = Math.max(1, Math.ceil(patienceMs - spent()));
        const timeoutMs = Math.min(requestTimeoutMs, left);
        try {
          return read(url, await attempt(method, path, text, timeoutMs));
        } catch (error) {
          if (!(error instanceof TryFailed)) throw error;
          if (error.kind === "other") throw notARegistry(url, error.message);
          if (error.kind === "untrusted") {
            throw new TapedeckError("REGISTRY_UNTRUSTED", `${url}: ${error.message}`, { url });
          }
          // A last try that had little time says less than one that had all of it.
          if (last === "" || timeoutMs === requestTimeoutMs) last = error.message;
          if (error.kind !== "hung-up") onlyHungUp = false;
          // Half to whole of the wait: services that start together do not come back together.
          const pause = wait * (0.5 + Math.random() / 2);
          if (spent() + pause >= patienceMs) {
            if (!onlyHungUp) throw unreachable(url, tries, spent(), last);
            throw notARegistry(url, !secure && (await speaksTls(url)) ? SPEAKS_TLS : last);
          }
          await sleep(pause);
          wait = Math.min(2 * wait, LONGEST_WAIT_MS);
        }
      }
    },
    close: () => agent.destroy(),
  };
}

function trustOf(tls: RegistryAccess["tls"]): AgentOptions {
  if (tls === null) return {};
  const { ca, cert, key, passphrase, verify } = tls;
  return {
    rejectUnauthorized: verify,
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { cert, key: key.reveal() }),
    ...(passphrase === null ? {} : { passphrase: passphrase.reveal() }),
  };
}

function watchConnection(request: ClientRequest, progress: { connected: boolean }): void {
  request.on("socket", (socket) => {
    // A connection kept from before may have been closed meanwhile: that says nothing of the service.
    if (!socket.connecting) return;
    socket.once("connect", () => {
      progress.connected = true;
    });
  });
}

/** Whether a service that hangs up at plain HTTP would shake hands on TLS. */
function speaksTls(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    // Nothing is sent, so that it does not matter who it is.
    const options = { host: hostname, port: Number(port || 80), rejectUnauthorized: false };
    const socket = tlsConnect(options);
    const settle = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, settle(false));
    socket.once("secureConnect", settle(true));
    socket.once("error", settle(false));
    socket.once("close", settle(false));
  });
}

/** What a failed socket tells of the service behind it. */
function failureOf(error: NodeJS.ErrnoException, secure: boolean, connected: boolean): TryFailed {
  const { code = "", message } = error;
  if (code.startsWith("HPE_")) {
    // A TLS server answers plain HTTP with an alert: record type 21, version 3.
    const raw = (error as { rawPacket?: Uint8Array }).rawPacket;
    const alert = raw?.[0] === 0x15 && raw[1] === 0x03;
    const what = alert ? SPEAKS_TLS : "does not speak HTTP";
    return new TryFailed("other", what);
  }
  if (secure && (code === "EPROTO" || code.startsWith("ERR_SSL"))) {
    const plain = /wrong version number|packet length too long|http request/i.test(message);
    const what = plain ? "does not speak TLS: write http://" : `TLS failed: ${message}`;
    return new TryFailed(plain ? "other" : "untrusted", what);
  }
  if (code.startsWith("ERR_TLS") || code.includes("CERT") || code.includes("SIGNATURE")) {
    return new TryFailed("untrusted", `its certificate is refused: ${message}`);
  }
  if (connected && (code === "ECONNRESET" || code === "EPIPE")) {
    return new TryFailed("hung-up", "closes the connection without an answer to HTTP");
  }
  return new TryFailed("gone", message === "" ? code : message);
}

/** The answer in it; throws TryFailed where another try may do, else a TapedeckError. */
function read(url: string, { status, location, text }: RawAnswer): Answer {
  // 501: the method is none that it knows, which time does not mend.
  if ((status >= 500 && status !== 501) || status === 429 || status === 408) {
    throw new TryFailed("gone", `answers ${status}: ${shortened(text)}`);
  }
  if (status === 401 || status === 403) {
    throw new TapedeckError("REGISTRY_ACCESS_REFUSED", `${url} answers ${status}`, { url, status });
  }
  if (status >= 300 && status < 400) {
    throw notARegistry(url, `sends on to ${location ?? "nowhere"}`);
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw notARegistry(url, `answers ${status} with no JSON: ${shortened(text)}`);
  }
  if (status < 300) return { status, body, errorCode: 0 };
  const errorCode = (body as { error_code?: unknown } | null)?.error_code;
  if (typeof errorCode === "number") return { status, body, errorCode };
  throw notARegistry(url, `answers ${status}: ${shortened(text)}`);
}

const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
};

/** What answers at the address is another service. */
export const notARegistry = (url: string, what: string): TapedeckError =>
  new TapedeckError("REGISTRY_NOT_A_REGISTRY", `${url} is no schema registry: it ${what}`, { url });

const unreachable = (url: string, tries: number, ms: number, last: string): TapedeckError =>
  new TapedeckError(
    "REGISTRY_UNREACHABLE",
    `no answer from the schema registry ${url}: tried ${tries} ${tries === 1 ? "time" : "times"} in ${(ms / 1000).toFixed(1)} s; last: ${last}`,
    { url, tries, triedMs: Math.round(ms) },
  );
