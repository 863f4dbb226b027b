import { isStream } from '@storegraph/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, customer, nobody, reachBoxes } from './reach-fixture.ts';
import { createSubquery } from './subquery.ts';
import type { SubgraphAnswer, SubgraphEvents, Subquery } from './transport.ts';

const entities = (fields: string): Subquery =>
  ask(
    `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Box { ${fields} } } }`,
  );

describe.each(['local', 'http'] as const)('a subgraph reached by %s', (kind) => {
  let reached: Awaited<ReturnType<typeof reachBoxes>>;

  beforeAll(async () => {
    reached = await reachBoxes(kind);
  });
  afterAll(() => reached.stop());

  const fetch = async (subquery: Subquery, variables = {}, call = nobody()): Promise<SubgraphAnswer> =>
    reached.transport.fetch(subquery, variables, call);

  const follow = async (text: string, variables = {}, call = nobody()): Promise<SubgraphEvents> => {
    const events = await reached.transport.subscribe(ask(text, 'subscription'), variables, call);
    if (isStream(events)) return events;
    throw new Error(JSON.stringify(events));
  };

  it('answers data, and says under which id it was asked', async () => {
    const call = nobody({ requestId: `data-${kind}` });
    const answer = await fetch(ask('{ boxes { id label inner { label } } }'), {}, call);
    const inner = { label: 'Inner' };
    expect(answer.data).toEqual({
      boxes: [
        { id: '1', label: 'Box 1', inner },
        { id: '2', label: 'Box 2', inner },
      ],
    });
    expect(answer.errors).toBeUndefined();
    expect(reached.asked.requestIds).toContain(`data-${kind}`);
  });

  it('gives objects that belong to the caller alone', async () => {
    const subquery = ask('{ boxes { id } }');
    const first = (await fetch(subquery)).data as { boxes: { id: string }[] };
    for (const one of first.boxes) one.id = 'written over';
    expect((await fetch(subquery)).data).toEqual({ boxes: [{ id: '1' }, { id: '2' }] });
  });

  it('passes variables and text of any script on', async () => {
    const text = 'Ünïcödé 🧺 "quoted" \\ \u2028 \n 漢字';
    const subquery = ask('query ($text: String!, $numbers: [Int!]) { echo(text: $text, numbers: $numbers) }');
    expect((await fetch(subquery, { text, numbers: [1, 2] })).data).toEqual({ echo: `${text} 1,2` });
  });

  it('tells what is wrong with variables as the subgraph does', async () => {
    const { data, errors } = await fetch(ask('query ($text: String!) { echo(text: $text) }'), {});
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
  });

  it('carries out mutations', async () => {
    const subquery = ask('mutation ($label: String!) { boxSave(label: $label) { label } }', 'mutation');
    expect((await fetch(subquery, { label: 'New' })).data).toEqual({ boxSave: { label: 'New' } });
  });

  it('runs the operation that is named', async () => {
    const text = 'query A { box(id: 1) { id } } query B { box(id: 2) { id } }';
    const subquery = createSubquery({ subgraph: 'boxes', text, operationName: 'B', kind: 'query' });
    expect((await fetch(subquery)).data).toEqual({ box: { id: '2' } });
  });

  it('gives part of the data with the errors of the rest, at their paths', async () => {
    const { data, errors } = await fetch(ask('{ boxes { id fails } }'));
    expect(data).toEqual({
      boxes: [
        { id: '1', fails: null },
        { id: '2', fails: null },
      ],
    });
    expect(errors?.map(({ message, path, extensions }) => [message, path, extensions?.['code']])).toEqual([
      ['No.', ['boxes', 0, 'fails'], 'NO'],
      ['No.', ['boxes', 1, 'fails'], 'NO'],
    ]);
  });

  it('gives null data with the error that caused it, extensions and all', async () => {
    const { data, errors } = await fetch(ask('{ must }'));
    expect(data).toBeNull();
    expect(errors?.[0]).toMatchObject({
      message: 'It must not be.',
      extensions: { code: 'MUST_NOT', why: [1] },
    });
  });

  it('gives 500 entities in the order they were asked for, null where there is none', async () => {
    const ids = Array.from({ length: 500 }, (_, index) => (index === 250 ? 'none' : String(index)));
    const representations = ids.map((id) => ({ __typename: 'Box', id }));
    const { data, errors } = await fetch(entities('id label'), { representations });
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      _entities: ids.map((id) => (id === 'none' ? null : { id, label: `Box ${id}` })),
    });
  });

  it('asks as the caller', async () => {
    expect((await fetch(ask('{ who }'))).data).toEqual({ who: 'anonymous' });
    const answers = await Promise.all(
      ['ada', 'bob'].map(async (name) => fetch(ask('{ who }'), {}, await customer(reached.keys, name))),
    );
    expect(answers.map(({ data }) => data)).toEqual([{ who: 'customer:ada' }, { who: 'customer:bob' }]);
  });

  it('asks nothing when the time is up', async () => {
    const before = reached.asked.boxes;
    const { data, errors } = await fetch(ask('{ boxes { id } }'), {}, nobody({ deadlineAt: Date.now() - 1 }));
    expect(data).toBeUndefined();
    expect(errors?.[0]?.extensions?.['code']).toBe('DEADLINE_EXCEEDED');
    expect(reached.asked.boxes).toBe(before);
  });

  it('answers when the time is up, whatever the subgraph still does', async () => {
    const { errors } = await fetch(ask('{ slow }'), {}, nobody({ deadlineAt: Date.now() + 200 }));
    expect(errors?.[0]?.extensions?.['code']).toBe('DEADLINE_EXCEEDED');
    reached.slow.answer.open();
  });

  it('is ready when the subgraph is', async () => {
    await expect(reached.transport.isReady()).resolves.toBeUndefined();
  });

  describe('subscriptions', () => {
    it('give the events as they come, from where they are asked for', async () => {
      const events = await follow('subscription ($after: Int!) { boxChanged(after: $after) { id } }', {
        after: 0,
      });
      reached.change();
      reached.change();
      expect((await events.next()).value?.data).toEqual({ boxChanged: { id: '1' } });
      expect((await events.next()).value?.data).toEqual({ boxChanged: { id: '2' } });
      await events.return();
      const later = await follow('subscription { boxChanged(after: 1) { label } }');
      expect((await later.next()).value?.data).toEqual({ boxChanged: { label: 'Box 2' } });
      await later.return();
    });

    it('end at once, for whoever waits for an event as well', async () => {
      const { opened, closed } = reached.streams;
      const events = await follow('subscription { boxChanged(after: 1000) { id } }');
      const waiting = events.next();
      await expect.poll(() => reached.streams.opened).toBeGreaterThan(opened);
      expect(await events.return()).toEqual({ done: true, value: undefined });
      expect(await waiting).toEqual({ done: true, value: undefined });
      expect(await events.next()).toEqual({ done: true, value: undefined });
      await expect.poll(() => reached.streams.closed).toBeGreaterThan(closed);
    });

    it('are those of the caller', async () => {
      const call = await customer(reached.keys, 'ada');
      const events = await follow('subscription { whoChanged }', {}, call);
      reached.change();
      expect((await events.next()).value?.data).toEqual({ whoChanged: 'customer:ada' });
      await events.return();
    });

    it('say why they do not open', async () => {
      const outcome = await reached.transport.subscribe(
        ask('subscription { refused }', 'subscription'),
        {},
        nobody(),
      );
      const answer = isStream(outcome) ? (await outcome.next()).value : outcome;
      expect(answer?.errors?.[0]).toMatchObject({ message: 'Not now.', extensions: { code: 'NOT_NOW' } });
      if (isStream(outcome)) expect((await outcome.next()).done).toBe(true);
    });
  });
});
