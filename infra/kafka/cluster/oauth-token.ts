// The bearer token of OAUTHBEARER. Promises: a file is read again for each connection, so a token
// that is renewed on disk is taken up; an endpoint's token is kept until shortly before it expires
// and asked for once however many connections want it; no failure shows token or secret.

import { readFileSync } from "node:fs";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { TokenSource } from "./cluster-config.ts";
import { redacted } from "./secret.ts";

const ENDPOINT_TIMEOUT_MS = 10_000;
/**
 * A connection shows a token anew ten seconds before the last one's end (kafkajs), and the broker
 * refuses what is shown twice within a second: so a token that is handed out lives longer than that.
 */
const EARLY_MS = 60_000;
const SHORTEST_LIFE_MS = 30_000;
/** Of an endpoint that does not say how long its token lives. */
const UNKNOWN_LIFE_MS = 60_000;
/** A token is ASCII of RFC 6750, section 2.1; the largest seen carry a few KiB of claims. */
const TOKEN = /^[A-Za-z0-9._~+/=-]{1,65536}$/;

export type TokenProvider = () => Promise<string>;

/**
 * Gives a token that is good for now; throws KAFKA_TOKEN_UNAVAILABLE. `nowMs` may be any steady
 * clock.
 */
export function tokenProvider(
  source: TokenSource,
  nowMs: () => number = () => performance.now(),
): TokenProvider {
  if (source.kind === "file") return async () => fromFile(source.path);
  let held: { readonly token: string; readonly goodUntilMs: number } | null = null;
  let asking: Promise<string> | null = null;
  const ask = async (): Promise<string> => {
    const askedMs = nowMs();
    const { token, lifeMs } = await fromEndpoint(source);
    held = { token, goodUntilMs: askedMs + usableMs(lifeMs) };
    return token;
  };
  return () => {
    if (held !== null && nowMs() < held.goodUntilMs) return Promise.resolve(held.token);
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  };
}

/** To a minute before its end; of a life under two minutes, half. */
const usableMs = (lifeMs: number): number => lifeMs - Math.min(EARLY_MS, lifeMs / 2);

function fromFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    const { code = "unreadable" } = error as NodeJS.ErrnoException;
    throw unavailable(`the token's file ${path} cannot be read: ${code}`, { path });
  }
  if (!TOKEN.test(text)) throw unavailable(`the file ${path} holds no bearer token`, { path });
  return text;
}

type Endpoint = Extract<TokenSource, { readonly kind: "endpoint" }>;

/** Client credentials: RFC 6749, section 4.4; the client shows itself by section 2.3.1. */
async function fromEndpoint(source: Endpoint): Promise<{ token: string; lifeMs: number }> {
  const { url, clientId, clientSecret, scope } = source;
  const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret.reveal())}`;
  const body = new URLSearchParams({ grant_type: "client_credentials" });
  if (scope !== null) body.set("scope", scope);
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(pair).toString("base64")}`,
        accept: "application/json",
      },
      body,
      // The secret goes to the endpoint that was named and nowhere else.
      redirect: "error",
      signal: AbortSignal.timeout(ENDPOINT_TIMEOUT_MS),
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    throw unavailable(`the token endpoint ${url} did not answer: ${reasonOf(error)}`, { url });
  }
  const answer = parsed(text);
  if (status !== 200) {
    const detail = [answer.error, answer.error_description]
      .filter((part) => typeof part === "string")
      .join(": ");
    const said = detail === "" ? "" : `: ${redacted(detail, [clientSecret]).slice(0, 300)}`;
    throw unavailable(`the token endpoint ${url} answered ${status}${said}`, { url, status });
  }
  const { access_token: token, expires_in: lifeS } = answer;
  if (typeof token !== "string" || !TOKEN.test(token)) {
    throw unavailable(`the token endpoint ${url} answered without an access_token`, { url });
  }
  const life = typeof lifeS === "number" ? lifeS * 1000 : UNKNOWN_LIFE_MS;
  if (life < SHORTEST_LIFE_MS) {
    const what = `the token of ${url} lives ${lifeS} s: a connection needs one that lives 30 s`;
    throw unavailable(what, { url });
  }
  return { token, lifeMs: life };
}

const formEncoded = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1);

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** fetch says "fetch failed"; why is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `nothing within ${ENDPOINT_TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}

const unavailable = (message: string, facts: Record<string, string | number>): TapedeckError =>
  new TapedeckError("KAFKA_TOKEN_UNAVAILABLE", message, facts);
