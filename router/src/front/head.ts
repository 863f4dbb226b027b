import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import {
  anonymous,
  type Call,
  deadlineOf,
  type PublicKeys,
  type Soon,
  verifyToken,
} from '@storegraph/server';
import { type EndedSessions, sessionEnded } from './ended-sessions.ts';
import { BadRequest } from './refusal.ts';

/** Who asks, with what limits and statistics need to tell callers apart. */
export type Caller = Call & {
  /** What the client calls itself. */
  readonly client: { readonly name: string; readonly version: string } | null;
  /** Where the request came from, as far as the trusted proxies say. */
  readonly address: string;
  /** When the token ends, in epoch milliseconds; infinite without one. */
  readonly expiresAt: number;
};

/** Names of clients become labels of metrics. */
const clientPattern = /^[\w.@/ +-]{1,64}$/;

const bearerPattern = /^Bearer +(\S+)$/i;

const textOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

const clientOf = (headers: IncomingHttpHeaders): Caller['client'] => {
  const name = textOf(headers['apollographql-client-name'] ?? headers['graphql-client-name']);
  if (name === undefined || !clientPattern.test(name)) return null;
  const version = textOf(headers['apollographql-client-version'] ?? headers['graphql-client-version']) ?? '';
  return { name, version: clientPattern.test(version) ? version : '' };
};

/** Each proxy appends who called it, so only as many as are ours, from the right, can be believed. */
const addressOf = (request: IncomingMessage, trustedProxies: number): string => {
  const own = request.socket.remoteAddress ?? '';
  if (trustedProxies === 0) return own;
  const hops = (textOf(request.headers['x-forwarded-for']) ?? '').split(',');
  return hops.at(-trustedProxies)?.trim() || own;
};

const tokenOf = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  const token = bearerPattern.exec(header.trim())?.[1];
  if (token !== undefined) return token;
  throw new BadRequest(
    401,
    'UNAUTHENTICATED',
    'The token is not one of ours. Send `Authorization: Bearer`.',
    {
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    },
  );
};

/** What it takes to find out who asks. */
export type Identifying = {
  readonly keys: PublicKeys;
  readonly trustedProxies: number;
  readonly ended: EndedSessions;
};

/** Reads the head of a request; throws UNAUTHENTICATED for a token that does not hold, or whose session has ended. */
export const callerOf = (
  request: IncomingMessage,
  requestId: string,
  { keys, trustedProxies, ended }: Identifying,
): Soon<Caller> => {
  const { headers } = request;
  const about = {
    requestId,
    deadlineAt: deadlineOf(headers),
    client: clientOf(headers),
    address: addressOf(request, trustedProxies),
  };
  const token = tokenOf(headers.authorization);
  if (token === undefined) {
    return { token, viewer: anonymous, expiresAt: Number.POSITIVE_INFINITY, ...about };
  }
  return verifyToken(keys, token).then((verified) => {
    if (ended.has(verified.viewer)) throw sessionEnded();
    return { token, ...verified, ...about };
  });
};
