// A cluster's settings as kafkajs takes them.

import type { KafkaConfig, Mechanism, SASLOptions } from "kafkajs";
import type { ClusterConfig, SaslSettings, TlsSettings } from "./cluster-config.ts";
import { type TokenProvider, tokenProvider } from "./oauth-token.ts";

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
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const first = `n,,\u0001auth=Bearer ${await token()}\u0001\u0001`;
        const refusal = await saslAuthenticate({ request: bytes(first), response: text });
        if (typeof refusal !== "string" || refusal === "") return;
        await saslAuthenticate({ request: bytes("\u0001"), response: text });
        throw new Error(`the broker refused the token: ${refusal.slice(0, 300)}`);
      },
    }),
  };
}

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
