import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLog, verifyToken } from '@storegraph/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkInvariants } from './invariants.ts';
import { openKeys, readKeys } from './keys.ts';
import { type Answer, password, peopleOf } from './people-fixture.ts';
import { type Shop, startShop } from './shop.ts';

/** Somebody signs up in the shop as npm start opens it: the mail lies in its mailbox. */

const run = promisify(execFile);
let folder = '';
let shop: Shop;
beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'storegraph-account-')), 'home');
  shop = await startShop({ folder, port: 0, products: 12, log: createLog(() => {}) });
});
afterAll(async () => {
  await shop.stop();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

const { ask, change } = peopleOf(() => shop.url);

/** By its own means, since fetch sets Host itself. */
const mailbox = (
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; headers: object }> =>
  new Promise((resolve, reject) => {
    const asking = plainRequest(`${shop.url}/mailbox`, { headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      );
    });
    asking.on('error', reject).end();
  });

const tokens = '... on SignedIn { tokens { accessToken refreshToken } customer { id email } }';

describe('somebody who buys', () => {
  test('is a guest, signs up by the mail in the mailbox, and asks as a customer through the one endpoint', async () => {
    const guest = await change('guestCreate', {}, undefined, '... on GuestCreated { token guestId }');
    const email = 'ada@example.com';
    await change('signUp', { email, password }, guest.token);
    await expect.poll(async () => (await mailbox()).text, { timeout: 10_000 }).toContain(email);
    const token = /<b>([\w.-]+)<\/b>/.exec((await mailbox()).text)?.[1];
    const signedIn = await change('emailVerify', { token, password }, guest.token, tokens);
    expect(signedIn).toMatchObject({ __typename: 'SignedIn', customer: { email } });
    const { accessToken, refreshToken } = signedIn.tokens;
    const mine = await ask('{ me { id email } mySecurity { sessions { isCurrent } } }', accessToken);
    expect(mine).toMatchObject({
      data: { me: { id: signedIn.customer.id, email }, mySecurity: { sessions: [{ isCurrent: true }] } },
    });
    const refreshed = '... on SessionRefreshed { tokens { accessToken } }';
    expect(await change('sessionRefresh', { refreshToken }, undefined, refreshed)).toMatchObject({
      __typename: 'SessionRefreshed',
    });
  });

  test('who guesses passwords is slowed down by address, through the router', async () => {
    const types: string[] = [];
    for (let place = 0; place < 6; place += 1) {
      const input = { email: 'nobody@example.com', password: 'a wrong password' };
      types.push((await change('signIn', input)).__typename);
    }
    expect(types).toEqual([...Array(5).fill('CredentialsRefused'), 'AttemptDelayed']);
  });
});

describe('the mailbox', () => {
  test('shows mails to this machine alone, and is never kept', async () => {
    const { status, headers } = await mailbox();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.any(String),
    });
    // A page elsewhere whose name leads to this machine, and somebody behind a proxy.
    for (const foreign of [
      { host: 'evil.test' },
      { 'x-forwarded-for': '203.0.113.7' },
      { forwarded: 'for=x' },
    ])
      expect((await mailbox(foreign)).status).toBe(404);
  });

  test('is not part of the graph that clients see', async () => {
    const { errors } = await ask('{ mailbox(first: 1) { text } }');
    expect(errors[0].message).toContain('mailbox');
  });
});

/** A command beside the shop, as `npm run` starts it. */
const command = (name: string, home: string, ...args: string[]) =>
  run(process.execPath, ['--import', 'tsx', `embedded/src/${name}-command.ts`, ...args], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env['PATH'], STOREGRAPH_HOME: home },
  }).catch(({ code, stderr }: Answer) => ({ code, stderr, stdout: '' }));

describe('the first administrator', () => {
  const appoint = (...args: string[]) => command('admin', folder, ...args);

  test('is made by an operator, while the shop runs, and gets in by the mail', async () => {
    const email = 'grace@example.com';
    const { stdout } = await appoint('--email', email, '--name', 'Grace Hopper');
    expect(stdout).toContain(`${email} is an administrator`);
    await expect.poll(async () => (await mailbox()).text, { timeout: 10_000 }).toContain(email);
    const mail = (await mailbox()).text.split('<article').find((one) => one.includes(email)) ?? '';
    const token = /<b>([\w.-]+)<\/b>/.exec(mail)?.[1];
    await change('passwordReset', { token, newPassword: password });
    const fields = '... on SignedIn { tokens { accessToken } staffMember { name role } }';
    const signedIn = await change('signIn', { email, password }, undefined, fields);
    expect(signedIn).toMatchObject({ staffMember: { name: 'Grace Hopper', role: 'ADMIN' } });
    const { accessToken } = signedIn.tokens;
    const entries = '{ auditEntries { nodes { actor action } } staffMembers { email } }';
    const { data } = await ask(entries, accessToken);
    expect(data.auditEntries.nodes).toContainEqual({ actor: 'operator', action: 'account_created' });
    expect(data.staffMembers).toEqual([{ email }]);
  }, 30_000);

  test('is not somebody who has no address, or whom nobody has named', async () => {
    expect(await appoint('--email', 'grace')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--name'),
    });
    const wrong = await appoint('--email', 'grace', '--name', 'Grace');
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--email is not an e-mail address.'),
    });
  }, 30_000);
});

describe('keys', () => {
  test('are published without what signs', async () => {
    const published: Answer = await (await fetch(`${shop.url}/.well-known/jwks.json`)).json();
    const { token } = await change('guestCreate', {}, undefined, '... on GuestCreated { token }');
    expect((await verifyToken(published, token)).viewer).toMatchObject({ kind: 'guest' });
    expect(JSON.stringify(published)).not.toContain('"d"');
  });

  test('are kept for their owner alone, with a secret that a shop of before is given', async () => {
    const own = join(folder, '..', 'keys');
    await rm(own, { recursive: true, force: true });
    await mkdir(own);
    const first = await openKeys(own);
    first.stop();
    const { secret, ...before } = JSON.parse(await readFile(join(own, 'keys.json'), 'utf8'));
    await writeFile(join(own, 'keys.json'), JSON.stringify(before));
    const again = await openKeys(own);
    again.stop();
    expect(again.keys.signing.kid).toBe(first.keys.signing.kid);
    expect(again.keys.secret).toMatch(/^[\w-]{43}$/);
    expect(again.keys.secret).not.toBe(secret);
    expect(await readKeys(own)).not.toHaveProperty('secret');
  });
});

test('the keys of a shop in several processes are made and replaced by a command', async () => {
  const home = join(folder, '..', 'several');
  const file = async () => JSON.parse(await readFile(join(home, 'keys.json'), 'utf8'));
  expect((await command('keys', home)).stdout).toContain('1 verify');
  const made = await file();
  expect((await command('keys', home)).stdout).toContain(`${made.signing.kid} signs`);
  expect(await file()).toEqual(made);
  const longAgo = Math.floor(Date.now() / 1000) - 31 * 86_400;
  const old = { ...made, signing: { ...made.signing, nbf: longAgo } };
  await writeFile(join(home, 'keys.json'), JSON.stringify(old));
  expect((await command('keys', home)).stdout).toMatch(/2 verify\. [\w-]+ is announced/);
  expect(await file()).toMatchObject({ secret: made.secret, signing: { kid: made.signing.kid }, next: {} });
}, 30_000);

test('every invariant of accounts holds', async () => {
  const findings = (await checkInvariants(shop.postgresUrl)).filter(({ subgraph }) => subgraph === 'account');
  expect(findings.length).toBeGreaterThan(3);
  expect(findings.filter(({ rows }) => rows.length > 0)).toEqual([]);
});
