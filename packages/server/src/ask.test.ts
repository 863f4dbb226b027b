import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, askInProcess, askOverHttp, subgraphUrls } from './ask.ts';
import { mountSubgraph } from './mount.ts';
import { createNotes } from './notes-for-tests.ts';
import { serveSubgraph } from './serve.ts';
import { createKeys, signToken } from './tokens.ts';

type Asked = { readonly ask: Ask; readonly stop: () => Promise<void> };

const inProcess = async (): Promise<Asked> => {
  const { subgraph, log } = createNotes();
  const mounted = mountSubgraph(subgraph, { log });
  return {
    ask: askInProcess('cart', (name) => (name === mounted.name ? mounted : undefined)),
    stop: mounted.stop,
  };
};

const overHttp = async (): Promise<Asked> => {
  const { subgraph, log } = createNotes();
  const keys = await createKeys();
  const front = await serveSubgraph(subgraph, { port: 0, keys, log });
  const token = await signToken(keys, { subject: 'cart', role: 'service' });
  const urls = { [subgraph.name]: front.url, gone: 'http://127.0.0.1:1/graphql' };
  return { ask: askOverHttp({ urls, token }), stop: front.stop };
};

describe.each([
  { how: 'in process', open: inProcess },
  { how: 'over HTTP', open: overHttp },
])('asking another subgraph $how', ({ open }) => {
  const { name } = createNotes().subgraph;
  let asked: Asked;
  beforeEach(async () => {
    asked = await open();
  });
  afterEach(() => asked.stop());

  test('is done as a service, in the asker’s name, with its scopes', async () => {
    expect(await asked.ask(name, '{ who }')).toEqual({ who: 'service:cart' });
  });

  test('hands variables on and answers data', async () => {
    const document = 'query ($id: ID!) { note(id: $id) { text } }';
    expect(await asked.ask(name, document, { id: '7' })).toEqual({ note: { text: 'Note 7' } });
  });

  test('throws what the other refuses, with its code', async () => {
    await expect(asked.ask(name, '{ fails(how: "refused") }')).rejects.toMatchObject({
      ...{ name: 'AskError', subgraph: name, answered: 'CLOSED' },
    });
  });

  test('says so when nobody answers', async () => {
    for (const other of ['gone', 'unheard-of']) {
      await expect(asked.ask(other, '{ who }')).rejects.toMatchObject({ answered: 'UNREACHABLE' });
    }
  });
});

test('addresses are pairs, all of them checked', () => {
  expect(subgraphUrls.parse('inventory=http://i:4001/graphql, pricing=https://p/graphql?a=b')).toEqual({
    inventory: 'http://i:4001/graphql',
    pricing: 'https://p/graphql?a=b',
  });
  for (const wrong of ['inventory', 'inventory=', 'inventory=ftp://i', '=http://i']) {
    expect(subgraphUrls.safeParse(wrong).success).toBe(false);
  }
});
