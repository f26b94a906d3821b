// A cluster file in the words that people write, and what it comes to. Promises: everything that is
// wrong is said at once, each finding with its line; no finding shows the value of a key that may
// hold a secret, whatever was written there by mistake.

import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { createSecureContext } from "node:tls";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { checkSchema } from "../../config/check-schema.ts";
import { parseDurationUs } from "../../config/duration.ts";
import { nowhere, type Problem, problem } from "../../config/problem.ts";
import { dottedKey, type Origins, type Plain, readYaml } from "../../config/read-yaml.ts";
import { type SchemaNode, withDefaults } from "../../config/schema.ts";
import schemaFile from "./cluster.schema.json" with { type: "json" };
import type { RegistrySettings, SaslSettings, TlsSettings } from "./cluster-config.ts";
import { Secret, withoutUserinfo } from "./secret.ts";

/** A certificate chain fits many times over; no password is longer. */
const MAX_SECRET_BYTES = 1 << 20;

/** What the schema lets through, defaults filled in. */
interface HumanCluster {
  readonly brokers?: readonly string[];
  readonly clientId: string;
  readonly requestTimeout: string;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  readonly retention: Readonly<Record<string, string>>;
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly passphraseFile?: string;
    readonly passphraseEnv?: string;
    readonly serverName?: string;
    readonly insecureSkipVerify: boolean;
  };
  readonly sasl?: {
    readonly mechanism: SaslSettings["mechanism"];
    readonly username?: string;
    readonly tokenFile?: string;
    readonly tokenUrl?: string;
    readonly clientId?: string;
    readonly scope?: string;
    readonly [key: string]: string | undefined;
  };
  readonly registry?: {
    readonly url?: string;
    readonly username?: string;
    readonly tokenFile?: string;
    readonly [key: string]: string | undefined;
  };
}

export interface ClusterFile {
  /** null where the file names none. */
  readonly brokers: readonly string[] | null;
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  readonly retentionMs: Readonly<Partial<Record<TopicName, number>>>;
  readonly tls: TlsSettings | null;
  readonly sasl: SaslSettings | null;
  /** null where the file has no such group; its url may be left to the environment. */
  readonly registry: (Omit<RegistrySettings, "url"> & { readonly url: string | null }) | null;
  readonly warnings: readonly string[];
  /** Where there are any, the rest is not to be used. */
  readonly problems: readonly Problem[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

const schema = schemaFile as SchemaNode;

/** Reads the text of the file at `path`, and the files and variables that it names. */
export function readCluster(text: string, path: string, env: Environment): ClusterFile {
  const { value, origins, problems } = readYaml(text);
  const root = value ?? {};
  const found = [...problems, ...(problems.length > 0 ? [] : checkSchema(root, origins, schema))];
  const reading = new Reading(origins, dirname(resolve(path)), env);
  const human = withDefaults(sound(root, found), schema) as unknown as HumanCluster;
  const file = interpret(human, reading);
  const all = [...found, ...reading.problems].map((one) => discreet(one, text));
  return { ...file, warnings: reading.warnings, problems: all };
}

/** The groups without a finding: what is wrong with one does not hide what is with another. */
function sound(root: Plain, found: readonly Problem[]): Plain {
  const broken = new Set(found.map(({ key }) => key.split(/[.[]/)[0]));
  if (typeof root !== "object" || root === null || broken.has("")) return {};
  return Object.fromEntries(Object.entries(root).filter(([name]) => !broken.has(name)));
}

function interpret(
  human: HumanCluster,
  reading: Reading,
): Omit<ClusterFile, "warnings" | "problems"> {
  const { replicationFactor, minInsyncReplicas, registry } = human;
  if (minInsyncReplicas > replicationFactor) {
    const rule = `must be replicationFactor (${replicationFactor}) at most`;
    reading.fail("/minInsyncReplicas", `found ${minInsyncReplicas}; ${rule}`);
  }
  for (const [index, broker] of (human.brokers ?? []).entries()) {
    const why = brokerProblem(broker);
    if (why !== null) reading.fail(`/brokers/${index}`, `found "${broker}"; ${why}`);
  }
  const retention = Object.entries(human.retention);
  return {
    brokers: human.brokers ?? null,
    clientId: human.clientId,
    requestTimeoutMs: reading.durationMs("/requestTimeout", human.requestTimeout),
    replicationFactor,
    minInsyncReplicas,
    retentionMs: Object.fromEntries(
      retention.map(([topic, text]) => [topic, reading.durationMs(`/retention/${topic}`, text)]),
    ),
    tls: human.tls === undefined ? null : tlsOf(human.tls, reading),
    sasl: human.sasl === undefined ? null : saslOf(human.sasl, human.tls !== undefined, reading),
    registry:
      registry === undefined
        ? null
        : { url: registry.url ?? null, auth: registryAuth(registry, reading) },
  };
}

/** Why a broker's address cannot be one; null if it can. */
export function brokerProblem(broker: string): string | null {
  const match = /^[A-Za-z0-9._-]{1,255}:(\d{1,5})$/.exec(broker);
  if (match === null) return "must be host:port, such as kafka-1.example.com:9093";
  const port = Number(match[1]);
  return port >= 1 && port <= 65_535 ? null : "a port is a number from 1 to 65535";
}

function tlsOf(human: NonNullable<HumanCluster["tls"]>, reading: Reading): TlsSettings {
  const ca = human.ca === undefined ? null : reading.pem("/tls/ca", human.ca);
  const cert = human.cert === undefined ? null : reading.pem("/tls/cert", human.cert);
  const key = human.key === undefined ? null : reading.secretFile("/tls/key", human.key);
  if ((cert === null) !== (key === null)) {
    const [has, lacks] = cert === null ? ["key", "cert"] : ["cert", "key"];
    reading.fail(`/tls/${has}`, `a certificate and its key go together: ${lacks} is missing`);
  }
  const passphrase = reading.secretOf("/tls/passphrase", human, false);
  if (human.insecureSkipVerify) {
    reading.warnings.push(
      "tls.insecureSkipVerify: the brokers' certificates are not checked: anyone on the way can read and change everything",
    );
  }
  if (reading.problems.length === 0) {
    try {
      createSecureContext({
        ...(ca === null ? {} : { ca }),
        ...(cert === null ? {} : { cert }),
        ...(key === null ? {} : { key: key.reveal() }),
        ...(passphrase === null ? {} : { passphrase: passphrase.reveal() }),
      });
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? "unreadable";
      reading.fail("/tls", `the certificate and key files cannot be used: ${reason}`);
    }
  }
  const { serverName = null, insecureSkipVerify } = human;
  return { ca, cert, key, passphrase, serverName, verify: !insecureSkipVerify };
}

function saslOf(
  human: NonNullable<HumanCluster["sasl"]>,
  encrypted: boolean,
  reading: Reading,
): SaslSettings {
  const { mechanism } = human;
  if (!encrypted && (mechanism === "plain" || mechanism === "oauthbearer")) {
    reading.warnings.push(
      `sasl.mechanism ${mechanism} without tls: the secret goes over the network as it is`,
    );
  }
  if (mechanism !== "oauthbearer") {
    const password = reading.secretOf("/sasl/password", human, true) ?? new Secret("");
    return { mechanism, username: human.username ?? "", password };
  }
  const { tokenFile, tokenUrl, clientId, scope = null } = human;
  if ((tokenFile === undefined) === (tokenUrl === undefined)) {
    reading.fail("/sasl", "oauthbearer takes one of tokenFile and tokenUrl");
  }
  if (tokenFile !== undefined) {
    reading.secretFile("/sasl/tokenFile", tokenFile);
    return { mechanism, token: { kind: "file", path: reading.resolved(tokenFile) } };
  }
  const url = tokenUrl ?? "";
  if (url.startsWith("http:") && !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(url)) {
    reading.fail("/sasl/tokenUrl", "must be https: the client's secret is sent there");
  }
  if (clientId === undefined) reading.fail("/sasl", "tokenUrl needs clientId");
  const clientSecret = reading.secretOf("/sasl/clientSecret", human, true) ?? new Secret("");
  return {
    mechanism,
    token: { kind: "endpoint", url, clientId: clientId ?? "", clientSecret, scope },
  };
}

function registryAuth(
  human: NonNullable<HumanCluster["registry"]>,
  reading: Reading,
): RegistrySettings["auth"] {
  const { username, tokenFile } = human;
  const named = human.passwordFile ?? human.passwordEnv;
  if (tokenFile !== undefined) {
    if (username !== undefined || named !== undefined) {
      reading.fail("/registry/tokenFile", "goes without username and password");
    }
    return { kind: "bearer", token: reading.secretFile("/registry/tokenFile", tokenFile) };
  }
  if (username === undefined) {
    if (named !== undefined) reading.fail("/registry", "a password needs a username");
    return null;
  }
  const password = reading.secretOf("/registry/password", human, true) ?? new Secret("");
  return { kind: "basic", username, password };
}

/** Fetches what a file names, and notes what cannot be had: such a value is not to be used. */
class Reading {
  readonly problems: Problem[] = [];
  readonly warnings: string[] = [];
  private readonly origins: Origins;
  private readonly folder: string;
  private readonly env: Environment;

  constructor(origins: Origins, folder: string, env: Environment) {
    this.origins = origins;
    this.folder = folder;
    this.env = env;
  }

  resolved(path: string): string {
    return resolve(this.folder, path);
  }

  fail(pointer: string, message: string): void {
    const group = pointer.slice(0, pointer.lastIndexOf("/"));
    const origin = this.origins.get(pointer) ?? this.origins.get(group);
    const at = origin?.value ?? nowhere;
    this.problems.push(problem("CONFIG_CLUSTER_INVALID", at, dottedKey(pointer), message));
  }

  durationMs(pointer: string, text: string): number {
    const us = parseDurationUs(text) ?? 0;
    const ms = us / 1000;
    if (ms < 1 || !Number.isInteger(ms)) {
      this.fail(pointer, `found "${text}"; must be whole milliseconds, 1ms to 100 years`);
      return 1;
    }
    return ms;
  }

  /** The one of `…File` and `…Env` that is given; null, with a finding if needed, where none is. */
  secretOf(pointer: string, group: object, needed: boolean): Secret | null {
    const name = pointer.slice(pointer.lastIndexOf("/") + 1);
    const given = group as Readonly<Record<string, string | undefined>>;
    const file = given[`${name}File`];
    const variable = given[`${name}Env`];
    if (file !== undefined && variable !== undefined) {
      this.fail(`${pointer}File`, `give one of ${name}File and ${name}Env`);
    }
    if (file !== undefined) return this.secretFile(`${pointer}File`, file);
    if (variable !== undefined) return this.secretVariable(`${pointer}Env`, variable);
    if (needed) this.fail(pointer, `missing: give ${name}File or ${name}Env`);
    return null;
  }

  private secretVariable(pointer: string, variable: string): Secret {
    const value = this.env[variable] ?? "";
    // The name is not shown: it may be the password itself, written there by mistake.
    if (value === "") this.fail(pointer, "the environment variable that it names is not set");
    return new Secret(value);
  }

  /** A file's text without its last line end; others being able to read it is a warning. */
  secretFile(pointer: string, path: string): Secret {
    const text = this.text(pointer, path);
    if (text === null) return new Secret("");
    const { mode } = statSync(this.resolved(path));
    if (process.platform !== "win32" && (mode & 0o004) !== 0) {
      const key = dottedKey(pointer);
      this.warnings.push(`${key}: every user of this machine can read the file: chmod o-r`);
    }
    const value = text.replace(/\r?\n$/, "");
    if (value === "") this.fail(pointer, "the file that it names is empty");
    return new Secret(value);
  }

  pem(pointer: string, path: string): string | null {
    const text = this.text(pointer, path);
    if (text !== null && !text.includes("-----BEGIN CERTIFICATE-----")) {
      this.fail(pointer, "the file that it names holds no PEM certificate");
    }
    return text;
  }

  private text(pointer: string, path: string): string | null {
    const whole = this.resolved(path);
    try {
      const entry = statSync(whole);
      if (entry.isFile() && entry.size <= MAX_SECRET_BYTES) return readFileSync(whole, "utf8");
      this.fail(pointer, `it names ${entry.isFile() ? "too large a" : "no regular"} file`);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      const reason = code === "ENOENT" ? "there is no such file" : `it cannot be read: ${code}`;
      // The name is not shown: it may be the password itself, written there by mistake.
      this.fail(pointer, `${reason}; relative paths start at ${this.folder}`);
    }
    return null;
  }
}

const SECRET_KEY = /password|passphrase|secret|token|key$/i;

/** A finding without the values that may be secrets, and with a word on what people try first. */
function discreet(found: Problem, text: string): Problem {
  const name = found.key.slice(found.key.lastIndexOf(".") + 1);
  let { message } = found;
  if (SECRET_KEY.test(name)) message = message.replace(/^found .*?; (?=must)/s, "");
  if (message.startsWith("unknown key")) message = unknownKey(name) ?? message;
  for (const value of inlineSecrets(text)) message = message.replaceAll(value, "[secret]");
  return { ...found, code: "CONFIG_CLUSTER_INVALID", message: withoutUserinfo(message) };
}

function unknownKey(name: string): string | null {
  if (/^(password|passphrase|clientSecret)$/i.test(name)) {
    return `unknown key; secrets are not written here: give ${name}File or ${name}Env`;
  }
  if (/^token$/i.test(name)) return "unknown key; secrets are not written here: give tokenFile";
  if (name !== "rejectUnauthorized") return null;
  return "unknown key; certificates are checked: insecureSkipVerify: true says that they are not";
}

/** What stands behind a key that people write passwords to, were it one of the file's. */
function* inlineSecrets(text: string): Generator<string> {
  const line = /(?:password|passphrase|secret|token)["']?\s*:\s*(.+)$/gim;
  for (const [, rest = ""] of text.matchAll(line)) {
    for (const word of rest.split(/[\s"',}]+/)) if (word.length >= 4) yield word;
  }
}
