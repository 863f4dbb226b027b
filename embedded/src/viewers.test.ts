import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@storegraph/server';
import { buildClientSchema, type GraphQLField, type GraphQLSchema, getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everythingOf, type Said, saying } from './every-field-fixture.ts';
import { type Answer, peopleOf } from './people-fixture.ts';
import { type Shop, startShop } from './shop.ts';

/** Whatever the graph has of a customer, asked for by everybody else: every field of every type. */

/** Stands in everything that Ada writes. */
const secret = 'of Ada alone';

let folder = '';
let shop: Shop;
let schema: GraphQLSchema;
let ada: { readonly token: string; readonly email: string };
let others: Readonly<Record<string, string | undefined>>;
let ids: readonly string[];

const { ask, change, signUp, becomeGuest } = peopleOf(() => shop.url);

/** The fields of the root that are about whoever asks. */
const own = ['me', 'mySecurity', 'cart', 'myPoints'] as const;
/** What leads into the catalogue, which is for everybody and far too large to be asked for as a whole. */
const catalogue = ['Product', 'ProductVariant'];
const said: Said = { id: crypto.randomUUID(), text: 'nothing' };

const everythingOfAda = async (): Promise<Answer> => {
  const fields = schema.getQueryType()?.getFields() ?? {};
  const answers = [];
  for (const name of own) {
    const field = fields[name];
    if (field)
      answers.push(
        await ask(`{ ${everythingOf(schema, { ...field, args: [] }, said, catalogue)} }`, ada.token),
      );
  }
  // A quote is of the moment it is asked at.
  return JSON.parse(JSON.stringify(answers.map(({ data }) => data)), (name, value) =>
    name === 'quote' ? { ...value, at: null, expiresAt: null, token: null } : value,
  );
};

const codesOf = (errors: readonly Answer[]): string[] => errors.map(({ extensions }) => extensions.code);

/** What identifies something of hers, and nothing of the catalogue. */
const idsIn = (value: Answer, key = ''): string[] => {
  if (Array.isArray(value)) return value.flatMap((one) => idsIn(one, key));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, inner]) =>
      /^(?:Product|Category|Media|Warehouse)/.test(name) ? [] : idsIn(inner, name),
    );
  return typeof value === 'string' && /(?:^|_)id$|Id$/.test(key) && !/variantId|productId/.test(key)
    ? [value]
    : [];
};

const fillForAda = async (): Promise<void> => {
  const variants = await ask('{ products(first: 2) { nodes { variants { id } } } }', undefined);
  const [one, other] = variants.data.products.nodes.map(({ variants: [first] }: Answer) => first.id);
  const outcomes = [
    await change('cartLineAdd', { variantId: one, quantity: 2, region: 'DE', currency: 'EUR' }, ada.token),
    await change('cartLineAdd', { variantId: other }, ada.token),
    await change('cartNoteSet', { note: `A note ${secret}` }, ada.token),
    await change('cartGiftMessageSet', { giftMessage: `A message ${secret}` }, ada.token),
    await change('customerProfileUpdate', { givenName: `Ada ${secret}` }, ada.token),
    await change('addressAdd', { address: { ...address, recipient: `Ada ${secret}` } }, ada.token),
  ];
  expect(outcomes.map(({ __typename }) => __typename)).not.toContain('InvalidInput');
};

const address = { country: 'DE', lines: ['Hauptstraße 1'], city: 'Berlin', postalCode: '10115' };

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'storegraph-viewers-')), 'home');
  shop = await startShop({ folder, port: 0, products: 12, log: createLog(() => {}) });
  schema = buildClientSchema((await ask(getIntrospectionQuery(), undefined)).data);
  others = {
    'another customer': await signUp('bob@example.com'),
    'a guest': await becomeGuest(),
    nobody: undefined,
  };
  const email = 'ada@example.com';
  ada = { email, token: await signUp(email) };
  await fillForAda();
  ids = [...new Set(idsIn(await everythingOfAda()))];
}, 120_000);
afterAll(async () => {
  await shop.stop();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

test('she sees what is hers', async () => {
  const text = JSON.stringify(await everythingOfAda());
  for (const word of ['A note', 'A message']) expect(text).toContain(`${word} ${secret}`);
  expect(text.split(`Ada ${secret}`).length).toBeGreaterThan(2);
  expect(ids.length).toBeGreaterThan(5);
});

const expectNothing = async (
  field: GraphQLField<unknown, unknown>,
  id: string,
  token: string | undefined,
): Promise<void> => {
  const everything = everythingOf(schema, field, { id, text: ada.email }, catalogue);
  if (everything === null) return;
  const { data = null, errors = [] } = await ask(`{ ${everything} }`, token);
  // An operation that is not run would show nothing either.
  expect(codesOf(errors), everything).not.toContainEqual(expect.stringMatching(/LIMIT|VALIDATION|PARSE/));
  const text = JSON.stringify(data);
  for (const hers of [secret, ada.email, ...ids]) expect(text, everything).not.toContain(hers);
};

describe.each(['another customer', 'a guest', 'nobody'])('%s', (who) => {
  test('sees nothing of it in any field, by whatever id', async () => {
    for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
      const takesId = field.args.some(({ type }) => String(type).includes('ID'));
      for (const id of takesId ? ids : [said.id]) await expectNothing(field, id, others[who]);
    }
  });

  test('changes nothing of it by any mutation', async () => {
    const before = await everythingOfAda();
    const fields = Object.values(schema.getMutationType()?.getFields() ?? {});
    for (const { name, args } of fields) {
      const type = args[0]?.type;
      if (!type) continue;
      const takesId = /"(?!idempotencyKey)\w+":"hers"/.test(
        JSON.stringify(saying(type, { id: 'hers', text: '' })),
      );
      for (const id of takesId ? ids : []) {
        const query = `mutation ($input: ${type}) { ${name}(input: $input) { __typename } }`;
        await ask(query, others[who], { input: saying(type, { id, text: 'tried' }) });
      }
    }
    expect(await everythingOfAda()).toEqual(before);
  }, 120_000);
});
