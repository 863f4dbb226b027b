import type { IncomingMessage, ServerResponse } from 'node:http';
import { callOf } from './call.ts';
import { BadHttpRequest, readJson, sendError, sendJson } from './http.ts';
import type { PublicKeys } from './tokens.ts';
import { hasScope } from './viewer.ts';

/** What a subgraph publishes, as others read it over HTTP: its event log has this shape. */
export type PublishedFacts = {
  /** The sequence of the latest fact, 0 before the first. */
  head(): Promise<number>;
  /** The facts behind a sequence; throws an error of code CURSOR_TOO_OLD when some of them are deleted. */
  read(after: number, limit: number): Promise<readonly object[]>;
  /** Keeps what lies behind a consumer's place. */
  keepFor(consumer: string, after: number): Promise<void>;
};

/** Where facts are read; below it are the places of who reads them. */
export const factsPath = '/facts';
const placesPath = `${factsPath}/places/`;

/** Of a service alone: facts say what is in drafts, who signed in, and what staff did. */
const scope = 'facts:read';
/** What one read takes in one process too. */
const maxFacts = 1_000;
/** Above it a number of JSON is not itself any more. */
const maxSequence = Number.MAX_SAFE_INTEGER;
const consumerPattern = /^[A-Za-z0-9][\w:.-]{0,99}$/;

/** Whether a path is one of those where facts are served. */
export const isFactsPath = (path: string): boolean => path === factsPath || path.startsWith(placesPath);

const bad = (message: string): BadHttpRequest => new BadHttpRequest(400, 'BAD_REQUEST', message);

const numberOf = (text: string): number => (/^\d{1,16}$/.test(text) ? Number(text) : Number.NaN);

const wholeNumber = (name: string, value: unknown, most: number): number => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw bad(`\`${name}\` must be a whole number from 0 to ${most}.`);
};

type TooOld = { readonly oldestKept: number; readonly message: string };

const tooOldOf = (error: unknown): TooOld | null => {
  if (!(error instanceof Error && 'code' in error && error.code === 'CURSOR_TOO_OLD')) return null;
  const oldestKept = 'oldestKept' in error ? Number(error.oldestKept) : 0;
  return { oldestKept, message: error.message };
};

const answerFacts = async (facts: PublishedFacts, search: string, response: ServerResponse) => {
  const asked = new URLSearchParams(search);
  const after = wholeNumber('after', numberOf(asked.get('after') ?? '0'), maxSequence);
  const limit = wholeNumber('limit', numberOf(asked.get('limit') ?? `${maxFacts}`), maxFacts);
  try {
    // The facts first: a head that is behind its own facts would be no head.
    const found = limit === 0 ? [] : await facts.read(after, limit);
    sendJson(response, 200, { head: await facts.head(), facts: found });
  } catch (error) {
    const tooOld = tooOldOf(error);
    if (tooOld === null) throw error;
    const { oldestKept, message } = tooOld;
    sendJson(response, 410, { error: { code: 'CURSOR_TOO_OLD', message }, oldestKept });
  }
};

const keepPlace = async (
  facts: PublishedFacts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
) => {
  const consumer = path.slice(placesPath.length);
  if (!consumerPattern.test(consumer)) throw bad('The last part of the path must be the name of a consumer.');
  const body = await readJson(request);
  const given = typeof body === 'object' && body !== null && 'after' in body ? body.after : undefined;
  await facts.keepFor(consumer, wholeNumber('after', given, maxSequence));
  response.statusCode = 204;
  response.end();
};

/** Answers services of the shop that ask for the facts of this one; throws what keeps them from it. */
export const answerFactsRequest = async (
  {
    name,
    facts,
    keys,
  }: { readonly name: string; readonly facts: PublishedFacts | undefined; readonly keys: PublicKeys },
  request: IncomingMessage,
  response: ServerResponse,
  { path, search, requestId }: { readonly path: string; readonly search: string; readonly requestId: string },
): Promise<void> => {
  if (facts === undefined) return sendError(response, 404, 'NOT_FOUND', `${name} publishes no facts.`);
  const { viewer } = await callOf(request.headers, keys, requestId);
  if (viewer.kind === 'anonymous') {
    response.setHeader('www-authenticate', 'Bearer');
    return sendError(
      response,
      401,
      'UNAUTHENTICATED',
      'Facts are for the services of the shop: send a token.',
    );
  }
  if (!hasScope(viewer, scope)) {
    return sendError(response, 403, 'FORBIDDEN', `Facts need the scope ${scope}, which services have.`);
  }
  const allowed = path === factsPath ? 'GET' : 'PUT';
  if (request.method !== allowed) {
    response.setHeader('allow', allowed);
    return sendError(response, 405, 'BAD_REQUEST', `This is asked by ${allowed}.`);
  }
  await (allowed === 'GET'
    ? answerFacts(facts, search, response)
    : keepPlace(facts, path, request, response));
};
