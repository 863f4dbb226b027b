import type { IncomingMessage, ServerResponse } from 'node:http';
import { BadRequest } from './refusal.ts';

/** A browser sends these to any site without asking it first. */
const simpleTypes = /^\s*(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(?:;|$)/i;

/** A browser keeps the answer to a preflight this long; Chromium no longer than two hours. */
const preflightSeconds = 7_200;

const exposed = 'etag, retry-after, x-request-id';

/** Headers a page cannot set on a foreign request unless a preflight let it. */
const proofs = [
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'x-graphql-event-stream-token',
] as const;

/**
 * Refuses what a page of another site could make a browser send without our leave. `Sec-Fetch-Site` is the
 * browser's own word, which no page can forge: it lets our own pages use `EventSource`, which sets no headers.
 */
export const checkForeign = ({ method, headers }: IncomingMessage): void => {
  if (method !== 'GET' && method !== 'POST' && method !== 'HEAD') return;
  const type = headers['content-type'];
  if (type !== undefined && type !== '' && !simpleTypes.test(type)) return;
  if (proofs.some((name) => headers[name] !== undefined && headers[name] !== '')) return;
  if (headers['sec-fetch-site'] === 'same-origin') return;
  throw new BadRequest(
    400,
    'BAD_REQUEST',
    'A page of another site could have sent this request. Send `content-type: application/json`, or a header `apollo-require-preflight`.',
  );
};

/** Which pages of other sites may read our answers. */
export type CrossOrigin = {
  /** Header names and values in turn, for every answer to this request. */
  readonly headersFor: (request: IncomingMessage) => readonly string[];
  /** Whether answers differ by origin, so that `vary` has to say it. */
  readonly varies: boolean;
  /** Answers the question a browser asks before a request. */
  readonly answerPreflight: (request: IncomingMessage, response: ServerResponse) => void;
};

const nothing: readonly string[] = [];

/** Lets pages of these origins in (`https://shop.example`, or `*` for all); none by default. */
export const createCrossOrigin = (origins: readonly string[]): CrossOrigin => {
  const allowed = new Set(origins);
  const isOpen = allowed.has('*');

  const originOf = (request: IncomingMessage): string | undefined => {
    const { origin } = request.headers;
    if (isOpen) return '*';
    return origin !== undefined && allowed.has(origin) ? origin : undefined;
  };

  const headersFor = (request: IncomingMessage): readonly string[] => {
    const origin = allowed.size === 0 ? undefined : originOf(request);
    if (origin === undefined) return nothing;
    return ['access-control-allow-origin', origin, 'access-control-expose-headers', exposed];
  };

  const answerPreflight = (request: IncomingMessage, response: ServerResponse): void => {
    const origin = originOf(request);
    const asked = request.headers['access-control-request-headers'];
    response.writeHead(204, [
      ...['vary', 'origin, access-control-request-headers', 'allow', 'GET, POST, OPTIONS'],
      ...(origin === undefined ? [] : ['access-control-allow-origin', origin]),
      ...(origin === undefined ? [] : ['access-control-allow-methods', 'GET, POST, PUT, DELETE']),
      ...(origin === undefined || asked === undefined ? [] : ['access-control-allow-headers', asked]),
      ...(origin === undefined ? [] : ['access-control-max-age', String(preflightSeconds)]),
    ]);
    response.end();
  };

  return { headersFor, answerPreflight, varies: allowed.size > 0 && !isOpen };
};
