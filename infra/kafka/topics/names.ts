// What things are called on Kafka. Promises: two namespaces share no name, so what is granted to
// one grants nothing of another.

/** Where a flow's names lie. `prefix` is "" for live, or ends in a dot: "shadow.candidate-7.". */
export interface Namespace {
  readonly app: string;
  readonly prefix: string;
}

const DEFAULT_APP = "tapedeck";

/**
 * Outside live the application is the prefix without its dot: groups, transactional ids and
 * changelogs then begin like the topics, and one prefixed grant covers them all and nothing else.
 */
export const namespaceOf = (prefix: string, app?: string): Namespace => ({
  prefix,
  app: app ?? (prefix === "" ? DEFAULT_APP : prefix.replace(/\.$/, "")),
});

/** Shadows and runs read the live sources: they have none of their own. */
export const readsLive = ({ prefix }: Namespace): boolean => /^(shadow|run)\./.test(prefix);

/** Legal in a topic's name, and without the underscore that Kafka's metrics take for a dot. */
export const isName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9.-]{0,149}$/.test(text);

export const topicIn = ({ prefix }: Namespace, topic: string): string => `${prefix}${topic}`;

export const changelogIn = ({ app }: Namespace, group: string): string =>
  `${app}.${group}.changelog`;

/** The consumer group, and the transactional id of a group of one task. */
export const groupIn = ({ app }: Namespace, group: string): string => `${app}.${group}`;

/** Whether a topic of this name is a changelog of the application. */
export const isChangelogOf = ({ app }: Namespace, topic: string): boolean =>
  topic.startsWith(`${app}.`) && /^[a-z0-9-]+\.changelog$/.test(topic.slice(app.length + 1));
