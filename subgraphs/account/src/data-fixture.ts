import { randomUUID } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import type { Bus } from '@storegraph/events';
import { connect, type Database } from '@storegraph/postgres';
import { type Ask, AskError, createKeys, readSchema, type Viewer } from '@storegraph/server';
import { brokenInvariants, key, mountForTest } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import {
  buildASTSchema,
  type GraphQLNamedType,
  getNamedType,
  isLeafType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { invariants } from './invariants.ts';
import { account as openAccount } from './main.ts';

/** What the tests of customers' data share: a mounted account subgraph beside others that answer for themselves. */

/** Whatever a test looks at in an answer, it states in its expectation. */
// biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the operation, which is text.
export type Answer = any;

const schema = buildASTSchema(readSchema('account'), { assumeValid: true });

/** What a type says of itself, and what the things it names say, so many levels down. */
const fieldsOf = (type: GraphQLNamedType, depth: number): string => {
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (field.args.some((arg) => arg.defaultValue === undefined)) return [];
    if (isLeafType(inner)) return [field.name];
    return depth > 0 && isObjectType(inner) ? [`${field.name} { ${fieldsOf(inner, depth - 1)} }`] : [];
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

const support = { kind: 'staff', id: randomUUID(), scopes: new Set(['account:read']) } as const;

/** Everything a customer may see of what they keep with the shop. */
export const everything = `{ id profile { givenName familyName company phone taxId version }
  preferences { locale currency region marketingChannels version }
  addresses { id label recipient company lines city subdivision postalCode country phone defaultFor version }
  shipping: defaultAddress(use: SHIPPING) { id } billing: defaultAddress(use: BILLING) { id }
  paymentMethods { id kind provider token label brand last4 expiryMonth expiryYear isExpired isDefault addedAt }
  consents { purpose version isGranted grantedAt withdrawnAt }
  consentLedger { nodes { id purpose version isGranted } pageInfo { hasNextPage endCursor } }
  dataExports { id status archive expiresAt receipts { subgraph items } }
  erasure { id status receiptCode beginsAt receipts { subgraph items kept { what reason } } } }`;

const outside = { MAIL_FROM: 'shop@example.test', SHOP_NAME: 'Shop', OIDC_PROVIDERS: [] };

/** The account subgraph with keys and a secret of the tests'; its background work may be left to other processes. */
export const createAccount = async ({ works = true }: { readonly works?: boolean } = {}) => {
  const keys = await createKeys();
  const secrets = [Buffer.alloc(32, 7)] as const;
  // Its name is that of its template.
  return async function account(needs: { postgresUrl: string; bus: Bus; ask: Ask }) {
    const opened = await openAccount({ ...needs, keys, secrets, outside });
    return works ? opened : { ...opened, start: async () => {} };
  };
};

/** The other subgraphs, as far as they are asked: what each holds of everybody, unless they are told to fail. */
const createOthers = (held: Readonly<Record<string, object>>) => {
  const others = { asked: [] as string[], failing: new Set<string>() };
  const ask: Ask = async <Data>(subgraph: string, document: string): Promise<Data> => {
    others.asked.push(subgraph);
    if (others.failing.has(subgraph)) throw new AskError(subgraph, 'UNREACHABLE', 'it is told to fail.');
    const data = held[subgraph] ?? {};
    const items = Object.keys(data).length;
    const answer = document.includes('personalDataErase')
      ? { personalDataErase: { __typename: 'PersonalDataErased', items, kept: [] } }
      : { personalData: { items, content: JSON.stringify(data) } };
    return answer as Data; // the shape that the document asks for
  };
  return Object.assign(others, { ask });
};

export const openData = async (
  held: Readonly<Record<string, object>> = {},
  options: { readonly works?: boolean } = {},
) => {
  const others = createOthers(held);
  const mounted = await mountForTest(await createAccount(options), { ask: others.ask });
  const db = connect({ url: mounted.url, schema: 'account', name: 'test' });

  /** Runs a mutation with a fresh key unless one is given, and answers its outcome. */
  const change = async (viewer: Viewer, mutation: string, input: object = {}): Promise<Answer> => {
    const variables = { input: { idempotencyKey: key(), ...input } };
    const { data, errors } = await mounted.execute(documentOf(mutation), variables, viewer);
    if (errors) throw new Error(`${mutation}: ${errors.map((error) => error.message).join(' ')}`);
    return data[mutation];
  };
  const ask = async (viewer: Viewer, query: string, variables: object = {}): Promise<Answer> => {
    const { data, errors } = await mounted.execute(query, variables, viewer);
    if (errors) throw new Error(errors.map((error) => error.message).join(' '));
    return data;
  };
  return {
    ...mounted,
    others,
    support,
    db,
    change,
    ask,
    me: async (viewer: Viewer, fields = everything): Promise<Answer> =>
      (await ask(viewer, `{ me ${fields} }`)).me,
    customer: () => makeCustomer(db),
    /** What was published of a customer, in order. */
    factsOf: async (customerId: string) =>
      (await mounted.log.read(0, 10_000))
        .filter(({ aggregateId }) => aggregateId === customerId)
        .map(({ type }) => type),
    auditOf: async (customerId: string): Promise<Answer[]> => [
      ...(await db.execute(
        sql`select actor, action, details from audit_entries where subject_id = ${customerId} order by entry_id`,
      )),
    ],
    /** What the latest mail to a customer says, as soon as there is one that says this. */
    mailTo: async (customerId: string, says: string): Promise<string> => {
      const query = '{ mailbox(first: 200) { to text } }';
      const service = { kind: 'service', id: 'page', scopes: new Set<string>() } as const;
      const mails = await until(
        async (): Promise<{ to: string; text: string }[]> => (await ask(service, query)).mailbox,
        (all) => all.some(({ to, text }) => to.startsWith(customerId) && text.includes(says)),
      );
      return mails.find(({ to }) => to.startsWith(customerId))?.text ?? '';
    },
    /** Lets the time pass that jobs of a customer wait for, and so many tries that failed, without waiting. */
    due: (customerId: string, attempts = 0) =>
      db.execute(sql`update data_jobs set run_at = now() - interval '1 second',
        attempts = greatest(attempts, ${attempts}) where customer_id = ${customerId}`),
    broken: async () => Object.keys(await brokenInvariants(db, invariants)),
    stop: async () => {
      await db.close();
      await mounted.stop();
    },
  };
};

export type TestData = Awaited<ReturnType<typeof openData>>;

/** Somebody whose address is verified; how they came to be is tested elsewhere. */
const makeCustomer = async (
  db: Database,
): Promise<Viewer & { readonly kind: 'customer'; readonly id: string }> => {
  const id = randomUUID();
  const email = `${id}@example.test`;
  await db.execute(sql`insert into accounts (account_id, role, email, email_key, password_changed_at,
      email_verified_at, created_at)
    values (${id}, 'customer', ${email}, ${email}, now(), now(), now())`);
  return { kind: 'customer', id, scopes: new Set() };
};

export const berlin = {
  ...{ recipient: 'Ada Lovelace', lines: ['Unter den Linden 1'], city: 'Berlin' },
  ...{ postalCode: '10117', country: 'DE' },
};

export const visa = {
  ...{ kind: 'CARD', provider: 'stripe', brand: 'visa', last4: '4242', expiryMonth: 12, expiryYear: 2099 },
};

/** Waits for what background work does. */
export const until = async <T>(read: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> => {
  for (;;) {
    const value = await read();
    if (isSo(value)) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
};

/** What another program reads out of an archive, by its directory. */
export const unzip = (archive: Buffer): Record<string, string> => {
  const end = archive.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  const files: Record<string, string> = {};
  let line = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const nameLength = archive.readUInt16LE(line + 28);
    const name = archive.toString('utf8', line + 46, line + 46 + nameLength);
    const head = archive.readUInt32LE(line + 42);
    const start = head + 30 + archive.readUInt16LE(head + 26) + archive.readUInt16LE(head + 28);
    files[name] = inflateRawSync(archive.subarray(start, start + archive.readUInt32LE(line + 20))).toString();
    line += 46 + nameLength;
  }
  return files;
};
