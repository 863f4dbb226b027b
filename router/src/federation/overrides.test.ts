import { afterEach, expect, test, vi } from 'vitest';
import { part } from './graph-case.ts';
import { ask, openStand } from './stand-for-tests.ts';

afterEach(() => vi.restoreAllMocks());

const says = (who: string) => ({ Offer: { price: () => who, title: () => who } });

const parts = [
  part(
    'old',
    'type Query { offer: Offer } type Offer @key(fields: "id") { id: ID! price: String! title: String! }',
    {
      Query: { offer: () => ({ id: '1' }) },
      ...says('old'),
    },
  ),
  part(
    'fresh',
    `type Offer @key(fields: "id") {
      id: ID!
      price: String! @override(from: "old", label: "percent(25)")
      title: String! @override(from: "old", label: "percent(75)")
    }`,
    says('fresh'),
  ),
];

test.each(['hive', 'apollo'] as const)(
  'a share of the requests goes to the new subgraph, planned by %s',
  async (planner) => {
    const stand = await openStand({ parts });
    const engine = stand.engine(planner, 'local');
    const answers: unknown[] = [];
    for (const drawn of [0, 0.2499, 0.25, 0.5, 0.7499, 0.75, 0.9999, 0]) {
      vi.spyOn(Math, 'random').mockReturnValue(drawn);
      answers.push((await ask(engine, '{ offer { price title } }')).data);
    }
    const [both, one, none] = [
      { offer: { price: 'fresh', title: 'fresh' } },
      { offer: { price: 'old', title: 'fresh' } },
      { offer: { price: 'old', title: 'old' } },
    ];
    expect(answers).toEqual([both, both, one, one, one, none, none, both]);
    await stand.stop();
  },
);
