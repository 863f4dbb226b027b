import { type Call, rightsOf } from '@storegraph/server';
import type { SubgraphAnswer, Subquery, Transport } from '../reach/transport.ts';
import type { TaggedStore } from './tagged-store.ts';

/** What a subgraph said, as text, because whoever is answered writes into the objects. */
export type KeptPart = {
  readonly text: string;
  /** Epoch milliseconds: it is wrong from then on, by what the subgraph knows of its own plans. */
  readonly holdsUntil: number;
};

/** A question to a subgraph whose answer may be kept. */
export type Asked = {
  readonly transport: Transport;
  readonly store: TaggedStore<KeptPart>;
  readonly subquery: Subquery;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly call: Call;
};

/**
 * Who shares what is kept: strangers with each other and, where it is for everybody, with guests; the others with
 * nobody, because their scopes may open more.
 */
export const scopeOf = ({ subquery, call: { viewer } }: Pick<Asked, 'subquery' | 'call'>): string => {
  const isForAll = viewer.kind === 'guest' && subquery.keeping.caching?.scope === 'PUBLIC';
  return isForAll ? '' : rightsOf(viewer);
};

/** Only what is whole is kept: an error is tried again. */
export const isClean = ({ data, errors }: SubgraphAnswer): boolean => data != null && !errors?.length;

/** Until when an answer holds, as the subgraph says, counted from when it was asked. */
export const holdsUntilOf = ({ extensions }: SubgraphAnswer, askedAt: number): number => {
  const holdsForMs = extensions?.['holdsForMs'];
  return typeof holdsForMs === 'number' ? askedAt + holdsForMs : Number.POSITIVE_INFINITY;
};

/** What an answer says that was put together from kept parts: it holds as long as the first of them that ends. */
export const extensionsOfKept = (holdsUntil: number): SubgraphAnswer['extensions'] =>
  Number.isFinite(holdsUntil) ? { holdsForMs: holdsUntil - Date.now() } : undefined;

/** A character takes two bytes at most. */
export const keep = (
  { store, subquery }: Asked,
  key: string,
  value: unknown,
  about: { readonly tags: readonly string[]; readonly since: number; readonly holdsUntil: number },
): void => {
  const { holdsUntil, ...rest } = about;
  const text = JSON.stringify(value);
  const maxAgeSeconds = subquery.keeping.caching?.maxAgeSeconds ?? 0;
  const bytes = 2 * (text.length + key.length);
  const freshUntil = Math.min(Date.now() + maxAgeSeconds * 1_000, holdsUntil);
  store.write(key, { text, holdsUntil }, { ...rest, bytes, freshUntil });
};
