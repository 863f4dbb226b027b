import { describe, expect, it } from 'vitest';
import { createInflight } from './inflight.ts';
import { ask, nobody } from './reach-fixture.ts';
import { createSubquery } from './subquery.ts';
import type { SubgraphAnswer, Subquery, Transport } from './transport.ts';

/** A way on which every question waits until the test answers it. */
const setUp = () => {
  const asked: {
    subquery: Subquery;
    answer: (answer: SubgraphAnswer) => void;
    fail: (error: Error) => void;
  }[] = [];
  const transport: Transport = {
    name: 'boxes',
    fetch: (subquery) =>
      new Promise((answer, fail) => {
        asked.push({ subquery, answer, fail });
      }),
    subscribe: async () => ({ errors: [] }),
    isReady: async () => undefined,
    close: async () => undefined,
  };
  return { asked, transport: createInflight()(transport) };
};

const who = ask('{ who }');
const customer = (id: string, ...scopes: string[]) =>
  ({ kind: 'customer', id, scopes: new Set(scopes) }) as const;

describe('queries under way at the same time', () => {
  it('are asked once when they are equal, and each asker may write into what it gets', async () => {
    const { asked, transport } = setUp();
    const waiting = [1, 2, 3].map(() => transport.fetch(who, { a: [1] }, nobody()));
    const data = { boxes: [{ id: '1', inner: null }], ['__proto__']: { label: 'a field' } };
    asked[0]?.answer({ data });
    const answers = (await Promise.all(
      waiting.map(async (one, index) => {
        const { data: own } = (await one) as { data: { boxes: { id: string }[] } };
        const [before] = own.boxes.map(({ id }) => id);
        for (const box of own.boxes) box.id = `written by ${index}`;
        return { before, own };
      }),
    )) as { before: string; own: { boxes: { id: string }[] } }[];
    expect(asked).toHaveLength(1);
    expect(answers.map(({ before }) => before)).toEqual(['1', '1', '1']);
    expect(answers.map(({ own }) => own.boxes[0]?.id)).toEqual(
      [0, 1, 2].map((index) => `written by ${index}`),
    );
    expect(Object.keys(answers[2]?.own ?? {})).toEqual(['boxes', '__proto__']);
  });

  it('share errors as well', async () => {
    const { asked, transport } = setUp();
    const waiting = [1, 2].map(() => transport.fetch(who, {}, nobody()));
    asked[0]?.answer({ data: null, errors: [{ message: 'No.' }] });
    expect(await Promise.all(waiting)).toEqual(
      [1, 2].map(() => ({ data: null, errors: [{ message: 'No.' }] })),
    );
  });

  it.each<[string, Subquery, Record<string, unknown>, object]>([
    ['another text', ask('{ me: who }'), {}, {}],
    ['other variables', who, { a: 2 }, {}],
    ['another token', who, {}, { token: 'b' }],
    ['another viewer', who, {}, { viewer: customer('bob') }],
    ['another scope of the same viewer', who, {}, { viewer: customer('ada', 'stock:read') }],
    [
      'another operation of the same text',
      createSubquery({ subgraph: 'boxes', text: '{ who }', operationName: 'B', kind: 'query' }),
      {},
      {},
    ],
  ])('are each asked with %s', async (_what, subquery, variables, call) => {
    const { asked, transport } = setUp();
    void transport.fetch(who, {}, nobody('token' in call ? { token: 'a' } : { viewer: customer('ada') }));
    void transport.fetch(subquery, variables, nobody({ viewer: customer('ada'), ...call }));
    expect(asked).toHaveLength(2);
  });

  it('are asked again when the one before has been answered', async () => {
    const { asked, transport } = setUp();
    const first = transport.fetch(who, {}, nobody());
    asked[0]?.answer({ data: {} });
    await first;
    void transport.fetch(who, {}, nobody());
    expect(asked).toHaveLength(2);
  });

  it('are never shared from before a mutation by those who know that it is done', async () => {
    const { asked, transport } = setUp();
    const before = transport.fetch(who, {}, nobody());
    const mutation = transport.fetch(ask('mutation { boxSave }', 'mutation'), {}, nobody());
    asked[1]?.answer({ data: {} });
    await mutation;
    const after = transport.fetch(who, {}, nobody());
    expect(asked).toHaveLength(3);
    asked[0]?.answer({ data: { who: 'old' } });
    expect((await before).data).toEqual({ who: 'old' });
    const sharing = transport.fetch(who, {}, nobody());
    expect(asked).toHaveLength(3);
    asked[2]?.answer({ data: { who: 'new' } });
    expect([(await after).data, (await sharing).data]).toEqual([{ who: 'new' }, { who: 'new' }]);
  });

  it('fail together when the way itself breaks, and then are asked again', async () => {
    const { asked, transport } = setUp();
    const waiting = [1, 2].map(() => transport.fetch(who, {}, nobody()));
    asked[0]?.fail(new Error('A bug'));
    for (const one of waiting) await expect(one).rejects.toThrow('A bug');
    void transport.fetch(who, {}, nobody());
    expect(asked).toHaveLength(2);
  });
});

describe('mutations', () => {
  it('are each carried out, however equal', async () => {
    const { asked, transport } = setUp();
    for (let count = 0; count < 3; count += 1)
      void transport.fetch(ask('mutation { boxSave }', 'mutation'), {}, nobody());
    expect(asked).toHaveLength(3);
  });
});

describe('the time of those who share', () => {
  const late = { errors: [{ message: 'Late.', extensions: { code: 'DEADLINE_EXCEEDED' } }] };

  it('is their own where it is shorter', async () => {
    const { asked, transport } = setUp();
    const patient = transport.fetch(who, {}, nobody());
    const hasty = await transport.fetch(who, {}, nobody({ deadlineAt: Date.now() + 20 }));
    expect(hasty.errors?.[0]?.extensions?.['code']).toBe('DEADLINE_EXCEEDED');
    asked[0]?.answer({ data: { who: 'me' } });
    expect((await patient).data).toEqual({ who: 'me' });
  });

  it('is their own where it is longer: they ask themselves, once for all of them', async () => {
    const { asked, transport } = setUp();
    const hasty = transport.fetch(who, {}, nobody({ deadlineAt: Date.now() + 1_000 }));
    const patient = [1, 2].map(() => transport.fetch(who, {}, nobody({ deadlineAt: Date.now() + 60_000 })));
    asked[0]?.answer(late);
    expect(await hasty).toEqual(late);
    await expect.poll(() => asked.length).toBe(2);
    asked[1]?.answer({ data: { who: 'me' } });
    expect(await Promise.all(patient)).toEqual([1, 2].map(() => ({ data: { who: 'me' } })));
    expect(asked).toHaveLength(2);
  });
});
