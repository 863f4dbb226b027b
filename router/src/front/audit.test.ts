import { createKeys, type Front } from '@storegraph/server';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFixtureEngine } from './engine-fixture.ts';
import { startFront } from './front.ts';

let front: Front;

beforeAll(async () => {
  const { engine } = createFixtureEngine();
  front = await startFront({
    port: 0,
    engine: () => engine,
    keys: await createKeys(),
    notReady: async () => [],
  });
});

afterAll(() => front.stop());

/** Some audits send a bare GET, which a foreign page could send as well: the header says that this is none. */
const fetchFn = (url: string, init: RequestInit = {}) =>
  fetch(url, { ...init, headers: { 'apollo-require-preflight': 'true', ...init.headers } });

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => front.url, fetchFn });

  test('has 61 audits', () => {
    const levels = audits.map(({ name }) => name.split(' ')[0]);
    const count = (level: string) => levels.filter((one) => one === level).length;
    expect([count('MUST'), count('SHOULD'), count('MAY')]).toEqual([13, 23, 25]);
  });

  test.each(audits.map((audit) => [audit.name, audit] as const))('%s', async (_name, audit) => {
    expect(await audit.fn()).toMatchObject({ status: 'ok' });
  });
});
