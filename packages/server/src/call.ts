import type { IncomingHttpHeaders } from 'node:http';
import { defaultDeadlineMs, newRequestId } from './operation.ts';
import { callersTrace, type Trace } from './span.ts';
import { bearerToken, type PublicKeys, verifyToken } from './tokens.ts';
import { anonymous, type Viewer } from './viewer.ts';

/** What the head of a request says: who asks, under which id, and how long the answer is of use. */
export type Call = {
  readonly token: string | undefined;
  readonly viewer: Viewer;
  readonly requestId: string;
  readonly deadlineAt: number;
  /** Where the caller's request came from, as far as our own servers say; unknown within the house. */
  readonly address?: string | undefined;
  /** Where in its caller's trace it is. */
  readonly trace?: Trace | undefined;
};

/** Whoever asks for more gets this; longer work has an import or a subscription of its own. */
const maxDeadlineMs = 30_000;

/** An IPv6 address with a zone is shorter. */
const maxAddressLength = 64;

/** An id comes from outside and goes into the log: nothing that could forge a line or fill it. */
const requestIdPattern = /^[A-Za-z0-9._-]{1,128}$/;

const only = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

/** The id a caller gave, or a new one. */
export const requestIdOf = (headers: IncomingHttpHeaders): string => {
  const given = only(headers['x-request-id']);
  return given !== undefined && requestIdPattern.test(given) ? given : newRequestId();
};

/** Who writes it is a router of ours: a subgraph has no other callers, and a router reads it of nobody. */
const clientAddressOf = (headers: IncomingHttpHeaders): string | undefined => {
  const given = only(headers['x-client-address']);
  return given !== undefined && given.length <= maxAddressLength ? given : undefined;
};

/** When the answer is of no use any more, in epoch milliseconds. */
export const deadlineOf = (headers: IncomingHttpHeaders): number => {
  const given = only(headers['x-deadline-ms']);
  const remainingMs = given !== undefined && /^\d{1,9}$/.test(given) ? Number(given) : defaultDeadlineMs;
  return Date.now() + Math.min(remainingMs, maxDeadlineMs);
};

/** Whose token it is and when it ends; nobody's, and never, without one. */
export const identify = async (
  keys: PublicKeys,
  token: string | undefined,
): Promise<{ readonly viewer: Viewer; readonly expiresAt: number }> =>
  token === undefined ? { viewer: anonymous, expiresAt: Number.POSITIVE_INFINITY } : verifyToken(keys, token);

/** Reads the head of a request; throws UNAUTHENTICATED for a token that does not hold. */
export const callOf = async (
  headers: IncomingHttpHeaders,
  keys: PublicKeys,
  requestId: string,
): Promise<Call> => {
  const deadlineAt = deadlineOf(headers);
  const token = bearerToken(headers.authorization);
  const { viewer } = await identify(keys, token);
  const [address, trace] = [clientAddressOf(headers), callersTrace(headers)];
  return { token, viewer, requestId, deadlineAt, address, trace };
};
