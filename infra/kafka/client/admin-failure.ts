// What kafkajs throws at an administrator, in our words. Promises: every error of kafkajs becomes one
// of our codes, told without a secret; what is none of kafkajs' comes back as it is.

import type { Admin } from "kafkajs";
import { TapedeckError } from "../../../schemas/errors.ts";

/** Whom the administrator speaks to, and how. */
export interface Administered {
  readonly brokers: readonly string[];
  /** SASL's; null without. */
  readonly mechanism: string | null;
  readonly tls: boolean;
  /** Takes secrets out of what a library or a broker wrote. */
  readonly shown: (text: string) => string;
}

/**
 * `what` completes "could not …". KAFKA_UNREACHABLE, KAFKA_AUTHENTICATION_FAILED,
 * KAFKA_AUTHORIZATION_FAILED, KAFKA_REFUSED, or an error of ours that was the cause.
 */
export function adminFailure(error: unknown, what: string, cluster: Administered): unknown {
  if (!(error instanceof Error) || error instanceof TapedeckError) return error;
  const chain = causesOf(error);
  const known = chain.find((one) => one instanceof TapedeckError);
  if (known !== undefined) return known;
  if (!error.name.startsWith("KafkaJS") && !isUnanswered(error)) return error;
  const { mechanism } = cluster;
  const innermost = chain.at(-1) ?? error;
  const brokers = cluster.brokers.join(", ");
  const said = isUnanswered(innermost)
    ? "connections are taken, nothing is answered"
    : cluster.shown(innermost.message);
  const text = `could not ${what} at ${brokers}: ${said}`;
  const type = chain.map(typeOf).find((one) => one !== null) ?? null;
  if (chain.some(({ name }) => name === "KafkaJSSASLAuthenticationError") || isSasl(type)) {
    return new TapedeckError("KAFKA_AUTHENTICATION_FAILED", text, { brokers, mechanism }, error);
  }
  if (type?.endsWith("_AUTHORIZATION_FAILED")) {
    return new TapedeckError("KAFKA_AUTHORIZATION_FAILED", text, { error: type }, error);
  }
  if (type === "SECURITY_DISABLED") {
    const why = `${text}: its brokers have no authorizer (authorizer.class.name)`;
    return new TapedeckError("KAFKA_REFUSED", why, { error: type }, error);
  }
  if (type !== null) return new TapedeckError("KAFKA_REFUSED", text, { error: type }, error);
  return new TapedeckError(
    "KAFKA_UNREACHABLE",
    `${text}${hint(said, cluster)}`,
    { brokers },
    error,
  );
}

/**
 * The same administrator, whose calls fail with errors of ours. What is said of each of several
 * topics comes as kafkajs has it, in `errors`: whoever asked for several judges each.
 */
export function inOurWords(admin: Admin, cluster: Administered): Admin {
  const told = Object.entries(admin).map(([name, member]: [string, unknown]) => {
    if (typeof member !== "function") return [name, member];
    const call = (...given: readonly unknown[]): unknown => {
      const answer: unknown = member(...given);
      if (!(answer instanceof Promise)) return answer;
      return answer.catch((error: unknown) => {
        const several = Array.isArray((error as { readonly errors?: unknown }).errors);
        throw several ? error : adminFailure(error, wordsOf(name), cluster);
      });
    };
    return [name, call];
  });
  return Object.fromEntries(told) as Admin;
}

/** "deleteTopics" as "delete topics". */
const wordsOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** An error and what it came of, outermost first; of several that came together, the first. */
function causesOf(error: Error): readonly Error[] {
  const chain: Error[] = [];
  let next: unknown = error;
  while (next instanceof Error && chain.length < 10 && !chain.includes(next)) {
    chain.push(next);
    const { cause, errors, groups } = next as Error & {
      readonly errors?: readonly unknown[];
      readonly groups?: readonly { readonly error?: unknown }[];
    };
    next = cause ?? errors?.[0] ?? groups?.[0]?.error;
  }
  return chain;
}

/** kafkajs' own slip: it goes on with a broker that took its connection and never told its versions. */
const isUnanswered = (error: Error): boolean => error.message === "Broker not connected";

function typeOf(error: Error): string | null {
  const { type } = error as Error & { readonly type?: unknown };
  return typeof type === "string" ? type : null;
}

const isSasl = (type: string | null): boolean =>
  type !== null && /SASL|SSL_AUTHENTICATION/.test(type);

/** What a connection that ends early most often means. */
function hint(said: string, { tls, mechanism }: Administered): string {
  if (/wrong version number|packet length too long/i.test(said)) {
    return ": the port does not speak TLS: leave `tls` out, or name the TLS port";
  }
  if (!/closed|timeout|timed out|ended|reset|disconnected/i.test(said)) return "";
  if (!tls) return `: does this port want ${mechanism === null ? "tls or sasl" : "tls"}?`;
  const wants = mechanism === null ? ", or want sasl" : "";
  return `: does this port speak no TLS at all${wants}?`;
}
