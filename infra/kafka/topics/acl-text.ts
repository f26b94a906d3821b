// Grants as commands of Kafka's own tool.

import type { Grant } from "./acl-rules.ts";

const options = { topic: "--topic", group: "--group", "transactional-id": "--transactional-id" };

/** One line of shell a grant; $BOOTSTRAP and admin.properties say how the administrator connects. */
export function aclCommands(grants: readonly Grant[]): string {
  return grants
    .map(({ principal, resource, operations }) =>
      [
        'kafka-acls.sh --bootstrap-server "$BOOTSTRAP" --command-config admin.properties --add',
        `--allow-principal ${quoted(principal)}`,
        ...operations.map((operation) => `--operation ${operation}`),
        `${options[resource.type]} ${quoted(resource.name)}`,
        `--resource-pattern-type ${resource.pattern}`,
      ].join(" "),
    )
    .map((line) => `${line}\n`)
    .join("");
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
