import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGateway } from './gateway-for-tests.ts';
import type { Case } from './graph-case.ts';
import { graphs } from './graphs.ts';
import { ask, openStand, type PlannerName, type Said, type Stand } from './stand-for-tests.ts';

/** A value as text, whatever the order of its fields, and with those that hide behind a prototype. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1))
      : part,
  );

/** What an answer says and where it is wrong; of the codes the stock gateway has its own. */
const places = ({ data, errors }: Said) => ({
  text: textOf(data),
  places: errors.map((error) => error.split(' ')[0]).sort(),
});

const engines = [
  ['hive', 'local'],
  ['hive', 'http'],
  ['apollo', 'local'],
  ['apollo', 'http'],
] as const satisfies readonly (readonly [PlannerName, 'local' | 'http'])[];

describe.each(graphs)('$name', (graph) => {
  let stand: Stand;
  let gateway: ReturnType<typeof createGateway>;
  const { cases } = graph;

  beforeAll(async () => {
    stand = await openStand(graph);
    gateway = createGateway(stand, graph.labels);
  });
  afterAll(() => stand.stop());

  describe.each(engines)('by %s over %s', (planner, reach) => {
    let engine: ReturnType<Stand['engine']>;
    beforeAll(() => {
      engine = stand.engine(planner, reach);
    });

    const errs = { hive: 'hiveErrs', apollo: 'apolloErrs' } as const;
    const isBeyond = (one: Case) => one[errs[planner]] !== undefined;

    test.each(cases.filter((one) => !isBeyond(one)))(
      '$name',
      async ({ operation, variables, data, errors = [] }) => {
        const answer = await ask(engine, operation, variables);
        expect(answer).toEqual({ data, errors: [...errors].sort() });
        // Fields come in the order they were asked for, and none hides behind a prototype.
        expect(JSON.stringify(answer.data)).toBe(JSON.stringify(data));
      },
    );

    test('the planner still errs where the cases say so', async () => {
      for (const { name, operation, variables, data } of cases.filter(isBeyond))
        expect((await ask(engine, operation, variables)).data, name).not.toEqual(data);
    });
  });

  const isErred = ({ gatewayErrs, apolloErrs }: Case) => (gatewayErrs ?? apolloErrs) !== undefined;

  test.each(cases.filter((one) => !isErred(one)))(
    'as @apollo/gateway answers: $name',
    async ({ operation, variables, data, errors = [] }) => {
      expect(places(await gateway(operation, variables))).toEqual(
        places({ data, errors: [...errors].sort() }),
      );
    },
  );

  test('@apollo/gateway still errs where the cases say so', async () => {
    for (const { name, operation, variables, data, errors = [] } of cases.filter(isErred)) {
      const answer = await gateway(operation, variables).catch(() => null);
      expect(answer && places(answer), name).not.toEqual(places({ data, errors: [...errors].sort() }));
    }
  });
});
