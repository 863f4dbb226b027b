import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTaggedStore, type TaggedStore } from './tagged-store.ts';

const about = (tags: readonly string[], since: number, bytes = 10) => ({
  ...{ tags, since, bytes },
  freshUntil: Date.now() + 60_000,
});

test('gives what was kept, until one of its tags is dropped', () => {
  const store = createTaggedStore<string>(1_000);
  store.write('a', 'A', about(['x', 'y'], store.moment()));
  store.write('b', 'B', about(['y'], store.moment()));
  store.drop(['x']);
  expect([store.read('a'), store.read('b')]).toEqual([undefined, 'B']);
});

test('keeps nothing that was asked for before one of its tags was dropped', () => {
  const store = createTaggedStore<string>(1_000);
  const since = store.moment();
  store.drop(['x']);
  store.write('late', 'of before', about(['x'], since));
  store.write('other', 'of another', about(['y'], since));
  store.write('after', 'of after', about(['x'], store.moment()));
  expect([store.read('late'), store.read('other'), store.read('after')]).toEqual([
    ...[undefined, 'of another', 'of after'],
  ]);
});

test('forgets what is old', () => {
  const store = createTaggedStore<string>(1_000);
  store.write('a', 'A', { ...about(['x'], 0), freshUntil: Date.now() - 1 });
  expect(store.read('a')).toBeUndefined();
  expect(store.size()).toBe(0);
});

test('makes room by forgetting what was not read for longest, and keeps nothing larger than itself', () => {
  const store = createTaggedStore<string>(30);
  for (const key of ['a', 'b', 'c']) store.write(key, key, about([key], 0));
  store.read('a');
  store.write('d', 'd', about(['d'], 0));
  expect(['a', 'b', 'c', 'd'].map((key) => store.read(key))).toEqual(['a', undefined, 'c', 'd']);
  store.write('huge', 'huge', about(['h'], 0, 31));
  expect(store.read('huge')).toBeUndefined();
});

type Step = { readonly kind: 'write' | 'drop'; readonly key: string; readonly tags: readonly string[] };
const name = fc.constantFrom('p', 'q', 'r', 's');
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('write' as const, 'drop' as const),
  key: name,
  tags: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
});

type Known = Map<string, { readonly at: number; readonly tags: readonly string[] }>;

/** Does a step to the store, and to what is known to be right. */
const take = (store: TaggedStore<number>, known: Known, { kind, key, tags }: Step, at: number): void => {
  if (kind === 'write') {
    store.write(key, at, about(tags, store.moment()));
    known.set(key, { at, tags });
    return;
  }
  store.drop(tags);
  for (const [other, one] of known) if (one.tags.some((tag) => tags.includes(tag))) known.delete(other);
};

test('never gives what carries a tag that was dropped after it was asked for', () => {
  const steps = fc.array(step, { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 10, max: 60 }), (taken, maxBytes) => {
      const store = createTaggedStore<number>(maxBytes);
      const known: Known = new Map();
      for (const [at, one] of taken.entries()) {
        take(store, known, one, at);
        for (const key of ['p', 'q', 'r', 's']) {
          const found = store.read(key);
          // Less may be kept, for want of room; never something else.
          expect([undefined, known.get(key)?.at]).toContain(found);
        }
      }
    }),
  );
});
