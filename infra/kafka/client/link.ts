// One connection to one broker, by kafkajs: socket, TLS, SASL, framing, time-outs. Promises: a
// request ends with its answer or a LinkFailure, never later than its time-out; a connection on
// which a request timed out is cut, so that what was sent on it and not yet read is not carried
// out much later; a connection is never opened twice (kafkajs keeps half an answer of the old one).

import { isIP, connect as tcpConnect } from "node:net";
import { type ConnectionOptions, connect as tlsConnect } from "node:tls";
import type { ISocketFactory, LogEntry, Mechanism, SASLOptions } from "kafkajs";
import { TapedeckError } from "../../../schemas/errors.ts";
import { LinkFailure } from "./failures.ts";
import {
  BrokerClass,
  type Connection,
  ConnectionPoolClass,
  createLogger,
  type Logger,
  logLevel,
} from "./kafkajs.ts";
import { api, type Request } from "./requests.ts";

export interface KafkaSettings {
  /** host:port of brokers to ask first. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** TLS where not false: certificate authority, certificate, key as Node's tls takes them. */
  readonly ssl?: ConnectionOptions | false;
  readonly sasl?: SASLOptions | Mechanism | null;
  /** For a connection with its handshakes; 5,000 ms, or `requestTimeoutMs` where that is less. */
  readonly connectTimeoutMs?: number;
  /** For an answer, the broker's own waiting left out; 30,000 ms. */
  readonly requestTimeoutMs?: number;
  /** How long to go on asking where another answer may come; 30,000 ms. */
  readonly retryForMs?: number;
  /** Largest record batch that topics take (`max.message.bytes`); 1,000,000. */
  readonly maxBatchBytes?: number;
  /** What kafkajs reports at level WARN and above; silent without. */
  readonly log?: (entry: LogEntry) => void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const textOf = ({ host, port }: Address): string => `${host}:${port}`;

export const connectTimeoutMs = (settings: KafkaSettings): number =>
  settings.connectTimeoutMs ?? Math.min(5_000, requestTimeoutMs(settings));
export const requestTimeoutMs = (settings: KafkaSettings): number =>
  settings.requestTimeoutMs ?? 30_000;
export const retryForMs = (settings: KafkaSettings): number => settings.retryForMs ?? 30_000;

/** Small requests go out at once: a transaction is a chain of them. */
export const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const named = isIP(host) === 0 ? { servername: host } : {};
  const socket = ssl
    ? tlsConnect({ host, port, ...named, ...ssl }, onConnect)
    : tcpConnect({ host, port }, onConnect);
  socket.setNoDelay(true);
  return socket.setKeepAlive(true, 60_000);
};

const loggerOf = ({ log }: KafkaSettings): Logger =>
  createLogger({
    level: log === undefined ? logLevel.NOTHING : logLevel.WARN,
    logCreator: () => (entry) => log?.(entry),
  });

export class Link {
  readonly address: Address;
  private readonly connection: Connection;
  private readonly clientId: Buffer;
  private readonly timeoutMs: number;
  private unanswered = 0;
  private idle: (() => void) | null = null;
  private authenticating: Promise<void> | null = null;

  private constructor(address: Address, connection: Connection, settings: KafkaSettings) {
    this.address = address;
    this.connection = connection;
    this.timeoutMs = requestTimeoutMs(settings);
    this.clientId = Buffer.from(settings.clientId);
  }

  /** Connects and authenticates, within the time for it. */
  static async open(address: Address, settings: KafkaSettings): Promise<Link> {
    const logger = loggerOf(settings);
    const timeoutMs = connectTimeoutMs(settings);
    const connectionPool = new ConnectionPoolClass({
      ...address,
      ssl: settings.ssl || null,
      sasl: settings.sasl ? { ...settings.sasl } : null,
      clientId: settings.clientId,
      socketFactory,
      connectionTimeout: timeoutMs,
      requestTimeout: requestTimeoutMs(settings),
      enforceRequestTimeout: true,
      logger,
    });
    const [connection] = connectionPool.pool;
    if (connection === undefined) throw new Error("kafkajs made a pool without connections");
    const broker = new BrokerClass({ connectionPool, logger, authenticationTimeout: timeoutMs });
    const link = new Link(address, connection, settings);
    // kafkajs leaves some connects unanswered, such as one that is closed while it shakes hands.
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const message = `no connection within ${timeoutMs} ms`;
      const failure = new LinkFailure("unreachable", textOf(address), message);
      timer = setTimeout(() => reject(failure), timeoutMs);
    });
    const connected = broker.connect();
    connected.catch(() => undefined);
    try {
      await Promise.race([connected, late]);
    } catch (error) {
      link.cut(error instanceof Error ? error : new Error(String(error)));
      throw openingFailure(error, address, settings);
    } finally {
      clearTimeout(timer);
    }
    link.checkVersions(broker.versions ?? {});
    return link;
  }

  get open(): boolean {
    return this.connection.isConnected();
  }

  /** Sends and waits; `brokerWaitMs` is what the broker may wait before it answers. */
  async send<Answer>(request: Request<Answer>, brokerWaitMs = 0): Promise<Answer> {
    const { connection } = this;
    if (connection.sasl && !connection.isAuthenticated()) await this.authenticateAgain();
    if (!connection.isConnected()) {
      throw new LinkFailure("closed", textOf(this.address), "the connection is closed");
    }
    this.unanswered++;
    try {
      return request.decode(await this.exchange(request, brokerWaitMs));
    } catch (error) {
      throw this.failed(error);
    } finally {
      this.unanswered--;
      if (this.unanswered === 0) this.idle?.();
    }
  }

  /** Ends the connection at once; what waits for an answer fails with `reason`. */
  cut(reason: Error): void {
    const { connection } = this;
    connection.connectionStatus = "disconnected";
    connection.requestQueue.rejectAll(reason);
    connection.requestQueue.destroy();
    connection.socket?.destroy();
  }

  private exchange({ api, body }: Request<unknown>, brokerWaitMs: number): Promise<Buffer> {
    const { connection, clientId } = this;
    const correlationId = connection.nextCorrelationId();
    const size = body.reduce((sum, piece) => sum + piece.length, 10 + clientId.length);
    const head = Buffer.allocUnsafe(14 + clientId.length);
    head.writeInt32BE(size, 0);
    head.writeInt16BE(api.key, 4);
    head.writeInt16BE(api.version, 6);
    head.writeInt32BE(correlationId, 8);
    head.writeInt16BE(clientId.length, 12);
    clientId.copy(head, 14);
    return new Promise((resolve, reject) => {
      connection.requestQueue.push({
        entry: {
          apiKey: api.key,
          apiName: api.name,
          apiVersion: api.version,
          correlationId,
          resolve: ({ payload }) => resolve(payload),
          reject,
        },
        expectResponse: true,
        requestTimeout: this.timeoutMs + brokerWaitMs,
        sendRequest: () => {
          const { socket } = connection;
          if (socket === undefined) throw new Error("a connected link has a socket");
          socket.cork();
          socket.write(head);
          for (const piece of body) if (piece.length > 0) socket.write(piece);
          socket.uncork();
        },
      });
    });
  }

  /**
   * A session's time is up (KIP-368). kafkajs takes whatever comes next for the answer to its
   * handshake, so nothing else may be under way.
   */
  private authenticateAgain(): Promise<void> {
    this.authenticating ??= (async () => {
      try {
        if (this.unanswered > 0) {
          await new Promise<void>((resolve) => {
            this.idle = resolve;
          });
          this.idle = null;
        }
        await this.connection.authenticate();
      } catch (error) {
        this.cut(error instanceof Error ? error : new Error(String(error)));
        throw openingFailure(error, this.address, {});
      } finally {
        this.authenticating = null;
      }
    })();
    return this.authenticating;
  }

  private failed(error: unknown): unknown {
    const { name, message } = error instanceof Error ? error : { name: "", message: "" };
    if (error instanceof LinkFailure) return error;
    if (name === "KafkaJSRequestTimeoutError") {
      const failure = new LinkFailure("timeout", textOf(this.address), message, error);
      this.cut(failure);
      return failure;
    }
    if (error instanceof RangeError) {
      const failure = new LinkFailure("closed", textOf(this.address), message, error);
      this.cut(failure);
      return failure;
    }
    if (name.startsWith("KafkaJS")) {
      return new LinkFailure("closed", textOf(this.address), message, error);
    }
    return error;
  }

  private checkVersions(
    versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>>,
  ): void {
    for (const { key, name, version } of Object.values(api)) {
      const range = versions[key];
      if (range !== undefined && range.minVersion <= version && version <= range.maxVersion)
        continue;
      const offered = range === undefined ? "none" : `${range.minVersion} to ${range.maxVersion}`;
      this.cut(new Error("version"));
      throw new TapedeckError(
        "KAFKA_VERSION_UNSUPPORTED",
        `broker ${textOf(this.address)} takes ${name} in versions ${offered}, not ${version}`,
        { broker: textOf(this.address), request: name, version },
      );
    }
  }
}

function openingFailure(
  error: unknown,
  address: Address,
  { sasl }: Pick<KafkaSettings, "sasl">,
): unknown {
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  // A token that cannot be had, or was refused, is told by whoever wanted it.
  if (error instanceof LinkFailure || error instanceof TapedeckError) return error;
  const isAuthentication = /SASL/.test(name) || /SASL_AUTHENTICATION_FAILED|SASL/.test(message);
  if (isAuthentication) {
    return new TapedeckError(
      "KAFKA_AUTHENTICATION_FAILED",
      `broker ${textOf(address)} refused the credentials: ${message}`,
      { broker: textOf(address), mechanism: sasl?.mechanism ?? null },
      error,
    );
  }
  return new LinkFailure("unreachable", textOf(address), message, error);
}
