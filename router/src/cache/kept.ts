import type { Call, Viewer } from '@storegraph/server';
import type { SubgraphAnswer, Subquery, Transport } from '../reach/transport.ts';
import type { TaggedStore } from './tagged-store.ts';

/** A question to a subgraph whose answer may be kept. */
export type Asked = {
  readonly transport: Transport;
  readonly store: TaggedStore<string>;
  readonly subquery: Subquery;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly call: Call;
};

/** Who shares what is kept: strangers with each other, the others with nobody, because their scopes may open more. */
export const scopeOf = (viewer: Viewer): string =>
  viewer.kind === 'anonymous' ? '' : JSON.stringify([viewer.kind, viewer.id, [...viewer.scopes].sort()]);

/** Only what is whole is kept: an error is tried again. */
export const isClean = ({ data, errors }: SubgraphAnswer): boolean => data != null && !errors?.length;

/** As text, because whoever is answered writes into the objects; a character takes two bytes at most. */
export const keep = (
  { store, subquery }: Asked,
  key: string,
  value: unknown,
  about: { readonly tags: readonly string[]; readonly since: number },
): void => {
  const text = JSON.stringify(value);
  const maxAgeSeconds = subquery.keeping.caching?.maxAgeSeconds ?? 0;
  const bytes = 2 * (text.length + key.length);
  store.write(key, text, { ...about, bytes, freshUntil: Date.now() + maxAgeSeconds * 1_000 });
};
