import type { IncomingMessage, ServerResponse } from 'node:http';

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Storegraph</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }</style>
<h1>Storegraph</h1>
<p>The graph is at <code>/graphql</code>: queries and mutations by POST or GET, subscriptions by WebSocket
(<code>graphql-transport-ws</code>).</p>
<p>Its health is at <a href="/health/live">/health/live</a> and <a href="/health/ready">/health/ready</a>.</p>
</html>
`;

/** Answers `GET /` with where things are. Loads nothing from elsewhere. */
export const startPage = (request: IncomingMessage, response: ServerResponse): boolean => {
  if (request.method !== 'GET' || request.url !== '/') return false;
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  );
  response.end(page);
  return true;
};
