import { randomBytes } from 'node:crypto';
import { connect } from '@storegraph/postgres';
import {
  anonymous,
  createKeys,
  mountSubgraph,
  readSchema,
  signToken,
  type Viewer,
  verifyToken,
} from '@storegraph/server';
import { brokenInvariants, key, type Mounted, mountForTest } from '@storegraph/testing';
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
import { account, type Outside } from './main.ts';

/** What the tests of identity share: a mounted account subgraph, its mailbox, and people who sign up and in. */

/** Whatever a test looks at in an answer, it states in its expectation. */
// biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the operation, which is text.
export type Answer = any;

type Needs = Omit<Parameters<typeof account>[0], 'keys' | 'secrets' | 'outside'>;

const inside: Outside = {
  MAIL_FROM: 'The shop <shop@shop.test>',
  SHOP_NAME: 'The shop',
  SMTP_URL: undefined,
  STOREFRONT_URL: undefined,
  OIDC_PROVIDERS: [],
};

/** The subgraph with keys of its own, nothing outside of it unless that is given. */
export const accountForTest = async (
  outside: Partial<Outside> = {},
  given: Partial<Pick<Parameters<typeof account>[0], 'keys' | 'secrets'>> = {},
) => {
  const { keys = await createKeys(), secrets = [randomBytes(32)] } = given;
  const identity = (needs: Needs) => account({ ...needs, keys, secrets, outside: { ...inside, ...outside } });
  return identity;
};

const schema = buildASTSchema(readSchema('account'), { assumeValid: true });

/** What a type says of itself, and what the things it names say, two levels down. */
const fieldsOf = (type: GraphQLNamedType, depth: number): string => {
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (isLeafType(inner)) return field.args.length > 0 ? [] : [field.name];
    const isOurs = !['Customer', 'AccountSecurity'].includes(type.name);
    return depth > 0 && isOurs && field.args.length === 0
      ? [`${field.name} { ${fieldsOf(inner, depth - 1)} }`]
      : [];
  });
  return ['__typename', ...fields].join(' ');
};

const documentOf = (mutation: string): string => {
  const field = schema.getMutationType()?.getFields()[mutation];
  const union = field && getNamedType(field.type);
  const input = field?.args[0]?.type;
  if (!isUnionType(union) || !input) throw new Error(`There is no mutation ${mutation}.`);
  const members = union.getTypes().map((type) => `... on ${type.name} { ${fieldsOf(type, 2)} }`);
  return `mutation ($input: ${input}) { ${mutation}(input: $input) { ${members.join(' ')} } }`;
};

/** Who asks, and from where. */
export type Asker = { readonly viewer?: Viewer | undefined; readonly address?: string | undefined };

const house: Viewer = { kind: 'service', id: 'test', scopes: new Set(['account:read']) };
export const admin: Viewer = {
  kind: 'staff',
  id: '01890000-0000-7000-8000-000000000001',
  scopes: new Set(['staff:write', 'account:read', 'account:write', 'audit:read']),
};

const askNobody = async () => {
  throw new Error('Nobody is asked here.');
};

let made = 0;
/** An address no other test uses. */
export const newEmail = (): string => {
  made += 1;
  return `person-${made}@example.com`;
};
export const goodPassword = 'correct horse battery';

type Secrets = Parameters<typeof account>[0]['secrets'];

export const openAccounts = async (outside: Partial<Outside> = {}, secrets: Secrets = [randomBytes(32)]) => {
  const keys = await createKeys();
  const mounted = await mountForTest(await accountForTest(outside, { keys, secrets }));
  const db = connect({ url: mounted.url, schema: 'account', name: 'test' });
  const change = changing(mounted);
  const ask = async (
    query: string,
    { viewer, address }: Asker = {},
    variables: object = {},
  ): Promise<Answer> => {
    const { data, errors } = await mounted.execute(query, variables, viewer, address);
    if (errors) throw new Error(errors.map(({ message }) => message).join(' '));
    return data;
  };
  /** Waits until every mail was written, and answers those to an address, latest first. */
  const mailsTo = async (email: string): Promise<Answer[]> => {
    const pending = async () => (await db.execute(sql`select 1 from mails where state = 'PENDING'`)).length;
    while ((await pending()) > 0) await new Promise((resolve) => setImmediate(resolve));
    const { mailbox } = await ask('{ mailbox(first: 200) { id to subject text } }', { viewer: house });
    return mailbox.filter(({ to }: Answer) => to.toLowerCase() === email.toLowerCase());
  };
  const shop = { ...mounted, keys, db, change, ask, mailsTo };
  return {
    ...shop,
    ...people(shop),
    viewerOf: async ({ tokens }: Answer): Promise<Viewer> =>
      (await verifyToken(keys, tokens.accessToken)).viewer,
    /** What another process of the same shop answers, which has other secrets. */
    withSecrets: async (...others: Secrets) => {
      const create = await accountForTest(outside, { keys, secrets: others });
      const again = mountSubgraph(
        await create({ postgresUrl: mounted.url, bus: mounted.bus, ask: askNobody }),
      );
      const execute: Mounted['execute'] = async (
        query,
        variables = {},
        viewer = anonymous,
        address = undefined,
      ) =>
        JSON.parse(
          JSON.stringify(await again.execute({ query, variables: { ...variables }, viewer, address })),
        );
      return { change: changing({ execute }), stop: again.stop };
    },
    tokenFor: (options: Parameters<typeof signToken>[1]) => signToken(keys, options),
    broken: () => brokenInvariants(db, invariants),
    stop: async () => {
      await db.close();
      await mounted.stop();
    },
  };
};

export type OpenAccounts = Awaited<ReturnType<typeof openAccounts>>;

/** Runs a mutation with a fresh key unless one is given, and answers its outcome. */
const changing =
  ({ execute }: Pick<Mounted, 'execute'>) =>
  async (mutation: string, input: object = {}, { viewer, address }: Asker = {}): Promise<Answer> => {
    const variables = { input: { idempotencyKey: key(), ...input } };
    const { data, errors, extensions } = await execute(documentOf(mutation), variables, viewer, address);
    if (errors) throw new Error(`${mutation}: ${errors.map(({ message }) => message).join(' ')}`);
    return Object.defineProperty(data[mutation], 'extensions', { value: extensions });
  };

type Shop = {
  readonly change: ReturnType<typeof changing>;
  readonly mailsTo: (email: string) => Promise<Answer[]>;
};

/** The token in a mail. */
export const tokenIn = ({ text }: Answer): string => {
  const token = /^([0-9a-f-]{36}\.[\w-]{43})$/m.exec(text)?.[1];
  if (token === undefined) throw new Error(`There is no token in: ${text}`);
  return token;
};

const people = ({ change, mailsTo }: Shop) => {
  /** Somebody who has just signed up, with an open session. */
  const newcomer = async (email = newEmail(), asker: Asker = {}): Promise<Answer> => {
    await change('signUp', { email, password: goodPassword }, asker);
    const token = tokenIn((await mailsTo(email))[0]);
    const outcome = await change(
      'emailVerify',
      { token, password: goodPassword, deviceName: 'first' },
      asker,
    );
    if (outcome.__typename !== 'SignedIn') throw new Error(JSON.stringify(outcome));
    return { ...outcome, email };
  };
  const signIn = (email: string, asker: Asker = {}, more: object = {}): Promise<Answer> =>
    change('signIn', { email, password: goodPassword, ...more }, asker);
  /** Somebody who works for the shop. */
  const employee = async (role: string): Promise<Answer> => {
    const email = newEmail();
    const { staffMember } = await change('staffCreate', { email, name: role, role }, { viewer: admin });
    const token = tokenIn((await mailsTo(email))[0]);
    await change('passwordReset', { token, newPassword: goodPassword });
    return { ...(await signIn(email)), email, staffId: staffMember.id };
  };
  return { newcomer, signIn, employee };
};

/** An authenticator reads Base32. */
export const secretOf = (base32: string): Buffer => {
  const bits = [...base32]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};
