import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEventLog } from '@storegraph/events';
import { connect } from '@storegraph/postgres';
import { localTransport, startRouter } from '@storegraph/router';
import { createLog, schemaFolder, signToken } from '@storegraph/server';
import { type Client, createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { checkInvariants } from './invariants.ts';
import { readKeys } from './keys.ts';
import { type Answer, password, peopleOf } from './people-fixture.ts';
import { type Shop, startShop } from './shop.ts';

/** Who is signed out is out at once, though the access token would hold for minutes: over every way into the shop. */

const message = 'Your session has ended: sign in again.';
const email = 'ada@example.com';
const newPassword = 'another good password';

let folder = '';
let shop: Shop;
const clients: Client[] = [];
const { ask, change, signUp } = peopleOf(() => shop.url);

const open = () => startShop({ folder, port: 0, products: 12, log: createLog(() => {}) });
const restart = async () => {
  await shop.stop();
  shop = await open();
};

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'storegraph-signed-out-')), 'home');
  shop = await open();
  await signUp(email);
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.dispose()));
  await shop.stop();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

type Device = { readonly token: string; readonly refreshToken: string; readonly sessionId: string };

const signIn = async (who = email, secret = password): Promise<Device> => {
  const fields = '... on SignedIn { tokens { accessToken refreshToken } session { id } }';
  const { tokens, session } = await change('signIn', { email: who, password: secret }, undefined, fields);
  return { token: tokens.accessToken, refreshToken: tokens.refreshToken, sessionId: session.id };
};
const bearer = ({ token }: Device) => ({ authorization: `Bearer ${token}` });
const shopKeys = async () => {
  const keys = await readKeys(folder);
  if (!keys) throw new Error('The shop has no keys.');
  return keys;
};
/** As `npm run token` makes it: of no session. */
const admin = async () => signToken(await shopKeys(), { subject: 'operator', role: 'admin' });
const signOut = ({ refreshToken }: Device) => change('signOut', { refreshToken });

const refused = { errors: [{ message, extensions: { code: 'UNAUTHENTICATED' } }] };
const me = ({ token }: Device) => ask('{ me { email } }', token);

const page = '{ products(first: 1) { nodes { id } } }';
const sha256Hash = createHash('sha256').update(page).digest('hex');
const hash = encodeURIComponent(JSON.stringify({ persistedQuery: { version: 1, sha256Hash } }));
/** The page by its hash, as phones ask for it. */
const persisted = (device: Device, query = '') =>
  fetch(`${shop.url}/graphql?extensions=${hash}${query && `&query=${encodeURIComponent(query)}`}`, {
    headers: { ...bearer(device), 'apollo-require-preflight': 'yes' },
  });

const following = 'subscription { cartChanged { cursor cart { lines { quantity } } } }';

/** A stream of server-sent events that has begun; `rest` is what it says until it ends. */
const stream = async (device: Device) => {
  const answer = await fetch(`${shop.url}/graphql`, {
    method: 'POST',
    headers: { ...bearer(device), 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: following }),
  });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error('There is no stream.');
  let heard = '';
  const until = async (said: string | null): Promise<string> => {
    while (said === null || !heard.includes(said)) {
      const { value, done } = await reader.read();
      if (done) break;
      heard += value;
    }
    return heard;
  };
  await until('cartChanged');
  return { until, rest: () => until(null), leave: () => reader.cancel() };
};

/** A WebSocket that follows the cart. */
const socket = async (device: Device) => {
  let close: (event: Answer) => void = () => {};
  const closed = new Promise<Answer>((resolve) => {
    close = resolve;
  });
  const client = createClient({
    ...{ url: `${shop.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 },
    connectionParams: bearer(device),
    on: { closed: close },
  });
  clients.push(client);
  const events = client.iterate<Answer>({ query: following });
  const next = async () => (await events.next()).value?.data.cartChanged.cart?.lines;
  await next();
  return { next, closed };
};

describe('a device that is signed out by another', () => {
  test('is refused at once wherever it asks, while the other goes on', async () => {
    const [phone, desk] = [await signIn(), await signIn()];
    expect((await persisted(phone, page)).status).toBe(200);
    const kept = await persisted(phone);
    expect([kept.status, kept.headers.get('cache-control')]).toEqual([
      200,
      expect.stringContaining('private'),
    ]);
    const [sse, ws] = [await stream(phone), await socket(phone)];
    const [others, otherSocket] = [await stream(desk), await socket(desk)];

    const revoked = await change('sessionRevoke', { sessionId: phone.sessionId }, desk.token);
    expect(revoked).toEqual({ __typename: 'SessionRevoked' });

    expect(await me(phone)).toMatchObject(refused);
    const again = await persisted(phone);
    expect([again.status, await again.json()]).toEqual([401, expect.objectContaining(refused)]);
    expect(await ws.closed).toMatchObject({ code: 4403, reason: message });
    expect(await sse.rest()).toContain(message);
    await expect(socket(phone)).rejects.toMatchObject({ code: 4403, reason: message });

    expect(await me(desk)).toMatchObject({ data: { me: { email } } });
    expect((await persisted(desk)).status).toBe(200);
    const { data } = await ask('{ products(first: 1) { nodes { variants { id } } } }');
    const variantId = data.products.nodes[0].variants[0].id;
    const added = { variantId, quantity: 1, region: 'DE', currency: 'EUR' };
    expect(await change('cartLineAdd', added, desk.token)).toEqual({ __typename: 'CartChanged' });
    expect(await otherSocket.next()).toEqual([{ quantity: 1 }]);
    expect(await others.until('"quantity":1')).toContain('"quantity":1');
    await others.leave();
  });

  test('stays out when the router starts again, and comes back by signing in', async () => {
    const [phone, desk] = [await signIn(), await signIn()];
    await signOut(phone);
    await restart();
    expect(await me(phone)).toMatchObject(refused);
    for (const device of [desk, await signIn()])
      expect(await me(device)).toMatchObject({ data: { me: { email } } });
  }, 60_000);

  test('is out at other routers too, also where nothing is kept, and at one that starts later', async () => {
    const log = createLog(() => {});
    const db = connect({ url: shop.postgresUrl, schema: 'account', name: 'another router' });
    const events = openEventLog({ db, publisher: 'account' });
    const openRouter = async (cacheMegabytes: number) => {
      const router = await startRouter({
        supergraphSdl: await readFile(join(schemaFolder, 'supergraph.graphql'), 'utf8'),
        transports: shop.subgraphs.map(localTransport),
        ...{ keys: await shopKeys(), logs: [events], port: 0, log, settings: { cacheMegabytes } },
      });
      const there = peopleOf(() => router.url.replace('/graphql', ''));
      return { ...router, me: ({ token }: Device) => there.ask('{ me { email } }', token) };
    };
    const [phone, desk] = [await signIn(), await signIn()];
    const routers = [await openRouter(0), await openRouter(1)];
    for (const other of routers) expect(await other.me(phone)).toMatchObject({ data: { me: { email } } });
    await signOut(phone);
    for (const other of routers) await expect.poll(() => other.me(phone)).toMatchObject(refused);
    routers.push(await openRouter(0));
    for (const other of routers) {
      expect(await other.me(phone)).toMatchObject(refused);
      expect(await other.me(desk)).toMatchObject({ data: { me: { email } } });
      await other.stop();
    }
    await events.stop();
    await db.close();
  });

  /** What ends the first device's session, by the second. */
  const ways: readonly (readonly [string, (phone: Device, desk: Device) => Promise<Answer>])[] = [
    ['signOut', (phone) => signOut(phone)],
    ['sessionRevoke', ({ sessionId }, { token }) => change('sessionRevoke', { sessionId }, token)],
    ['otherSessionsRevoke', (_phone, { token }) => change('otherSessionsRevoke', {}, token)],
    [
      'sessionRefresh',
      async ({ refreshToken }) => {
        await change('sessionRefresh', { refreshToken });
        return change('sessionRefresh', { refreshToken });
      },
    ],
    [
      'passwordChange',
      (_phone, { token }) => change('passwordChange', { currentPassword: password, newPassword }, token),
    ],
  ];

  test.each(ways)(
    'is answered nothing it asks after %s was answered, however much it asks',
    async (_name, end) => {
      const [phone, desk] = [await signIn(), await signIn()];
      let isOver = false;
      let asked = 0;
      const late: Answer[] = [];
      let begin = () => {};
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const hurry = async (): Promise<void> => {
        while (late.length < 20) {
          const wasOver = isOver;
          const answer = await me(phone);
          if (wasOver) late.push(answer);
          else asked += 1;
          if (asked > 20) begin();
        }
      };
      const hurrying = Array.from({ length: 8 }, hurry);
      await begun;
      expect(await end(phone, desk)).not.toHaveProperty('errors');
      isOver = true;
      await Promise.all(hurrying);
      for (const answer of late) expect(answer).toMatchObject(refused);
      expect(await me(desk)).toMatchObject({ data: { me: { email } } });
    },
  );
});

describe('staff', () => {
  /** Somebody who works here and has signed in. */
  const employ = async (who: string): Promise<Device & { readonly staffId: string }> => {
    const fields = '... on StaffCreated { staffMember { id } }';
    const input = { email: who, name: who, role: 'MERCHANDISER' };
    const { staffMember } = await change('staffCreate', input, await admin(), fields);
    const mails = async () => (await fetch(`${shop.url}/mailbox`)).text();
    await expect.poll(mails, { timeout: 20_000 }).toContain(who);
    const mail = (await mails()).split('<article').find((one) => one.includes(who)) ?? '';
    const token = /<b>([\w.-]+)<\/b>/.exec(mail)?.[1];
    await change('passwordReset', { token, newPassword });
    return { ...(await signIn(who, newPassword)), staffId: staffMember.id };
  };
  const sellEverywhere = async ({ token }: Device) => {
    const { data } = await ask(page);
    const input = { productId: data.products.nodes[0].id, everywhere: true };
    return change('productUpdate', input, token);
  };

  test('who are suspended change nothing more', async () => {
    const merchandiser = await employ('grace@example.com');
    const { staffId } = merchandiser;
    expect(await sellEverywhere(merchandiser)).toHaveProperty('__typename');
    await change('staffSuspend', { staffId, reason: 'left' }, await admin());
    expect(await sellEverywhere(merchandiser)).toMatchObject(refused);
  });

  test('whose role changes lose what the one before allowed', async () => {
    const merchandiser = await employ('joan@example.com');
    const { staffId } = merchandiser;
    await change('staffRoleChange', { staffId, role: 'FINANCE' }, await admin());
    expect(await sellEverywhere(merchandiser)).toMatchObject(refused);
    const again = await signIn('joan@example.com', newPassword);
    expect(await sellEverywhere(again)).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });
});

test('every invariant of accounts holds', async () => {
  const findings = (await checkInvariants(shop.postgresUrl)).filter(({ subgraph }) => subgraph === 'account');
  expect(findings.filter(({ rows }) => rows.length > 0)).toEqual([]);
});
