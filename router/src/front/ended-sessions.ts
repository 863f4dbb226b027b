import type { StoredEvent } from '@storegraph/events';
import type { Log, Viewer } from '@storegraph/server';
import { GraphQLError } from 'graphql';

/** An access token lives ten minutes; the rest is for clocks that differ and for changes that take their time. */
export const keptMs = 12 * 60_000;

/** About 60 MB of them, and 700 that end each second. */
const defaultMaxKept = 500_000;

/** Sessions that have ended: the access tokens that were given out for them are refused, though they still hold. */
export type EndedSessions = {
  /** Takes in what account tells; other facts pass. */
  readonly hear: (events: readonly StoredEvent[]) => void;
  readonly has: (viewer: Viewer) => boolean;
  /** Calls as soon as the viewer's session ends, at once where it has. Answers how to leave off. */
  readonly watch: (viewer: Viewer, ended: () => void) => () => void;
};

/** What is told to who shows the token of a session that has ended. */
export const sessionEnded = (): GraphQLError =>
  new GraphQLError('Your session has ended: sign in again.', { extensions: { code: 'UNAUTHENTICATED' } });

/** Tokens of guests, of services, and those that were made by hand have none. */
const sessionOf = (viewer: Viewer): string | undefined =>
  viewer.kind === 'anonymous' ? undefined : viewer.sessionId;

/** Remembers the sessions that have ended for as long as a token of theirs may live. */
export const createEndedSessions = (
  log: Log,
  { maxKept = defaultMaxKept }: { readonly maxKept?: number } = {},
): EndedSessions => {
  /** When it was heard of, which is in their order. */
  const heardAt = new Map<string, number>();
  const watchers = new Map<string, Set<() => void>>();
  let isFull = false;

  const forget = (now: number): void => {
    for (const [id, at] of heardAt) {
      const isOver = now - at > keptMs;
      if (!isOver && heardAt.size <= maxKept) return;
      if (!isOver && !isFull) {
        log.error('More sessions end than are remembered: their tokens hold until they expire.', { maxKept });
        isFull = true;
      }
      heardAt.delete(id);
    }
  };

  const end = (id: string): void => {
    heardAt.set(id, Date.now());
    const told = watchers.get(id) ?? [];
    watchers.delete(id);
    for (const ended of told) ended();
  };

  const has: EndedSessions['has'] = (viewer) => {
    const id = sessionOf(viewer);
    return id !== undefined && heardAt.has(id);
  };

  return {
    has,
    hear: (events) => {
      for (const event of events) {
        if (event.type === 'account.sessions_ended') event.data.sessionIds.forEach(end);
      }
      forget(Date.now());
    },
    watch: (viewer, ended) => {
      const id = sessionOf(viewer);
      if (id === undefined) return () => undefined;
      if (has(viewer)) {
        ended();
        return () => undefined;
      }
      const together = watchers.get(id) ?? new Set();
      watchers.set(id, together.add(ended));
      return () => {
        together.delete(ended);
        if (together.size === 0 && watchers.get(id) === together) watchers.delete(id);
      };
    },
  };
};
