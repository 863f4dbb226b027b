import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGate } from './engine-fixture.ts';
import { type FixtureFront, startFixtureFront } from './front-fixture.ts';

let it: FixtureFront;

beforeEach(async () => {
  it = await startFixtureFront({ limits: { heartbeatMs: 20, maxUnsentBytes: 100_000 } });
});

afterEach(() => it.front.stop());

const events = { accept: 'text/event-stream' };
const parts = { accept: 'multipart/mixed;subscriptionSpec=1.0, application/json' };

/** Reads a stream until it has said this. */
const until = async (answer: Response, said: string) => {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let heard = '';
  while (!heard.includes(said)) {
    const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) throw new Error(`It ended after: ${heard}`);
    heard += value;
  }
  return heard;
};

describe('server-sent events', () => {
  test('carry a subscription to its end', async () => {
    const answer = await it.post({ query: 'subscription { count(to: 2) }' }, events);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store, no-transform');
    expect((await answer.text()).replaceAll(':\n\n', '')).toBe(
      'event: next\ndata: {"data":{"count":1}}\n\n' +
        'event: next\ndata: {"data":{"count":2}}\n\n' +
        'event: complete\ndata: \n\n',
    );
  });

  test.each([
    ['{ hello }', '{"data":{"hello":"Hello you"}}'],
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { breaks }', 'INTERNAL_SERVER_ERROR'],
  ])('carry one answer as well, whatever it says: %s', async (query, said) => {
    const answer = await it.get(query, events);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain(said);
    expect(text).not.toContain('secrets');
    expect(text.endsWith('event: complete\ndata: \n\n')).toBe(true);
  });

  test('beat while there is nothing to say, and end when the reader leaves', async () => {
    const reader = new AbortController();
    const answer = await it.post({ query: 'subscription { ticks }' }, events, reader.signal);
    await it.listeners(1);
    await until(answer, ':\n\n:\n\n:\n\n');
    reader.abort();
    await it.listeners(0);
  });

  test('are open to EventSource of our own pages', async () => {
    const own = { accept: 'text/event-stream', 'sec-fetch-site': 'same-origin' };
    const url = `${it.front.url}?query=subscription{count(to:1)}`;
    expect((await fetch(url, { headers: own })).status).toBe(200);
    expect((await fetch(url, { headers: { ...own, 'sec-fetch-site': 'cross-site' } })).status).toBe(400);
  });

  test('change nothing by GET', async () => {
    expect((await it.get('mutation { add }', events)).status).toBe(405);
  });
});

describe('multipart', () => {
  test('carries a subscription as Apollo’s clients read it', async () => {
    const answer = await it.post({ query: 'subscription { count(to: 1) }' }, parts);
    const type = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"';
    expect(answer.headers.get('content-type')).toBe(type);
    const head = '\r\ncontent-type: application/json; charset=utf-8\r\n\r\n';
    expect((await answer.text()).replaceAll(`${head}{}\r\n--graphql`, '')).toBe(
      `--graphql${head}{"payload":{"data":{"count":1}}}\r\n--graphql--\r\n`,
    );
  });

  test('beats with empty parts', async () => {
    const answer = await it.post({ query: 'subscription { ticks }' }, parts);
    const heard = await until(answer, '{}\r\n--graphql');
    expect(heard.startsWith('--graphql\r\n')).toBe(true);
  });

  test('is for streams alone: a refusal and a query are answered as JSON', async () => {
    const refused = await it.post({ query: 'subscription { nothing }' }, parts);
    expect(refused.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const answer = await it.post({ query: '{ hello }' }, parts);
    expect(await it.read(answer)).toEqual({ data: { hello: 'Hello you' } });
    const unknown = { accept: 'multipart/mixed;deferSpec=20220824' };
    expect((await it.post({ query: 'subscription { ticks }' }, unknown)).status).toBe(400);
  });
});

describe('a stream', () => {
  test('is cut when its reader takes nothing, and the others get everything', async () => {
    const query = JSON.stringify({ query: 'subscription { flood(bytes: 1) }' });
    const lazy = connect(it.front.port, '127.0.0.1', () =>
      lazy.write(
        `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: text/event-stream\r\ncontent-length: ${query.length}\r\n\r\n${query}`,
      ),
    );
    lazy.pause();
    lazy.on('error', () => undefined);
    await it.listeners(1);
    const reader = new AbortController();
    const eager = await it.post(query, events, reader.signal);
    await it.listeners(2);
    const reading = until(eager, 'the last');
    let cut = false;
    const gone = it.listeners(1).then(() => {
      cut = true;
    });
    // What the operating system holds for the reader is not ours to bound, so it takes many.
    for (let pushed = 0; !cut && pushed < 2_000; pushed++) {
      it.push('x'.repeat(50_000));
      await new Promise(setImmediate);
    }
    await gone;
    it.push('the last');
    await reading;
    reader.abort();
    await it.listeners(0);
  });

  test('ends with its viewer’s token, and says so', async () => {
    const authorization = await it.tokenFor('customer', 'ada', -3);
    const answer = await it.post({ query: 'subscription { ticks }' }, { ...events, authorization });
    const text = await answer.text();
    expect(text).toContain('UNAUTHENTICATED');
    expect(text.endsWith('event: complete\ndata: \n\n')).toBe(true);
    await it.listeners(0);
  });

  test('ends when the server stops', async () => {
    const answer = await it.post({ query: 'subscription { ticks }' }, events);
    await it.listeners(1);
    await it.front.stop();
    await answer.text();
    await it.listeners(0);
  });

  test('to a reader that has left before it opened takes no room', async () => {
    const gate = createGate();
    const entered = createGate();
    const held = await startFixtureFront({
      limits: { maxStreams: 1 },
      resolve: async ({ query, operationName }) => {
        if (query?.includes('ticks')) {
          entered.open();
          await gate.opened;
        }
        return { text: query ?? '', operationName };
      },
    });
    const reader = new AbortController();
    const leaving = held.post({ query: 'subscription { ticks }' }, events, reader.signal);
    await entered.opened;
    reader.abort();
    await expect(leaving).rejects.toThrow();
    // Two round trips later the server has long seen the first connection end, and what followed from it.
    await held.post({ query: '{ hello }' });
    gate.open();
    await held.post({ query: '{ hello }' });
    await held.listeners(0);
    expect((await held.post({ query: '{ hello }' }, events)).status).toBe(200);
    await held.front.stop();
  });

  test('too many are refused, and hold no subscription', async () => {
    const { front, post, listeners } = await startFixtureFront({ limits: { maxStreams: 1 } });
    const first = await post({ query: 'subscription { ticks }' }, events);
    await listeners(1);
    for (const accept of [events, parts]) {
      const second = await post({ query: 'subscription { ticks }' }, accept);
      expect([second.status, second.headers.get('retry-after')]).toEqual([503, '5']);
    }
    await listeners(1);
    await first.body?.cancel();
    await front.stop();
  });
});
