import { hash } from 'node:crypto';
import { isStranger, rightsOf, type Soon, type Viewer } from '@storegraph/server';
import type { Caching, Prepared, Values } from '../prepare/prepared.ts';
import type { Answer } from '../run/answer.ts';
import { compress, type Exchange, encodingFor, line, write } from './exchange.ts';

/** An answer that may be given again. */
export type Kept = {
  readonly body: string;
  /** Of the body in UTF-8. */
  readonly byteLength: number;
  /** A hash of the body. */
  readonly tag: string;
  readonly scope: Caching['scope'];
  /** Epoch milliseconds. */
  readonly freshUntil: number;
  /** The body compressed, each way on first demand. */
  readonly packed: { br?: Promise<Buffer>; gzip?: Promise<Buffer> };
};

/** Where answers are kept. It bounds itself, drops what a fact has made wrong, and all when the graph is another. */
export type AnswerStore = {
  readonly read: (key: string) => Kept | undefined;
  /** Grows with each fact: an answer that was run across one may be of the time before it, and is not kept. */
  readonly moment: () => number;
  readonly write: (key: string, kept: Kept, about: Made) => void;
};

/** What was asked, whoever asked it. */
export type Asked = { readonly prepared: Prepared; readonly values: Values };

/** Where a kept answer came from, for the store to know what can make it wrong. */
export type Made = Asked & { readonly answer: Answer; readonly since: number };

/** JSON with sorted names, so that equal values have one text. Built as text: `__proto__` is a name like others. */
export const canonical = (value: unknown): string => {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonical(value.toJSON());
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join()}}`;
};

/** The variables come last: whatever they hold, they cannot be taken for another part. */
const keyOf = ({ prepared: { id, name }, values }: Asked, rights: string): string =>
  `${id} ${name ?? ''} ${rights} ${canonical(values)}`;

const forAll = 'public';

/** Strangers and guests share what is for everybody. Who shows a token may be told more of the same, so has answers of its own. */
const keyFor = (asked: Asked, viewer: Viewer, scope: Caching['scope']): string =>
  keyOf(asked, scope === 'PUBLIC' && isStranger(viewer) ? forAll : rightsOf(viewer));

/** The kept answer to this operation that its viewer may see, if there is one. */
export const findKept = (store: AnswerStore, asked: Asked, viewer: Viewer): Kept | undefined => {
  const { caching } = asked.prepared;
  if (caching === null) return undefined;
  const found = store.read(keyFor(asked, viewer, caching.scope));
  return found !== undefined && found.freshUntil > Date.now() ? found : undefined;
};

/** Keeps an answer for whom it is for. */
export const writeKept = (
  store: AnswerStore,
  kept: Kept,
  {
    asked,
    viewer,
    answer,
    since,
  }: {
    readonly asked: Asked;
    readonly viewer: Viewer;
    readonly answer: Answer;
    readonly since: number;
  },
): void => {
  store.write(keyFor(asked, viewer, kept.scope), kept, {
    prepared: asked.prepared,
    values: asked.values,
    answer,
    since,
  });
};

/**
 * How the answer to this viewer may be kept; null where it may not. What is run with the token of an account is private whatever
 * its hints say: a field that its scopes opened would otherwise reach everybody from the shared cache.
 */
export const cachingFor = ({ caching, kind }: Prepared, viewer: Viewer): Caching | null => {
  if (caching === null || caching.maxAgeSeconds <= 0 || kind !== 'query') return null;
  return isStranger(viewer) ? caching : { ...caching, scope: 'PRIVATE' };
};

/** An answer as it is kept. */
export const keep = ({ body, holdsUntil }: Pick<Answer, 'body' | 'holdsUntil'>, caching: Caching): Kept => {
  const freshUntil = Date.now() + caching.maxAgeSeconds * 1_000;
  // Ages are told in whole seconds, rounded up: one less, and none reaches past what a subgraph has planned.
  const lastsUntil = holdsUntil === undefined ? freshUntil : Math.min(freshUntil, holdsUntil - 999);
  return keepLine(line(body), caching.scope, lastsUntil);
};

const keepLine = (body: string, scope: Caching['scope'], freshUntil: number): Kept => ({
  body,
  byteLength: Buffer.byteLength(body),
  tag: hash('sha256', body, 'base64url').slice(0, 27),
  scope,
  freshUntil,
  packed: {},
});

/** A weak prefix and the mark of a compression do not matter to whether the reader has these bytes already. */
const hasIt = (header = '', tag: string): boolean =>
  header.split(',').some((one) => {
    const given = one.trim();
    return given === '*' || given.replace(/^W\//, '').startsWith(`"${tag}`);
  });

const headersOf = (kept: Kept, etag: string, variesByOrigin: boolean): string[] => {
  const maxAge = Math.max(0, Math.ceil((kept.freshUntil - Date.now()) / 1000));
  const isPublic = kept.scope === 'PUBLIC';
  const vary = `accept, accept-encoding${isPublic ? '' : ', authorization'}${variesByOrigin ? ', origin' : ''}`;
  const control = `${isPublic ? 'public' : 'private'}, max-age=${maxAge}`;
  return ['cache-control', control, 'etag', etag, 'vary', vary];
};

/** Sends an answer that may be kept, or 304 to who has it. */
export const sendKept = (exchange: Exchange, kept: Kept): Soon<void> => {
  const encoding = encodingFor(exchange, kept.byteLength);
  // A strong tag names the bytes on the wire, and these differ by compression.
  const etag = encoding === null ? `"${kept.tag}"` : `"${kept.tag}-${encoding}"`;
  const headers = headersOf(kept, etag, exchange.variesByOrigin);
  const { method, headers: asked } = exchange.request;
  if (method === 'GET' && hasIt(asked['if-none-match'], kept.tag)) {
    exchange.response.writeHead(304, [...exchange.headers, ...headers]);
    exchange.response.end();
    return;
  }
  if (encoding === null) return write(exchange, 200, headers, kept.body, kept.byteLength);
  kept.packed[encoding] ??= compress(kept.body, encoding);
  return kept.packed[encoding].then((packed) =>
    write(exchange, 200, [...headers, 'content-encoding', encoding], packed, packed.length),
  );
};
