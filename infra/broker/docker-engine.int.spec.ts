// Which of an engine that answers, a socket that nobody listens on, and none at all counts as Docker.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dockerAnswers } from "./docker-engine.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-docker-"));
const socket = join(folder, "docker.sock");
const engine = () =>
  createServer((request, response) => {
    response.statusCode = request.url === "/_ping" ? 200 : 500;
    response.end("OK");
  });
const servers: Server[] = [];
let port = 0;

beforeAll(async () => {
  const [local, remote] = [engine(), engine()];
  servers.push(local, remote);
  await new Promise<void>((done) => local.listen(socket, done));
  await new Promise<void>((done) => remote.listen(0, "127.0.0.1", done));
  port = (remote.address() as AddressInfo).port;
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

test("an engine on a socket, or on a port, answers", async () => {
  expect(await dockerAnswers({ DOCKER_HOST: `unix://${socket}` })).toBe(true);
  expect(await dockerAnswers({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toBe(true);
});

test.each(["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "nonsense"])(
  "%s does not",
  async (DOCKER_HOST) => {
    expect(await dockerAnswers({ DOCKER_HOST })).toBe(false);
  },
);
