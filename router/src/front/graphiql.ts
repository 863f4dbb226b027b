import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Where the page is. */
export const graphiqlPath = '/graphiql';

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Storegraph: GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${graphiqlPath}/graphiql.min.css">
<link rel="stylesheet" href="${graphiqlPath}/page.css">
<div id="graphiql">Loading…</div>
<script src="${graphiqlPath}/react.production.min.js"></script>
<script src="${graphiqlPath}/react-dom.production.min.js"></script>
<script src="${graphiqlPath}/graphiql.min.js"></script>
<script type="module" src="${graphiqlPath}/page.js"></script>
</html>
`;

const style = 'body { margin: 0 } #graphiql { height: 100dvh }\n';

const script = (graphqlPath: string): string => `import { createClient } from './graphql-ws/client.js';

const url = new URL('${graphqlPath}', location.href);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol.replace('http', 'ws');
// The headers tab holds the token; a socket takes it in its first message.
let headers = {};
const wsClient = createClient({ url: socketUrl.href, connectionParams: () => headers });
const fetcher = GraphiQL.createFetcher({ url: url.href, wsClient });
const remembering = (asked, options) => {
  headers = options?.headers ?? {};
  return fetcher(asked, options);
};
// An address may bring the query along, so that one can be shown to somebody.
const query = new URLSearchParams(location.search).get('query') ?? undefined;
ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, { fetcher: remembering, query }),
);
`;

/** Everything is ours and nothing is inline; GraphiQL sets styles of its own and draws its icons from data. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'";

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

const load = createRequire(import.meta.url);

const folderOf = (name: string): string => dirname(load.resolve(`${name}/package.json`));

const read =
  (...path: string[]): (() => Promise<Buffer>) =>
  () =>
    readFile(join(...path));

/** The client of graphql-ws is two modules, and the second has a name that changes with each release. */
const socketClient = async (): Promise<[string, () => Promise<Buffer>][]> => {
  const folder = join(dirname(load.resolve('graphql-ws')));
  const names = (await readdir(folder)).filter((name) => /^(client|common-[\w-]+)\.js$/.test(name));
  return names.map((name) => [`graphql-ws/${name}`, read(folder, name)]);
};

const filesFor = async (graphqlPath: string): Promise<ReadonlyMap<string, () => Promise<Buffer>>> => {
  const react = 'react.production.min.js';
  const reactDom = 'react-dom.production.min.js';
  return new Map<string, () => Promise<Buffer>>([
    ['index.html', async () => Buffer.from(page)],
    ['page.css', async () => Buffer.from(style)],
    ['page.js', async () => Buffer.from(script(graphqlPath))],
    ['graphiql.min.js', read(folderOf('graphiql'), 'graphiql.min.js')],
    ['graphiql.min.css', read(folderOf('graphiql'), 'graphiql.min.css')],
    [react, read(folderOf('react'), 'umd', react)],
    [reactDom, read(folderOf('react-dom'), 'umd', reactDom)],
    ...(await socketClient()),
  ]);
};

/** Serves GraphiQL from its npm package; the page loads nothing from elsewhere. Answers false where it has nothing. */
export const createGraphiql = (graphqlPath: string) => {
  let files: Promise<ReadonlyMap<string, () => Promise<Buffer>>> | undefined;

  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> => {
    if (request.method !== 'GET') return false;
    const name = path === graphiqlPath ? 'index.html' : path.slice(graphiqlPath.length + 1);
    files ??= filesFor(graphqlPath);
    const file = (await files).get(name);
    if (!file) return false;
    const bytes = await file();
    response.setHeader('content-type', types[name.slice(name.lastIndexOf('.') + 1)] ?? '');
    response.setHeader('content-security-policy', policy);
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('cache-control', 'no-cache');
    response.end(bytes);
    return true;
  };
};
