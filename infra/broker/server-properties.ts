// What a broker of a test is told. Promises: pure; the same settings for a process and for a container;
// a cluster's users, certificates and sizes go in as data.

/** Everyone of the cluster; the broker itself is `BROKER_USER`, whose password is its own name. */
export interface SaslUser {
  readonly name: string;
  readonly password: string;
}

export interface TlsFiles {
  /** PEM: the authority's certificate. */
  readonly ca: string;
  /** PEM: the broker's private key (PKCS 8) and certificate, in one file. */
  readonly keystore: string;
  readonly clientAuth: "none" | "requested" | "required";
}

export interface Security {
  /** PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER (unsecured tokens) for all of them. */
  readonly sasl: readonly SaslUser[] | null;
  readonly tls: TlsFiles | null;
  /** Who may do all; everyone else needs an ACL. */
  readonly acls: { readonly superUsers: readonly string[] } | null;
}

export interface NodeSettings {
  readonly id: number;
  readonly host: string;
  /** What clients connect to. */
  readonly port: number;
  readonly controllerPort: number;
  /** Between brokers, and the harness's own way in; only where clients need credentials. */
  readonly internalPort: number;
  readonly dataDir: string;
}

export interface ClusterSettings {
  readonly nodes: readonly NodeSettings[];
  readonly security: Security;
  /** Server properties that are added, or replace ours. */
  readonly config: Readonly<Record<string, string>>;
}

export const BROKER_USER = "broker";
export const PLAIN_OPEN: Security = { sasl: null, tls: null, acls: null };

export const isSecured = ({ sasl, tls, acls }: Security): boolean =>
  sasl !== null || tls !== null || acls !== null;

/** The properties of one broker, which is a controller too. */
export function serverProperties(
  node: NodeSettings,
  { nodes, security, config }: ClusterSettings,
): Readonly<Record<string, string>> {
  const count = nodes.length;
  const secured = isSecured(security);
  const at = (name: string, port: number) => `${name}://${node.host}:${port}`;
  const clients = [
    at("CLIENT", node.port),
    ...(secured ? [at("INTERNAL", node.internalPort)] : []),
  ];
  const inner = secured ? "SASL_PLAINTEXT" : "PLAINTEXT";
  return {
    "process.roles": "broker,controller",
    "node.id": String(node.id),
    listeners: [...clients, at("CONTROLLER", node.controllerPort)].join(","),
    "advertised.listeners": clients.join(","),
    "listener.security.protocol.map": `CLIENT:${clientProtocol(security)},INTERNAL:${inner},CONTROLLER:${inner}`,
    "inter.broker.listener.name": secured ? "INTERNAL" : "CLIENT",
    "controller.listener.names": "CONTROLLER",
    "controller.quorum.voters": nodes
      .map(({ id, host, controllerPort }) => `${id}@${host}:${controllerPort}`)
      .join(","),
    "log.dirs": node.dataDir,
    ...replication(count),
    ...QUICK,
    ...SMALL,
    ...(secured ? innerLogin() : {}),
    ...(security.sasl === null ? {} : clientLogin(security.sasl)),
    ...(security.tls === null ? {} : tlsProperties(security.tls)),
    ...(security.acls === null ? {} : aclProperties(security.acls.superUsers)),
    ...config,
  };
}

/** Java's properties format; a backslash or a line end in a value would mean something else there. */
export const propertiesText = (properties: Readonly<Record<string, string>>): string =>
  Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`)
    .join("");

function clientProtocol({ sasl, tls }: Security): string {
  if (sasl === null) return tls === null ? "PLAINTEXT" : "SSL";
  return tls === null ? "SASL_PLAINTEXT" : "SASL_SSL";
}

/** Three brokers keep everything three times and acknowledge at two, the cluster's own topics too. */
function replication(brokers: number): Readonly<Record<string, string>> {
  const factor = String(brokers);
  const inSync = brokers >= 3 ? "2" : "1";
  return {
    "default.replication.factor": factor,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": factor,
    "transaction.state.log.replication.factor": factor,
    "transaction.state.log.min.isr": inSync,
    "share.coordinator.state.topic.replication.factor": factor,
    "share.coordinator.state.topic.min.isr": inSync,
  };
}

/** A group forms at once, and a broker that died is noticed, and let in again, within 2 s. */
const QUICK: Readonly<Record<string, string>> = {
  "group.initial.rebalance.delay.ms": "0",
  "broker.session.timeout.ms": "2000",
  "broker.heartbeat.interval.ms": "500",
  "controller.quorum.election.timeout.ms": "500",
  "controller.quorum.fetch.timeout.ms": "1000",
  "controller.quorum.election.backoff.max.ms": "500",
  "replica.lag.time.max.ms": "5000",
};

/** Few partitions of its own to make and to recover; no 128 MB of memory for a cleaner with no work. */
const SMALL: Readonly<Record<string, string>> = {
  "auto.create.topics.enable": "false",
  "offsets.topic.num.partitions": "4",
  "transaction.state.log.num.partitions": "4",
  "log.cleaner.dedupe.buffer.size": "4194304",
  // A stalled client of a test is to be fenced by the test, not by the broker's default of 15 min.
  "group.min.session.timeout.ms": "1000",
};

const PLAIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule";
const SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule";
const BEARER_MODULE = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";
const SCRAM = ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

const innerLogin = (): Readonly<Record<string, string>> => {
  const login = `${PLAIN_MODULE} required username="${BROKER_USER}" password="${BROKER_USER}" user_${BROKER_USER}="${BROKER_USER}";`;
  return {
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "sasl.mechanism.controller.protocol": "PLAIN",
    "listener.name.internal.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.internal.plain.sasl.jaas.config": login,
    "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.controller.plain.sasl.jaas.config": login,
  };
};

function clientLogin(users: readonly SaslUser[]): Readonly<Record<string, string>> {
  const listed = users.map(({ name, password }) => `user_${name}="${password}"`).join(" ");
  const listener = "listener.name.client";
  return {
    [`${listener}.sasl.enabled.mechanisms`]: ["PLAIN", ...SCRAM, "OAUTHBEARER"].join(","),
    [`${listener}.plain.sasl.jaas.config`]: `${PLAIN_MODULE} required ${listed};`,
    ...Object.fromEntries(
      SCRAM.map((name) => [
        `${listener}.${name.toLowerCase()}.sasl.jaas.config`,
        `${SCRAM_MODULE} required;`,
      ]),
    ),
    // Without a validator of one's own the broker takes unsecured tokens: for tests only.
    [`${listener}.oauthbearer.sasl.jaas.config`]: `${BEARER_MODULE} required unsecuredLoginStringClaim_sub="${BROKER_USER}";`,
  };
}

/** What StorageTool is told so that the users' SCRAM secrets are there from the first start. */
export const scramArguments = ({ sasl }: Security): readonly string[] =>
  (sasl ?? []).flatMap(({ name, password }) =>
    SCRAM.flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${name},iterations=4096,password=${password}]`,
    ]),
  );

const tlsProperties = ({ ca, keystore, clientAuth }: TlsFiles) => ({
  "listener.name.client.ssl.keystore.type": "PEM",
  "listener.name.client.ssl.keystore.location": keystore,
  "listener.name.client.ssl.truststore.type": "PEM",
  "listener.name.client.ssl.truststore.location": ca,
  "listener.name.client.ssl.client.auth": clientAuth,
});

const aclProperties = (superUsers: readonly string[]) => ({
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "allow.everyone.if.no.acl.found": "false",
  "super.users": [BROKER_USER, ...superUsers].map((name) => `User:${name}`).join(";"),
});
