import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Pages } from '@storegraph/server';
import { isFromHere, type Mailbox, mailboxPage } from './mailbox.ts';
import { pictureOf } from './pictures.ts';

type Page = {
  readonly type: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** A slug has at most 100 characters, and the name of a picture a few more. */
const picturePath = /^\/media\/([a-z0-9](?:[a-z0-9-]{0,118}[a-z0-9])?)\.svg$/;

const sourceHash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The start page. It may run its own script and talk to this shop, and nothing else. */
const startPage = (): Page => {
  const body = readFileSync(new URL('page.html', import.meta.url), 'utf8');
  const script = /<script>([\s\S]*)<\/script>/.exec(body)?.[1] ?? '';
  const policy = [
    "default-src 'none'",
    `script-src ${sourceHash(script)}`,
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ];
  return {
    type: 'text/html; charset=utf-8',
    body,
    headers: { 'cache-control': 'no-cache', 'content-security-policy': policy.join('; ') },
  };
};

const picture = (name: string): Page => ({
  type: 'image/svg+xml; charset=utf-8',
  body: pictureOf(name),
  headers: {
    'cache-control': 'public, max-age=31536000, immutable',
    'content-security-policy': "default-src 'none'",
  },
});

const send = (request: IncomingMessage, response: ServerResponse, { type, body, headers }: Page): void => {
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  for (const [header, value] of Object.entries({ ...headers, etag, 'x-content-type-options': 'nosniff' })) {
    response.setHeader(header, value);
  }
  if (request.headers['if-none-match'] === etag) {
    response.statusCode = 304;
    response.end();
    return;
  }
  response.setHeader('content-type', type);
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(request.method === 'HEAD' ? undefined : body);
};

/** Never kept: what lies in it opens accounts. */
const sendMailbox = (request: IncomingMessage, response: ServerResponse, mailbox: Mailbox): void => {
  const headers = {
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  };
  mailbox().then(
    (mails) =>
      send(request, response, { type: 'text/html; charset=utf-8', body: mailboxPage(mails), headers }),
    (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
  );
};

/** What the shop answers beside the graph: its start page, a picture for each name, and to this machine the mailbox. */
export const createPages = ({ mailbox }: { readonly mailbox: Mailbox }): Pages => {
  const start = startPage();
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const [path = '/'] = (request.url ?? '/').split('?');
    const name = picturePath.exec(path)?.[1];
    if (name !== undefined) send(request, response, picture(name));
    else if (path === '/') send(request, response, start);
    else if (path === '/mailbox' && isFromHere(request)) sendMailbox(request, response, mailbox);
    else return false;
    return true;
  };
};
