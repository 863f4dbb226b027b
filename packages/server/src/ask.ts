import { z } from 'zod';
import type { MountedSubgraph } from './mount.ts';
import { activeTrace, tellTrace } from './span.ts';
import { scopesOfRole, type Viewer } from './viewer.ts';

/** Longer than any answer of the house takes; a request that waits for it has ten seconds in all. */
const limitMs = 5_000;

type Variables = Readonly<Record<string, unknown>>;

/**
 * Asks another subgraph for what must be known at once, by an operation that the public graph does not have. Throws
 * an AskError when there is no answer. Never ask inside a transaction.
 */
export type Ask = <Data>(subgraph: string, document: string, variables?: Variables) => Promise<Data>;

/** A subgraph that was asked has not answered, or not with data. */
export class AskError extends Error {
  override name = 'AskError';
  readonly subgraph: string;
  /** The code of the error it answered; UNREACHABLE when it answered nothing. */
  readonly answered: string;

  constructor(subgraph: string, answered: string, message: string, options?: ErrorOptions) {
    super(`${subgraph} was asked and said ${answered}: ${message}`, options);
    this.subgraph = subgraph;
    this.answered = answered;
  }
}

type AnyAnswer = {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Variables }[] | undefined;
};

/** Half an answer is none: whoever asks decides on what it says. */
const dataOf = <Data>(subgraph: string, { data, errors }: AnyAnswer): Data => {
  const [error] = errors ?? [];
  if (error) throw new AskError(subgraph, String(error.extensions?.['code'] ?? 'ERROR'), error.message);
  // The caller knows the shape of what it asks for.
  return data as Data;
};

/** Asks subgraphs that are mounted in this process, in the asker's name. */
export const askInProcess = (asker: string, find: (name: string) => MountedSubgraph | undefined): Ask => {
  const viewer: Viewer = { kind: 'service', id: asker, scopes: new Set(scopesOfRole('service')) };
  return async (subgraph, query, variables = {}) => {
    const mounted = find(subgraph);
    if (!mounted) throw new AskError(subgraph, 'UNREACHABLE', 'it is not part of this process.');
    const deadlineAt = Date.now() + limitMs;
    const trace = activeTrace();
    return dataOf(subgraph, await mounted.execute({ query, variables, viewer, deadlineAt, trace }));
  };
};

/** Asks subgraphs that are processes of their own, with a service's token. */
export const askOverHttp = ({
  urls,
  token,
}: {
  /** The address of each subgraph by its name. */
  readonly urls: Readonly<Record<string, string>>;
  /** Made anew for each question by who can sign. */
  readonly token: string | (() => Promise<string>);
}): Ask => {
  return async (subgraph, query, variables = {}) => {
    const url = urls[subgraph];
    if (url === undefined) throw new AskError(subgraph, 'UNREACHABLE', 'SUBGRAPH_URLS does not name it.');
    const bearer = typeof token === 'string' ? token : await token();
    const answer = await post(url, { query, variables }, bearer).catch((cause: unknown) => {
      throw new AskError(subgraph, 'UNREACHABLE', String(cause), { cause });
    });
    return dataOf(subgraph, answer);
  };
};

const post = async (url: string, body: object, token: string): Promise<AnyAnswer> => {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    authorization: `Bearer ${token}`,
    'x-deadline-ms': String(limitMs),
  };
  tellTrace(activeTrace(), headers);
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(limitMs),
  });
  return answer.parse(await response.json());
};

const answer = z.object({
  data: z.unknown(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.record(z.string(), z.unknown()).default({}) }))
    .optional(),
});

/** For env.ts: `inventory=http://inventory:4001/graphql,pricing=http://pricing:4001/graphql`. */
export const subgraphUrls = z
  .string()
  .transform((text) =>
    Object.fromEntries(
      text
        .split(',')
        .filter((pair) => pair.trim() !== '')
        .map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()]),
    ),
  )
  .pipe(z.record(z.string().regex(/^[a-z]+$/), z.url({ protocol: /^https?$/ })));
