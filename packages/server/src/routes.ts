import type { IncomingMessage, ServerResponse } from 'node:http';
import { GraphQLError } from 'graphql';
import type { HttpProtocol } from './apollo.ts';
import { callOf } from './call.ts';
import { answerFactsRequest, isFactsPath, type PublishedFacts } from './facts.ts';
import { BadHttpRequest, readJson, sendError, sendJson } from './http.ts';
import { keysPath, publishedKeys } from './key-ring.ts';
import type { Log } from './log.ts';
import type { PublicKeys } from './tokens.ts';

/** Something the server needs that does not work, and why. */
export type NotReady = { readonly name: string; readonly reason: string };

/** Answers a request outside GraphQL, or says by false that it is not its own. */
export type Pages = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The path of the endpoint, for HTTP and WebSocket alike. */
export const graphqlPath = '/graphql';

/** The path of a request, and what follows its question mark with it. */
export const pathOf = (request: IncomingMessage): { path: string; search: string } => {
  const [path = '/', ...search] = (request.url ?? '/').split('?');
  return { path, search: search.length === 0 ? '' : `?${search.join('?')}` };
};

/** Says what went wrong with a request in a form its sender can read. */
export const refuse = (response: ServerResponse, error: unknown, requestId: string, log: Log): void => {
  if (response.headersSent) {
    response.destroy();
  } else if (error instanceof BadHttpRequest) {
    // What is left of the body stays unread, so the connection cannot carry another request.
    response.setHeader('connection', 'close');
    sendError(response, error.status, error.code, error.message);
  } else if (error instanceof GraphQLError) {
    const { code } = error.extensions;
    response.setHeader('www-authenticate', 'Bearer error="invalid_token"');
    sendError(response, 401, String(code), error.message);
  } else {
    log.error('A request failed.', { requestId, error });
    const message = `Something went wrong on our side. Report this id: ${requestId}`;
    sendError(response, 500, 'INTERNAL_SERVER_ERROR', message);
  }
};

/** Answers the requests of a graph's server: the endpoint, its health, its facts, and pages handed in. */
export const createRoutes = ({
  name,
  protocol,
  keys,
  notReady,
  facts,
  pages,
}: {
  readonly name: string;
  readonly protocol: HttpProtocol;
  readonly keys: PublicKeys;
  readonly notReady: () => Promise<readonly NotReady[]>;
  readonly facts: PublishedFacts | undefined;
  readonly pages: Pages | undefined;
}) => {
  const answerGraphql = async (
    request: IncomingMessage,
    response: ServerResponse,
    search: string,
    id: string,
  ) => {
    const call = await callOf(request.headers, keys, id);
    const body = request.method === 'POST' ? await readJson(request) : undefined;
    const answer = await protocol.answer(request, search, body, call);
    response.statusCode = answer.status;
    for (const [header, value] of answer.headers) response.setHeader(header, value);
    response.end(answer.body);
  };

  const answerReady = async (response: ServerResponse) => {
    const problems = await notReady();
    if (problems.length === 0) return sendJson(response, 200, { status: 'ready' });
    sendJson(response, 503, { status: 'not ready', notReady: problems });
  };

  return async (request: IncomingMessage, response: ServerResponse, requestId: string) => {
    const { path, search } = pathOf(request);
    if (path === graphqlPath) return answerGraphql(request, response, search, requestId);
    if (path === '/health/live') return sendJson(response, 200, { status: 'live' });
    if (path === '/health/ready') return answerReady(response);
    if (path === keysPath) return sendJson(response, 200, publishedKeys(keys));
    if (isFactsPath(path)) {
      return answerFactsRequest({ name, facts, keys }, request, response, { path, search, requestId });
    }
    if (pages?.(request, response)) return;
    sendError(response, 404, 'NOT_FOUND', `There is nothing at ${path}. The graph is at ${graphqlPath}.`);
  };
};
