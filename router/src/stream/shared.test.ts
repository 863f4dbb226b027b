import { anonymous, type Call, type Viewer } from '@storegraph/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Opened } from '../front/operation.ts';
import { type Answer, refuse } from '../run/answer.ts';
import { createChanges, preparedChanges, settle, type Told } from './changes-fixture.ts';
import { createSharing } from './shared.ts';

const failed = (): Answer => refuse(500, [{ message: 'It failed.', extensions: { code: 'INTERNAL' } }]);

const callBy = (viewer: Viewer = anonymous, token?: string): Call => ({
  ...{ token, viewer, requestId: 'test', deadlineAt: Date.now() + 10_000 },
});

const ada = (scopes: string[] = []): Viewer => ({ kind: 'customer', id: 'ada', scopes: new Set(scopes) });

/** Clients of one shared subscription. */
const createShop = (options: { tellsEach: boolean; text?: string }) => {
  const changes = createChanges(options);
  const follow = createSharing(failed);
  const prepared = preparedChanges(options.text);

  const join = (after: string | null = null, call = callBy()) => {
    const told: Told[] = [];
    const state = { told, after, isLive: true, hasEnded: false };
    const opened: Opened = { engine: changes.engine, prepared, values: after === null ? {} : { after } };
    const followed = follow(opened, call, {
      next: ({ body }) => told.push(JSON.parse(body).data.changed),
      end: () => {
        state.hasEnded = true;
      },
    });
    return { ...state, state, opened: followed.opened, leave: followed.leave };
  };
  /** Lets every stream tell all it owes. */
  const quiet = async () => {
    do {
      for (const stream of changes.streams()) if (!stream.isOpen()) stream.open();
      await settle();
    } while (changes.streams().some((stream) => stream.step(0)));
    await settle();
  };
  return { ...changes, join, quiet };
};

type Client = ReturnType<ReturnType<typeof createShop>['join']>;

const cursors = ({ told }: Client) => told.map(({ cursor }) => Number(cursor));

describe('sharing', () => {
  test('opens one upstream for all who come before its first event', async () => {
    const shop = createShop({ tellsEach: true });
    shop.change('mug');
    const clients = [shop.join(), shop.join(), shop.join()];
    await shop.quiet();
    expect(shop.opened()).toBe(1);
    expect(clients.map(cursors)).toEqual([[1], [1], [1]]);
  });

  test('gives a late follower the state first and then lets it share', async () => {
    const shop = createShop({ tellsEach: true });
    shop.change('mug');
    const early = shop.join();
    await shop.quiet();
    shop.change('mug');
    await shop.quiet();
    const late = shop.join();
    await shop.quiet();
    expect(shop.streams()).toHaveLength(1);
    shop.change('mug');
    await shop.quiet();
    expect(cursors(early)).toEqual([1, 2, 3]);
    expect(cursors(late)).toEqual([2, 3]);
  });

  test('a follower who reconnects where the shared stream is opens nothing', async () => {
    const shop = createShop({ tellsEach: true });
    shop.change('mug');
    shop.join();
    await shop.quiet();
    const back = shop.join('1');
    shop.change('mug');
    await shop.quiet();
    expect(shop.opened()).toBe(1);
    expect(cursors(back)).toEqual([2]);
  });

  test('closes the upstream with its last follower, also while it is opening', async () => {
    const shop = createShop({ tellsEach: true });
    const one = shop.join();
    const other = shop.join();
    one.leave();
    expect(shop.streams()).toHaveLength(1);
    other.leave();
    await shop.quiet();
    expect(shop.streams()).toHaveLength(0);
  });

  test('viewers share with themselves only, anonymous ones with each other', async () => {
    const shop = createShop({ tellsEach: true });
    shop.join(null, callBy(ada(), 'a'));
    shop.join(null, callBy(ada(), 'a'));
    expect(shop.opened()).toBe(1);
    shop.join(null, callBy(ada(['stock:read']), 'a'));
    shop.join(null, callBy({ kind: 'customer', id: 'bob', scopes: new Set() }, 'b'));
    shop.join(null, callBy({ kind: 'staff', id: 'ada', scopes: new Set() }, 'a'));
    shop.join();
    shop.join();
    expect(shop.opened()).toBe(5);
  });

  test('a late follower that does not ask for the cursor keeps a stream of its own', async () => {
    const shop = createShop({ tellsEach: true, text: 'subscription { changed { thing version } }' });
    shop.change('mug');
    shop.join();
    await shop.quiet();
    const late = shop.join();
    shop.change('mug');
    await shop.quiet();
    expect(shop.streams()).toHaveLength(2);
    expect(late.told.map(({ version }) => version)).toEqual([2]);
  });

  test('who asks for a place that is not there is told so, and disturbs nobody', async () => {
    const shop = createShop({ tellsEach: true });
    shop.change('mug');
    const client = shop.join();
    await shop.quiet();
    const wrong = shop.join('7');
    await shop.quiet();
    expect((await wrong.opened)?.body).toContain('ahead of every change');
    shop.change('mug');
    await shop.quiet();
    expect(cursors(client)).toEqual([1, 2]);
    expect(wrong.told).toEqual([]);
  });

  test('all end with the upstream, those who moved over too', async () => {
    const shop = createShop({ tellsEach: true });
    shop.change('mug');
    const early = shop.join();
    await shop.quiet();
    const late = shop.join();
    await shop.quiet();
    shop.streams()[0]?.finish();
    await settle();
    expect([early.state.hasEnded, late.state.hasEnded]).toEqual([true, true]);
  });
});

const commands = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('change' as const), which: fc.nat(2) }),
    fc.record({ do: fc.constant('open' as const), which: fc.nat(5) }),
    { weight: 3, arbitrary: fc.record({ do: fc.constant('step' as const), which: fc.nat(30) }) },
    fc.record({ do: fc.constant('join' as const), which: fc.nat(0) }),
    fc.record({ do: fc.constant('leave' as const), which: fc.nat(9) }),
    fc.record({ do: fc.constant('reconnect' as const), which: fc.nat(9) }),
  ),
  { minLength: 10, maxLength: 80 },
);

type Command =
  typeof commands extends fc.Arbitrary<infer All> ? (All extends (infer One)[] ? One : never) : never;

/** Runs commands against a shop and gives back all clients there ever were. */
const play = async (shop: ReturnType<typeof createShop>, script: readonly Command[]): Promise<Client[]> => {
  const clients: Client[] = [];
  const live = new Set<Client>();
  const pick = <T>(some: Iterable<T>, which: number): T | undefined => {
    const all = [...some];
    return all[which % Math.max(1, all.length)];
  };
  const join = (after: string | null) => {
    const client = shop.join(after);
    clients.push(client);
    live.add(client);
  };
  const part = (client: Client | undefined) => {
    if (!client || !live.delete(client)) return null;
    client.leave();
    client.state.isLive = false;
    return client.told.at(-1)?.cursor ?? client.after;
  };
  for (const { do: action, which } of script) {
    if (action === 'change') shop.change(`thing ${which}`);
    if (action === 'open') pick(shop.streams(), which)?.open();
    if (action === 'step') pick(shop.streams(), which)?.step(which);
    if (action === 'join') join(null);
    if (action === 'leave') part(pick(live, which));
    if (action === 'reconnect' && live.size > 0) join(part(pick(live, which)));
    await settle();
  }
  await shop.quiet();
  await shop.quiet();
  return clients;
};

describe('whoever comes, leaves and comes again', () => {
  test('sees each change once and in order, where each is told', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (script) => {
        const shop = createShop({ tellsEach: true });
        shop.change('thing 0');
        for (const client of await play(shop, script)) {
          const seen = cursors(client);
          const first = client.after === null ? (seen[0] ?? 0) : Number(client.after) + 1;
          expect(seen).toEqual(seen.map((_one, index) => first + index));
          if (client.state.isLive) expect(seen.at(-1) ?? first - 1).toBe(shop.head());
        }
        expect(shop.streams().length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });

  test('ends with the last state of everything, where changes are joined', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (script) => {
        const shop = createShop({ tellsEach: false });
        shop.change('thing 0');
        for (const client of await play(shop, script)) {
          if (!client.state.isLive) continue;
          const start = client.after === null ? 0 : Number.parseInt(client.after, 10);
          const known = new Map(shop.things().map((thing) => [thing, shop.versionAt(thing, start)]));
          for (const { thing, version } of client.told) known.set(thing, version);
          expect(known).toEqual(
            new Map(shop.things().map((thing) => [thing, shop.versionAt(thing, shop.head())])),
          );
          const told = client.told.map((one) => JSON.stringify(one));
          expect(new Set(told).size).toBe(told.length);
        }
      }),
      { numRuns: 300 },
    );
  });
});
