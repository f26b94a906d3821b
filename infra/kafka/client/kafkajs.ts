// kafkajs, patched, with types for the internals that the data plane stands on. Promises: whoever
// takes kafkajs from here gets it after its patches. Version 2.2.4 exactly: these are not its
// public interface.

import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type {
  ISocketFactory,
  Kafka,
  KafkaConfig,
  logCreator,
  Mechanism,
  SASLOptions,
} from "kafkajs";
import { patchKafkajs } from "./patches.ts";

patchKafkajs();

const require = createRequire(import.meta.url);

export interface QueuedRequest {
  readonly entry: {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    readonly correlationId: number;
    readonly resolve: (answer: { readonly payload: Buffer }) => void;
    readonly reject: (error: Error) => void;
  };
  readonly expectResponse: boolean;
  /** kafkajs waits this long or as long as the connection's own time-out, whichever is longer. */
  readonly requestTimeout: number;
  readonly sendRequest: () => void;
}

interface RequestQueue {
  push(request: QueuedRequest): void;
  rejectAll(error: Error): void;
  destroy(): void;
}

export interface Connection {
  readonly requestQueue: RequestQueue;
  readonly socket?: Socket;
  readonly sasl: SASLOptions | Mechanism | null;
  connectionStatus: string;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  nextCorrelationId(): number;
}

interface ConnectionPool {
  readonly pool: readonly Connection[];
}

interface Broker {
  /** By API key; null until it is connected. */
  readonly versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>> | null;
  connect(): Promise<void>;
}

interface Logger {
  namespace(name: string): Logger;
}

interface PoolOptions {
  readonly host: string;
  readonly port: number;
  readonly ssl: ConnectionOptions | null;
  readonly sasl: SASLOptions | Mechanism | null;
  readonly clientId: string;
  readonly socketFactory: ISocketFactory;
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly logger: Logger;
}

interface BrokerOptions {
  readonly connectionPool: ConnectionPool;
  readonly logger: Logger;
  readonly authenticationTimeout: number;
}

type Constructor<Options, Made> = new (options: Options) => Made;

interface Public {
  readonly Kafka: Constructor<KafkaConfig, Kafka>;
  readonly logLevel: { readonly NOTHING: number; readonly WARN: number };
}

interface ErrorCodes {
  readonly errorCodes: readonly { readonly type: string; readonly code: number }[];
}

interface Loggers {
  createLogger(options: { readonly level: number; readonly logCreator: logCreator }): Logger;
}

const kafkajs = require("kafkajs") as Public;

export const KafkaClient = kafkajs.Kafka;
export const logLevel = kafkajs.logLevel;
export const ConnectionPoolClass = require("kafkajs/src/network/connectionPool") as Constructor<
  PoolOptions,
  ConnectionPool
>;
export const BrokerClass = require("kafkajs/src/broker") as Constructor<BrokerOptions, Broker>;
export const { createLogger } = require("kafkajs/src/loggers") as Loggers;
export const { errorCodes } = require("kafkajs/src/protocol/error") as ErrorCodes;

export type { Logger };
