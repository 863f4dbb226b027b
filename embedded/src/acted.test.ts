import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, type Role, readSchema, signToken } from '@storegraph/server';
import { buildClientSchema, type GraphQLSchema, getIntrospectionQuery, Kind } from 'graphql';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { saying } from './every-field-fixture.ts';
import { checkInvariants } from './invariants.ts';
import { readKeys } from './keys.ts';
import { type Answer, peopleOf } from './people-fixture.ts';
import { type Shop, startShop } from './shop.ts';

/** Whatever staff do by any mutation of the shop stands in the audit log. */

let folder = '';
let shop: Shop;
let schema: GraphQLSchema;
let auditor = '';

const { ask, change } = peopleOf(() => shop.url);

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'storegraph-acted-')), 'home');
  shop = await startShop({ folder, port: 0, products: 12, log: createLog(() => {}) });
  schema = buildClientSchema((await ask(getIntrospectionQuery())).data);
  auditor = await tokenOf('admin', 'auditor');
}, 120_000);
afterAll(async () => {
  await shop.stop();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

const tokenOf = async (role: Role, subject: string): Promise<string> => {
  const keys = await readKeys(folder);
  if (!keys) throw new Error('The shop has no keys.');
  return signToken(keys, { subject, role });
};

const entriesBy = async (staffId: string): Promise<Answer[]> => {
  const query = `query ($actor: String) { auditEntries(actor: $actor, first: 200) {
    nodes { action subjectId details } } }`;
  const { data } = await ask(query, auditor, { actor: `staff:${staffId}` });
  return data.auditEntries.nodes.map((entry: Answer) => ({ ...entry, ...JSON.parse(entry.details) }));
};
/** Far longer than it takes. */
const patience = { timeout: 20_000 };

test('an administrator reads what a merchandiser did, and to whom', async () => {
  const token = await tokenOf('merchandiser', 'mia');
  const customerId = randomUUID();
  await change('customerGroupAssign', { customerId, group: 'no such group' }, token);
  await change('customerGroupAssign', { customerId, group: null }, token);
  const entries = await vi.waitFor(async () => {
    const found = await entriesBy('mia');
    expect(found).not.toEqual([]);
    return found;
  }, patience);
  expect(entries[0]).toMatchObject({
    ...{ action: 'acted', subjectId: customerId, customerId },
    ...{ subgraph: 'pricing', operation: 'customerGroupAssign', outcome: 'CustomerGroupAssigned' },
  });
});

/** The mutations of a subgraph that take a scope: staff may have it. */
const mutationsOf = (subgraph: string): string[] =>
  readSchema(subgraph).definitions.flatMap((each) =>
    (each.kind === Kind.OBJECT_TYPE_DEFINITION || each.kind === Kind.OBJECT_TYPE_EXTENSION) &&
    each.name.value === 'Mutation'
      ? (each.fields ?? []).flatMap(({ name, directives = [] }) =>
          directives.some((one) => one.name.value === 'requiresScopes') ? [name.value] : [],
        )
      : [],
  );

/** What has to be said beside ids and words for an input to be taken. */
const more: Readonly<Record<string, object>> = {
  productTypeSave: { attributes: [] },
  productCreate: { attributes: [], media: [] },
  productMediaReplace: { media: [] },
  exchangeRatesSet: { rates: [{ currency: 'USD', rate: '1.08' }] },
  roundingRuleSet: { endingMinor: 0 },
  taxRatesSet: {
    rates: [{ region: 'DE', name: 'VAT', rateMillionths: 1, validFrom: '2030-01-01T00:00:00Z' }],
  },
  promotionSave: { action: { percentOff: { basisPoints: 1 } } },
  stockTakeRecord: { countedAt: new Date().toISOString() },
};

describe.each(['product', 'pricing', 'inventory'])('%s', (subgraph) => {
  const mutations = mutationsOf(subgraph);

  test('has mutations for staff', () => {
    expect(mutations.length).toBeGreaterThan(8);
  });

  test.each(mutations)('%s leaves an entry', async (name) => {
    const type = schema.getMutationType()?.getFields()[name]?.args[0]?.type;
    if (!type) throw new Error(`${name} takes no input.`);
    const token = await tokenOf('admin', `doing-${name}`);
    const input = { ...Object(saying(type, { id: randomUUID(), text: 'WORD' })), ...more[name] };
    const outcome = await change(name, input, token, '... on InvalidInput { problems { path message } }');
    // Nothing is kept of such an input: say in `more` what is missing.
    expect(outcome).toEqual({ __typename: expect.not.stringMatching(/^InvalidInput$/) });
    const entries = await vi.waitFor(async () => {
      const found = await entriesBy(`doing-${name}`);
      expect(found).not.toEqual([]);
      return found;
    }, patience);
    expect(entries).toMatchObject([{ subgraph, operation: name, outcome: outcome.__typename }]);
  });
});

test('the chain holds, and no act was put aside', async () => {
  const findings = await checkInvariants(shop.postgresUrl);
  expect(findings.filter(({ rows }) => rows.length > 0)).toEqual([]);
});
