import { GraphQLError } from 'graphql';
import {
  createLocalJWKSet,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose';
import { z } from 'zod';
import { kindOfRole, type Role, roles, scopesOfRole, type Viewer } from './viewer.ts';

/**
 * What tokens are verified with: a JSON Web Key Set (RFC 7517), several keys while one replaces another. Where the
 * keys change while a process runs, `keys` is a getter: another array is another set, and the same is never changed.
 */
export type PublicKeys = {
  readonly keys: readonly JWK[];
  /** Looks for keys at their source again, since a token names one that is not known. It decides how often. */
  readonly lookAgain?: (() => Promise<void>) | undefined;
};

/** What tokens are signed with too. Plain JSON, so that it can be kept in a file only its owner reads. */
export type Keys = PublicKeys & { readonly signing: JWK };

/** A token that was checked, and when it ends in epoch milliseconds. */
export type VerifiedToken = { readonly viewer: Viewer; readonly expiresAt: number };

const algorithm = 'EdDSA';
const storegraph = 'storegraph';

/** Short, because it is the router alone that hears of sessions that end. */
const defaultLifetimeSeconds = 600;

/** Clocks of machines that keep time by NTP differ by less. */
const clockToleranceSeconds = 5;

/** About 10 MB of tokens at most, and more callers than one process serves within their ten minutes. */
const maxRemembered = 10_000;

/** Makes an Ed25519 key pair. */
export const createKeys = async (): Promise<Keys> => {
  const pair = await generateKeyPair(algorithm, { crv: 'Ed25519', extractable: true });
  const kid = crypto.randomUUID();
  const marks = { kid, alg: algorithm, use: 'sig' };
  return {
    keys: [{ ...(await exportJWK(pair.publicKey)), ...marks }],
    signing: { ...(await exportJWK(pair.privateKey)), ...marks },
  };
};

/** Signs an access token, for ten minutes and with the scopes of its role when nothing else is said. */
export const signToken = async (
  keys: Keys,
  {
    subject,
    role,
    scopes = scopesOfRole(role),
    lifetimeSeconds = defaultLifetimeSeconds,
    sessionId,
  }: {
    readonly subject: string;
    readonly role: Role;
    readonly scopes?: readonly string[];
    readonly lifetimeSeconds?: number;
    /** The session it is given out for: routers refuse it once that has ended. */
    readonly sessionId?: string;
  },
): Promise<string> => {
  const now = Math.floor(Date.now() / 1000);
  const { signing } = keys;
  const session = sessionId === undefined ? {} : { sid: sessionId };
  return new SignJWT({ kind: kindOfRole(role), role, scope: scopes.join(' '), ...session })
    .setProtectedHeader({ alg: algorithm, kid: signing.kid ?? '', typ: 'JWT' })
    .setSubject(subject)
    .setIssuer(storegraph)
    .setAudience(storegraph)
    .setIssuedAt(now)
    .setExpirationTime(now + lifetimeSeconds)
    .sign(await importJWK(signing, algorithm));
};

const claims = z.object({
  sub: z.string().min(1).max(128),
  kind: z.enum(['guest', 'customer', 'staff', 'service']),
  role: z.enum(roles),
  scope: z.string(),
  sid: z.string().min(1).max(128).optional(),
  exp: z.number(),
});

const unauthenticated = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED' } });

const expired = (): GraphQLError =>
  unauthenticated('The token has expired. Get a new one and send it again.');

const notOurs = (): GraphQLError =>
  unauthenticated(
    'The token is not one of ours. Send `Authorization: Bearer` with a token this shop has signed.',
  );

type Verifier = { readonly keyOf: JWTVerifyGetKey; readonly remembered: Map<string, VerifiedToken> };

/** By the array of keys, so that what a key of before has signed is not remembered when it is gone. */
const verifiers = new WeakMap<readonly JWK[], Verifier>();

const verifierOf = ({ keys }: PublicKeys): Verifier => {
  const known = verifiers.get(keys);
  if (known) return known;
  const made = { keyOf: createLocalJWKSet({ keys: [...keys] }), remembered: new Map() };
  verifiers.set(keys, made);
  return made;
};

const verify = (keys: PublicKeys, token: string) =>
  jwtVerify(token, verifierOf(keys).keyOf, {
    algorithms: [algorithm],
    audience: storegraph,
    issuer: storegraph,
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp', 'sub'],
  });

/** Keys that are replaced in a hurry sign before everybody has heard of them. */
const verifyAnew = async (keys: PublicKeys, token: string): ReturnType<typeof verify> => {
  const before = keys.keys;
  try {
    return await verify(keys, token);
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    await keys.lookAgain?.();
    if (keys.keys === before) throw error;
    return verify(keys, token);
  }
};

const check = async (keys: PublicKeys, token: string): Promise<VerifiedToken> => {
  try {
    const { payload } = await verifyAnew(keys, token);
    const { sub, kind, scope, exp, sid } = claims.parse(payload);
    const scopes = new Set(scope.split(' ').filter((name) => name !== ''));
    const viewer: Viewer = { kind, id: sub, scopes, ...(sid === undefined ? {} : { sessionId: sid }) };
    return { viewer, expiresAt: exp * 1000 };
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw expired();
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) throw notOurs();
    throw error;
  }
};

/** Forgets the oldest entry, which is the likeliest to have ended. */
const remember = (remembered: Map<string, VerifiedToken>, token: string, verified: VerifiedToken): void => {
  const oldest = remembered.size >= maxRemembered ? remembered.keys().next().value : undefined;
  if (oldest !== undefined) remembered.delete(oldest);
  remembered.set(token, verified);
};

/**
 * Checks a token and says whose it is. A token that is there but wrong is an error, never an anonymous viewer:
 * the caller believes to be somebody.
 */
export const verifyToken = async (keys: PublicKeys, token: string): Promise<VerifiedToken> => {
  const { remembered } = verifierOf(keys);
  const known = remembered.get(token);
  if (known) {
    if (Date.now() < known.expiresAt + clockToleranceSeconds * 1000) return known;
    remembered.delete(token);
    throw expired();
  }
  const { keys: before } = keys;
  const verified = await check(keys, token);
  // Keys that were replaced meanwhile may be without the one that has verified it.
  if (keys.keys === before) remember(remembered, token, verified);
  return verified;
};

/** The token of an `Authorization` header, or undefined where there is no header. */
export const bearerToken = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  const token = /^Bearer +([^\s]+)$/i.exec(header.trim())?.[1];
  if (token === undefined) throw notOurs();
  return token;
};
