import { anonymous, type Log } from '@storegraph/server';
import { beforeEach, expect, test } from 'vitest';
import type { GraphRequest } from '../front/graph-request.ts';
import type { Caller } from '../front/head.ts';
import { createAutomatic } from './automatic.ts';
import { hashOf, parseManifest } from './manifest.ts';
import { createResolve, indexOf, type PersistedMode } from './operations.ts';

const known = 'query Page { products { id } }';
const other = 'query Other { products { name } }';
const manifest = parseManifest(
  'web@1.0.0',
  JSON.stringify({
    format: 'apollo-persisted-query-manifest',
    version: 1,
    operations: [
      { id: hashOf(known), name: 'Page', type: 'query', body: known },
      { id: 'short', name: 'Short', type: 'query', body: other },
    ],
  }),
);

const warned: unknown[] = [];
beforeEach(() => void warned.splice(0));
const log: Log = {
  info: () => {},
  error: () => {},
  warn: (_message, fields) => void warned.push(fields),
};

const caller: Caller = {
  ...{ token: undefined, viewer: anonymous, requestId: 'r', deadlineAt: 0, expiresAt: 0 },
  ...{ client: { name: 'web', version: '1.0.0' }, address: '::1' },
};
const request = (about: Partial<GraphRequest>): GraphRequest => ({
  ...{ query: null, documentId: null, operationName: null, variables: {}, extensions: {} },
  ...about,
});
const hashed = (sha256Hash: unknown, query: string | null = null) =>
  request({ query, extensions: { persistedQuery: { version: 1, sha256Hash } } });

const resolving = (mode: PersistedMode) => {
  const published = indexOf([manifest]);
  const resolve = createResolve({
    mode,
    published: () => published,
    automatic: createAutomatic(null),
    log,
  });
  return async (asked: GraphRequest): Promise<string> => {
    const resolved = await resolve(asked, caller);
    if ('text' in resolved) return resolved.text;
    return `${resolved.refusedWith} ${JSON.parse(resolved.body).errors[0].extensions.code}`;
  };
};

const unpublished = '{ secret }';

test.each([
  ['off', unpublished, '404 PERSISTED_OPERATION_NOT_FOUND', '200 PERSISTED_QUERY_NOT_FOUND'],
  ['log', unpublished, other, known],
  ['prefer', '400 PERSISTED_OPERATION_REQUIRED', other, known],
  ['only', '400 PERSISTED_OPERATION_REQUIRED', other, known],
] as const)('mode %s', async (mode, text, byDocumentId, byHash) => {
  const resolve = resolving(mode);
  expect(await resolve(request({ query: unpublished }))).toBe(text);
  expect(await resolve(request({ documentId: 'short' }))).toBe(byDocumentId);
  expect(await resolve(hashed(hashOf(known)))).toBe(byHash);
});

test('mode only runs no text, published or not; prefer runs what is published', async () => {
  expect(await resolving('only')(request({ query: known }))).toBe('400 PERSISTED_OPERATION_REQUIRED');
  expect(await resolving('prefer')(request({ query: known }))).toBe(known);
  expect(await resolving('only')(hashed(hashOf(known), known))).toBe(known);
  expect(await resolving('only')(hashed(hashOf(unpublished), unpublished))).toBe(
    '400 PERSISTED_OPERATION_REQUIRED',
  );
});

test('mode log notes each unpublished operation once, with its client', async () => {
  const resolve = resolving('log');
  await resolve(request({ query: known }));
  await resolve(request({ query: unpublished }));
  await resolve(request({ query: unpublished }));
  expect(warned).toEqual([{ id: hashOf(unpublished), operationName: null, client: 'web' }]);
});

test('a client persists an operation by sending it once with its hash', async () => {
  const resolve = resolving('log');
  const hash = hashOf(unpublished);
  expect(await resolve(hashed(hash))).toBe('200 PERSISTED_QUERY_NOT_FOUND');
  expect(await resolve(hashed(hash, '{ another }'))).toBe('400 PERSISTED_QUERY_HASH_MISMATCH');
  expect(await resolve(hashed(hash))).toBe('200 PERSISTED_QUERY_NOT_FOUND');
  expect(await resolve(hashed(hash, unpublished))).toBe(unpublished);
  expect(await resolve(hashed(hash))).toBe(unpublished);
});

test('an id that nobody published is said to be unknown, not asked for again', async () => {
  for (const mode of ['prefer', 'only'] as const) {
    expect(await resolving(mode)(hashed('0'.repeat(64)))).toBe('404 PERSISTED_OPERATION_NOT_FOUND');
    expect(await resolving(mode)(request({ documentId: 'nobody' }))).toBe(
      '404 PERSISTED_OPERATION_NOT_FOUND',
    );
  }
});

test.each([[null], [7], [{}], ['']])('a hash that is %j is refused in a sentence', async (hash) => {
  expect(await resolving('log')(hashed(hash))).toMatch(/^(400 BAD_REQUEST|200 PERSISTED_QUERY_NOT_FOUND)$/);
});

test.each([
  ['not JSON', '{', 'not valid JSON'],
  ['another format', '{"format":"x"}', 'no manifest'],
  ['a wrong hash', manifestText([{ id: '0'.repeat(64), body: known }]), 'not the SHA-256'],
  [
    'an id twice',
    manifestText([
      { id: 'a', body: known },
      { id: 'a', body: other },
    ]),
    'twice',
  ],
])('a manifest that is %s is refused', (_what, text, reason) => {
  expect(() => parseManifest('web@1', text)).toThrow(reason);
});

test.each(['web', 'web@', '@1', '../web@1', 'Web@1', 'web@1/..'])(
  'a client cannot be called %s',
  (client) => {
    expect(() => parseManifest(client, manifestText([]))).toThrow('names no client');
  },
);

function manifestText(operations: readonly { id: string; body: string }[]): string {
  return JSON.stringify({
    format: 'apollo-persisted-query-manifest',
    version: 1,
    operations: operations.map((one) => ({ ...one, name: 'Page', type: 'query' })),
  });
}
