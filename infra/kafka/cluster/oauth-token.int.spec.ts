// The token of OAUTHBEARER, from a file and from an endpoint that is a server of this test's own.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { TokenSource } from "./cluster-config.ts";
import { tokenProvider } from "./oauth-token.ts";
import { Secret } from "./secret.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-token-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CLIENT_SECRET = "s3cret+with/odd:characters";

describe("a token's file", () => {
  const path = join(folder, "token");
  const token = tokenProvider({ kind: "file", path });

  test("is read again each time", async () => {
    writeFileSync(path, "first.token\n");
    expect(await token()).toBe("first.token");
    writeFileSync(path, "second.token");
    expect(await token()).toBe("second.token");
  });

  test("that is gone or holds something else is told without what it holds", async () => {
    writeFileSync(path, "not a token: hunter2\n");
    const error: unknown = await token().catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: "KAFKA_TOKEN_UNAVAILABLE" });
    expect((error as Error).message).not.toContain("hunter2");
    const gone = tokenProvider({ kind: "file", path: join(folder, "gone") });
    await expect(gone()).rejects.toThrow(/ENOENT/);
  });
});

describe("a token endpoint", () => {
  let server: Server | null = null;
  afterEach(() => void server?.close());

  type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

  async function endpoint(answer: Answer, scope: string | null = null): Promise<TokenSource> {
    const started = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => answer(request, response, body));
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
    const { port } = started.address() as AddressInfo;
    return {
      kind: "endpoint",
      url: `http://127.0.0.1:${port}/token`,
      clientId: "gate",
      clientSecret: new Secret(CLIENT_SECRET),
      scope,
    };
  }

  test("is asked with the client's credentials, once, until shortly before the token ends", async () => {
    const asked: { authorization: string | undefined; body: string }[] = [];
    let nowMs = 0;
    const source = await endpoint(({ headers: { authorization } }, response, body) => {
      asked.push({ authorization, body });
      response.end(JSON.stringify({ access_token: `t${asked.length}`, expires_in: 3600 }));
    }, "kafka");
    const token = tokenProvider(source, () => nowMs);
    expect(await Promise.all([token(), token(), token()])).toEqual(["t1", "t1", "t1"]);
    nowMs = 3_539_999;
    expect(await token()).toBe("t1");
    nowMs = 3_540_000;
    expect(await token()).toBe("t2");
    expect(asked).toHaveLength(2);
    expect(asked[0]?.body).toBe("grant_type=client_credentials&scope=kafka");
    const [kind, pair = ""] = (asked[0]?.authorization ?? "").split(" ");
    const [id, secret = ""] = Buffer.from(pair, "base64").toString().split(":");
    expect([kind, id, new URLSearchParams(`x=${secret}`).get("x")]).toEqual([
      "Basic",
      "gate",
      CLIENT_SECRET,
    ]);
  });

  test("a token of a short life is used for half of it", async () => {
    let count = 0;
    let nowMs = 0;
    const source = await endpoint((_, response) => {
      response.end(JSON.stringify({ access_token: `t${++count}`, expires_in: 40 }));
    });
    const token = tokenProvider(source, () => nowMs);
    await token();
    nowMs = 19_999;
    expect(await token()).toBe("t1");
    nowMs = 20_000;
    expect(await token()).toBe("t2");
  });

  test("after a failure it is asked again", async () => {
    let count = 0;
    const source = await endpoint((_, response) => {
      response.statusCode = ++count === 1 ? 503 : 200;
      response.end(count === 1 ? "<html>busy</html>" : '{"access_token":"t","expires_in":60}');
    });
    const token = tokenProvider(source);
    await expect(token()).rejects.toThrow(/answered 503/);
    expect(await token()).toBe("t");
  });

  test.each<[string, Answer, RegExp]>([
    [
      "a refusal, told in the endpoint's own words",
      (_, response) => {
        response.statusCode = 401;
        const detail = `no client with ${CLIENT_SECRET}`;
        response.end(JSON.stringify({ error: "invalid_client", error_description: detail }));
      },
      /answered 401: invalid_client: no client with \[secret\]/,
    ],
    [
      "an answer without a token",
      (_, response) => void response.end("{}"),
      /without an access_token/,
    ],
    [
      "a token that a connection would outlive",
      (_, response) => {
        response.end('{"access_token":"t","expires_in":10}');
      },
      /lives 10 s/,
    ],
    ["a page", (_, response) => void response.end("<html>"), /without an access_token/],
    [
      "a redirect, which would carry the secret elsewhere",
      (_, response) => {
        response.writeHead(307, { location: "http://127.0.0.1:1/" }).end();
      },
      /did not answer/,
    ],
    [
      "an answer cut off",
      (_, response) => {
        response.writeHead(200, { "content-length": 100 }).write("{");
        response.destroy();
      },
      /did not answer/,
    ],
  ])("%s", async (_, answer, says) => {
    const source = await endpoint(answer);
    const error: unknown = await tokenProvider(source)().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(TapedeckError);
    expect(error).toMatchObject({ code: "KAFKA_TOKEN_UNAVAILABLE", retriable: true });
    const { message, stack, facts } = error as TapedeckError;
    expect(message).toMatch(says);
    expect(`${message}${stack}${JSON.stringify(facts)}`).not.toContain(CLIENT_SECRET);
  });

  test("nobody listening", async () => {
    const source = await endpoint(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    await expect(tokenProvider(source)()).rejects.toThrow(/ECONNREFUSED/);
  });
});
