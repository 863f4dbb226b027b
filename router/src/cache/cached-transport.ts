import type { Transport } from '../reach/transport.ts';
import { fetchEntities } from './cached-entities.ts';
import { type Asked, extensionsOfKept, holdsUntilOf, isClean, type KeptPart, keep, scopeOf } from './kept.ts';
import type { TaggedStore } from './tagged-store.ts';
import { tagsOfMixed } from './tags.ts';

const fetchWhole = async (asked: Asked): Promise<Awaited<ReturnType<Transport['fetch']>>> => {
  const { transport, store, subquery, variables, call } = asked;
  const key = `${transport.name} ${subquery.text} ${scopeOf(asked)} ${JSON.stringify(variables)}`;
  const known = store.read(key);
  if (known) return { data: JSON.parse(known.text), extensions: extensionsOfKept(known.holdsUntil) };
  const since = store.moment();
  const askedAt = Date.now();
  const answer = await transport.fetch(subquery, variables, call);
  if (isClean(answer)) {
    const holdsUntil = holdsUntilOf(answer, askedAt);
    keep(asked, key, answer.data, { tags: tagsOfMixed(transport.name), since, holdsUntil });
  }
  return answer;
};

/** Answers what is asked again from memory: entities one by one, everything else as a whole. */
export const cachedTransport = (transport: Transport, store: TaggedStore<KeptPart>): Transport => ({
  ...transport,
  fetch: (subquery, variables, call) => {
    if (subquery.kind !== 'query' || !subquery.keeping.caching) {
      return transport.fetch(subquery, variables, call);
    }
    const asked = { transport, store, subquery, variables, call };
    return subquery.entities ? fetchEntities(asked, subquery.entities) : fetchWhole(asked);
  },
});
