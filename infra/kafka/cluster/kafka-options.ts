// A cluster's settings as kafkajs and our own connection to Kafka take them.

import type { KafkaConfig, Mechanism, SASLOptions } from "kafkajs";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { KafkaSettings } from "../client/connection.ts";
import type { ClusterConfig, SaslSettings, TlsSettings } from "./cluster-config.ts";
import { type TokenProvider, tokenProvider } from "./oauth-token.ts";
import { redacted, Secret } from "./secret.ts";

export type KafkaOptions = Pick<KafkaConfig, "clientId" | "requestTimeout" | "ssl"> & {
  readonly brokers: string[];
  readonly sasl?: SASLOptions | Mechanism;
};

/** Holds the password as plain text, as kafkajs needs it: never to be printed. */
export function kafkaOptions(cluster: ClusterConfig): KafkaOptions {
  const { brokers, clientId, requestTimeoutMs, tls, sasl } = cluster;
  return {
    brokers: [...brokers],
    clientId,
    requestTimeout: requestTimeoutMs,
    ssl: tls === null ? false : tlsOptions(tls),
    ...(sasl === null ? {} : { sasl: saslOptions(sasl) }),
  };
}

/** For connectKafka. Holds the password as plain text. */
export function kafkaSettings(cluster: ClusterConfig): KafkaSettings {
  const { brokers, clientId, requestTimeoutMs, tls, sasl } = cluster;
  return {
    brokers,
    clientId,
    requestTimeoutMs,
    ssl: tls === null ? false : tlsOptions(tls),
    sasl: sasl === null ? null : saslOptions(sasl),
  };
}

function tlsOptions(tls: TlsSettings): Exclude<KafkaConfig["ssl"], boolean | undefined> {
  const { ca, cert, key, passphrase, serverName, verify } = tls;
  return {
    ...(ca === null ? {} : { ca: [ca] }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key: key.reveal() }),
    ...(passphrase === null ? {} : { passphrase: passphrase.reveal() }),
    ...(serverName === null ? {} : { servername: serverName }),
    rejectUnauthorized: verify,
  };
}

function saslOptions(sasl: SaslSettings): SASLOptions | Mechanism {
  if (sasl.mechanism === "oauthbearer") return oauthBearer(tokenProvider(sasl.token));
  const { mechanism, username } = sasl;
  const password = sasl.password.reveal();
  // kafkajs' type wants to see each mechanism by itself.
  switch (mechanism) {
    case "plain":
      return { mechanism, username, password };
    case "scram-sha-256":
      return { mechanism, username, password };
    case "scram-sha-512":
      return { mechanism, username, password };
  }
}

/**
 * kafkajs' own OAUTHBEARER takes the broker's answer for a success whatever it says, and meets the
 * refusal later as a closed connection. A broker that refuses a token answers with a JSON text and
 * fails once it has been acknowledged with 0x01 (RFC 7628, section 3.2.3): so here.
 */
function oauthBearer(token: TokenProvider): Mechanism {
  return {
    mechanism: "oauthbearer",
    authenticationProvider: ({ host, port, saslAuthenticate }) => ({
      async authenticate() {
        const value = await token();
        const first = `n,,\u0001auth=Bearer ${value}\u0001\u0001`;
        let said: unknown;
        try {
          said = await saslAuthenticate({ request: bytes(first), response: text });
          if (typeof said !== "string" || said === "") return;
          await saslAuthenticate({ request: bytes("\u0001"), response: text });
        } catch (error) {
          if (typeof said !== "string" && !isRefusal(error)) throw error;
          said ??= (error as Error).message;
        }
        const reason = redacted(String(said), [new Secret(value)]).slice(0, 300);
        const why = `broker ${host}:${port} refused the token: ${reason}`;
        throw new TapedeckError("KAFKA_AUTHENTICATION_FAILED", why, { mechanism: "oauthbearer" });
      },
    }),
  };
}

const isRefusal = (error: unknown): boolean =>
  (error as { readonly type?: unknown }).type === "SASL_AUTHENTICATION_FAILED";

/** Sized bytes: kafkajs sends what this gives as it is. */
const bytes = (message: string): { encode: () => Buffer } => ({
  encode: () => {
    const body = Buffer.from(message);
    const size = Buffer.alloc(4);
    size.writeInt32BE(body.length);
    return Buffer.concat([size, body]);
  },
});

const text = {
  decode: (raw: Buffer): Buffer => raw.subarray(4),
  parse: (body: Buffer): string => body.toString(),
};
