import type { IncomingMessage, ServerResponse } from 'node:http';
import { keysPath, type NotReady, type Pages, type PublicKeys, publishedKeys } from '@storegraph/server';
import { createGraphiql, graphiqlPath } from './graphiql.ts';

/** The path of the endpoint, for HTTP and WebSocket alike. */
export const graphqlPath = '/graphql';

/** The path of a request, and what follows its question mark. */
export const addressOf = ({ url = '/' }: IncomingMessage): { path: string; search: string } => {
  const mark = url.indexOf('?');
  return mark === -1 ? { path: url, search: '' } : { path: url.slice(0, mark), search: url.slice(mark + 1) };
};

/** Sends a JSON answer of a page beside the graph. */
export const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, [
    ...['content-type', 'application/json; charset=utf-8', 'content-length', String(Buffer.byteLength(text))],
    ...['cache-control', 'no-store', 'x-content-type-options', 'nosniff'],
  ]);
  response.end(text);
};

/** What a server has beside its graph. */
export type RoutesOptions = {
  readonly notReady: () => Promise<readonly NotReady[]>;
  readonly pages: Pages | undefined;
  readonly production: boolean;
  /** What tokens are verified with, told to everybody. */
  readonly keys: PublicKeys;
};

/** Answers whatever is not for the graph: health, GraphiQL, and pages handed in. */
export const createRoutes = ({ notReady, pages, production, keys }: RoutesOptions) => {
  const graphiql = production ? null : createGraphiql(graphqlPath);

  const answerReady = async (response: ServerResponse): Promise<void> => {
    const problems = await notReady();
    if (problems.length === 0) return sendJson(response, 200, { status: 'ready' });
    sendJson(response, 503, { status: 'not ready', notReady: problems });
  };

  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    if (path === '/health/live') return sendJson(response, 200, { status: 'live' });
    if (path === '/health/ready') return answerReady(response);
    if (path === keysPath) return sendJson(response, 200, publishedKeys(keys));
    if (path.startsWith(graphiqlPath) && (await graphiql?.(request, response, path))) return;
    if (pages?.(request, response)) return;
    const message = `There is nothing at ${path}. The graph is at ${graphqlPath}.`;
    sendJson(response, 404, { errors: [{ message, extensions: { code: 'NOT_FOUND' } }] });
  };
};
