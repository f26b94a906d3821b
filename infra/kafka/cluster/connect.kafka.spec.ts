// Every way of showing who we are, on a real broker, right and wrong; and TLS with a certificate
// that is good, unknown or another host's. No secret is in anything that comes back.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import { afterAll, expect, test } from "vitest";
import type { Cluster } from "../../broker/cluster.ts";
import { describeCluster } from "../../broker/testing.ts";
import { connectKafka } from "../client/connection.ts";
import { withAdmin } from "./admin.ts";
import { type ClusterConfig, loadCluster } from "./cluster-config.ts";
import { kafkaSettings } from "./kafka-options.ts";

const PASSWORD = "hunter2-correct-horse";
/** Of a token, and so of the session: kafkajs shows another one ten seconds before its end. */
const LIFE_S = 12;
const WRONG = "hunter2-wrong-horse";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-connect-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

function fileOf(text: string): string {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const config = (text: string, brokers: readonly string[]): Promise<ClusterConfig> =>
  loadCluster({ file: fileOf(`brokers: [${brokers.join(", ")}]\n${text}\n`), env: {} });

const sasl = (mechanism: string, password: string, username = "gate"): string =>
  `sasl: { mechanism: ${mechanism}, username: ${username}, passwordFile: ${fileOf(password)} }`;

const bearer = (token: string): string =>
  `sasl: { mechanism: oauthbearer, tokenFile: ${fileOf(token)} }`;

/** An unsecured JWS, which the broker's own validator for tests takes. */
function jws(subject: string, lifeS: number): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: "none" })}.${part({ sub: subject, iat: now - 60, exp: now + lifeS })}.`;
}

/** By both ways to Kafka: the data plane's own and kafkajs' administrator. */
async function connectBoth(cluster: ClusterConfig): Promise<void> {
  const connection = await connectKafka(kafkaSettings({ ...cluster, requestTimeoutMs: 5_000 }));
  await connection.close();
  await withAdmin(cluster, "look", (admin) => admin.listTopics());
}

async function failuresOf(cluster: ClusterConfig): Promise<readonly unknown[]> {
  const settings = { ...kafkaSettings(cluster), retryForMs: 1_000 };
  const attempts = [
    connectKafka(settings).then((connection) => connection.close()),
    withAdmin(cluster, "look", (admin) => admin.listTopics()),
  ];
  const outcomes = await Promise.allSettled(attempts);
  return outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason : null));
}

const shown = (error: unknown): string =>
  `${inspect(error, { depth: 20, showHidden: true })}${JSON.stringify(error)}${String(error)}`;

const gate = [{ name: "gate", password: PASSWORD }];

describeCluster("SASL", { sasl: gate }, (cluster) => {
  test.each(["plain", "scram-sha-256", "scram-sha-512"])("%s connects", async (mechanism) => {
    await connectBoth(await config(sasl(mechanism, PASSWORD), cluster().brokers));
  });

  test.each([
    ["plain", WRONG, "gate"],
    ["plain", PASSWORD, "nobody"],
    ["scram-sha-256", WRONG, "gate"],
    ["scram-sha-512", WRONG, "gate"],
    ["scram-sha-512", PASSWORD, "nobody"],
  ])("%s with a wrong password or user is refused", async (mechanism, password, user) => {
    for (const error of await failuresOf(
      await config(sasl(mechanism, password, user), cluster().brokers),
    )) {
      expect(error).toMatchObject({ code: "KAFKA_AUTHENTICATION_FAILED", exit: 2 });
      expect(shown(error)).not.toContain("hunter2");
    }
  });

  test("a bearer token connects, and is read again for the next connection", async () => {
    const token = jws("gate", 600);
    const path = fileOf(token);
    const renewed = await config(
      `sasl: { mechanism: oauthbearer, tokenFile: ${path} }`,
      cluster().brokers,
    );
    await connectBoth(renewed);
    writeFileSync(path, jws("gate", -30));
    const [error] = await failuresOf(renewed);
    expect(error).toMatchObject({ code: "KAFKA_AUTHENTICATION_FAILED" });
  });

  test("a bearer token of an endpoint connects", async () => {
    const server = createServer((_, response) => {
      response.end(JSON.stringify({ access_token: jws("gate", 600), expires_in: 600 }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
      const secret = fileOf(PASSWORD);
      const text = `mechanism: oauthbearer, tokenUrl: "${url}", clientId: gate`;
      await connectBoth(
        await config(`sasl: { ${text}, clientSecretFile: ${secret} }`, cluster().brokers),
      );
    } finally {
      server.close();
    }
  });

  test("a connection outlives the token that it was made with", async () => {
    const path = fileOf(jws("gate", LIFE_S));
    const text = `sasl: { mechanism: oauthbearer, tokenFile: ${path} }`;
    const connection = await connectKafka(kafkaSettings(await config(text, cluster().brokers)));
    const begun = performance.now();
    try {
      const admin = await connection.admin();
      writeFileSync(path, jws("gate", 600));
      // The broker closes a connection that goes on past its token's end.
      while (performance.now() - begun < (LIFE_S + 1) * 1000) {
        expect(await connection.partitionsOf("there-is-none")).toBeNull();
        await admin.listTopics();
        await pause(50);
      }
    } finally {
      await connection.close();
    }
  });

  test.each([
    ["has expired", () => jws("gate", -30)],
    ["is none", () => "hunter2-no-token"],
  ])("a bearer token that %s is refused at once, in the broker's words", async (_, token) => {
    const text = token();
    const begun = performance.now();
    for (const error of await failuresOf(await config(bearer(text), cluster().brokers))) {
      expect(error).toMatchObject({ code: "KAFKA_AUTHENTICATION_FAILED" });
      expect((error as Error).message).toMatch(/refused the token: .*invalid/);
      expect(shown(error)).not.toContain(text);
    }
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  test("no credentials at all are told from a broker that is away", async () => {
    const errors = await failuresOf(await config("", cluster().brokers));
    expect(errors[1]).toMatchObject({
      code: "KAFKA_UNREACHABLE",
      message: expect.stringContaining("does this port want tls or sasl?"),
    });
    expect(errors[0]).toMatchObject({ code: "KAFKA_UNREACHABLE" });
  });
});

describeCluster("TLS", { sasl: gate, tls: { clientAuth: "requested" } }, (cluster) => {
  const tls = (more = ""): string => `tls: { ca: ${cluster().tls?.ca}${more} }`;

  test.each(["plain", "scram-sha-512"])("%s over TLS connects", async (mechanism) => {
    await connectBoth(await config(`${tls()}\n${sasl(mechanism, PASSWORD)}`, cluster().brokers));
  });

  test("with a client's certificate", async () => {
    const { clientCert, clientKey } = cluster().tls as NonNullable<Cluster["tls"]>;
    const text = tls(`, cert: ${clientCert}, key: ${clientKey}`);
    await connectBoth(await config(`${text}\n${sasl("plain", PASSWORD)}`, cluster().brokers));
  });

  test("an authority that is not known, or another host's certificate, is refused", async () => {
    const user = sasl("plain", PASSWORD);
    for (const text of [`tls: {}\n${user}`, `${tls(", serverName: other.example")}\n${user}`]) {
      for (const error of await failuresOf(await config(text, cluster().brokers))) {
        expect(error).toMatchObject({
          code: "KAFKA_UNREACHABLE",
          message: expect.stringMatching(/certificate|altnames/i),
        });
        expect(shown(error)).not.toContain("hunter2");
      }
    }
  });

  test("any certificate is taken where that was asked for by name", async () => {
    const text = `tls: { insecureSkipVerify: true }\n${sasl("plain", PASSWORD)}`;
    const trusting = await config(text, cluster().brokers);
    expect(trusting.warnings.join()).toContain("insecureSkipVerify");
    await connectBoth(trusting);
  });

  test("a wrong password over TLS is refused without being shown", async () => {
    const text = `${tls()}\n${sasl("scram-sha-256", WRONG)}`;
    for (const error of await failuresOf(await config(text, cluster().brokers))) {
      expect(error).toMatchObject({ code: "KAFKA_AUTHENTICATION_FAILED" });
      expect(shown(error)).not.toContain("hunter2");
    }
  });
});
