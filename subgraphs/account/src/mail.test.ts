import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { sql } from 'drizzle-orm';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { goodPassword, newEmail, type OpenAccounts, openAccounts } from './account-fixture.ts';

type Received = { readonly to: string[]; readonly text: string };

/** A mail server on this machine, which can be told to refuse. */
const openServer = async () => {
  const received: Received[] = [];
  const state = { refuses: false };
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS'], logger: false },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (state.refuses) return done(new Error('The disk is full.'));
        const to = session.envelope.rcptTo.map(({ address }) => address);
        received.push({ to, text: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo; // a server on a port has one
  return {
    received,
    state,
    url: `smtp://127.0.0.1:${port}`,
    stop: () => new Promise<void>((done) => server.close(done)),
  };
};

let server: Awaited<ReturnType<typeof openServer>>;
let shop: OpenAccounts;
beforeAll(async () => {
  server = await openServer();
  shop = await openAccounts({ SMTP_URL: server.url, STOREFRONT_URL: 'https://shop.test/' });
});
afterAll(async () => {
  await shop.stop();
  await server.stop();
});

const stateOf = async (email: string) => {
  const [row] = await shop.db.execute(
    sql`select state, tries, body, failure from mails where email = ${email} order by mail_id desc limit 1`,
  );
  return row;
};
const due = () => shop.db.execute(sql`update mails set next_at = now() where state = 'PENDING'`);

describe('with a mail server', () => {
  test('mails go there, with a link to the shop, and their text stays nowhere', async () => {
    const email = newEmail();
    await shop.change('signUp', { email, password: goodPassword });
    await expect.poll(() => stateOf(email)).toMatchObject({ state: 'SENT', body: null });
    const [mail] = server.received.filter(({ to }) => to.includes(email));
    expect(mail?.to).toEqual([email]);
    expect(mail?.text).toContain('From: The shop <shop@shop.test>');
    expect(mail?.text.replaceAll('=\r\n', '')).toMatch(
      /https:\/\/shop\.test\/confirm#token=(3D)?[0-9a-f-]{36}\./,
    );
  });

  test('a mail it does not take is tried again, with the same token', async () => {
    const email = newEmail();
    server.state.refuses = true;
    await shop.change('signUp', { email, password: goodPassword });
    await expect
      .poll(() => stateOf(email))
      .toMatchObject({ state: 'PENDING', tries: 1, failure: expect.any(String) });
    server.state.refuses = false;
    await due();
    await expect.poll(() => stateOf(email), { timeout: 10_000 }).toMatchObject({ state: 'SENT', tries: 2 });
    expect(server.received.filter(({ to }) => to.includes(email))).toHaveLength(1);
  });

  test('a mail whose process died while it was sent is sent by another, after its lease', async () => {
    const email = newEmail();
    await shop.db.execute(sql`insert into mails (mail_id, kind, email, email_key, next_at, tries)
      values (gen_random_uuid(), 'PASSWORD_CHANGED', ${email}, ${email}, now() + interval '2 minutes', 1)`);
    await due();
    await expect.poll(() => stateOf(email), { timeout: 10_000 }).toMatchObject({ state: 'SENT' });
  });
});
