// Where the cluster's settings come from, what is refused, and that no secret ever shows.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { topicNames } from "../../../streams/catalogue.ts";
import { runCommand } from "../../cli/testing/run-command.ts";
import { dottedKeys, type SchemaNode } from "../../config/schema.ts";
import clusterSchema from "./cluster.schema.json" with { type: "json" };
import { type ClusterOptions, loadCluster, secretsOf } from "./cluster-config.ts";
import { kafkaOptions } from "./kafka-options.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-cluster-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SECRET = "hunter2-correct-horse";

let files = 0;

function fileOf(text: string, name = `cluster-${files++}.yaml`): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

fileOf(`${SECRET}\n`, "password");
fileOf("", "empty");

const load = (options: ClusterOptions) => loadCluster({ env: {}, cwd: folder, ...options });

const fromText = (text: string, env: Record<string, string> = {}) =>
  load({ file: fileOf(text), env });

async function failureOf(text: string, env: Record<string, string> = {}): Promise<TapedeckError> {
  try {
    await fromText(text, env);
  } catch (error) {
    if (error instanceof TapedeckError) return error;
    throw error;
  }
  throw new Error("the file was taken");
}

const KAFKA = "brokers: [k1:9092]\n";

describe("where the cluster is named", () => {
  test("a file says it, with paths from its own folder", async () => {
    const config = await fromText(
      `
brokers: [k1.example.com:9093, k2.example.com:9093]
clientId: gate
requestTimeout: 1.5s
replicationFactor: 5
minInsyncReplicas: 3
retention: { market.ticks: 30d }
sasl: { mechanism: scram-sha-512, username: gate, passwordFile: password }
registry: { url: "https://registry.example.com", username: reg, passwordEnv: REG }
`.trim(),
      { REG: "other-secret" },
    );
    expect(config).toMatchObject({
      brokers: ["k1.example.com:9093", "k2.example.com:9093"],
      clientId: "gate",
      requestTimeoutMs: 1500,
      replicationFactor: 5,
      minInsyncReplicas: 3,
      retentionMs: { "market.ticks": 30 * 86_400_000 },
      tls: null,
      sasl: { mechanism: "scram-sha-512", username: "gate" },
      registry: { url: "https://registry.example.com", auth: { kind: "basic", username: "reg" } },
    });
    expect(secretsOf(config).map((secret) => secret.reveal())).toEqual([SECRET, "other-secret"]);
  });

  test("TAPEDECK_CLUSTER names the file; brokers and registry of the environment win", async () => {
    const env = {
      TAPEDECK_CLUSTER: fileOf(`${KAFKA}registry: { url: "http://r:1" }\n`),
      TAPEDECK_KAFKA: "a:1, b:2",
      TAPEDECK_REGISTRY: "http://other:8081/",
    };
    expect(await load({ env })).toMatchObject({
      brokers: ["a:1", "b:2"],
      registry: { url: "http://other:8081", auth: null },
      source: "TAPEDECK_KAFKA",
    });
  });

  test("without a file it is one copy, or three where three brokers are named", async () => {
    expect(await load({ env: { TAPEDECK_KAFKA: "a:1" } })).toMatchObject({
      replicationFactor: 1,
      minInsyncReplicas: 1,
    });
    expect(await load({ env: { TAPEDECK_KAFKA: "a:1,b:1,c:1" } })).toMatchObject({
      replicationFactor: 3,
      minInsyncReplicas: 2,
    });
  });

  test("with neither it is the developer's broker", async () => {
    const cwd = mkdtempSync(join(folder, "developer-"));
    mkdirSync(join(cwd, ".tapedeck", "kafka"), { recursive: true });
    const state = { brokers: ["127.0.0.1:19092"], registry: "http://127.0.0.1:18081" };
    writeFileSync(join(cwd, ".tapedeck", "kafka", "state.json"), JSON.stringify(state));
    expect(await load({ cwd })).toMatchObject({
      brokers: state.brokers,
      registry: { url: state.registry, auth: null },
    });
  });

  test("with nothing at all, or a state that says nothing, all three ways are told", async () => {
    await expect(load({})).rejects.toMatchObject({ code: "KAFKA_NOT_CONFIGURED", exit: 2 });
    const cwd = mkdtempSync(join(folder, "developer-"));
    mkdirSync(join(cwd, ".tapedeck", "kafka"), { recursive: true });
    writeFileSync(join(cwd, ".tapedeck", "kafka", "state.json"), '{"brokers":["no port"]}');
    const error: unknown = await load({ cwd }).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: "KAFKA_NOT_CONFIGURED" });
    const { next } = error as TapedeckError;
    for (const way of ["--cluster", "TAPEDECK_KAFKA", "npm run kafka"]) expect(next).toContain(way);
  });
});

describe("what is refused", () => {
  test.each<[string, string, string[]]>([
    ["no brokers", "clientId: x\n", ["brokers: missing"]],
    ["a broker without a port", "brokers: [k1]\n", [":1:11: brokers[0]", "host:port"]],
    ["a port that is none", "brokers: [k1:99999]\n", [":1:11: brokers[0]", "from 1 to 65535"]],
    ["a misspelt key", `${KAFKA}replicationfactor: 3\n`, [":2:1:", "mean replicationFactor?"]],
    ["more in sync than copies", `${KAFKA}replicationFactor: 1\n`, ["minInsyncReplicas: found 2"]],
    ["half a millisecond", `${KAFKA}requestTimeout: 500us\n`, [":2:17:", "whole milliseconds"]],
    ["an unknown topic", `${KAFKA}retention: { ticks: 1d }\n`, ["retention.ticks: unknown key"]],
    [
      "certificates unchecked",
      `${KAFKA}tls: { rejectUnauthorized: false }\n`,
      ["tls.rejectUnauthorized: unknown key", "insecureSkipVerify: true"],
    ],
    [
      "a certificate alone",
      `${KAFKA}tls: { cert: password }\n`,
      ["no PEM certificate", "key is missing"],
    ],
    [
      "a file that is not there",
      `${KAFKA}tls: { ca: ca.pem }\n`,
      [":2:12: tls.ca", "no such file"],
    ],
    [
      "an unknown mechanism",
      `${KAFKA}sasl: { mechanism: scram-sha-257 }\n`,
      ["mean scram-sha-256?"],
    ],
    ["plain without a user", `${KAFKA}sasl: { mechanism: plain }\n`, ["sasl.username: missing"]],
    [
      "plain without a password",
      `${KAFKA}sasl: { mechanism: plain, username: u }\n`,
      ["give passwordFile or passwordEnv"],
    ],
    [
      "two passwords",
      `${KAFKA}sasl: { mechanism: plain, username: u, passwordFile: password, passwordEnv: A }\n`,
      ["give one of passwordFile and passwordEnv"],
    ],
    [
      "an empty password",
      `${KAFKA}sasl: { mechanism: plain, username: u, passwordFile: empty }\n`,
      ["is empty"],
    ],
    [
      "a token for plain",
      `${KAFKA}sasl: { mechanism: plain, username: u, passwordFile: password, tokenFile: password }\n`,
      ["sasl.tokenFile: does not go with mechanism plain"],
    ],
    [
      "a password for a token",
      `${KAFKA}sasl: { mechanism: oauthbearer, tokenFile: password, passwordFile: password }\n`,
      ["sasl.passwordFile: does not go with mechanism oauthbearer"],
    ],
    ["no token", `${KAFKA}sasl: { mechanism: oauthbearer }\n`, ["one of tokenFile and tokenUrl"]],
    [
      "a client's secret in the clear",
      `${KAFKA}sasl: { mechanism: oauthbearer, tokenUrl: "http://idp/token", clientId: c, clientSecretFile: password }\n`,
      ["sasl.tokenUrl: must be https"],
    ],
    [
      "a registry's password without a user",
      `${KAFKA}registry: { url: "http://r", passwordFile: password }\n`,
      ["a password needs a username"],
    ],
    ["no text at all", "", ["brokers: missing"]],
    ["a list", "- k1:9092\n", ["a group of keys"]],
  ])("%s", async (_, text, says) => {
    const error = await failureOf(text);
    expect(error).toMatchObject({ code: "CONFIG_CLUSTER_INVALID", exit: 2 });
    for (const part of says) expect(error.message).toContain(part);
  });

  test("everything wrong is said at once, in the order of the file", async () => {
    const text =
      "brokers: [k1]\nclientId: a b\nsasl: { mechanism: plain, username: u, passwordEnv: X }\n";
    const { message, facts } = await failureOf(text);
    expect(facts.problems).toBe(3);
    expect(message.split("\n").map((line) => /:(\d+):/.exec(line)?.[1])).toEqual(["1", "2", "3"]);
  });

  test("a file that is not there", async () => {
    await expect(load({ file: join(folder, "none.yaml") })).rejects.toMatchObject({
      code: "CONFIG_CLUSTER_INVALID",
    });
  });

  test("brokers and registry of the environment that are none", async () => {
    const env = { TAPEDECK_KAFKA: "k1", TAPEDECK_REGISTRY: "registry:8081" };
    await expect(load({ env })).rejects.toThrow(
      /TAPEDECK_KAFKA: found "k1".*\n.*TAPEDECK_REGISTRY/,
    );
  });
});

describe("a secret never shows", () => {
  const shownBy = (value: unknown): string =>
    [
      inspect(value, { depth: 20, showHidden: true }),
      JSON.stringify(value, (_, inner: unknown) =>
        inner instanceof Error ? { ...inner, message: inner.message, stack: inner.stack } : inner,
      ),
      String(value),
      value instanceof Error ? `${value.stack}` : "",
    ].join("\n");

  test.each<[string, string, Record<string, string>?]>([
    ["written in place", `${KAFKA}sasl: { mechanism: plain, username: u, password: ${SECRET} }\n`],
    ["in place, in quotes", `${KAFKA}sasl:\n  password: "${SECRET}"\n`],
    ["in place, read as an alias", `${KAFKA}sasl: { password: *${SECRET} }\n`],
    ["in place, read as an anchor", `${KAFKA}sasl:\n  password: &${SECRET} x\n`],
    ["in place, read as a tag", `${KAFKA}sasl:\n  password: !${SECRET} x\n`],
    ["in place, read as an octal number", `${KAFKA}sasl:\n  password: 0777123\n`],
    ["in place, where the YAML is broken", `${KAFKA}sasl:\n  password: "a" ${SECRET}\n  b: c: d\n`],
    [
      "for the name of its file",
      `${KAFKA}sasl: { mechanism: plain, username: u, passwordFile: ${SECRET} }\n`,
    ],
    [
      "for the name of its variable",
      `${KAFKA}sasl: { mechanism: plain, username: u, passwordEnv: "${SECRET}" }\n`,
    ],
    [
      "for a variable's legal name",
      `${KAFKA}sasl: { mechanism: plain, username: u, passwordEnv: hunter2correct }\n`,
    ],
    ["in a broker's address", `brokers: ["u:${SECRET}@k1:9092"]\n`],
    ["in the registry's address", `${KAFKA}registry: { url: "https://u:${SECRET}@r" }\n`],
    [
      "in the token's address",
      `${KAFKA}sasl: { mechanism: oauthbearer, tokenUrl: "https://u:${SECRET}@idp" }\n`,
    ],
    ["in TAPEDECK_KAFKA", KAFKA, { TAPEDECK_KAFKA: `u:${SECRET}@k1:9092` }],
    ["in TAPEDECK_REGISTRY", KAFKA, { TAPEDECK_REGISTRY: `https://u:${SECRET}@r` }],
    ["for a registry's token", `${KAFKA}registry: { url: "https://r", token: ${SECRET} }\n`],
    ["for a key's passphrase", `${KAFKA}tls: { passphrase: [${SECRET}] }\n`],
  ])("%s", async (_, text, env = {}) => {
    const error = await failureOf(text, env);
    expect(error.code).toBe("CONFIG_CLUSTER_INVALID");
    expect(shownBy(error)).not.toMatch(/hunter2|0777123/);
  });

  test("in a configuration that was taken", async () => {
    const config = await fromText(
      `${KAFKA}sasl: { mechanism: plain, username: u, passwordFile: password }\n`,
    );
    expect(shownBy(config)).not.toMatch(/hunter2/);
    expect(shownBy(config)).toContain("[secret]");
    expect(kafkaOptions(config).sasl).toEqual({
      mechanism: "plain",
      username: "u",
      password: SECRET,
    });
  });
});

describe("warnings", () => {
  test.runIf(process.platform !== "win32")("of a secret that every user can read", async () => {
    const path = fileOf(SECRET, "open");
    chmodSync(path, 0o644);
    const sasl = "sasl: { mechanism: scram-sha-256, username: u, passwordFile: open }\n";
    const { warnings } = await fromText(KAFKA + sasl);
    expect(warnings).toEqual([expect.stringContaining("sasl.passwordFile: every user")]);
    chmodSync(path, 0o640);
    expect((await fromText(KAFKA + sasl)).warnings).toEqual([]);
  });

  test("of a password in the clear, and of certificates unchecked", async () => {
    const sasl = "sasl: { mechanism: plain, username: u, passwordFile: password }\n";
    expect((await fromText(KAFKA + sasl)).warnings.join()).toContain("without tls");
    const config = await fromText(`${KAFKA}${sasl}tls: { insecureSkipVerify: true }\n`);
    expect(config.warnings).toEqual([expect.stringContaining("insecureSkipVerify")]);
    expect(kafkaOptions(config).ssl).toMatchObject({ rejectUnauthorized: false });
    const checked = await fromText(`${KAFKA}tls: {}\n`);
    expect(kafkaOptions(checked).ssl).toEqual({ rejectUnauthorized: true });
  });
});

describe("certificates", () => {
  const openssl = (...args: string[]) =>
    expect(runCommand("openssl", args, { cwd: folder })).toMatchObject({ status: 0 });
  const make = (name: string): void => {
    const subject = ["-subj", `/CN=${name}`, "-days", "2", "-keyout", `${name}.key`];
    const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    openssl(...kind, "-passout", `pass:${SECRET}`, "-out", `${name}.pem`, ...subject);
  };

  test("with a passphrase, and a key that is not the certificate's", async () => {
    make("one");
    make("two");
    chmodSync(join(folder, "one.key"), 0o600);
    const tls = (key: string, pass: string) =>
      `${KAFKA}tls: { ca: two.pem, cert: one.pem, key: ${key}, serverName: k.example, ${pass} }\n`;
    const config = await fromText(tls("one.key", "passphraseFile: password"));
    expect(kafkaOptions(config).ssl).toMatchObject({
      servername: "k.example",
      passphrase: SECRET,
      rejectUnauthorized: true,
    });
    const other = await failureOf(tls("two.key", "passphraseFile: password"));
    expect(other.message).toContain("tls: the certificate and key files cannot be used");
    const wrong = await failureOf(tls("one.key", "passphraseEnv: WRONG"), { WRONG: "not it" });
    expect(wrong.message).toContain("cannot be used");
  });
});

test("docs/cluster.md tells every key", () => {
  const page = readFileSync(new URL("../../../docs/cluster.md", import.meta.url), "utf8");
  const keys = dottedKeys(clusterSchema as SchemaNode).filter((key) => !/^retention\../.test(key));
  const groups = ["sasl", "registry"];
  const untold = keys.filter((key) => !groups.includes(key) && !page.includes(`\`${key}\``));
  expect(untold).toEqual([]);
});

test("retention may be said of every topic of the catalogue and of no other", () => {
  const { retention } = clusterSchema.properties;
  expect(Object.keys(retention.properties)).toEqual([...topicNames]);
});
