import type { Log } from '@storegraph/server';
import type { GraphRequest } from '../front/graph-request.ts';
import type { Caller } from '../front/head.ts';
import type { Resolve, Resolved } from '../front/operation.ts';
import type { Refusal } from '../front/refusal.ts';
import { refuse } from '../run/answer.ts';
import type { AutomaticStore } from './automatic.ts';
import { hashOf, type Manifest } from './manifest.ts';

/**
 * What may be run: `off` any text, published ids are not looked at; `log` any text, and those that nobody
 * published are logged; `prefer` published operations, by their id or their text; `only` published ones, by id.
 */
export type PersistedMode = 'off' | 'log' | 'prefer' | 'only';

/** The published operations, as they are looked up. */
export type Published = {
  readonly textOf: (id: string) => string | null;
  readonly has: (text: string) => boolean;
  readonly isEmpty: boolean;
  readonly texts: () => Iterable<string>;
};

export const indexOf = (manifests: readonly Manifest[]): Published => {
  const byId = new Map(manifests.flatMap(({ operations }) => operations.map(({ id, text }) => [id, text])));
  const texts = new Set(byId.values());
  return {
    textOf: (id) => byId.get(id) ?? null,
    has: (text) => texts.has(text),
    isEmpty: texts.size === 0,
    texts: () => texts,
  };
};

export type ResolveOptions = {
  readonly mode: PersistedMode;
  /** Asked for each request: publishing changes it. */
  readonly published: () => Published;
  /** Operations that clients persist by sending them once; null where that is off. */
  readonly automatic: AutomaticStore | null;
  readonly log: Log;
};

const refusal = (status: number, code: string, message: string, details: object = {}): Refusal =>
  refuse(status, [{ message, extensions: { code, ...details } }]);

const notPublished = (id: string): Refusal =>
  refusal(
    404,
    'PERSISTED_OPERATION_NOT_FOUND',
    `No operation was published under the id ${id.slice(0, 80)}: publish the client's manifest.`,
  );

const textRefused = (mode: PersistedMode): Refusal =>
  refusal(
    400,
    'PERSISTED_OPERATION_REQUIRED',
    mode === 'only'
      ? 'Only published operations are run: name one by its id, in `extensions.persistedQuery.sha256Hash` or `documentId`.'
      : 'Only published operations are run, and this is none of them.',
  );

// The words and the status by which Apollo's clients know to send the text along.
const notFoundYet = (): Refusal => refusal(200, 'PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');

const wrongHash = (): Refusal =>
  refusal(400, 'PERSISTED_QUERY_HASH_MISMATCH', 'provided sha does not match query');

/** The id that a request names its operation by; null where it sends the text alone. */
const idOf = ({ documentId, extensions }: GraphRequest): string | null | Refusal => {
  if (documentId !== null) return documentId;
  const persisted = extensions['persistedQuery'];
  if (persisted === undefined || persisted === null) return null;
  const { version, sha256Hash } = persisted as { readonly version?: unknown; readonly sha256Hash?: unknown };
  if (version === 1 && typeof sha256Hash === 'string') return sha256Hash;
  return refusal(400, 'BAD_REQUEST', '`extensions.persistedQuery` is { version: 1, sha256Hash: String }.');
};

/** Unpublished operations are logged once each, and not for ever: a client that builds texts has no end of them. */
const maxLogged = 1_000;

/** Finds the text a request stands for, as far as the mode lets it be run. */
export const createResolve = ({ mode, published, automatic, log }: ResolveOptions): Resolve => {
  const logged = new Set<string>();

  const noteUnpublished = (text: string, operationName: string | null, { client }: Caller): void => {
    const id = hashOf(text);
    if (logged.has(id) || logged.size >= maxLogged) return;
    logged.add(id);
    log.warn('An operation that nobody published was run.', { id, operationName, client: client?.name });
  };

  const byText = (text: string, { operationName }: GraphRequest, caller: Caller): Resolved | Refusal => {
    if (mode === 'only') return textRefused(mode);
    if (mode === 'prefer' && !published().has(text)) return textRefused(mode);
    // Where nothing was published yet, every operation would be news.
    const isNews = mode === 'log' && !published().isEmpty && !published().has(text);
    if (isNews) noteUnpublished(text, operationName, caller);
    return { text, operationName };
  };

  /** A text with its hash: a client that persists by sending it once. */
  const withHash = async (
    text: string,
    hash: string,
    request: GraphRequest,
    caller: Caller,
  ): Promise<Resolved | Refusal> => {
    if (mode !== 'only' && hashOf(text) !== hash) return wrongHash();
    const resolved = byText(text, request, caller);
    if ('text' in resolved) await automatic?.write(hash, text);
    return resolved;
  };

  const byId = async (id: string, request: GraphRequest, caller: Caller): Promise<Resolved | Refusal> => {
    const text = mode === 'off' ? null : published().textOf(id);
    if (text !== null) return { text, operationName: request.operationName };
    if (mode === 'only' || mode === 'prefer' || request.documentId !== null) return notPublished(id);
    const kept = (await automatic?.read(id)) ?? null;
    if (kept === null) return automatic ? notFoundYet() : notPublished(id);
    return byText(kept, request, caller);
  };

  return (request, caller) => {
    const id = idOf(request);
    if (id !== null && typeof id !== 'string') return id;
    const { query } = request;
    if (id === null) {
      if (query !== null) return byText(query, request, caller);
      return refusal(400, 'BAD_REQUEST', 'There is no `query` to run.');
    }
    // Published ones first: a client that sends both is not asked to prove what is known.
    if (query === null || (mode !== 'off' && published().textOf(id) === query))
      return byId(id, request, caller);
    return withHash(query, id, request, caller);
  };
};
