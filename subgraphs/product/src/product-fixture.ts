import { connect } from '@storegraph/postgres';
import { readSchema } from '@storegraph/server';
import { brokenInvariants, isAct, key, mountForTest, staff } from '@storegraph/testing';
import {
  buildASTSchema,
  type GraphQLNamedType,
  getNamedType,
  isLeafType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { invariants } from './invariants.ts';
import { product } from './main.ts';

/** What the tests of this subgraph share: a mounted catalogue, and mutations that answer whole outcomes. */

export const merchandiser = staff('catalogue:write');

const schema = buildASTSchema(readSchema('product'), { assumeValid: true });

/** Everything a type says of itself, and what the things it names say, one level down. */
const fieldsOf = (type: GraphQLNamedType, depth: number): string => {
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (isLeafType(inner))
      return field.args.some((arg) => arg.defaultValue === undefined) ? [] : [field.name];
    return depth > 0 && field.args.length === 0 ? [`${field.name} { ${fieldsOf(inner, depth - 1)} }`] : [];
  });
  return ['__typename', ...fields].join(' ');
};

const documentOf = (mutation: string): string => {
  const field = schema.getMutationType()?.getFields()[mutation];
  const union = field && getNamedType(field.type);
  const input = field?.args[0]?.type;
  if (!isUnionType(union) || !input) throw new Error(`There is no mutation ${mutation}.`);
  const members = union.getTypes().map((type) => `... on ${type.name} { ${fieldsOf(type, 1)} }`);
  return `mutation ($input: ${input}) { ${mutation}(input: $input) { ${members.join(' ')} } }`;
};

/** Whatever a test looks at in an answer, it states in its expectation. */
// biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the operation, which is text.
export type Answer = any;

export const openCatalogue = async () => {
  const mounted = await mountForTest(product);

  /** Runs a mutation with a fresh key unless one is given, and answers its outcome. */
  const change = async (mutation: string, input: object, viewer = merchandiser): Promise<Answer> => {
    const variables = { input: { idempotencyKey: key(), ...input } };
    const { data, errors } = await mounted.execute(documentOf(mutation), variables, viewer);
    if (errors) throw new Error(`${mutation}: ${errors.map((error: Answer) => error.message).join(' ')}`);
    return data[mutation];
  };
  const ask = async (query: string, variables: object = {}, viewer = merchandiser): Promise<Answer> => {
    const { data, errors } = await mounted.execute(query, variables, viewer);
    if (errors) throw new Error(errors.map((error: Answer) => error.message).join(' '));
    return data;
  };
  /** What was published while the work ran, in order. */
  const factsOf = async (work: () => Promise<unknown>) => {
    const before = await mounted.log.head();
    await work();
    const facts = await mounted.log.read(before, 1_000);
    return facts
      .filter(({ type }) => !isAct(type))
      .map(({ type, aggregateId, data }: Answer) => ({ type, aggregateId, data }));
  };
  return { ...mounted, change, ask, factsOf };
};

export type Catalogue = Awaited<ReturnType<typeof openCatalogue>>;

/** The names of the invariants that do not hold. */
export const invariantsBroken = async ({ url }: Catalogue): Promise<string[]> => {
  const db = connect({ url, schema: 'product', name: 'invariants' });
  try {
    return Object.keys(await brokenInvariants(db, invariants));
  } finally {
    await db.close();
  }
};

let made = 0;
/** A word no other test uses. */
export const word = (stem: string): string => {
  made += 1;
  return `${stem}-${made}`;
};

export const texts = (name: string) => [{ locale: 'en', name }];

export const makeType = async (
  { change }: Catalogue,
  attributes: readonly object[] = [],
): Promise<string> => {
  const code = word('type').replace('-', '');
  const outcome = await change('productTypeSave', { code, name: code, attributes });
  if (outcome.__typename !== 'ProductTypeSaved') throw new Error(JSON.stringify(outcome));
  return code;
};

export const makeCategory = async ({ change }: Catalogue, parentId?: string): Promise<string> => {
  const outcome = await change('categoryCreate', {
    parentId,
    names: [{ locale: 'en', text: word('category') }],
  });
  if (outcome.__typename !== 'CategoryCreated') throw new Error(JSON.stringify(outcome));
  return outcome.category.id;
};

/** A draft with one variant, unless the test says otherwise. */
export const makeProduct = async (
  { change }: Catalogue,
  rest: { typeCode: string } & Record<string, unknown>,
): Promise<Answer> => {
  const input = { texts: texts(word('Product')), variants: [{ sku: word('SKU') }], ...rest };
  const outcome = await change('productCreate', input);
  if (outcome.__typename !== 'ProductCreated') throw new Error(JSON.stringify(outcome));
  return outcome.product;
};

export const makePublished = async (
  catalogue: Catalogue,
  rest: { typeCode: string } & Record<string, unknown>,
): Promise<Answer> => {
  const { id } = await makeProduct(catalogue, rest);
  const outcome = await catalogue.change('productPublish', { productId: id });
  if (outcome.__typename !== 'ProductPublished') throw new Error(JSON.stringify(outcome));
  return outcome.product;
};
