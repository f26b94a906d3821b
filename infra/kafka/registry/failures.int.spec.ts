// What we say when there is no registry, when it goes away, and when another service is behind its port.
// The servers here are stand-ins that answer as a registry would, or as something else does: a real
// registry's answers are tested in registry.kafka.spec.ts.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { runCommand } from "../../cli/testing/run-command.ts";
import { Secret } from "../cluster/secret.ts";
import { localSchema } from "./local-schemas.ts";
import { openRegistry, type RegistryClient } from "./registry-client.ts";
import { openSchemaIds } from "./schema-ids.ts";
import { type AccessOptions, registryAt } from "./settings.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** Serves on a free port, or on `port`; its address. */
async function serve(server: TcpServer | Server, port = 0): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  open.push({
    close: () => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
    },
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Does this to each connection; that it then breaks is none of the test's business. */
const serveTcp = (act: (socket: Socket) => void): Promise<string> =>
  serve(
    createTcpServer((socket) => {
      socket.on("error", () => undefined);
      act(socket);
    }),
  );

/** Short times: what is tested is what is said, and that it is said in time. */
const quick = { requestTimeoutMs: 300, patienceMs: 600 } as const;

function client(address: string, options: AccessOptions = {}): RegistryClient {
  const made = openRegistry(registryAt(address, { ...quick, ...options }));
  open.push(made);
  return made;
}

async function failure(work: Promise<unknown>): Promise<TapedeckError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof TapedeckError) return error;
  throw new Error(`expected a TapedeckError, got ${String(error)}`);
}

const json = (answer: ServerResponse, status: number, body: unknown): void => {
  answer.writeHead(status, { "content-type": "application/vnd.schemaregistry.v1+json" });
  answer.end(JSON.stringify(body));
};

const schema = (...fields: readonly string[]) =>
  JSON.stringify({
    type: "record",
    name: "Order",
    fields: fields.map((name) => ({ name, type: "long" })),
  });

interface StandIn {
  readonly address: string;
  readonly asked: string[];
  readonly headers: IncomingMessage["headers"][];
  /** Schemas by id. */
  readonly texts: Map<number, string>;
  /** Status that it answers everything with; 0 answers as a registry does. */
  status: number;
}

/** Answers look-ups of subject orders-value (id 1) and of schemas by id, and nothing else. */
async function standIn(port = 0): Promise<StandIn> {
  const texts = new Map([[1, schema("orderId")]]);
  const state: StandIn = { address: "", asked: [], headers: [], texts, status: 0 };
  const server = createServer((request, answer) => {
    request.resume();
    state.asked.push(`${request.method} ${request.url}`);
    state.headers.push(request.headers);
    const id = /^\/schemas\/ids\/(\d+)$/.exec(request.url ?? "")?.[1];
    const text = texts.get(Number(id));
    if (state.status !== 0) json(answer, state.status, { error_code: 50001, message: "down" });
    else if (request.url === "/subjects/orders-value") {
      json(answer, 200, { subject: "orders-value", id: 1, version: 1, schema: texts.get(1) });
    } else if (text !== undefined) json(answer, 200, { schema: text });
    else if (id === undefined) json(answer, 404, { error_code: 40401, message: "no subject" });
    else json(answer, 404, { error_code: 40403, message: "no schema" });
  });
  return Object.assign(state, { address: `http://${await serve(server, port)}` });
}

const orders = localSchema("orders", schema("orderId"), []);

describe("nothing there", () => {
  test("says the address, how often and how long it tried, and what to do", async () => {
    const address = await serve(createTcpServer());
    open.pop()?.close();
    const started = performance.now();
    const error = await failure(client(`http://${address}`).lookUp("orders-value", "x"));
    expect(performance.now() - started).toBeLessThan(quick.patienceMs + 200);
    expect(error.code).toBe("REGISTRY_UNREACHABLE");
    expect(error.message).toMatch(
      /^no answer from the schema registry http:\/\/127.0.0.1:\d+: tried [3-9] times in 0\.\d s; last: connect ECONNREFUSED/,
    );
    expect([error.exit, error.retriable]).toEqual([4, true]);
    expect(error.next).toContain("start the registry");
  });

  test("a name that no one knows", async () => {
    const error = await failure(client("http://registry.invalid:8081").level("x"));
    expect(error.code).toBe("REGISTRY_UNREACHABLE");
    expect(error.message).toContain("registry.invalid");
  });

  test("a registry that comes up while it is waited for is used", async () => {
    const address = await serve(createTcpServer());
    open.pop()?.close();
    const asking = client(`http://${address}`, { patienceMs: 20_000 }).schemaText(1);
    const state = await standIn(Number(address.split(":")[1]));
    expect(await asking).toBe(schema("orderId"));
    expect(state.asked).toEqual(["GET /schemas/ids/1"]);
  });

  test.each([500, 503, 429])("a registry that answers %d, until it does not", async (status) => {
    const state = await standIn();
    state.status = status;
    const asking = client(state.address, { patienceMs: 20_000 }).schemaText(1);
    while (state.asked.length < 2) await new Promise((resolve) => setImmediate(resolve));
    state.status = 0;
    expect(await asking).toBe(schema("orderId"));
    state.status = status;
    const error = await failure(client(state.address).schemaText(1));
    expect(error.code).toBe("REGISTRY_UNREACHABLE");
    expect(error.message).toContain(`last: answers ${status}: {"error_code":50001`);
  });

  test("an answer that never comes, or never ends, ends in time", async () => {
    const silent = await serveTcp(() => undefined);
    const head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
    const endless = await serveTcp((socket) => void socket.once("data", () => socket.write(head)));
    const cut = await serveTcp((socket) => void socket.once("data", () => socket.end(head)));
    const [first, second, third] = await Promise.all(
      [silent, endless, cut].map((at) => failure(client(`http://${at}`).schemaText(1))),
    );
    expect(first?.message).toMatch(/took the connection and did not answer within \d+ ms/);
    expect(second?.message).toMatch(/did not answer within \d+ ms/);
    expect(third?.message).toContain("cut its answer off");
    for (const error of [first, second, third]) expect(error?.code).toBe("REGISTRY_UNREACHABLE");
  });
});

describe("another service behind the port", () => {
  const answering = (status: number, body: string, headers: Record<string, string> = {}) =>
    serve(createServer((_, answer) => void answer.writeHead(status, headers).end(body)));

  test.each<[string, number, string, Record<string, string>, RegExp]>([
    ["a web page", 200, "<!doctype html><h1>Hello</h1>", {}, /with no JSON: <!doctype html>/],
    ["a web page that is missing", 404, "<h1>Not found</h1>", {}, /404 with no JSON/],
    ["JSON of another shape", 200, '{"status":"green"}', {}, /with {"status":"green"}/],
    ["JSON null", 200, "null", {}, /with null/],
    ["an error of another shape", 404, '{"detail":"none"}', {}, /answers 404: {"detail":"none"}/],
    ["a redirection", 302, "", { location: "https://sso.example/" }, /sends on to https:\/\/sso/],
    ["a method that it does not know", 501, "no POST", {}, /501 with no JSON: no POST/],
  ])("%s", async (_, status, body, headers, reason) => {
    const address = await answering(status, body, headers);
    const asked = client(`http://${address}`);
    for (const work of [
      asked.lookUp("orders-value", "x"),
      asked.versions("x"),
      asked.schemaText(1),
    ]) {
      const error = await failure(work);
      expect(error.code).toBe("REGISTRY_NOT_A_REGISTRY");
      expect(error.message).toMatch(reason);
      expect(error.message).toMatch(/^http:\/\/127.0.0.1:\d+ is no schema registry: it /);
      expect([error.exit, error.next]).toEqual([2, expect.stringContaining("/apis/ccompat/v7")]);
    }
  });

  test("an answer without end", async () => {
    const chunk = Buffer.alloc(1 << 20, 32);
    const server = createServer((_, answer) => {
      const more = (): void => {
        if (answer.destroyed) return;
        answer.write(chunk);
        setImmediate(more);
      };
      more();
    });
    const address = await serve(server);
    const error = await failure(
      client(`http://${address}`, { requestTimeoutMs: 20_000 }).level("x"),
    );
    expect(error.message).toContain("answers more than 8388608 bytes");
  });

  test("a service that greets in its own language", async () => {
    const address = await serveTcp((socket) => void socket.write("220 mail ESMTP\r\n"));
    const error = await failure(client(`http://${address}`).level("x"));
    expect(error.code).toBe("REGISTRY_NOT_A_REGISTRY");
    expect(error.message).toContain("it does not speak HTTP");
  });

  test("a service that hangs up at HTTP, as a broker does", async () => {
    const address = await serveTcp((socket) => void socket.once("data", () => socket.destroy()));
    const error = await failure(client(`http://${address}`).level("x"));
    expect(error.code).toBe("REGISTRY_NOT_A_REGISTRY");
    expect(error.message).toContain("closes the connection without an answer to HTTP");
  });
});

describe("a registry on TLS", () => {
  let folder = "";
  const pem = (name: string) => readFileSync(join(folder, `${name}.pem`), "utf8");

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "registry-tls-"));
    const made = runCommand(
      "openssl",
      "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1".split(
        " ",
      ),
      { cwd: folder },
    );
    if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
    return () => rmSync(folder, { recursive: true });
  });

  const secure = () =>
    serve(
      createTlsServer({ cert: pem("cert"), key: pem("key") }, (_, answer) => {
        json(answer, 200, { compatibilityLevel: "NONE" });
      }),
    );
  const trusting = (ca: string) => ({
    ca,
    cert: null,
    key: null,
    passphrase: null,
    serverName: null,
    verify: true,
  });

  test("is asked where its authority is known", async () => {
    const tls = trusting(pem("cert"));
    expect(await client(`https://${await secure()}`, { tls }).level("x")).toBe("NONE");
  });

  test("is refused where it is not", async () => {
    const error = await failure(client(`https://${await secure()}`).level("x"));
    expect(error.code).toBe("REGISTRY_UNTRUSTED");
    expect(error.message).toContain("self-signed certificate");
  });

  test("asked without TLS, or a plain one asked with it: says which it is", async () => {
    const plain = await failure(client(`http://${await secure()}`).level("x"));
    expect([plain.code, plain.message]).toEqual([
      "REGISTRY_NOT_A_REGISTRY",
      expect.stringContaining("it speaks TLS: write https://"),
    ]);
    const { address } = await standIn();
    const wrong = await failure(client(address.replace("http:", "https:")).level("x"));
    expect([wrong.code, wrong.message]).toEqual([
      "REGISTRY_NOT_A_REGISTRY",
      expect.stringContaining("it does not speak TLS: write http://"),
    ]);
  });
});

describe("who we are", () => {
  test("basic and bearer credentials are sent, and an address's own", async () => {
    const state = await standIn();
    const secret = new Secret("pass:word");
    await client(state.address, {
      auth: { kind: "basic", username: "user", password: secret },
    }).schemaText(1);
    await client(state.address, { auth: { kind: "bearer", token: secret } }).schemaText(1);
    await client(state.address.replace("//", "//user:pass%3Aword@")).schemaText(1);
    const basic = `Basic ${Buffer.from("user:pass:word").toString("base64")}`;
    const sent = state.headers.map(({ authorization }) => authorization);
    expect(sent).toEqual([basic, "Bearer pass:word", basic]);
  });

  test.each([401, 403])(
    "a refusal with %d is told at once, without the password",
    async (status) => {
      const state = await standIn();
      state.status = status;
      const address = state.address.replace("//", "//user:pass-word@");
      const error = await failure(client(address).schemaText(1));
      expect([error.code, state.asked.length]).toEqual(["REGISTRY_ACCESS_REFUSED", 1]);
      expect(JSON.stringify([error.message, error.facts])).not.toContain("pass-word");
    },
  );

  test.each(["registry:8081", "ftp://x", "", "http://a%:b@c", "user:secret@host"])(
    "the address %j is refused, without the password",
    (address) => {
      expect(() => registryAt(address)).toThrow(/^(?!.*secret).*(no http or https|not percent)/);
    },
  );
});

describe("schema ids", () => {
  test("go on without the registry: writing, and reading under ids met before", async () => {
    const state = await standIn();
    state.texts.set(7, schema("orderId", "more"));
    const ids = await openSchemaIds(client(state.address), [orders]);
    await ids.resolve([7]);
    state.status = 503;
    expect(ids.idOf("orders")).toBe(1);
    expect([ids.isKnown("orders", 1), ids.isKnown("orders", 7)]).toEqual([true, false]);
    await ids.resolve([1, 7]);
  });

  test("an id first met while it is down is retried, then reported, and found afterwards", async () => {
    const state = await standIn();
    state.texts.set(7, schema("orderId"));
    const ids = await openSchemaIds(client(state.address), [orders]);
    state.status = 503;
    const before = state.asked.length;
    const error = await failure(ids.resolve([7]));
    expect(error.code).toBe("REGISTRY_UNREACHABLE");
    expect(state.asked.length - before).toBeGreaterThan(2);
    expect(ids.isKnown("orders", 7)).toBe("unknown");
    state.status = 0;
    await ids.resolve([7]);
    expect(ids.isKnown("orders", 7)).toBe(true);
  });

  test("an id that the registry has not is refused, and asked for again later", async () => {
    const state = await standIn();
    let nowMs = 0;
    const ids = await openSchemaIds(client(state.address), [orders], () => nowMs);
    expect(ids.isKnown("orders", 9)).toBe("unknown");
    await ids.resolve([9, 9, 0, 2 ** 31]);
    expect([9, 0, 2 ** 31].map((id) => ids.isKnown("orders", id))).toEqual([false, false, false]);
    expect(state.asked.filter((one) => one.startsWith("GET"))).toEqual(["GET /schemas/ids/9"]);
    expect(ids.refusal("orders", 9)).toBe(`${state.address} has no schema 9`);
    await ids.resolve([9]);
    expect(state.asked.filter((one) => one.endsWith("/9"))).toHaveLength(1);
    state.texts.set(9, schema("orderId"));
    nowMs = 60_000;
    expect(ids.isKnown("orders", 9)).toBe("unknown");
    await ids.resolve([9]);
    expect(ids.isKnown("orders", 9)).toBe(true);
  });

  test("a schema of another topic, another kind or no Avro at all is refused", async () => {
    const state = await standIn();
    state.texts.set(2, schema("fillId")).set(3, "syntax");
    const ids = await openSchemaIds(client(state.address), [orders]);
    await ids.resolve([2, 3]);
    expect([2, 3].map((id) => ids.isKnown("orders", id))).toEqual([false, false]);
    expect(ids.refusal("orders", 2)).toMatch(/^schema 2 of http.* is none that was recorded/);
  });

  test("many at once are asked for once each, whoever asks", async () => {
    const state = await standIn();
    const asked = client(state.address);
    const ids = await openSchemaIds(asked, [orders]);
    state.texts.set(5, schema("orderId"));
    const wanted = Array.from({ length: 40 }, (_, i) => 5 + (i % 2));
    await Promise.all([ids.resolve(wanted), ids.resolve(wanted), asked.schemaText(5)]);
    expect(state.asked.filter((one) => one.startsWith("GET")).sort()).toEqual([
      "GET /schemas/ids/5",
      "GET /schemas/ids/6",
    ]);
  });

  test("a schema is asked for once, one that is missing each time, and no timer is left", async () => {
    const state = await standIn();
    const asked = client(state.address, { requestTimeoutMs: 60_000, patienceMs: 60_000 });
    const timers = () => process.getActiveResourcesInfo().filter((one) => one === "Timeout").length;
    const before = timers();
    for (const id of [1, 1, 9, 9]) await asked.schemaText(id);
    expect(state.asked.map((one) => one.at(-1))).toEqual(["1", "9", "9"]);
    expect(timers()).toBe(before);
  });

  test("what is not published is told for every topic, with what to do", async () => {
    const state = await standIn();
    const fills = localSchema("fills", schema("fillId"), []);
    const signals = localSchema("signals", schema("strength"), []);
    const error = await failure(openSchemaIds(client(state.address), [orders, signals, fills]));
    expect(error.code).toBe("REGISTRY_NOT_PUBLISHED");
    expect(error.message).toContain("no subject fills-value; no subject signals-value");
    expect([error.exit, error.next]).toEqual([
      2,
      expect.stringContaining("tapedeck schemas publish"),
    ]);
    expect(state.asked.filter((one) => /versions/.test(one))).toEqual([]);
  });
});

describe("where Confluent's registry answers otherwise than Apicurio's", () => {
  const registered = (text: string) => ({
    subject: "orders-value",
    id: 4,
    version: 2,
    schema: text,
  });

  /** Answers by method and path. */
  async function answers(by: Readonly<Record<string, readonly [number, unknown]>>) {
    const server = createServer((request, answer) => {
      request.resume();
      const none = [404, { error_code: 40401, message: "no" }] as const;
      json(answer, ...(by[`${request.method} ${request.url}`] ?? none));
    });
    return client(`http://${await serve(server)}`);
  }

  test("a look-up that minds documentation finds today's schema all the same", async () => {
    const documented = orders.text.replace('"long"', '"long","doc":"of the run"');
    const asked = await answers({
      "POST /subjects/orders-value": [404, { error_code: 40403, message: "Schema not found" }],
      "GET /subjects/orders-value/versions": [200, [2]],
      "GET /subjects/orders-value/versions/2": [200, registered(documented)],
    });
    const ids = await openSchemaIds(asked, [orders]);
    expect([ids.idOf("orders"), ids.isKnown("orders", 4)]).toEqual([4, true]);
  });

  test("a subject without a level of its own has the registry's", async () => {
    const asked = await answers({
      "GET /config/orders-value": [404, { error_code: 40408, message: "no level" }],
      "GET /config": [200, { compatibilityLevel: "BACKWARD" }],
    });
    expect(await asked.level("orders-value")).toBe("BACKWARD");
  });

  test("its reasons are passed on", async () => {
    const asked = await answers({
      "POST /compatibility/subjects/orders-value/versions?verbose=true": [
        200,
        { is_compatible: false, messages: ["READER_FIELD_MISSING_DEFAULT_VALUE"] },
      ],
    });
    expect(await asked.isCompatible("orders-value", "x")).toEqual({
      ok: false,
      reasons: ["READER_FIELD_MISSING_DEFAULT_VALUE"],
    });
  });
});
